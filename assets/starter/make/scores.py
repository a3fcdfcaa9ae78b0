"""SQuAD's exact match and F1, as its official scorer computes them."""

import re
import string
from collections import Counter

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = frozenset(string.punctuation)


def normalise(text: str) -> str:
    """Lower case, no punctuation, no articles, single spaces."""
    text = "".join(c for c in text.lower() if c not in _PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", text).split())


def exact(prediction: str, answer: str) -> float:
    return float(normalise(prediction) == normalise(answer))


def f1(prediction: str, answer: str) -> float:
    got, wanted = normalise(prediction).split(), normalise(answer).split()
    if not got or not wanted:
        return float(got == wanted)
    common = sum((Counter(got) & Counter(wanted)).values())
    return 2 * common / (len(got) + len(wanted))


def score(predictions: list[str], answers: list[tuple[str, ...]]) -> dict[str, float]:
    """Means in percent of the best score over each question's answers."""
    pairs = list(zip(predictions, answers, strict=True))
    return {
        "exact": 100 * sum(max(exact(p, a) for a in gold) for p, gold in pairs) / len(pairs),
        "f1": 100 * sum(max(f1(p, a) for a in gold) for p, gold in pairs) / len(pairs),
    }
