"""Examples to batches: ids, the positions with a loss, pointer targets, length buckets, a budget of tokens."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

from example import Example

END, PAD, IGNORE = 0, 0, -100
WIDTH = 16
"""Texts are padded to multiples of it: few shapes, because every new one costs time to prepare."""
TARGETS = ((0, 8), (8, 20), (20, 64))
"""Buckets of target lengths: a batch pays for its longest."""
ALONG = 8
"""At so many further positions the next token of the text itself is asked for."""


@dataclass(frozen=True)
class Encoded:
    ids: list[int]
    asked: int
    """Length of the prompt; what follows is the target."""
    pointers: list[int]
    """For each target token its place in the prompt, or IGNORE."""


@dataclass(frozen=True)
class Batch:
    """`chosen` are the positions with a loss; the other three have its shape."""

    ids: torch.Tensor
    chosen: torch.Tensor
    target: torch.Tensor
    answers: torch.Tensor
    """Whether the loss is one on an answer, or one on the text."""
    pointers: torch.Tensor

    def to(self, device: str) -> "Batch":
        return Batch(*(tensor.to(device) for tensor in vars(self).values()))


def encode(tokenizer: Tokenizer, examples: list[Example]) -> list[Encoded]:
    sources = tokenizer.encode_batch([e.source for e in examples])
    targets = tokenizer.encode_batch_fast([f" {e.target}" if e.target else "" for e in examples])
    return [
        Encoded(s.ids + t.ids + [END], len(s.ids) if t.ids else len(s.ids) + 1, pointers(e, s, t.ids))
        for e, s, t in zip(examples, sources, targets)
    ]


def pointers(example: Example, source, target: list[int]) -> list[int]:
    """Where each target token stands in the source, from the answer's first character on, while both agree."""
    places = [IGNORE] * (len(target) + 1)
    if example.start < 0:
        return places
    first = next(i for i, (_, end) in enumerate(source.offsets) if end > example.start)
    for step, token in enumerate(target):
        # The first token may differ in its leading space: after a quote there is none.
        if step and (first + step >= len(source.ids) or source.ids[first + step] != token):
            break
        places[step] = first + step
    return places


def pad(rows: list[list[int]], value: int, multiple: int = 8) -> torch.Tensor:
    width = -(-max(map(len, rows)) // multiple) * multiple
    return torch.tensor([row + [value] * (width - len(row)) for row in rows])


def collate(rows: list[Encoded], rng: random.Random) -> Batch:
    ids = pad([r.ids for r in rows], PAD, WIDTH)
    most = max(len(r.ids) - r.asked for r in rows)
    count = -(-(most + ALONG) // 4) * 4
    chosen, target, pointing = (torch.full((len(rows), count), fill) for fill in (0, IGNORE, IGNORE))
    answers = torch.zeros(len(rows), count, dtype=torch.bool)
    for i, row in enumerate(rows):
        length = len(row.ids) - row.asked
        text = row.asked - 1
        along = rng.sample(range(text), min(text, count - length))
        places = [*range(row.asked - 1, len(row.ids) - 1), *along]
        chosen[i, : len(places)] = torch.tensor(places)
        target[i, : len(places)] = torch.tensor([row.ids[p + 1] for p in places])
        answers[i, :length] = True
        if length:
            pointing[i, :length] = torch.tensor(row.pointers[:length])
    return Batch(ids, chosen, target, answers, pointing)


def batches(draw: Callable[[], Example], tokenizer: Tokenizer, rng: random.Random, longest: int, budget: int) -> Iterator[Batch]:
    """Endless batches of about `budget` tokens; 4,000 examples at a time are sorted by length of target and text.

    Texts of more than `longest` tokens and targets of more than 64 are left out. Plain text, which has no target,
    counts as the longest of them: most of its positions have a loss.
    """
    while True:
        rows = [r for r in encode(tokenizer, [draw() for _ in range(4000)]) if len(r.ids) <= longest]
        groups: list[list[Encoded]] = []
        for shortest, most in TARGETS:
            fitting = [r for r in rows if shortest < (len(r.ids) - r.asked or 64) <= most]
            fitting.sort(key=lambda r: len(r.ids) + rng.random() * 8)
            groups.append([])
            for row in fitting:
                width = -(-len(row.ids) // WIDTH) * WIDTH
                if groups[-1] and (len(groups[-1]) + 1) * width > budget:
                    groups.append([])
                groups[-1].append(row)
        groups = [g for g in groups if g]
        rng.shuffle(groups)
        for group in groups:
            yield collate(group, rng)
