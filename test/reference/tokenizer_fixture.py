"""Makes the small Unigram tokenizer of test/data/fixtures/tokenizer and its golden ids.

Needs the Python package `tokenizers`. Run: python test/reference/tokenizer_fixture.py
The corpus is a handful of sentences written for this purpose; layout and marks are T5's.
"""

import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

folder = Path(__file__).parents[1] / "data" / "fixtures" / "tokenizer"

corpus = [
    "question: What is the capital of France? context: Paris is the capital and largest city of France.",
    "question: Who wrote the report? context: The report was written by Ada Lovelace in 1843.",
    "unanswerable",
    "A password is a secret that a person remembers and types to prove who they are.",
    "The river rises in the mountains, flows past three towns, and reaches the sea after 120 kilometres.",
    "Bees visit flowers for nectar; they carry pollen from one flower to the next.",
    "Der Fluss entspringt in den Bergen und fließt an drei Städten vorbei; das Wasser ist kühl.",
    "El río nace en las montañas; el niño bebió agua fría aquella mañana.",
    "Prices rose by 3.5% in May, from €1,200 to €1,242 (see table 4-2).",
    "She said: “I don't know”, and left — without a word…",
    "東京は日本の首都です。 Москва — столица России.",
] * 4

tokenizer = Tokenizer(models.Unigram())
tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
trainer = trainers.UnigramTrainer(
    vocab_size=400, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", max_piece_length=8
)
tokenizer.train_from_iterator(corpus, trainer)
tokenizer.post_processor = processors.TemplateProcessing(
    single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
)

# Baked in on purpose, as some published files have it: readers must ignore both.
tokenizer.enable_truncation(max_length=8)
tokenizer.enable_padding(length=8, pad_id=0, pad_token="<pad>")
folder.mkdir(parents=True, exist_ok=True)
tokenizer.save(str(folder / "tokenizer.json"))
(folder / "tokenizer_config.json").write_text(
    json.dumps({"eos_token": "</s>", "pad_token": "<pad>", "unk_token": {"content": "<unk>"}}, indent=2) + "\n"
)

tokenizer.no_truncation()
tokenizer.no_padding()
texts = [
    "", " ", "  ", "a", "the", "hello world", " leading", "trailing ", " both ", "two  spaces", "three   spaces here",
    "tab\there", "line\nbreak", "windows\r\nbreak", "\n", "\u00a0non\u00a0breaking", "\u3000ideographic\u3000space",
    "\u2003em\u2003space", "zero\u200bwidth", "\ufeffmark", "next\u0085line", "line\u2028separator",
    "question: What is the capital of France? context: Paris is the capital.", "unanswerable", "Unanswerable",
    "</s>", "a</s>b", "x </s> y", "<pad>", "<unk> known", "<extra_id_0>", "▁", "a▁b", "▁▁a", "nul\u0000byte", "\u0001\u0002", "\u001f",
    "\u007f", "1,234.56 €", "3.5%", "don't can't", "“quotes” — dash…", "..!!??", "(brackets) [and] {more}", "a/b\\c",
    "fließt kühl", "el niño bebió", "n\u0303 e\u0301 combining", "\u0301", "ﬁve ﬂowers", "½ ² ⅷ", "ﾊﾝｶｸ", "ﷺ",
    "東京は日本の首都です。", "日本語のテキスト", "Москва", "שלום עולם", "مرحبا", "😀", "x 😀 y", "👩‍👩‍👧‍👦 family", "𐍈 gothic",
    "\U0010fffd", "\ufffd", "\u202ertl", "soft\u00adhyphen", "x" * 100, "ab" * 50, "🇫🇷🇩🇪", "A B C D E F", "UPPER lower MiXeD",
]  # fmt: skip
golden = []
for text in texts:
    ids = tokenizer.encode(text).ids
    golden.append(
        {
            "text": text,
            "ids": ids,
            "bare": tokenizer.encode(text, add_special_tokens=False).ids,
            "decoded": tokenizer.decode(ids, skip_special_tokens=True),
            "decodedWhole": tokenizer.decode(ids, skip_special_tokens=False),
        }
    )
lines = ",\n".join(json.dumps(entry) for entry in golden)
(folder / "golden.json").write_text(f"[\n{lines}\n]\n")
print(f"{tokenizer.get_vocab_size()} tokens, {len(golden)} texts")
