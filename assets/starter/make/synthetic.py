"""Reading exercises about made-up facts: looking a value up by its key among facts that resemble it."""

import random

from corpus import Passages
from example import UNANSWERABLE, Example, prompt, reading
from names import Names
from relations import ASIDES, CONJUNCTIONS, RELATIONS

_PRONOUNS = {"person": ("He", "She"), "org": ("It",), "product": ("It",), "place": ("It",), "vehicle": ("It",)}


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


class Fact:
    """One relation of one subject; `statement` holds the value at `offset`."""

    def __init__(self, rng: random.Random, names: Names, relation: tuple, subject: str, shared: str):
        self.kind, value_kind, self.statements, self.asks, self.reverse_asks = relation
        self.subject, self.shared = subject, shared
        self.value = names.draw(rng, value_kind)

    def fill(self, template: str) -> str:
        return template.format(s=self.subject, v=self.value, x=self.shared)

    def state(self, rng: random.Random, pronoun: str = "") -> str:
        template = rng.choice(self.statements)
        # A pronoun can only stand where the subject opens the sentence.
        if pronoun and template.startswith("{s} "):
            template = template.replace("{s}", pronoun, 1)
        return self.fill(template).replace("..", ".")


def make_facts(rng: random.Random, names: Names, count: int) -> list[Fact]:
    """Facts that get in each other's way: few relations, few subjects, every pair of them once at most."""
    kind = rng.choice(RELATIONS)[0]
    table = [r for r in RELATIONS if r[0] == kind]
    rows = rng.sample(table, min(len(table), rng.randint(1, 3)))
    if rng.random() < 0.4:
        rows.append(rng.choice(RELATIONS))
    shared = {id(row): names.word(rng) for row in rows}
    subjects: dict[str, list[str]] = {}
    facts: dict[tuple, Fact] = {}
    for _ in range(3 * count):
        row = rng.choice(rows)
        pool = subjects.setdefault(row[0], [])
        if len(pool) < 2 or rng.random() < 0.5:
            pool.append(names.draw(rng, row[0]))
        subject = rng.choice(pool)
        if rng.random() < 0.3:
            shared[id(row)] = names.word(rng)
        facts.setdefault((subject, id(row)), Fact(rng, names, row, subject, shared[id(row)]))
        if len(facts) == count:
            break
    return list(facts.values())


def fact_list(rng: random.Random, names: Names, passages: Passages, most: int) -> Example:
    """A question on one of up to `most` facts, in running text with asides and sentences of real text between them."""
    facts = make_facts(rng, names, rng.randint(2, most))
    rng.shuffle(facts)
    if rng.random() < 0.5:
        facts.sort(key=lambda f: f.subject)
    asked = rng.choice(facts)
    missing = rng.random() < 0.03
    pieces: list[str] = []
    where = -1
    previous = None
    for fact in facts:
        if missing and fact is asked:
            continue
        pronouns = _PRONOUNS.get(fact.kind, ()) if previous is not None and previous.subject == fact.subject else ()
        text = fact.state(rng, rng.choice(pronouns) if pronouns and rng.random() < 0.6 else "")
        if rng.random() < 0.08:
            text = rng.choice(CONJUNCTIONS) + text
        if fact is asked:
            where = len(pieces)
        pieces.append(upper_first(text))
        previous = fact
        if rng.random() < 0.08:
            pieces.append(rng.choice(ASIDES))
        elif rng.random() < 0.08:
            pieces.append(rng.choice(passages.draw(rng, 25)))
    if missing:
        return Example(prompt(asked.fill(rng.choice(asked.asks)), " ".join(pieces)), UNANSWERABLE)
    # Asking for the subject needs its name in the sentence itself.
    reverse = bool(asked.reverse_asks) and asked.subject in pieces[where] and rng.random() < 0.3
    question = asked.fill(rng.choice(asked.reverse_asks if reverse else asked.asks))
    answer = asked.subject if reverse else asked.value
    offset = pieces[where].lower().find(answer.lower())
    answer = pieces[where][offset : offset + len(answer)]
    context = " ".join(pieces)
    return reading(question, context, answer, sum(len(p) + 1 for p in pieces[:where]) + offset)


FIGURES = ("phone", "code", "date", "year", "money", "count", "clock", "length", "number")


def key_value(rng: random.Random, names: Names, most: int, kinds: tuple[str, ...] = ("any",)) -> Example:
    """The bare skill: `key value` pairs, a key is asked for; with `FIGURES` the values are mostly digits."""
    link, end = rng.choice(((": ", ". "), (" ", "; "), (" = ", ", "), (" is ", ". "), (" - ", " ")))
    pairs: dict[str, str] = {}
    for _ in range(rng.randint(2, most)):
        pairs[names.draw(rng, rng.choice(("plain", "code", "person", "plain")))] = names.draw(rng, rng.choice(kinds))
    key = rng.choice(list(pairs))
    context, start = "", -1
    for name, value in pairs.items():
        if name == key:
            start = len(context) + len(name) + len(link)
        context += name + link + value + end
    question = rng.choice(("{}", "{}?", "What is {}?", "What is the value of {}?", "{} is what?")).format(key)
    return reading(question, context.rstrip(), pairs[key], start)
