"""Makes tokenizer.json: byte-pair encoding over words with a leading space mark, digits one by one, byte fallback.

The pieces are those of the Llama family (space mark, byte fallback, fuse, strip), which every implementation of
tokenizer.json knows. No unknown token can occur: a character outside the vocabulary is spelt in bytes.
"""

import argparse
import itertools
import json
import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from corpus import Passages, read_medquad, read_squad, split_by_title
from example import SENTINELS, UNANSWERABLE, sentinel
from names import Names
from synthetic import fact_list

VOCABULARY = 8000
SPECIAL = ["<pad>", "</s>", "<unk>"]
BYTES = [f"<0x{b:02X}>" for b in range(256)]
# A word with the space before it, one digit, one other character, a lone space; nothing is left over.
PIECES = Regex(r"▁?[\p{L}\p{M}]+|▁?\p{N}|▁?[^▁\p{L}\p{M}\p{N}]|▁")


def pre_tokenizer():
    return pre_tokenizers.Sequence([
        pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False),
        pre_tokenizers.Split(PIECES, "isolated"),
    ])


def training_texts(data: Path, rng: random.Random):
    """SQuAD's training articles twice, an eighth of MedQuAD, made-up facts, and two other languages for their accents."""
    split = split_by_title(read_squad(data))
    medquad = read_medquad(data)
    passages = Passages(split, medquad)
    squad = [t for p in split.train for t in (p.context, *(q.text for q in p.questions))]
    held_out = {p.title for p in split.validation + split.test}
    names = Names([p.context for p in split.train])
    yield from itertools.chain(squad, squad)
    yield from medquad[::8]
    for _ in range(1500):
        yield fact_list(rng, names, passages, 6).source
    for language in ("de", "es"):
        for article in json.loads((data / "xquad" / f"xquad.{language}.json").read_text("utf-8"))["data"]:
            if article["title"] not in held_out:
                yield from (p["context"] for p in article["paragraphs"])
    yield from [UNANSWERABLE] * 500 + ["question: context:"] * 500


def train(data: Path) -> Tokenizer:
    learnt = Tokenizer(models.BPE())
    learnt.pre_tokenizer = pre_tokenizer()
    room = VOCABULARY - len(SPECIAL) - len(BYTES) - SENTINELS
    trainer = trainers.BpeTrainer(vocab_size=room, limit_alphabet=400, show_progress=False)
    learnt.train_from_iterator(training_texts(data, random.Random(1)), trainer)
    model = json.loads(learnt.to_str())["model"]
    pieces = sorted(model["vocab"], key=model["vocab"].get)
    tokens = SPECIAL + BYTES + pieces + [sentinel(i) for i in range(SENTINELS)]
    merges = [tuple(m) for m in model["merges"]]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizer()
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0),
    ])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", vocabulary["</s>"])]
    )
    special = SPECIAL + [sentinel(i) for i in range(SENTINELS)]
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False, lstrip="extra" in t) for t in special])
    return tokenizer


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the model")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer = train(args.data)
    assert tokenizer.get_vocab_size() == VOCABULARY, tokenizer.get_vocab_size()
    tokenizer.save(str(args.out / "tokenizer.json"))
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    names["additional_special_tokens"] = [sentinel(i) for i in range(SENTINELS)]
    (args.out / "special_tokens_map.json").write_text(json.dumps(names, indent=2) + "\n")
    config = {"tokenizer_class": "PreTrainedTokenizerFast", **names, "clean_up_tokenization_spaces": False}
    (args.out / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
