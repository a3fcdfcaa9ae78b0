"""The one form of every training example, and how it is written for the model."""

from dataclasses import dataclass

UNANSWERABLE = "unanswerable"
SENTINELS = 10


@dataclass(frozen=True)
class Example:
    """`source` to `target`; `start` is where the target begins in `source`, in characters, or -1 if nowhere."""

    source: str
    target: str
    start: int = -1


def sentinel(index: int) -> str:
    return f"<extra_id_{index}>"


def prompt(question: str, context: str) -> str:
    return f"question: {question} context: {context}"


def reading(question: str, context: str, answer: str, start: int) -> Example:
    """A question on a context; `start` counts characters of the context, -1 with an answer that is not in it."""
    source = prompt(question, context)
    return Example(source, answer, -1 if start < 0 else len(source) - len(context) + start)
