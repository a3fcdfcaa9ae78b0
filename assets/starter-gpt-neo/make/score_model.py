"""Scores a model folder: SQuAD questions of articles it has never seen, made-up facts, any SQuAD file.

    python score_model.py --data DIR --model ../
    python score_model.py --data DIR --model ../ --file questions.json
"""

import argparse
import random
from pathlib import Path

import torch
from tokenizers import Tokenizer

import first_starter  # noqa: F401
from batches import PAD, pad
from corpus import STOPWORDS, sentences, words
from evaluate import Set, exercise_set, question_set, squad_file_set
from example import AFTER, BEFORE_CONTEXT, BEFORE_QUESTION, UNANSWERABLE
from scores import score

LONGEST = 480
"""Leaves room for an answer of 32 tokens among the model's 512 places."""


def fitting(tokenizer: Tokenizer, source: str) -> list[int]:
    """The prompt's ids; where they are too many, the context loses its end."""
    ids = tokenizer.encode(source).ids
    if len(ids) <= LONGEST:
        return ids
    after = tokenizer.encode(AFTER).ids
    return ids[: LONGEST - len(after)] + after


def run_set(model, tokenizer: Tokenizer, examples: Set, budget: int = 6144) -> tuple[dict[str, float], list[str]]:
    """Scores and greedy answers; anything with `greedy(ids, lengths)` is a model."""
    ids = [fitting(tokenizer, source) for source, _ in examples]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    predictions = [""] * len(ids)
    while order:
        count = max(1, budget // len(ids[order[-1]]))
        rows, order = order[-count:], order[:-count]
        answers = model.greedy(pad([ids[i] for i in rows], PAD), torch.tensor([len(ids[i]) for i in rows])).tolist()
        for i, text in zip(rows, tokenizer.decode_batch(answers)):
            predictions[i] = text.strip()
    return score(predictions, [answers for _, answers in examples]), predictions


def sentence_baseline(examples: Set) -> list[str]:
    """No learning at all: the sentence of the context that shares most words with the question."""
    chosen = []
    for source, _ in examples:
        question, context = source.removeprefix(BEFORE_QUESTION).removesuffix(AFTER).split(BEFORE_CONTEXT, 1)
        wanted = {w.lower() for w in words(question)} - STOPWORDS
        chosen.append(max(sentences(context), key=lambda s: len(wanted & {w.lower() for w in words(s)})))
    return chosen


class Released:
    """The model as released, run by transformers in float32."""

    def __init__(self, folder: Path):
        from transformers import GPTNeoForCausalLM

        self.model = GPTNeoForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    @torch.no_grad()
    def greedy(self, ids, lengths):
        # A model that reads on wants its prompts padded on the left.
        width = ids.shape[1]
        places = torch.arange(width)[None] - (width - lengths)[:, None]
        mask = places >= 0
        ids = ids.gather(1, places.clamp(min=0)).masked_fill(~mask, PAD)
        made = self.model.generate(input_ids=ids, attention_mask=mask.long(), max_new_tokens=32, do_sample=False, num_beams=1)
        return made[:, width:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="folder with model.safetensors and tokenizer.json")
    parser.add_argument("--file", type=Path, help="score this SQuAD file alone")
    parser.add_argument("--show", type=int, default=0, help="print so many answers of each set")
    args = parser.parse_args()
    torch.set_num_threads(2)
    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    model = Released(args.model)
    sets = {"file": squad_file_set(args.file)} if args.file else {
        "never-seen articles": question_set(args.data, "test"),
        "never-seen articles, unanswerable": question_set(args.data, "test", answerable=False),
        "validation articles": question_set(args.data, "validation"),
        "made-up facts": exercise_set(args.data, 1000),
    }
    for name, examples in sets.items():
        scores, predictions = run_set(model, tokenizer, examples)
        baseline = score(sentence_baseline(examples), [answers for _, answers in examples])
        refused = 100 * predictions.count(UNANSWERABLE) / len(predictions)
        print(f"{name}: {len(examples)} questions, exact {scores['exact']:.1f}, F1 {scores['f1']:.1f}, "
              f"answered with '{UNANSWERABLE}' {refused:.1f} %; best-matching sentence: F1 {baseline['f1']:.1f}")
        for (source, answers), prediction in random.Random(3).sample(list(zip(examples, predictions)), min(args.show, len(examples))):
            print(f"  {source}\n    -> {prediction}   ({' | '.join(dict.fromkeys(answers))})")


if __name__ == "__main__":
    main()
