"""The one form of every training example, and how it is written for a model that reads on from a prompt."""

from dataclasses import dataclass

UNANSWERABLE = "unanswerable"
SENTINELS = 0
BEFORE_QUESTION, BEFORE_CONTEXT, AFTER = "Question: ", "\nContext: ", "\nAnswer:"


@dataclass(frozen=True)
class Example:
    """`source` to `target`; `start` is where the target begins in `source`, in characters, or -1 if nowhere.

    An empty target means plain text: the source is all there is to learn.
    """

    source: str
    target: str
    start: int = -1


def sentinel(index: int) -> str:
    """The gap in a cloze question: this vocabulary has no sentinels."""
    return "___"


def prompt(question: str, context: str) -> str:
    return f"{BEFORE_QUESTION}{question}{BEFORE_CONTEXT}{context}{AFTER}"


def reading(question: str, context: str, answer: str, start: int) -> Example:
    """A question on a context; `start` counts characters of the context, -1 with an answer that is not in it."""
    offset = len(BEFORE_QUESTION) + len(question) + len(BEFORE_CONTEXT)
    return Example(prompt(question, context), answer, -1 if start < 0 else offset + start)


def as_task(example: Example) -> Example:
    """The same with the question as an instruction and the context as its input."""
    question, context = example.source.removeprefix(BEFORE_QUESTION).split(BEFORE_CONTEXT, 1)
    moved = len(BEFORE_QUESTION) + len(BEFORE_CONTEXT) - 2
    return Example(f"{question}\n\n{context}", example.target, -1 if example.start < 0 else example.start - moved)
