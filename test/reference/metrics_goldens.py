"""Prints the goldens of test/metrics: SQuAD figures by the definitions of the official SQuAD 2.0 scorer, ROUGE by
those of Google's rouge_score (no stemmer), each written down here anew.

Run: python test/reference/metrics_goldens.py DEV-V2.0.JSON PREDICTIONS.JSON
Needs nothing but Python. The slice that it cuts from SQuAD 2.0 is CC BY-SA 4.0 (Rajpurkar, Jia, Liang 2018).
"""

import json
import random
import re
import string
import sys
from collections import Counter
from pathlib import Path

folder = Path(__file__).parents[1] / "metrics" / "fixtures"


# SQuAD
def normalize(text):
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def exact(gold, prediction):
    return int(normalize(gold) == normalize(prediction))


def f1(gold, prediction):
    gold_words, words = normalize(gold).split(), normalize(prediction).split()
    if not gold_words or not words:
        return float(gold_words == words)
    same = sum((Counter(gold_words) & Counter(words)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(words), same / len(gold_words)
    return 2 * precision * recall / (precision + recall)


def figures(data, predictions):
    scores = {}
    for article in data:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                if qa["id"] not in predictions:
                    continue
                golds = [a["text"] for a in qa["answers"] if normalize(a["text"])] or [""]
                prediction = predictions[qa["id"]]
                scores[qa["id"]] = (
                    bool(qa["answers"]),
                    max(exact(gold, prediction) for gold in golds),
                    max(f1(gold, prediction) for gold in golds),
                )
    result = {}
    for prefix, kinds in [("", (True, False)), ("HasAns_", (True,)), ("NoAns_", (False,))]:
        part = [score for score in scores.values() if score[0] in kinds]
        if part:
            result[prefix + "exact"] = 100 * sum(score[1] for score in part) / len(part)
            result[prefix + "f1"] = 100 * sum(score[2] for score in part) / len(part)
            result[prefix + "total"] = len(part)
    return result


# ROUGE
def rouge_words(text):
    words = re.split(r"\s+", re.sub(r"[^a-z0-9]+", " ", text.lower()))
    return [word for word in words if re.match(r"^[a-z0-9]+$", word)]


def f_measure(same, words, gold_words):
    precision, recall = same / max(words, 1), same / max(gold_words, 1)
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def rouge_n(gold, prediction, n):
    def grams(words):
        return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    a, b = grams(rouge_words(gold)), grams(rouge_words(prediction))
    return f_measure(sum((a & b).values()), sum(b.values()), sum(a.values()))


def rouge_l(gold, prediction):
    a, b = rouge_words(gold), rouge_words(prediction)
    if not a or not b:
        return 0.0
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a)):
        for j in range(len(b)):
            table[i + 1][j + 1] = table[i][j] + 1 if a[i] == b[j] else max(table[i][j + 1], table[i + 1][j])
    return f_measure(table[-1][-1], len(b), len(a))


pairs = [
    ["", ""], ["", "a"], ["the", ""], ["France", "france"], ["The France.", "an France"], ["in 1843", "1843"],
    ["A.B.C", "abc"], ["the-cat", "cat"], ["theatre", "atre"], ["a a b", "a b b"], ["x y z", "z y x"], ["…", ""], ["“Paris”", "Paris"],
    ["ÄRGER", "ärger"], ["İstanbul", "i̇stanbul"], ["ΟΔΟΣ", "οδος"], ["ΟΔΟΣ", "οδοσ"], ["Straße", "STRASSE"], ["東京", "東京 "], ["a東京", "東京"],
    ["a\u0301 b", "\u0301 b"], ["the\u00a0end", "end"], ["a\u200bb", "ab"], ["the\ufeff", "\ufeff"], ["x\u0085y", "x y"], ["x\u001cy", "x y"],
    ["x\u3000y", "x y"], ["a²", "²"], ["½ the ½", "½ ½"], ["the_x", "x"], ["the 😀 a", "😀"], ["\U0001d400 an", "\U0001d400"], ["aⅷ", "ⅷ"],
    ["the quick brown fox jumps", "quick the fox brown jumps over"], ["police killed the gunman", "police kill the gunman"],
    ["the gunman killed police", "police killed the gunman"], ["1,200.50 euros", "1200.50 euros"], ["don't", "dont"],
    ["one one one two", "one two two"], ["Ada Lovelace (1843)", "ada lovelace, in 1843"], ["$5 million", "5 million dollars"], ["an", "a"],
]  # fmt: skip

data = json.load(open(sys.argv[1], encoding="utf-8"))["data"]
predictions = json.load(open(sys.argv[2], encoding="utf-8"))
draw = random.Random(7)
articles, kept = [], {}
for article in draw.sample(data, 6):
    paragraphs = []
    for paragraph in draw.sample(article["paragraphs"], 2):
        qas = draw.sample(paragraph["qas"], min(5, len(paragraph["qas"])))
        paragraphs.append({"context": paragraph["context"], "qas": qas})
        kept.update((qa["id"], predictions[qa["id"]]) for qa in qas)
    articles.append({"title": article["title"], "paragraphs": paragraphs})
folder.mkdir(parents=True, exist_ok=True)


def write(name, value):
    (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


notice = "From the SQuAD 2.0 development set, Rajpurkar, Jia and Liang 2018, CC BY-SA 4.0"
write("squad-slice.json", {"version": "v2.0", "notice": notice, "data": articles})
write("squad-slice-predictions.json", kept)
some = dict(sorted(kept.items())[::2])
write(
    "golden.json",
    {
        "squad": figures(articles, kept),
        "squadHalf": {"ids": list(some), "figures": figures(articles, some)},
        "pairs": [
            {
                "gold": gold,
                "prediction": prediction,
                "normalized": normalize(gold),
                "exact": exact(gold, prediction),
                "f1": f1(gold, prediction),
                "rouge1": rouge_n(gold, prediction, 1),
                "rouge2": rouge_n(gold, prediction, 2),
                "rougeL": rouge_l(gold, prediction),
            }
            for gold, prediction in pairs
        ],
    },
)
print(json.dumps(figures(data, predictions)))
