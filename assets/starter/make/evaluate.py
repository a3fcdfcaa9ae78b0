"""Scores a model folder: SQuAD questions of articles it has never seen, made-up facts, any SQuAD file.

    python evaluate.py --data DIR --model ../
    python evaluate.py --data DIR --model ../ --file questions.json
"""

import argparse
import json
import random
from pathlib import Path

import torch
from tokenizers import Tokenizer

from batches import PAD, pad
from corpus import STOPWORDS, Passages, read_medquad, read_squad, sentences, split_by_title, words
from example import UNANSWERABLE, prompt
from names import Names
from scores import score
from synthetic import fact_list

EXERCISE_SEED = 977

Set = list[tuple[str, tuple[str, ...]]]


def question_set(data: Path, side: str, most: int | None = None, answerable: bool = True) -> Set:
    """(source, answers) of the questions of `side` (train, validation, test); a seeded sample of `most`."""
    paragraphs = getattr(split_by_title(read_squad(data)), side)
    questions = [
        (prompt(q.text, p.context), q.answers or (UNANSWERABLE,))
        for p in paragraphs for q in p.questions if bool(q.answers) == answerable
    ]
    return random.Random(7).sample(questions, most) if most else questions


def exercise_set(data: Path, count: int) -> Set:
    """Made-up facts with a seed that training does not use; names and fillers come from the validation articles."""
    split = split_by_title(read_squad(data))
    names = Names([p.context for p in split.validation])
    split.train[:] = split.validation
    passages = Passages(split, read_medquad(data), squad_share=1.0)
    rng = random.Random(EXERCISE_SEED)
    return [(e.source, (e.target,)) for e in (fact_list(rng, names, passages, 8) for _ in range(count))]


def squad_file_set(path: Path) -> Set:
    """The questions of any file in SQuAD's form; those without an answer want the word `unanswerable`."""
    return [
        (prompt(qa["question"].strip(), p["context"]), tuple(a["text"] for a in qa["answers"]) or (UNANSWERABLE,))
        for article in json.loads(path.read_text("utf-8"))["data"] for p in article["paragraphs"] for qa in p["qas"]
    ]


def run_set(model, tokenizer: Tokenizer, examples: Set, budget: int = 6144) -> tuple[dict[str, float], list[str]]:
    """Scores and greedy answers; anything with `greedy(source, mask)` is a model."""
    ids = [e.ids for e in tokenizer.encode_batch([source for source, _ in examples])]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    predictions = [""] * len(ids)
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    while order:
        count = max(1, budget // len(ids[order[-1]]))
        rows, order = order[-count:], order[:-count]
        source = pad([ids[i] for i in rows], PAD).to(device)
        answers = model.greedy(source, source != PAD).tolist()
        for i, text in zip(rows, tokenizer.decode_batch(answers)):
            predictions[i] = text.strip()
    model.train(training)
    return score(predictions, [answers for _, answers in examples]), predictions


def sentence_baseline(examples: Set) -> list[str]:
    """No learning at all: the sentence of the context that shares most words with the question."""
    chosen = []
    for source, _ in examples:
        question, context = source.removeprefix("question: ").split(" context: ", 1)
        wanted = {w.lower() for w in words(question)} - STOPWORDS
        chosen.append(max(sentences(context), key=lambda s: len(wanted & {w.lower() for w in words(s)})))
    return chosen


class Released:
    """The model as released, run by transformers in float32."""

    def __init__(self, folder: Path):
        from transformers import T5ForConditionalGeneration

        self.model = T5ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
        self.parameters, self.eval, self.train, self.training = self.model.parameters, self.model.eval, self.model.train, False

    @torch.no_grad()
    def greedy(self, source, mask):
        return self.model.generate(
            input_ids=source, attention_mask=mask.long(), max_new_tokens=32, do_sample=False, num_beams=1
        )[:, 1:]


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
