"""Examples to batches: ids, pointer targets, length buckets, a budget of tokens."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

from example import Example

PAD, IGNORE = 0, -100
WIDTH = 16
"""Sources are padded to multiples of it: few shapes, because every new one costs time to prepare."""
TARGETS = ((0, 8), (8, 20), (20, 64))
"""Buckets of target lengths: a batch pays for its longest."""


@dataclass(frozen=True)
class Encoded:
    source: list[int]
    target: list[int]
    pointers: list[int]
    """For each target token its place in the source, or IGNORE."""


@dataclass(frozen=True)
class Batch:
    source: torch.Tensor
    mask: torch.Tensor
    target_in: torch.Tensor
    target: torch.Tensor
    pointers: torch.Tensor

    def to(self, device: str) -> "Batch":
        return Batch(*(tensor.to(device) for tensor in vars(self).values()))


def encode(tokenizer: Tokenizer, examples: list[Example]) -> list[Encoded]:
    sources = tokenizer.encode_batch([e.source for e in examples])
    targets = tokenizer.encode_batch_fast([e.target for e in examples])
    return [Encoded(s.ids, t.ids, pointers(e, s, t.ids)) for e, s, t in zip(examples, sources, targets)]


def pointers(example: Example, source, target: list[int]) -> list[int]:
    """Where each target token stands in the source, from the answer's first character on, while both agree."""
    places = [IGNORE] * len(target)
    if example.start < 0:
        return places
    first = next(i for i, (_, end) in enumerate(source.offsets) if end > example.start)
    for step, token in enumerate(target[:-1]):
        # The first token may differ in its space mark: after a quote there is none.
        if step and (first + step >= len(source.ids) or source.ids[first + step] != token):
            break
        places[step] = first + step
    return places


def pad(rows: list[list[int]], value: int, multiple: int = 8) -> torch.Tensor:
    width = -(-max(map(len, rows)) // multiple) * multiple
    return torch.tensor([row + [value] * (width - len(row)) for row in rows])


def collate(rows: list[Encoded]) -> Batch:
    source = pad([r.source for r in rows], PAD, WIDTH)
    target = pad([r.target for r in rows], IGNORE, 4)
    target_in = torch.cat([torch.zeros(len(rows), 1, dtype=torch.long), target[:, :-1].clamp(min=0)], 1)
    return Batch(source, source != PAD, target_in, target, pad([r.pointers for r in rows], IGNORE, 4))


def batches(draw: Callable[[], Example], tokenizer: Tokenizer, rng: random.Random, longest: int, budget: int) -> Iterator[Batch]:
    """Endless batches of about `budget` tokens; 4,000 examples at a time are sorted by length of target and source.

    Sources of more than `longest` tokens and targets of more than 64 are left out.
    """
    while True:
        rows = encode(tokenizer, [draw() for _ in range(4000)])
        groups: list[list[Encoded]] = []
        for shortest, most in TARGETS:
            fitting = [r for r in rows if len(r.source) <= longest and shortest < len(r.target) <= most]
            fitting.sort(key=lambda r: len(r.source) + rng.random() * 8)
            groups.append([])
            for row in fitting:
                width = -(-len(row.source) // WIDTH) * WIDTH + most
                if groups[-1] and (len(groups[-1]) + 1) * width > budget:
                    groups.append([])
                groups[-1].append(row)
        groups = [g for g in groups if g]
        rng.shuffle(groups)
        yield from map(collate, groups)
