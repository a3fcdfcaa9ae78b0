"""Makes a small byte-level BPE, as GPT-2's vocabulary files and as tokenizer.json, and golden ids.

Needs the Python packages `tokenizers` and `transformers`. Run: python test/reference/byte_pair_goldens.py
The texts are first lines of books whose authors died long ago (Carroll, Goethe, Cervantes) and strings that are hard.
"""

import json
import random
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2TokenizerFast

folder = Path(__file__).parents[1] / "goldens" / "byte-pairs"
END = "<|endoftext|>"

books = [
    "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do: once or "
    "twice she had peeped into the book her sister was reading, but it had no pictures or conversations in it, “and "
    "what is the use of a book,” thought Alice “without pictures or conversations?”",
    "Habe nun, ach! Philosophie,\nJuristerei und Medizin,\nUnd leider auch Theologie\nDurchaus studiert, mit heißem "
    "Bemühn.\nDa steh’ ich nun, ich armer Tor,\nUnd bin so klug als wie zuvor!",
    "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo que vivía un hidalgo de los de "
    "lanza en astillero, adarga antigua, rocín flaco y galgo corredor.",
]
prompts = [
    "Question: What is the use of a book?\nContext: It had no pictures.\nAnswer:",
    " conversations",
    "The bank closes at 17:30; don't be late, it's 3.5% dearer.",
]

tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
trainer = trainers.BpeTrainer(
    vocab_size=511,
    special_tokens=[],
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    show_progress=False,
)
tokenizer.train_from_iterator((books + prompts) * 4, trainer)

folder.mkdir(parents=True, exist_ok=True)
described = json.loads(tokenizer.to_str())["model"]
vocab = {**described["vocab"], END: len(described["vocab"])}
(folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False) + "\n")
merges = [" ".join(pair) if isinstance(pair, list) else pair for pair in described["merges"]]
(folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
(folder / "special_tokens_map.json").write_text(
    json.dumps({"bos_token": END, "eos_token": END, "unk_token": END}) + "\n"
)
(folder / "tokenizer_config.json").write_text(
    json.dumps({"add_prefix_space": False, "model_max_length": 64, "name_or_path": "byte-pairs"}) + "\n"
)

hard = [
    "", " ", "  ", "\n\n", " \t x", "a  b   c ", "it's WE'LL 's don’t", "x" * 40, "aaaaaaa", "\u0085", "x \u0085 y\u0085\u0085z",
    "\ufeffmark \ufeff\ufeff x", "no\u00a0break", " ", "½é! Â\ufeff's", "x\u000b's", "\u200bzero", "\u2028line", "1,234.5 € ٣", "日本語 ",
    "Москва", "😀 👩‍👩‍👧‍👦", "e\u0301", "\u0000\u0001", "\ufffd", f"{END}", f"a{END} b", f" {END}{END}'s", "<|end", "a\r\nb",
]
generator = random.Random(5)
alphabet = [" ", "\u0085", "\ufeff", "\u00a0", "a", "é", "1", "!", "\n", "\t", "'s", "½", "ß", "\u001c", "\u000b", END, "😀"]
drawn = ["".join(generator.choice(alphabet) for _ in range(generator.randint(2, 9))) for _ in range(60)]

reference = GPT2TokenizerFast.from_pretrained(folder)
prefixed = GPT2TokenizerFast.from_pretrained(folder, add_prefix_space=True)
golden = [
    {
        "text": text,
        "ids": reference(text).input_ids,
        "prefixed": prefixed(text).input_ids,
        "decoded": reference.decode(
            reference(text).input_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        ),
    }
    for text in [*books, *prompts, *hard, *drawn]
]
(folder / "golden.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
print(len(golden), "texts,", len(vocab), "tokens")
