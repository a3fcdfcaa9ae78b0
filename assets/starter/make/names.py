"""Values for made-up facts: names that no text contains, numbers, dates, and words and phrases of real text."""

import random
import re
from collections import Counter
from collections.abc import Iterable

from corpus import STOPWORDS

_ONSETS = "b br c ch cl cr d dr f fl fr g gl gr h j k kl kr l m n p pl pr qu r s sh sk sl st t th tr v w y z".split()
_NUCLEI = "a e i o u a e i o ai au ea ee ia ie oa oo ou".split()
_CODAS = ["", "", "", *"b ck d g k l ll m n n nd ng nt r r rd rn s s st t th x".split()]
_ENDINGS = {"place": ["ville", "ton", "burg", "stead", "ia", "ford", "holm", "mouth", "field", ""],
            "disease": ["itis", "osis", "emia", "algia", "opathy", "'s disease", " syndrome", " fever"]}
_ORGS = "Institute University Company Council Museum Group Foundation Bank Society Laboratory Agency Department Union".split()
_EVENTS = "Conference Festival War Cup Congress Championship Uprising Exhibition Treaty Marathon Summit".split()
_JOBS = ("teacher baker pilot lawyer farmer nurse painter engineer librarian carpenter chemist singer judge sailor tailor "
         "mechanic gardener doctor dentist architect journalist plumber soldier translator potter").split()
_ROLES = ("manager auditor registrar director supervisor administrator inspector treasurer secretary").split() + [
    "security officer", "case worker", "data officer", "head nurse", "project lead", "board of trustees", "chief engineer"]
_COLOURS = "red blue green yellow black white purple orange grey brown silver pink turquoise".split() + ["dark blue", "light green"]
_MATERIALS = "steel wood glass leather plastic copper wool granite aluminium paper rubber clay cotton brass".split()
_DOCUMENTS = "permit licence contract invoice certificate visa report claim password passport prescription key form badge".split()
_MONTHS = "January February March April May June July August September October November December".split()
_FIRST = ("Anna James Maria Peter John Sarah Thomas Linda David Emma Robert Helen Mark Laura Paul Julia Simon Nora Henry "
          "Alice Carl Eva George Ruth Omar Fatima Chen Yuki Priya Ivan Sofia Diego Lars Ingrid").split()
_LENGTHS = "metres kilometres miles feet inches centimetres mm".split()
_WEIGHTS = "grams kg pounds tonnes ounces kilograms".split()
_SPANS = "minutes hours days weeks months years seconds".split() + ["working days", "calendar months"]
_VERBINGS = "cleaning cutting measuring cooking drilling storing heating mixing lifting printing sorting painting washing".split()
_VEHICLES = "Flight Train Bus Ferry Tram Shuttle".split()


class Names:
    """Draws values by kind; real words and phrases come from `texts`."""

    def __init__(self, texts: Iterable[str]):
        counts: Counter[str] = Counter()
        phrases: set[str] = set()
        for text in texts:
            tokens = re.findall(r"[A-Za-z]+|[^A-Za-z\s]", text)
            counts.update(t for t in tokens if len(t) > 3)
            for i in range(len(tokens) - 1):
                pair = tokens[i : i + 2]
                if all(t.isalpha() and t.islower() and len(t) > 3 and t not in STOPWORDS for t in pair):
                    phrases.add(" ".join(pair))
        self.words = sorted(w for w, n in counts.items() if n > 2 and w.islower() and w not in STOPWORDS)
        self.capitals = sorted(w for w, n in counts.items() if n > 1 and w[0].isupper() and w[1:].islower())
        self.phrases = sorted(phrases)

    def syllables(self, rng: random.Random, most: int = 3) -> str:
        parts = [rng.choice(_ONSETS) + rng.choice(_NUCLEI) + rng.choice(_CODAS) for _ in range(rng.randint(1, most))]
        return "".join(parts)

    def capital(self, rng: random.Random) -> str:
        """A name: made up, or a capitalised word of the texts."""
        return rng.choice(self.capitals) if rng.random() < 0.35 else self.syllables(rng).capitalize()

    def word(self, rng: random.Random) -> str:
        return rng.choice(self.words) if rng.random() < 0.85 else self.syllables(rng)

    def number(self, rng: random.Random) -> str:
        value = rng.randrange(2, 10 ** rng.randint(1, 6))
        return f"{value:,}" if value > 999 and rng.random() < 0.7 else str(value)

    def draw(self, rng: random.Random, kind: str) -> str:
        return getattr(self, f"_{kind}")(rng)

    def _any(self, rng):
        return self.draw(rng, rng.choice(("person", "place", "org", "number", "thing", "phrase", "code", "date", "plain")))

    def _plain(self, rng):
        return " ".join(self.word(rng) for _ in range(rng.randint(1, 3)))

    def _number(self, rng):
        return self.number(rng)

    def _person(self, rng):
        first = rng.choice(_FIRST) if rng.random() < 0.4 else self.capital(rng)
        return first if rng.random() < 0.15 else f"{first} {self.capital(rng)}"

    def _place(self, rng):
        return self.capital(rng) + rng.choice(_ENDINGS["place"])

    def _year(self, rng):
        return str(rng.randint(1100, 2030))

    def _date(self, rng):
        day, month, year = rng.randint(1, 28), rng.choice(_MONTHS), self._year(rng)
        return rng.choice((f"{day} {month} {year}", f"{month} {day}, {year}", f"{month} {day}", f"{month} {year}"))

    def _job(self, rng):
        return rng.choice(_JOBS) if rng.random() < 0.7 else f"{rng.choice(self.words)} {rng.choice(_JOBS)}"

    def _org(self, rng):
        return rng.choice((f"the {self.capital(rng)} {rng.choice(_ORGS)}", f"{self.capital(rng)} {rng.choice(_ORGS)}",
                           f"the {rng.choice(_ORGS)} of {self.capital(rng)}", f"{self.capital(rng)} {self.capital(rng)}"))

    def _thing(self, rng):
        return self.word(rng) if rng.random() < 0.6 else f"{self.word(rng)} {self.word(rng)}"

    def _work(self, rng):
        title = f"The {self.word(rng).capitalize()} of {self.capital(rng)}"
        return rng.choice((title, f'"{title}"', f"{self.capital(rng)} and {self.capital(rng)}"))

    def _colour(self, rng):
        return rng.choice(_COLOURS)

    def _phone(self, rng):
        return "-".join(str(rng.randrange(10**n)).zfill(n) for n in rng.choice(((3, 4), (3, 3, 4), (4, 5))))

    def _code(self, rng):
        letters = "".join(rng.choice("ABCDEFGHKLMNPRSTUVWX") for _ in range(rng.randint(1, 3)))
        return f"{letters}{rng.choice(('-', '', ' ', '.'))}{rng.randrange(1, 10 ** rng.randint(1, 4))}"

    def _count(self, rng):
        return self.number(rng) if rng.random() < 0.8 else rng.choice("two three four five six seven eight nine ten twelve".split())

    def _money(self, rng):
        amount = self.number(rng)
        return rng.choice((f"${amount}", f"{amount} euros", f"${amount} million", f"£{amount}", f"{amount} dollars", f"{rng.randint(1, 99)}%"))

    def _event(self, rng):
        return f"the {self.capital(rng)} {rng.choice(_EVENTS)}"

    def _cause(self, rng):
        return rng.choice((f"a shortage of {self.word(rng)}", f"the {self.word(rng)} of {self.capital(rng)}", f"a {self._phrase(rng)}"))

    def _product(self, rng):
        return rng.choice((f"{self.capital(rng)} {self._code(rng)}", f"{self.capital(rng)} {self.word(rng)}", f"{self.word(rng)} {self.word(rng)}"))

    def _measure(self, rng, units):
        value = self.number(rng) if rng.random() < 0.6 else f"{rng.randint(0, 99)}.{rng.randint(0, 99)}"
        return f"{value} {rng.choice(units)}"

    def _length(self, rng):
        return self._measure(rng, _LENGTHS)

    def _weight(self, rng):
        return self._measure(rng, _WEIGHTS)

    def _material(self, rng):
        return rng.choice(_MATERIALS) if rng.random() < 0.6 else f"{rng.choice(self.words)} {rng.choice(_MATERIALS)}"

    def _duration(self, rng):
        return f"{rng.randint(2, 120)} {rng.choice(_SPANS)}"

    def _verbing(self, rng):
        return f"{rng.choice(_VERBINGS)} {self.word(rng)}"

    def _document(self, rng):
        return f"{self.word(rng)} {rng.choice(_DOCUMENTS)}"

    def _role(self, rng):
        return rng.choice(_ROLES)

    def _term(self, rng):
        return rng.choice((self._phrase(rng), self.syllables(rng), f"{self.word(rng)} {self.word(rng)}", self._code(rng)))

    def _phrase(self, rng):
        phrase = rng.choice(self.phrases)
        return phrase if rng.random() < 0.5 else f"{rng.choice(self.words)} {phrase}"

    def _disease(self, rng):
        return self.syllables(rng).capitalize() + rng.choice(_ENDINGS["disease"])

    def _clock(self, rng):
        return f"{rng.randint(1, 12)}:{rng.randrange(0, 60, 5):02d} {rng.choice(('am', 'pm', 'a.m.', 'p.m.'))}"

    def _vehicle(self, rng):
        return f"{rng.choice(_VEHICLES)} {self._code(rng)}"
