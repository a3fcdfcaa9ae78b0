"""What is learnt when: the mixture, lengths and rates of every stage of the training."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cloze import cloze, corruption, recurring
from corpus import Passages, read_medquad, read_squad, split_by_title
from example import Example
from names import Names
from squad_pairs import SquadPairs
from synthetic import FIGURES, fact_list, key_value


@dataclass(frozen=True)
class Stage:
    """`mixture` weighs the tasks; rates are multiples of the base rates, at the start and at the end (linear)."""

    steps: int
    mixture: dict[str, float]
    words: int
    """Length of passages, at most."""
    facts: int
    """Facts in a context, at most."""
    rate: tuple[float, float]
    tokens: int = 384
    budget: int = 6144
    warmup: int = 0
    help: tuple[float, float] = (0.5, 0.5)
    """Weight of the helper losses (pointer and hints), at the start and at the end."""
    squad_words: int = 0


STAGES = {
    "copy": Stage(
        steps=400, warmup=50, rate=(1.0, 1.0), words=35, facts=4, help=(1.0, 1.0), budget=4096,
        mixture={"key_value": 0.30, "facts": 0.35, "cloze_easy": 0.27, "recurring": 0.03, "corruption": 0.05},
    ),
    "read": Stage(
        steps=1000, rate=(1.0, 1.0), words=80, facts=8, squad_words=90, help=(0.7, 0.5),
        mixture={"key_value": 0.02, "facts": 0.18, "cloze": 0.40, "recurring": 0.08, "corruption": 0.06, "squad": 0.26},
    ),
    "answer": Stage(
        steps=500, rate=(1.0, 0.8), words=110, facts=10, squad_words=140, help=(0.4, 0.2),
        mixture={"figures": 0.07, "facts": 0.13, "cloze": 0.22, "recurring": 0.04, "corruption": 0.02, "squad": 0.52},
    ),
    "settle": Stage(
        steps=460, rate=(0.8, 0.0), words=120, facts=10, squad_words=170, help=(0.2, 0.1),
        mixture={"figures": 0.05, "facts": 0.13, "cloze": 0.18, "recurring": 0.03, "squad": 0.61},
    ),
}


class Tasks:
    """Draws examples of a stage's mixture from the data folder's training side."""

    def __init__(self, data: Path):
        split = split_by_title(read_squad(data))
        medquad = read_medquad(data)
        self.passages = Passages(split, medquad)
        self.names = Names([*(p.context for p in split.train), *medquad[::10]])
        self.squad = SquadPairs(split.train, self.names)

    def drawer(self, stage: Stage, rng: random.Random) -> Callable[[], Example]:
        tasks = {
            "key_value": lambda: key_value(rng, self.names, 2 * stage.facts),
            "figures": lambda: key_value(rng, self.names, stage.facts, FIGURES),
            "facts": lambda: fact_list(rng, self.names, self.passages, stage.facts),
            "cloze_easy": lambda: cloze(rng, self.passages, stage.words, hard=False),
            "cloze": lambda: cloze(rng, self.passages, stage.words, hard=rng.random() < 0.85),
            "recurring": lambda: recurring(rng, self.passages, stage.words),
            "corruption": lambda: corruption(rng, self.passages, stage.words),
            "squad": lambda: self.squad.draw(rng, stage.squad_words),
        }
        names, weights = zip(*stage.mixture.items())
        return lambda: tasks[rng.choices(names, weights)[0]]()
