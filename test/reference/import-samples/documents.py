"""Makes the import cases of documents that no text editor can write: PDF, DOCX and EPUB.

    python documents.py test/samples/import

needs reportlab, pillow and python-docx. What each case is about its name says; the expected outcomes were read
through by eye. The long text is from "Alice's Adventures in Wonderland" (Lewis Carroll, 1865, public domain).
"""

import io
import sys
import zipfile
from pathlib import Path

import docx
from PIL import Image
from reportlab.lib import pdfencrypt
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

FOLDER = Path(sys.argv[1])
WIDTH, HEIGHT = A4
ALICE = (
    "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do: once "
    "or twice she had peeped into the book her sister was reading, but it had no pictures or conversations in it, "
    "and what is the use of a book, thought Alice without pictures or conversation? So she was considering in her "
    "own mind (as well as she could, for the hot day made her feel very sleepy and stupid), whether the pleasure of "
    "making a daisy-chain would be worth the trouble of getting up and picking the daisies, when suddenly a White "
    "Rabbit with pink eyes ran close by her. There was nothing so very remarkable in that; nor did Alice think it so "
    "very much out of the way to hear the Rabbit say to itself, Oh dear! Oh dear! I shall be late! But when the "
    "Rabbit actually took a watch out of its waistcoat-pocket, and looked at it, and then hurried on, Alice started "
    "to her feet, for it flashed across her mind that she had never before seen a rabbit with either a "
    "waistcoat-pocket, or a watch to take out of it, and burning with curiosity, she ran across the field after it, "
    "and fortunately was just in time to see it pop down a large rabbit-hole under the hedge."
)


def case(name: str, extension: str) -> Path:
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"input.{extension}"


# PDF


def new_pdf(name: str, **options) -> canvas.Canvas:
    return canvas.Canvas(str(case(name, "pdf")), pagesize=A4, invariant=1, **options)


def draw_lines(pdf: canvas.Canvas, lines: list[str], x: float, y: float, leading: float = 14) -> float:
    for line in lines:
        pdf.drawString(x, y, line)
        y -= leading
    return y


def wrapped(pdf: canvas.Canvas, text: str, width: float, font: str = "Times-Roman", size: float = 11) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if pdf.stringWidth(longer, font, size) > width and line:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line]


def pdf_book() -> None:
    """Running heads that differ on odd and even pages, page numbers, hyphens, a list, a page break."""
    pdf = new_pdf("pdf-book")
    pdf.setTitle("The keeping of lamps")
    body = ("Times-Roman", 11)

    def frame(number: int) -> None:
        pdf.setFont("Helvetica", 8)
        if number % 2:
            pdf.drawString(72, HEIGHT - 40, "The keeping of lamps")
            pdf.drawRightString(WIDTH - 72, HEIGHT - 40, str(number))
        else:
            pdf.drawString(72, HEIGHT - 40, str(number))
            pdf.drawRightString(WIDTH - 72, HEIGHT - 40, "A handbook for keepers")
        pdf.drawCentredString(WIDTH / 2, 36, f"Page {number} of 6")

    for number in range(1, 7):
        frame(number)
        y = HEIGHT - 90
        if number == 1:
            pdf.setFont("Helvetica-Bold", 20)
            pdf.drawString(72, y, "1 The lamp room")
            y -= 36
            pdf.setFont(*body)
            first = [
                "Every lamp is trimmed at noon, when the light is good and the glass is cold. The well-",
                "known rule says that a wick is cut straight across, never round, and that the re-",
                "mainder is kept for kindling. A well-known keeper wrote it down in 1862; the office has",
                "copied it ever since. The tem-",
                "perature of the room is noted twice a day, on the hour, in the book by the door, and the",
                "temperature of the oil with it.",
            ]
            y = draw_lines(pdf, first, 72, y)
            y -= 14
            pdf.setFont("Helvetica-Bold", 14)
            pdf.drawString(72, y - 8, "1.1 Tools")
            y -= 34
            pdf.setFont(*body)
            y = draw_lines(pdf, ["\u2022 two pairs of scissors", "\u2022 a linen cloth that leaves no", "  threads", "\u2022 a measuring can"], 86, y)
            y -= 14
            y = draw_lines(pdf, wrapped(pdf, ALICE, WIDTH - 144), 72, y)
            pdf.drawString(72, 90, "A sentence that begins on the first page and whose second half stands after the")
        else:
            pdf.setFont(*body)
            if number == 2:
                y = draw_lines(pdf, ["break goes on here, under the running head of the next page."], 72, y) - 14
            text = f"What the keeper of lamp number {number * 7} has to do on day {number}. " + ALICE[number * 60 : number * 60 + 700]
            draw_lines(pdf, wrapped(pdf, text, WIDTH - 144), 72, y)
        pdf.showPage()
    pdf.save()


def pdf_columns() -> None:
    """A paper: title and abstract over the whole width, then two columns, on two pages."""
    pdf = new_pdf("pdf-two-columns")
    gap, width = 24, (WIDTH - 144 - 24) / 2
    words = ALICE.split()
    columns = [" ".join(words[i : i + 110]) for i in range(0, len(words), 55)][:4]
    pdf.setFont("Helvetica-Bold", 18)
    pdf.drawCentredString(WIDTH / 2, HEIGHT - 90, "Rabbits and their watches")
    pdf.setFont("Times-Italic", 10)
    abstract = "Abstract. " + " ".join(words[:60])
    y = draw_lines(pdf, wrapped(pdf, abstract, WIDTH - 144, "Times-Italic", 10), 72, HEIGHT - 120, 12) - 16
    pdf.setFont("Times-Roman", 10)
    for page in range(2):
        top = y if page == 0 else HEIGHT - 80
        for side in range(2):
            number = page * 2 + side
            x = 72 + side * (width + gap)
            lines = wrapped(pdf, f"Column {number + 1} begins. {columns[number]} Column {number + 1} ends.", width, "Times-Roman", 10)
            # Both columns run line by line, as programs that set tables of text write them.
            draw_lines(pdf, lines, x, top, 12)
        pdf.showPage()
        pdf.setFont("Times-Roman", 10)
    pdf.save()


def pdf_locked() -> None:
    for name, user in (("pdf-locked", "secret"), ("pdf-owner-password", "")):
        lock = pdfencrypt.StandardEncryption(user, ownerPassword="owner", canCopy=0, canModify=0)
        pdf = new_pdf(name, encrypt=lock)
        pdf.setFont("Times-Roman", 11)
        pdf.drawString(72, HEIGHT - 90, "This page can be read by whoever may open it.")
        pdf.showPage()
        pdf.save()


def pdf_scan() -> None:
    pdf = new_pdf("pdf-scan")
    picture = ImageReader(Image.new("L", (60, 80), 230))
    for _ in range(2):
        pdf.drawImage(picture, 0, 0, WIDTH, HEIGHT)
        pdf.showPage()
    pdf.save()


def pdf_damaged_page() -> None:
    """The second of three pages is an object that the file does not have."""
    pdf = new_pdf("pdf-damaged-page", pageCompression=0)
    for number in (1, 2, 3):
        pdf.setFont("Times-Roman", 11)
        pdf.drawString(72, HEIGHT - 90, f"Sentence of page {number}, whole and in order.")
        pdf.showPage()
    pdf.save()
    path = case("pdf-damaged-page", "pdf")
    data = path.read_bytes()
    start = data.index(b"/Kids [") + 7
    kids = data[start : data.index(b"]", start)]
    second = kids.split(b" 0 R")[1]
    path.write_bytes(data.replace(kids, kids.replace(second + b" 0 R", second[:-1] + b"0 0 R")))


# DOCX


def docx_usual() -> None:
    document = docx.Document()
    document.core_properties.title = "House rules"
    document.add_heading("House rules", 0)
    document.add_paragraph("These rules hold for all guests of the house.")
    document.add_heading("Arrival", 1)
    paragraph = document.add_paragraph("Keys are handed out from ")
    paragraph.add_run("three o'clock").bold = True
    paragraph.add_run(" on.")
    document.add_paragraph("Ring twice", style="List Bullet")
    document.add_paragraph("Wait", style="List Bullet")
    document.add_paragraph("Sign the book", style="List Number")
    document.add_paragraph("Take the key", style="List Number")
    document.add_heading("Prices", 2)
    table = document.add_table(rows=3, cols=3)
    for row, cells in zip(table.rows, (("Room", "Beds", "Price"), ("Attic", "1", "40 €"), ("Garden", "2", "75 €"))):
        for cell, text in zip(row.cells, cells):
            cell.text = text
    document.add_paragraph("Breakfast is included.")
    picture = io.BytesIO()
    Image.new("RGB", (2, 2)).save(picture, "PNG")
    document.add_picture(picture)
    whole = io.BytesIO()
    document.save(whole)
    rewrite(whole, case("docx", "docx"), lambda _name, data: data)


def rewrite(source: Path | io.BytesIO, target: Path, change) -> None:
    """Writes an archive anew with other contents; `change(name, data)` gives them. What needs room goes."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if "thumbnail" in name or "theme" in name or "customXml" in name or "stylesWithEffects" in name:
                continue
            new.writestr(zipfile.ZipInfo(name), change(name, old.read(name)), zipfile.ZIP_DEFLATED)


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


def docx_bombs() -> None:
    source = case("docx", "docx")

    def with_entities(name: str, data: bytes) -> bytes:
        if name != "word/document.xml":
            return data
        head, body = data.split(b"?>", 1)
        bomb = f'<!DOCTYPE x [<!ENTITY a0 "ha">{BOMB}]>'.encode()
        return head + b"?>" + bomb + body.replace(b"These rules", b"&a9;")

    def with_spaces(name: str, data: bytes) -> bytes:
        return data + b" " * 20_500_000 if name == "word/document.xml" else data

    rewrite(source, case("docx-entity-bomb", "docx"), with_entities)
    rewrite(source, case("docx-zip-bomb", "docx"), with_spaces)


# EPUB

CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


def xhtml(body: str, head: str = "<title/>", doctype: str = "<!DOCTYPE html>") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{doctype}'
        f'<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head>{head}</head>'
        f"<body>{body}</body></html>"
    )


def write_epub(name: str, files: dict[str, str | bytes], spine: list[tuple[str, bool]]) -> None:
    items = "".join(
        f'<item id="i{n}" href="{path.replace(" ", "%20")}" media-type="application/xhtml+xml"'
        + (' properties="nav"' if path == "nav.xhtml" else "")
        + "/>"
        for n, path in enumerate(files)
    )
    ids = {path: f"i{n}" for n, path in enumerate(files)}
    order = "".join(f'<itemref idref="{ids.get(path, "gone")}"' + ("" if linear else ' linear="no"') + "/>" for path, linear in spine)
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">x</dc:identifier>'
        "<dc:title>The glass harbour</dc:title><dc:language>en</dc:language></metadata>"
        f"<manifest>{items}</manifest><spine>{order}</spine></package>"
    )
    with zipfile.ZipFile(case(name, "epub"), "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip", zipfile.ZIP_STORED)
        everything = {"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": package}
        everything |= {f"OEBPS/{path}": data for path, data in files.items() if data != ""}
        for path, data in everything.items():
            book.writestr(zipfile.ZipInfo(path), data, zipfile.ZIP_DEFLATED)


NAV = xhtml(
    '<nav epub:type="toc"><ol><li><a href="one.xhtml">The quay</a></li><li><a href="text/two%20b.xhtml#start">The crane</a></li></ol></nav>'
)


def epub_usual() -> None:
    write_epub(
        "epub",
        {
            "nav.xhtml": NAV,
            "notes.xhtml": xhtml("<h1>Notes</h1><aside epub:type='footnote'><p>1. A crane for glass.</p></aside>"),
            "text/two b.xhtml": xhtml("<a id='start'/><p>The crane stands &amp; waits.</p><p>It is green.</p>"),
            "one.xhtml": xhtml(
                "<h1>The quay</h1><p>Ships come in at four.<br/>They bring sand.</p><h2>At night</h2><p>Nobody is there.</p>"
            ),
            "lost.xhtml": "",
        },
        [("notes.xhtml", False), ("nav.xhtml", True), ("one.xhtml", True), ("lost.xhtml", True), ("text/two b.xhtml", True)],
    )


def epub_bombs() -> None:
    bomb = f'<!DOCTYPE html [<!ENTITY a0 "ha">{BOMB}]>'
    write_epub(
        "epub-entity-bomb",
        {"nav.xhtml": NAV, "one.xhtml": xhtml("<p>It laughs: &a9;</p>", doctype=bomb)},
        [("one.xhtml", True)],
    )
    write_epub(
        "epub-zip-bomb",
        {"nav.xhtml": NAV, "one.xhtml": xhtml("<p>" + "0" * 25_000_000 + "</p>"), "text/two b.xhtml": xhtml("<p>Small.</p>")},
        [("one.xhtml", True), ("text/two b.xhtml", True)],
    )


for make in (
    pdf_book,
    pdf_columns,
    pdf_locked,
    pdf_scan,
    pdf_damaged_page,
    docx_usual,
    docx_bombs,
    epub_usual,
    epub_bombs,
):
    make()
