"""Prints what the ranking of Google's run_squad makes of random scores, and which threshold the SQuAD 2.0 scorer finds.

Both as transformers carries them (`transformers.data.metrics.squad_metrics`). Writes test/goldens/spans.json. A token is a
word of the context; windows are cut as the tests cut them. The rows are no longer than the number of best starts and
ends that run_squad looks at, so that it sees every span; the question's tokens score too low to be chosen.

Version: transformers 5.18.0.
Command, from the repository root: python test/reference/span_goldens.py
"""

import json
import random
import tempfile
from pathlib import Path
from types import SimpleNamespace

from transformers.data.metrics.squad_metrics import compute_predictions_logits, find_best_thresh_v2

target = Path(__file__).resolve().parent.parent / "goldens" / "spans.json"
N_BEST, LONGEST, ROOM, OVERLAP, QUESTION = 20, 4, 12, 5, 3
WORDS = "red green blue white black round small old new far near deep".split()


def make_windows(count):
    first, windows = 0, []
    while True:
        end = min(first + ROOM, count)
        windows.append((first, end))
        if end == count:
            return windows
        first += ROOM - OVERLAP


def is_widest(windows, index, token):
    """run_squad's _check_is_max_context."""
    scores = [
        min(token - first, end - 1 - token) + 0.01 * (end - first) if first <= token < end else -1e9
        for first, end in windows
    ]
    return scores.index(max(scores)) == index


def make_case(seed, count):
    source = random.Random(seed)
    words = [source.choice(WORDS) for _ in range(count)]
    windows, features, results, rows = make_windows(count), [], [], []
    place = QUESTION + 2
    for index, (first, end) in enumerate(windows):
        length = place + end - first + 1
        logits = [[round(source.gauss(0, 3), 3) for _ in range(length)] for _ in range(2)]
        for side in logits:
            for i in [*range(1, place), length - 1]:
                side[i] = -50.0
        features.append(
            SimpleNamespace(
                example_index=0,
                unique_id=index,
                tokens=["[CLS]", *["q"] * QUESTION, "[SEP]", *words[first:end], "[SEP]"],
                token_to_orig_map={place + i - first: i for i in range(first, end)},
                token_is_max_context={place + i - first: is_widest(windows, index, i) for i in range(first, end)},
            )
        )
        results.append(SimpleNamespace(unique_id=index, start_logits=logits[0], end_logits=logits[1]))
        rows.append({"firstToken": first, "endToken": end, "start": logits[0], "end": logits[1]})
    example = SimpleNamespace(qas_id="q", doc_tokens=words)
    case = {"context": " ".join(words), "contextStart": place, "windows": rows}
    for name, version_2 in (("noAnswer", True), ("always", False)):
        with tempfile.TemporaryDirectory() as folder:
            nbest, odds = Path(folder, "nbest.json"), Path(folder, "odds.json")
            compute_predictions_logits(
                [example], features, results, N_BEST, LONGEST, True, None, nbest, odds, False, version_2, 0.0,
                SimpleNamespace(convert_tokens_to_string=" ".join),
            )
            case[name] = [[e["text"], e["probability"]] for e in json.loads(nbest.read_text())["q"]]
            if version_2:
                case["noAnswerScore"] = json.loads(odds.read_text())["q"]
    return case


def make_threshold(seed, count):
    source = random.Random(seed)
    has_answer = {str(i): source.random() < 0.6 for i in range(count)}
    odds = {i: round(source.gauss(-1 if has else 1, 2), 3) for i, has in has_answer.items()}
    scores = {i: round(source.random(), 3) if has else 0.0 for i, has in has_answer.items()}
    best, threshold, _ = find_best_thresh_v2(dict.fromkeys(odds, "x"), scores, odds, has_answer)
    cases = [{"noAnswerScore": odds[i], "answered": scores[i], "refused": int(not has_answer[i])} for i in odds]
    return {"cases": cases, "threshold": threshold, "best": best}


golden = {
    "nBest": N_BEST,
    "maxAnswerLength": LONGEST,
    "spans": [make_case(seed, count) for seed, count in ((1, 3), (2, 12), (3, 25), (4, 40), (5, 1))],
    "thresholds": [make_threshold(seed, count) for seed, count in ((6, 12), (7, 40))],
}
target.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
for case in golden["spans"]:
    print(case["context"][:40], case["noAnswerScore"], case["noAnswer"][:2], len(case["always"]))
print([(t["threshold"], t["best"]) for t in golden["thresholds"]])
