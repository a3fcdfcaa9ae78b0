"""Questions made from plain text: cloze questions, recurring spans, span corruption.

- cloze: a span of a sentence is hidden, the sentence becomes a rough question (Lewis et al., "Unsupervised Question
  Answering by Cloze Translation", 2019), and the passage with the sentence in it is the context;
- recurring: a span that occurs in two sentences is hidden in one, which becomes the question, and has to be found in
  the rest of the passage (Ram et al., "Few-Shot Question Answering by Pretraining Span Selection", 2021);
- corruption: T5's own denoising task.
"""

import random
import re

from corpus import STOPWORDS, Passages
from example import SENTINELS, Example, reading, sentinel

_TOKEN = re.compile(r"\S+")
_EDGE = re.compile(r"^[^\w$€£]+|[^\w%]+$")
_NUMBER = re.compile(r"^[$€£]?\d[\d,.:/]*%?$")
_YEAR = re.compile(r"^(1\d{3}|20\d\d)$")
_SCALE = frozenset("million billion thousand percent hundred trillion".split())
_PLACE_WORDS = frozenset("in at from near to into across outside inside".split())


def bare(word: str) -> str:
    """The word without punctuation at its edges."""
    return _EDGE.sub("", word)


def is_content(word: str) -> bool:
    w = bare(word)
    return bool(w) and w.lower() not in STOPWORDS


def inflect(rng: random.Random, word: str) -> str:
    """Another form of the word, right or wrong English: questions seldom repeat a word's exact form."""
    w = bare(word)
    if len(w) < 4 or not w.isalpha():
        return w
    for ending, endings in (("ing", ("", "ed", "e")), ("ed", ("", "e", "ing")), ("ies", ("y",)), ("s", ("",))):
        if w.endswith(ending):
            return w[: -len(ending)] + rng.choice(endings)
    return w + rng.choice(("s", "ed", "ing", "s"))


def chunks(tokens: list[str]) -> list[tuple[int, int, str]]:
    """Spans worth asking for: (first, end, kind) with kind `number`, `name` or `phrase`."""
    found = []
    i = 0
    while i < len(tokens):
        word = bare(tokens[i])
        kind = "number" if _NUMBER.match(word) else "name" if word[:1].isupper() else "phrase"
        if not is_content(tokens[i]):
            i += 1
            continue
        j = i + 1
        # A chunk goes on over words of its kind, but never over punctuation.
        while j < len(tokens) and bare(tokens[j - 1]) == tokens[j - 1].lstrip("\"'(["):
            following = bare(tokens[j])
            if kind == "number" and (following.lower() in _SCALE or _NUMBER.match(following)):
                j += 1
            elif kind == "name" and (following[:1].isupper() or _NUMBER.match(following)):
                j += 1
            elif kind == "name" and following in ("of", "the", "de") and j + 1 < len(tokens) and tokens[j + 1][:1].isupper():
                j += 2
            elif kind == "phrase" and is_content(tokens[j]) and j - i < 4 and not following[:1].isupper():
                j += 1
            else:
                break
        found.append((i, j, kind))
        i = j
    return found


def question_word(rng: random.Random, tokens: list[str], first: int, end: int, kind: str) -> str:
    before = tokens[first - 1].lower() if first else ""
    if kind == "number":
        if _YEAR.match(bare(tokens[first])):
            return rng.choice(("when", "in what year", "what year", "in which year"))
        return rng.choice(("how many", "how much", "what number of", "how many"))
    if kind == "name":
        if before in _PLACE_WORDS:
            return rng.choice(("where", "what place", "in what", "which"))
        return rng.choice(("who", "what", "which", "whose", "who", "what"))
    return rng.choice(("what", "which", "what kind of", "what", "what type of"))


def ask(rng: random.Random, tokens: list[str], first: int, end: int, kind: str, hard: bool) -> str:
    """A rough question whose answer is `tokens[first:end]`; `hard` drops and changes more of the sentence."""
    reach = rng.randint(3, 14)
    before, after = tokens[max(0, first - reach) : first], tokens[end : end + reach]
    if rng.random() < 0.12:
        return " ".join([*before, sentinel(0), *after])

    def worn(part: list[str]) -> list[str]:
        kept = []
        for token in part:
            content = is_content(token)
            if rng.random() < ((0.25 if content else 0.35) if hard else 0.1):
                continue
            changed = hard and content and rng.random() < 0.15
            kept.append(inflect(rng, token) if changed else (bare(token) or token))
        return kept

    wh, before, after = question_word(rng, tokens, first, end, kind), worn(before), worn(after)
    form = rng.random()
    if form < 0.3:
        parts = [*before, wh, *after]
    elif form < 0.6:
        parts = [wh, rng.choice(("is", "was", "did", "does", "are", "", "")), *before, *after]
    elif form < 0.8:
        parts = [wh, *after, *before]
    else:
        bag = [w for w in before + after if is_content(w)]
        rng.shuffle(bag)
        parts = [wh, *bag]
    text = " ".join(p for p in parts if p)
    return text[:1].upper() + text[1:] + "?"


def spans_of(sentence: str) -> tuple[list[str], list[int]]:
    """The sentence's words, and where each begins."""
    matches = list(_TOKEN.finditer(sentence))
    return [m.group() for m in matches], [m.start() for m in matches]


def answer_at(sentence: str, tokens: list[str], starts: list[int], first: int, end: int) -> tuple[str, int]:
    """The span's text without punctuation at its edges, and where it begins in the sentence."""
    raw = sentence[starts[first] : starts[end - 1] + len(tokens[end - 1])]
    text = bare(raw)
    return text, starts[first] + raw.find(text)


def cloze(rng: random.Random, passages: Passages, longest: int, hard: bool = True) -> Example:
    while True:
        passage = passages.draw(rng, longest)
        chosen = rng.randrange(len(passage))
        tokens, starts = spans_of(passage[chosen])
        candidates = chunks(tokens)
        if len(tokens) < 6 or not candidates:
            continue
        kinds = sorted({c[2] for c in candidates})
        kind = rng.choice(kinds)
        first, end, _ = rng.choice([c for c in candidates if c[2] == kind])
        answer, offset = answer_at(passage[chosen], tokens, starts, first, end)
        if not answer or len(answer) > 80:
            continue
        question = ask(rng, tokens, first, end, kind, hard)
        offset += sum(len(s) + 1 for s in passage[:chosen])
        return reading(question, " ".join(passage), answer, offset)


def recurring(rng: random.Random, passages: Passages, longest: int) -> Example:
    while True:
        passage = passages.draw(rng, longest)
        if len(passage) < 3:
            continue
        chosen = rng.randrange(len(passage))
        tokens, _ = spans_of(passage[chosen])
        rest = " ".join(s for i, s in enumerate(passage) if i != chosen)
        candidates = []
        for first in range(len(tokens)):
            for end in range(first + 1, min(first + 5, len(tokens) + 1)):
                if not (is_content(tokens[first]) and is_content(tokens[end - 1])):
                    continue
                text = bare(" ".join(tokens[first:end]))
                at = re.search(rf"(?<!\w){re.escape(text)}(?!\w)", rest) if len(text) > 3 else None
                if at:
                    candidates.append((first, end, text, at.start()))
        if not candidates:
            continue
        # The longest recurring span that starts at a drawn place.
        start = rng.choice([c[0] for c in candidates])
        first, end, text, at = max((c for c in candidates if c[0] == start), key=lambda c: c[1])
        kind = "number" if _NUMBER.match(text) else "name" if text[:1].isupper() else "phrase"
        return reading(ask(rng, tokens, first, end, kind, False), rest, text, at)


def corruption(rng: random.Random, passages: Passages, longest: int) -> Example:
    tokens = " ".join(passages.draw(rng, longest)).split(" ")
    source, target = [], []
    i = spans = 0
    while i < len(tokens):
        if spans < SENTINELS and rng.random() < 0.07:
            end = min(len(tokens), i + rng.randint(1, 3))
            source.append(sentinel(spans))
            target += [sentinel(spans), *tokens[i:end]]
            spans += 1
            i = end
        else:
            source.append(tokens[i])
            i += 1
    return Example(" ".join(source), " ".join(target)) if spans else corruption(rng, passages, longest)
