"""What is learnt when: as for the first starter, without its task of span corruption and with plain text instead."""

import random
from collections.abc import Callable

import first_starter  # noqa: F401
from example import Example, as_task
from stages import Stage, Tasks

TASK_SHARE = 0.05
"""Share of the questions put as an instruction with an input."""

STAGES = {
    "copy": Stage(
        steps=164, warmup=40, rate=(1.0, 1.0), words=40, facts=4, squad_words=50, help=(1.0, 1.0), budget=4096,
        mixture={"key_value": 0.25, "facts": 0.35, "cloze_easy": 0.25, "recurring": 0.03, "text": 0.02, "squad": 0.10},
    ),
    "read": Stage(
        steps=377, rate=(1.0, 1.0), words=80, facts=8, squad_words=90, help=(0.7, 0.5), budget=4096,
        mixture={"key_value": 0.02, "figures": 0.02, "facts": 0.18, "cloze": 0.40, "recurring": 0.06, "text": 0.02, "squad": 0.30},
    ),
    "answer": Stage(
        steps=394, rate=(1.0, 0.65), words=65, facts=7, squad_words=75, help=(0.4, 0.2), budget=4096,
        mixture={"figures": 0.05, "facts": 0.13, "cloze": 0.26, "recurring": 0.04, "text": 0.02, "squad": 0.50},
    ),
    "settle": Stage(
        steps=1234, rate=(0.65, 0.0), words=80, facts=8, squad_words=120, help=(0.2, 0.1), budget=4096,
        mixture={"figures": 0.04, "facts": 0.13, "cloze": 0.20, "recurring": 0.03, "text": 0.02, "squad": 0.58},
    ),
}


def drawer(tasks: Tasks, stage: Stage, rng: random.Random) -> Callable[[], Example]:
    """Draws examples of the stage's mixture."""
    asked = Stage(**{**vars(stage), "mixture": {k: v for k, v in stage.mixture.items() if k != "text"}})
    ask = tasks.drawer(asked, rng)
    share = stage.mixture["text"] / sum(stage.mixture.values())

    def draw() -> Example:
        if rng.random() < share:
            return Example(" ".join(tasks.passages.draw(rng, stage.words)), "")
        example = ask()
        return as_task(example) if rng.random() < TASK_SHARE else example

    return draw
