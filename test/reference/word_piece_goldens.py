"""Makes the small WordPiece vocabulary of test/goldens/word-piece and what Hugging Face's tokenizers make of texts.

Writes vocab.txt, tokenizer.json (the cased variant) and golden.json: for each variant of BERT's normalizer its settings
as tokenizer_config.json has them, and for each text its ids and its offsets in code points, without the marks around it.
The texts are paragraphs of XQuAD from test/samples/import (CC BY-SA 4.0, see the notices there) and strings in which
letters change their number when they are normalised.

Version: tokenizers 0.23.2.
Command, from the repository root: python test/reference/word_piece_goldens.py
"""

import json
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

tests = Path(__file__).resolve().parent.parent
folder = tests / "goldens" / "word-piece"

paragraphs = []
for language in ("en", "de", "es"):
    articles = json.loads((tests / f"samples/import/xquad-{language}/input.json").read_text())["data"]
    paragraphs += [paragraph["context"] for article in articles for paragraph in article["paragraphs"]]
strings = [
    "cafe\u0301 cafe\u0301s e\u0301\u0301n \u0301abc",
    "İstanbul İİ ıI ŉ ǅ ẞ ß ﬁn ﬂöte ſie",
    "ΟΔΟΣ Οδός ΣΣ a≠b ≯ Ω Å",
    "co\u00adop naïve\u200dx \ufeffend \u0085 \x00x\ufffd\x07y",
    "tab\tline\nreturn\r\u2028sep\u00a0nbsp\u3000wide",
    "❤️ 👩\u200d🚀 👍🏽 x😀y",
    "日本語のテキスト 中国 𠀀𠀁 ﾊﾝｶｸ",
    "한국어 문장입니다. \u1112\u1161\u11ab",
    "ภาษาไทย ที่ นี้",
    "हिन्दी में लिखा है",
    "العَرَبِيَّة שָׁלוֹם",
    "«Zitat», „so“ – it’s 3.5% (a_b@c.de) $5+6=11 ^~`|",
    "x[SEP]y [sep] [CLS][PAD] [MASK]ed [UNKNOWN]",
    "a" * 100 + " " + "a" * 101 + " b",
    "",
    " \u00ad ",
]

texts = paragraphs + strings
marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
variants = {
    "uncased": {},
    "cased": {"do_lower_case": False},
    "lower-case with accents": {"do_lower_case": True, "strip_accents": False, "tokenize_chinese_chars": False},
}


def normalizer_of(config):
    return normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=config.get("tokenize_chinese_chars", True),
        strip_accents=config.get("strip_accents"),
        lowercase=config.get("do_lower_case", True),
    )


def words_of(config):
    split = pre_tokenizers.BertPreTokenizer()
    normalizer = normalizer_of(config)
    return [word for text in texts for word, _ in split.pre_tokenize_str(normalizer.normalize_str(text))]


counts = Counter(word for config in variants.values() for word in words_of(config))
# One letter is left out, so that some words are unknown.
characters = sorted({character for word in counts for character in word} - {"ß"})
frequent = sorted(word for word, count in counts.items() if count >= 9 and len(word) > 2)
parts = ["##ing", "##er", "##en", "##es", "##tion", "##ung", "##ción", "##ed", "##ly", "##aa", "aaa"]
vocabulary = [*marks, *characters, *(f"##{c}" for c in characters if c not in "的"), *frequent, *parts]
vocabulary = list(dict.fromkeys(vocabulary))
(folder / "vocab.txt").write_text("".join(f"{token}\n" for token in vocabulary))

golden = []
for name, config in variants.items():
    tokenizer = Tokenizer(models.WordPiece({token: i for i, token in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer_of(config)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tokenizer.add_special_tokens(marks)
    if name == "cased":
        tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    cases = []
    # One variant has all paragraphs, which are long.
    for text in texts if name == "uncased" else paragraphs[::4] + strings:
        encoding = tokenizer.encode(text, add_special_tokens=False)
        cases.append({"text": text, "ids": encoding.ids, "offsets": [o for pair in encoding.offsets for o in pair]})
    golden.append({"name": name, "config": config, "cases": cases})
    print(name, sum(len(case["ids"]) for case in cases), sum(case["ids"].count(1) for case in cases))
(folder / "golden.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
print(len(vocabulary), "tokens")
