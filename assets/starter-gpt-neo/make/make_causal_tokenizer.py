"""Makes tokenizer.json: GPT-2's byte-level byte-pair encoding, but with digits one by one.

    python make_causal_tokenizer.py --data DIR --out ..
"""

import argparse
import json
import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

import first_starter  # noqa: F401
from example import AFTER, BEFORE_CONTEXT, BEFORE_QUESTION, UNANSWERABLE
from make_tokenizer import training_texts

VOCABULARY = 8000
END = "<|endoftext|>"
# GPT-2's pattern with `\p{N}` for `\p{N}+`.
PIECES = Regex(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")


def train(data: Path) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(PIECES, "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[END], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    form = f"{BEFORE_QUESTION}?{BEFORE_CONTEXT}.{AFTER} {UNANSWERABLE}"
    texts = [*training_texts(data, random.Random(1)), *[form] * 500]
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(END, special=True, normalized=False)])
    return tokenizer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the model")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer = train(args.data)
    assert tokenizer.get_vocab_size() == VOCABULARY, tokenizer.get_vocab_size()
    tokenizer.save(str(args.out / "tokenizer.json"))
    names = {f"{role}_token": END for role in ("bos", "eos", "unk")}
    (args.out / "special_tokens_map.json").write_text(json.dumps(names, indent=2) + "\n")
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast", **names,
        "add_prefix_space": False, "clean_up_tokenization_spaces": False, "model_max_length": 512,
    }
    (args.out / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
