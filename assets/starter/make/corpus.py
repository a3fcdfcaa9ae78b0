"""The source texts: SQuAD articles split by title, MedQuAD answers, and plain passages cut from both."""

import json
import lzma
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

SPLIT_SEED = 63
TEST_ARTICLES, VALIDATION_ARTICLES = 6, 3

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])")
_WORD = re.compile(r"\w+")
STOPWORDS = frozenset(
    "a an and are as at be been being but by can could did do does for from had has have he her his how i if in into is "
    "it its may more most no not of on one or other s she should so some such than that the their them then there these "
    "they this to was we were what when where which while who whom whose why will with would you your about after all "
    "also any because before between during each many only over through under until up used very".split()
)


@dataclass(frozen=True)
class Question:
    """One question on one paragraph; `answers` is empty where the paragraph does not answer it."""

    text: str
    answers: tuple[str, ...]


@dataclass
class Paragraph:
    title: str
    context: str
    questions: list[Question] = field(default_factory=list)


@dataclass(frozen=True)
class Split:
    train: list[Paragraph]
    validation: list[Paragraph]
    test: list[Paragraph]


def words(text: str) -> list[str]:
    return _WORD.findall(text)


def sentences(text: str) -> list[str]:
    """Cuts at sentence ends followed by a capital or a digit; joined by a space they give the text again, roughly."""
    return [s for s in _SENTENCE_END.split(text.strip()) if s]


def read_squad(data: Path) -> list[Paragraph]:
    """All paragraphs of SQuAD 1.1 and 2.0 (development sets), each once, with the questions of both, each once."""
    paragraphs: dict[str, Paragraph] = {}
    seen: set[tuple[str, str]] = set()
    for name in ("dev-v1.1.json", "dev-v2.0.json"):
        for article in json.loads((data / "squad" / name).read_text("utf-8"))["data"]:
            for item in article["paragraphs"]:
                paragraph = paragraphs.setdefault(item["context"], Paragraph(article["title"], item["context"]))
                for qa in item["qas"]:
                    text = qa["question"].strip()
                    if (item["context"], text) in seen:
                        continue
                    seen.add((item["context"], text))
                    answers = () if qa.get("is_impossible") else tuple(a["text"] for a in qa["answers"])
                    paragraph.questions.append(Question(text, answers))
    return list(paragraphs.values())


def split_by_title(paragraphs: list[Paragraph]) -> Split:
    """No article stands on two sides. The choice depends on `SPLIT_SEED` and the titles alone."""
    titles = sorted({p.title for p in paragraphs})
    random.Random(SPLIT_SEED).shuffle(titles)
    test = set(titles[:TEST_ARTICLES])
    validation = set(titles[TEST_ARTICLES : TEST_ARTICLES + VALIDATION_ARTICLES])
    return Split(
        [p for p in paragraphs if p.title not in test | validation],
        [p for p in paragraphs if p.title in validation],
        [p for p in paragraphs if p.title in test],
    )


def training_answer(context: str, question: Question) -> tuple[str, int]:
    """The answer most annotators gave (the shortest of them), at the occurrence whose surroundings fit the question.

    The data gives the first occurrence for answers that occur more than once; which one was meant is guessed from
    the words that the question shares with sixty characters of context on each side.
    """
    counts = Counter(question.answers)
    text = min(counts, key=lambda a: (-counts[a], len(a)))
    wanted = {w.lower() for w in words(question.text)} - STOPWORDS
    occurrences = [m.start() for m in re.finditer(re.escape(text), context)]

    def shared(start: int) -> int:
        around = context[max(0, start - 60) : start + len(text) + 60]
        return len(wanted & {w.lower() for w in words(around)})

    return text, max(occurrences, key=shared)


def read_medquad(data: Path) -> list[str]:
    """MedQuAD's answers, each once, with its run-together lists and odd spacing straightened a little."""
    with lzma.open(data / "medquad" / "medquad.jsonl.xz", "rt", encoding="utf-8") as lines:
        answers = {json.loads(line)["answer"] or "": None for line in lines}
    return [re.sub(r"\s+", " ", a).replace(" - ", " ").replace(" ,", ",").strip() for a in answers if len(a) > 200]


class Passages:
    """Endless random passages of whole sentences from the training articles and MedQuAD."""

    def __init__(self, split: Split, medquad: list[str], squad_share: float = 0.5):
        self.squad = [sentences(p.context) for p in split.train]
        self.medquad = [s for s in map(sentences, medquad) if len(s) > 1]
        self.squad_share = squad_share

    def draw(self, rng: random.Random, longest: int) -> list[str]:
        """Neighbouring sentences of one text, `longest` words at most (two sentences at least, where possible)."""
        source = self.squad if rng.random() < self.squad_share else self.medquad
        text = rng.choice(source)
        first = rng.randrange(max(1, len(text) - 1))
        picked: list[str] = []
        count = 0
        for sentence in text[first:]:
            count += len(sentence.split())
            if picked and count > longest:
                break
            if count > 2 * longest:
                break
            picked.append(sentence)
        return picked or self.draw(rng, longest)
