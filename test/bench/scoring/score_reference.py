"""The figures of SQuAD 2.0 as its official script computes them (Rajpurkar et al. 2018), for the bench's scoring.

With two file names, questions and predictions, prints the figures. Without, answers requests as line_server.py says:

    { "op": "load", "data": "SQuAD 2.0 JSON", "predictions": "id to text" } -> { seconds, versions }
    { "op": "score" } -> { milliseconds, processor, figures }

Versions: Python alone.
Command: python test/bench/scoring/score_reference.py QUESTIONS PREDICTIONS
"""

import collections
import json
import platform
import re
import string
import sys
import time
from pathlib import Path

ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)
PUNCTUATION = set(string.punctuation)


def normalized(text):
    text = "".join(character for character in text.lower() if character not in PUNCTUATION)
    return " ".join(ARTICLES.sub(" ", text).split())


def tokens_of(text):
    return normalized(text).split() if text else []


def exact(gold, predicted):
    return int(normalized(gold) == normalized(predicted))


def f1(gold, predicted):
    gold, predicted = tokens_of(gold), tokens_of(predicted)
    if not gold or not predicted:
        return int(gold == predicted)
    same = sum((collections.Counter(gold) & collections.Counter(predicted)).values())
    if same == 0:
        return 0
    precision, recall = same / len(predicted), same / len(gold)
    return 2 * precision * recall / (precision + recall)


def read(data, predictions):
    documents = json.loads(Path(data).read_text())["data"]
    return documents, json.loads(Path(predictions).read_text())


def figures_of(documents, predictions):
    exacts, f1s, answerable = {}, {}, {}
    for document in documents:
        for paragraph in document["paragraphs"]:
            for entry in paragraph["qas"]:
                golds = [answer["text"] for answer in entry["answers"] if normalized(answer["text"])]
                answerable[entry["id"]] = bool(entry["answers"])
                golds = golds or [""]
                predicted = predictions[entry["id"]]
                exacts[entry["id"]] = max(exact(gold, predicted) for gold in golds)
                f1s[entry["id"]] = max(f1(gold, predicted) for gold in golds)

    def means(prefix, ids):
        return {
            f"{prefix}exact": 100.0 * sum(exacts[i] for i in ids) / len(ids),
            f"{prefix}f1": 100.0 * sum(f1s[i] for i in ids) / len(ids),
            f"{prefix}total": len(ids),
        }

    result = means("", list(exacts))
    for prefix, kind in (("HasAns_", True), ("NoAns_", False)):
        ids = [i for i in exacts if answerable[i] is kind]
        if ids:
            result |= means(prefix, ids)
    return result


class Scoring:
    def load(self, request):
        start = time.perf_counter()
        self.read = read(request.need("data"), request.need("predictions"))
        return {"seconds": time.perf_counter() - start, "versions": {"python": platform.python_version()}}

    def score(self, request):
        start, spent = time.perf_counter(), time.process_time()
        figures = figures_of(*self.read)
        return {
            "milliseconds": (time.perf_counter() - start) * 1000,
            "processor": (time.process_time() - spent) * 1000,
            "figures": figures,
        }


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(figures_of(*read(*sys.argv[1:])), indent=2))
    else:
        sys.path.insert(0, str(Path(__file__).parents[1]))
        import line_server

        scoring = Scoring()
        line_server.serve({"load": scoring.load, "score": scoring.score})
