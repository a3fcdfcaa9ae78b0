"""Makes the import cases that no text editor can write: workbooks, Parquet, and texts in other charsets.

    python tables.py test/samples/import

needs pyarrow and openpyxl. What each case is about its name says; the expected outcomes were read through by eye.
"""

import datetime
import sys
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(sys.argv[1])
NOTES = "Ada Lovelace wrote the notes on the Analytical Engine in 1843, at the age of 27."
ENGINE = "The Analytical Engine was designed by Charles Babbage; it was never built in his lifetime."
WHEN = "When did Ada Lovelace write the notes?"
AGE = "How old was she?"
WHO = "Who designed the engine?"


MADE: set[Path] = set()


def case(name: str) -> Path:
    folder = FOLDER / name
    MADE.add(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# Workbooks

def workbook_usual() -> None:
    book = openpyxl.Workbook()
    cover = book.active
    cover.title = "Cover"
    faq = book.create_sheet("Questions")
    faq.append(["Frequently asked about engines"])
    faq.append([])
    faq.append(["id", "context", "question", "answer", "checked", "on", "weight"])
    faq.append([1, NOTES, WHEN, 1843, True, datetime.date(2024, 3, 1), 0.5])
    faq.append([2, None, AGE, 27, False, datetime.datetime(2024, 3, 1, 8, 30), "=1+1"])
    faq.append([3, ENGINE, WHO, "Charles Babbage", True, None, "=NA()"])
    faq.merge_cells("B4:B5")
    hidden = book.create_sheet("Lists")
    hidden.sheet_state = "hidden"
    hidden.append(["yes"])
    book.save(case("xlsx-sheets-dates-merges") / "input.xlsx")


CONTENT_TYPES = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
</Types>"""
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ROOT_RELATIONS = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
BOOK_RELATIONS = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="rId2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>
<Relationship Id="rId3" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>"""
WORKBOOK = f"""<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr date1904="1"/>
<sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>"""
STYLES = f"""<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts>
<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"""


def raw_workbook(name: str, parts: dict[str, str]) -> None:
    usual = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": ROOT_RELATIONS,
        "xl/workbook.xml": WORKBOOK,
        "xl/_rels/workbook.xml.rels": BOOK_RELATIONS,
        "xl/styles.xml": STYLES,
    }
    with zipfile.ZipFile(case(name) / "input.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in {**usual, **parts}.items():
            archive.writestr(zipfile.ZipInfo(path), text, zipfile.ZIP_DEFLATED)


def workbook_odd() -> None:
    strings = ["context", "question", "answer", WHEN, WHO]
    shared = "".join(f"<si><t>{text}</t></si>" for text in strings)
    rich = (
        '<si><r><t xml:space="preserve">Ada Lovelace wrote the notes </t></r><r><rPr><b/></rPr>'
        "<t>on the Analytical Engine in 1843, at the age of 27.</t></r><rPh sb=\"0\" eb=\"1\"><t>READING</t></rPh></si>"
    )
    sheet = f"""<worksheet xmlns="{MAIN}"><dimension ref="A1:B2"/><sheetData>
<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="D1" t="s"><v>2</v></c><c r="E1" t="inlineStr"><is><t>day</t></is></c></row>
<row r="2"><c r="A2" t="s"><v>5</v></c><c r="B2" t="s"><v>3</v></c><c r="D2"><v>1843</v></c><c r="E2" s="1"><v>0</v></c></row>
<row r="7"><c r="A7" t="inlineStr"><is><t>{ENGINE}</t></is></c><c r="B7" t="s"><v>4</v></c><c r="C7" t="e"><v>#N/A</v></c><c r="D7" t="str"><f>A1</f><v>Charles_x0020_Babbage</v></c><c r="E7" s="1"><v>43891.5</v></c></row>
<row r="8"><c r="D8" t="s"><v>99</v></c></row>
<row><c t="inlineStr"><is><t>No place said.</t></is></c><c t="b"><v>1</v></c></row>
</sheetData></worksheet>"""
    raw_workbook(
        "xlsx-odd-cells",
        {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{shared}{rich}</sst>', "xl/worksheets/sheet1.xml": sheet},
    )


def workbook_entities() -> None:
    doctype = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c t="inlineStr"><is><t>&c;</t></is></c></row></sheetData></worksheet>'
    raw_workbook(
        "xlsx-entity-bomb",
        {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"/>', "xl/worksheets/sheet1.xml": doctype + sheet},
    )


def workbook_bomb() -> None:
    filler = f'<sst xmlns="{MAIN}"><si><t>' + "x" * 24_000_000 + "</t></si></sst>"
    raw_workbook(
        "xlsx-zip-bomb",
        {
            "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"/>',
            "xl/styles.xml": filler,
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"/>',
        },
    )


def workbook_broken() -> None:
    whole = (case("xlsx-sheets-dates-merges") / "input.xlsx").read_bytes()
    (case("xlsx-cut-off") / "input.xlsx").write_bytes(whole[: len(whole) // 2])


def workbook_renamed() -> None:
    book = openpyxl.Workbook()
    book.active.append(["question", "context", "answer"])
    book.active.append([WHO, ENGINE, "Charles Babbage"])
    book.save(case("xlsx-named-zip") / "input.zip")


# Other ZIP archives

def archives() -> None:
    for name, file, entries in [
        ("pptx", "input.pptx", {"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "<p/>"}),
        ("ods-named-xlsx", "input.xlsx", {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>"}),
    ]:
        with zipfile.ZipFile(case(name) / file, "w") as archive:
            for path, text in entries.items():
                archive.writestr(zipfile.ZipInfo(path), text)


# Parquet

def parquet_table() -> pa.Table:
    return pa.table(
        {
            "id": pa.array(["a", "b", "c"]),
            "title": pa.array(["Ada", "Ada", "Engine"]),
            "context": pa.array([NOTES, NOTES, ENGINE]),
            "question": pa.array([WHEN, AGE, "Who paid for it?"]),
            "answers": pa.array(
                [
                    {"text": ["1843"], "answer_start": [57]},
                    {"text": ["27"], "answer_start": [77]},
                    {"text": [], "answer_start": []},
                ],
                type=pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int32()))]),
            ),
        }
    )


def parquet_usual() -> None:
    for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
        pq.write_table(parquet_table(), case(f"parquet-{codec}") / "input.parquet", compression=codec, row_group_size=2)


def parquet_types() -> None:
    table = pa.table(
        {
            "question": pa.array([WHEN, WHO, None]),
            "context": pa.array([NOTES, ENGINE, ENGINE], type=pa.large_string()),
            "answer": pa.array(["1843", "Charles Babbage", "x"]).dictionary_encode(),
            "number": pa.array([1, 2**60, -3], type=pa.int64()),
            "small": pa.array([1, None, 3], type=pa.uint8()),
            "share": pa.array([0.5, float("nan"), float("inf")]),
            "flag": pa.array([True, False, None]),
            "day": pa.array([datetime.date(2024, 3, 1)] * 3),
            "at": pa.array([datetime.datetime(2024, 3, 1, 8, 30, 0, 250000)] * 3, type=pa.timestamp("us")),
            "exact": pa.array([datetime.datetime(2024, 3, 1, 8, 30)] * 3, type=pa.timestamp("ns", tz="UTC")),
            "price": pa.array([12, 13, 14], type=pa.decimal128(9, 2)),
            "bytes": pa.array([b"\x00\xff", b"text", None], type=pa.binary()),
            "turns": pa.array(
                [[{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}], [], None],
                type=pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])),
            ),
            "meta": pa.array([{"lang": "en", "tags": {"level": 1}}, None, {"lang": "de", "tags": None}]),
        }
    )
    pq.write_table(table, case("parquet-types") / "input.parquet", compression="snappy", data_page_version="2.0")


def parquet_broken() -> None:
    whole = (case("parquet-none") / "input.parquet").read_bytes()
    (case("parquet-cut-off") / "input.parquet").write_bytes(whole[: len(whole) // 2])
    footer = int.from_bytes(whole[-8:-4], "little")
    start = len(whole) - 8 - footer
    damaged = whole[:start] + bytes((byte ^ 0x55) if i % 7 == 0 else byte for i, byte in enumerate(whole[start:-8])) + whole[-8:]
    (case("parquet-damaged-footer") / "input.parquet").write_bytes(damaged)


# Charsets

def charsets() -> None:
    samples = {
        "shift-jis": ("shift_jis", "question,context,answer\n東京タワーの高さは何メートルですか？,東京タワーの高さは333メートルで、1958年に建てられました。,333メートル\n"),
        "gb18030": ("gb18030", "question,context,answer\n长城有多长？,长城全长两万多公里，是世界上最长的城墙。,两万多公里\n"),
        "big5": ("big5", "question,context,answer\n臺灣最高的山是哪一座？,臺灣最高的山是玉山，高三千九百五十二公尺。,玉山\n"),
        "euc-kr": ("euc-kr", "질문,본문,답변\n한국의 수도는 어디입니까?,한국의 수도는 서울이며 한강이 도시를 가로지른다.,서울\n"),
        "euc-jp": ("euc-jp", "question,context,answer\n日本の首都はどこですか？,日本の首都は東京です。大阪ではありません。,東京\n"),
        "windows-1251": ("cp1251", "вопрос;контекст;ответ\nКакой город является столицей России?;Столицей России является город Москва на реке Москве.;Москва\n"),
        "koi8-r": ("koi8-r", "вопрос;контекст;ответ\nКакой город является столицей России?;Столицей России является город Москва на реке Москве.;Москва\n"),
        "iso-8859-2": ("iso8859-2", "pytanie;kontekst;odpowiedź\nJaka jest stolica Polski?;Warszawa jest stolicą Polski i leży nad Wisłą, a Łódź leży w środku kraju.;Warszawa\n"),
        "utf-16-without-mark": ("utf-16-le", "question,context,answer\nWhere is the café?,\"Das Café liegt in Köln, am Rhein.\",Köln\n"),
    }
    for name, (charset, text) in samples.items():
        (case(f"charset-{name}") / "input.csv").write_bytes(text.encode(charset))


def main() -> None:
    for make in [
        workbook_usual, workbook_odd, workbook_entities, workbook_bomb, workbook_broken, workbook_renamed,
        archives, parquet_usual, parquet_types, parquet_broken, charsets,
    ]:
        make()
    for folder in MADE:
        assert all(path.stat().st_size < 30_000 for path in folder.glob("input.*")), folder


main()
