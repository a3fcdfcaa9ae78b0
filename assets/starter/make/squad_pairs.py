"""Training examples from SQuAD's questions: windows of the paragraph, other distractors, other names and numbers."""

import random
import re

from cloze import is_content
from corpus import Paragraph, Question, sentences, training_answer
from example import UNANSWERABLE, Example, prompt, reading
from names import Names

_NAME = re.compile(r"\b[A-Z][a-z]{2,}\b")
_DIGITS = re.compile(r"\b\d+\b")
_CASED_STARTS = frozenset("The This That These Those What Which When Where Who How Why For And But With From After Its His".split())
UNANSWERABLE_SHARE = 0.025


class SquadPairs:
    """Endless augmented examples; every question is equally likely."""

    def __init__(self, paragraphs: list[Paragraph], names: Names):
        self.names = names
        self.pairs = [(p, q, *training_answer(p.context, q)) for p in paragraphs for q in p.questions if q.answers]
        self.impossible = [(p, q) for p in paragraphs for q in p.questions if not q.answers]
        self.by_title: dict[str, list[Paragraph]] = {}
        for p in paragraphs:
            self.by_title.setdefault(p.title, []).append(p)

    def draw(self, rng: random.Random, longest: int) -> Example:
        """An example with a context of about `longest` words at most; a few have no answer."""
        if rng.random() < UNANSWERABLE_SHARE:
            return self.unanswerable(rng, longest)
        paragraph, question, answer, start = rng.choice(self.pairs)
        context, start = self.window(rng, paragraph, answer, start, rng.randint(min(30, longest), longest))
        text = self.worn(rng, question)
        if rng.random() < 0.4:
            text, context, answer, start = self.renamed(rng, text, context, answer, start)
        return reading(text, context, answer, start)

    def window(self, rng: random.Random, paragraph: Paragraph, answer: str, start: int, longest: int) -> tuple[str, int]:
        """Some sentences of the paragraph with the answer's among them, and where the answer begins."""
        parts, at, position = sentences(paragraph.context), -1, 0
        for i, part in enumerate(parts):
            position = paragraph.context.index(part, position)
            if position <= start and start + len(answer) <= position + len(part):
                at, offset = i, start - position
                break
            position += len(part)
        if at < 0:
            return paragraph.context, start
        first, end = at, at + 1
        count = len(parts[at].split())
        while first > 0 or end < len(parts):
            left = first > 0 and (end == len(parts) or rng.random() < 0.5)
            count += len(parts[first - 1 if left else end].split())
            if count > longest:
                break
            first, end = (first - 1, end) if left else (first, end + 1)
        kept, target = parts[first:end], at - first
        if rng.random() < 0.3 and count < longest:
            other = sentences(rng.choice(self.by_title[paragraph.title]).context)[:3]
            if rng.random() < 0.5:
                kept, target = other + kept, target + len(other)
            else:
                kept = kept + other
        if rng.random() < 0.2:
            order = list(range(len(kept)))
            rng.shuffle(order)
            kept, target = [kept[i] for i in order], order.index(target)
        return " ".join(kept), sum(len(k) + 1 for k in kept[:target]) + offset

    def worn(self, rng: random.Random, question: Question) -> str:
        """The question as asked, or with a word less, or without its mark."""
        text = question.text
        if rng.random() < 0.15:
            tokens = text.split()
            content = [i for i, t in enumerate(tokens) if i and is_content(t)]
            if len(content) > 3:
                del tokens[rng.choice(content)]
                text = " ".join(tokens)
        if rng.random() < 0.1:
            text = text.rstrip("?").lower() if rng.random() < 0.5 else text.rstrip("? ")
        return text

    def renamed(self, rng: random.Random, question: str, context: str, answer: str, start: int):
        """The same with most names and numbers replaced, each everywhere by the same other one."""
        changes: dict[str, str] = {}

        def change(match: re.Match) -> str:
            word = match.group()
            if word not in changes:
                new = word
                if word.isdigit():
                    digits = [rng.choice("0123456789") for _ in word]
                    new = ("1" if len(word) == 4 else rng.choice("123456789")) + "".join(digits[1:])
                elif word not in _CASED_STARTS:
                    new = self.names.capital(rng)
                changes[word] = new if rng.random() < 0.6 else word
            return changes[word]

        def replace(text: str) -> str:
            return _DIGITS.sub(change, _NAME.sub(change, text))

        before, after = replace(context[:start]), replace(context[start + len(answer) :])
        answer = replace(answer)
        return replace(question), before + answer + after, answer, len(before)

    def unanswerable(self, rng: random.Random, longest: int) -> Example:
        if rng.random() < 0.5:
            paragraph, question = rng.choice(self.impossible)
            text = question.text
        else:
            text = rng.choice(self.pairs)[1].text
            paragraph = rng.choice(rng.choice(list(self.by_title.values())))
        tokens = paragraph.context.split()
        return Example(prompt(text, " ".join(tokens[: max(longest, 30)])), UNANSWERABLE)
