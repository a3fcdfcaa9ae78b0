"""Prints the goldens of the metrics of tasks: BLEU by sacrebleu, accuracy and F1 by scikit-learn, Porter stems by NLTK,
and ROUGE by the definitions of Google's rouge_score (with NLTK's stemmer, as there), written down here anew.

Run: python test/reference/task_metrics_goldens.py
Needs sacrebleu 2.6.0, scikit-learn 1.9.1 and nltk 3.10.3, and no network. The texts are questions and sentences of
the slice of SQuAD 2.0 beside the tests (CC BY-SA 4.0), changed at random, and some made by hand.
"""

import json
import random
import re
from collections import Counter
from pathlib import Path

from nltk.stem.porter import PorterStemmer
from sacrebleu.metrics import BLEU
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
from sklearn.metrics import accuracy_score, f1_score

folder = Path(__file__).parents[1] / "metrics" / "fixtures"
stemmer = PorterStemmer()
draw = random.Random(11)


# ROUGE
def rouge_words(text, stems):
    words = re.split(r"\s+", re.sub(r"[^a-z0-9]+", " ", text.lower()))
    if stems:
        words = [stemmer.stem(word) if len(word) > 3 else word for word in words]
    return [word for word in words if re.match(r"^[a-z0-9]+$", word)]


def f_measure(same, words, gold_words):
    precision, recall = same / max(words, 1), same / max(gold_words, 1)
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def rouge_n(gold, words, n):
    def grams(list_of_words):
        return Counter(tuple(list_of_words[i : i + n]) for i in range(len(list_of_words) - n + 1))

    a, b = grams(gold), grams(words)
    return f_measure(sum((a & b).values()), sum(b.values()), sum(a.values()))


def lcs_table(a, b):
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a)):
        for j in range(len(b)):
            table[i + 1][j + 1] = table[i][j] + 1 if a[i] == b[j] else max(table[i][j + 1], table[i + 1][j])
    return table


def lcs_places(a, b):
    table, places, i, j = lcs_table(a, b), [], len(a), len(b)
    while i > 0 and j > 0:
        if a[i - 1] == b[j - 1]:
            places, i, j = [i - 1, *places], i - 1, j - 1
        elif table[i][j - 1] > table[i - 1][j]:
            j -= 1
        else:
            i -= 1
    return places


def rouge_lsum(gold, prediction, stems):
    golds = [rouge_words(line, stems) for line in gold.split("\n") if line]
    predictions = [rouge_words(line, stems) for line in prediction.split("\n") if line]
    left_gold = Counter(word for line in golds for word in line)
    left = Counter(word for line in predictions for word in line)
    totals = sum(left.values()), sum(left_gold.values())
    hits = 0
    for line in golds:
        for place in sorted({place for other in predictions for place in lcs_places(line, other)}):
            if left[line[place]] > 0 and left_gold[line[place]] > 0:
                hits += 1
                left[line[place]] -= 1
                left_gold[line[place]] -= 1
    return f_measure(hits, *totals) if all(totals) else 0.0


def rouge(golds, prediction, stems):
    def scores(gold):
        a, b = rouge_words(gold, stems), rouge_words(prediction, stems)
        return {
            "rouge1": rouge_n(a, b, 1),
            "rouge2": rouge_n(a, b, 2),
            "rougeL": f_measure(lcs_table(a, b)[-1][-1], len(b), len(a)),
            "rougeLsum": rouge_lsum(gold, prediction, stems),
        }

    every = [scores(gold) for gold in golds]
    return {name: max(one[name] for one in every) for name in every[0]}


# Texts
slice_of_squad = json.loads((folder / "squad-slice.json").read_text(encoding="utf-8"))["data"]
paragraphs = [paragraph for article in slice_of_squad for paragraph in article["paragraphs"]]
questions = [qa["question"].strip() for paragraph in paragraphs for qa in paragraph["qas"]]
sentences = [s for paragraph in paragraphs for s in re.split(r"(?<=[.!?]) +", paragraph["context"])]


def changed(text, share):
    words = []
    for word in text.split(" "):
        chance = draw.random()
        if chance < share / 3:
            continue
        if chance < share * 2 / 3:
            word = draw.choice(questions).split(" ")[0]
        words.append(word)
        if chance > 1 - share / 4:
            words.append(word)
    return " ".join(words)


pairs = [
    {"prediction": changed(text, share), "golds": [text, *([changed(text, 0.2)] if i % 3 == 0 else [])]}
    for share in (0.1, 0.4, 0.8)
    for i, text in enumerate(draw.sample(questions, 12) + draw.sample(sentences, 6))
]
pairs += [
    {"prediction": "\n".join(lines), "golds": ["\n".join(changed(line, 0.5) for line in draw.sample(lines, len(lines)))]}
    for lines in ([sentence for sentence in draw.sample(sentences, 3)] for _ in range(4))
]
pairs += [
    {"prediction": prediction, "golds": golds}
    for prediction, golds in [
        ("", ["something"]),
        ("something", [""]),
        ("one", ["one"]),
        ("one two three", ["one two three"]),
        ("It costs $1,200.50 - or 3-4 euros.", ["It costs $1,200.50, or 3-4 euros!"]),
        ("He said: &quot;no&quot; &amp; went", ['He said: "no" & went']),
        ("The U.S. army's co-\noperation", ["The U.S. army's cooperation"]),
        ("Das Haus ist groß.", ["Das Haus ist sehr groß.", "Das Gebäude ist groß."]),
        ("東京は日本の首都です。", ["東京は日本の首都です。"]),
        ("running runners ran easily", ["the runner runs with ease"]),
        ("the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
        ("a b\nc d", ["c d\na b"]),
        ("a b c d e f", ["x", "a b c d e f g h i j"]),
    ]
]

corpus = BLEU()
sentence = BLEU(effective_order=True)
for pair in pairs:
    pair["bleu"] = sentence.sentence_score(pair["prediction"], pair["golds"]).score
    pair["rouge"] = rouge(pair["golds"], pair["prediction"], False)
    pair["stemmed"] = rouge(pair["golds"], pair["prediction"], True)
most = max(len(pair["golds"]) for pair in pairs)
references = [[pair["golds"][i] if i < len(pair["golds"]) else None for pair in pairs] for i in range(most)]

tokenize = Tokenizer13a()
texts = [text for pair in pairs for text in (pair["prediction"], *pair["golds"])]

# Labels
labels = ["sports", "world", "business", "science"]
gold = [draw.choice(labels) for _ in range(60)]
given = [label if draw.random() < 0.6 else draw.choice([*labels[:3], "nonsense", "none of them"]) for label in gold]
yes = [draw.choice("01") for _ in range(40)]
said = [label if draw.random() < 0.7 else draw.choice(["0", "1", "maybe"]) for label in yes]
words = sorted({word for text in sentences for word in re.findall(r"[a-z]+", text.lower())})
words += "skies dying news innings proceed flies dies tied cried spied enjoy happy relational conditional radically analogously vietnamization sensibility archaeology geology formative electricity hopefulness replacement adoption controlling rolled falling hissing filing failing cease rate probate hopefully yyyy by yes syzygy".split()

golden = {
    "pairs": pairs,
    "corpusBleu": corpus.corpus_score([pair["prediction"] for pair in pairs], references).score,
    "signature": str(corpus.get_signature()),
    "tokenized": [[text, tokenize(text.rstrip()).split(" ")] for text in texts if text.strip()][::6],
    "stems": {word: stemmer.stem(word) for word in words},
    "classification": {
        "gold": gold,
        "given": given,
        "accuracy": 100 * accuracy_score(gold, given),
        "macroF1": 100 * f1_score(gold, given, labels=labels, average="macro"),
    },
    "detection": {
        "gold": yes,
        "given": said,
        "accuracy": 100 * accuracy_score(yes, said),
        "binaryF1": 100 * f1_score(yes, said, labels=["1"], average="macro"),
    },
}
text = json.dumps(golden, ensure_ascii=False, indent=1)
(folder / "task-golden.json").write_text(text + "\n", encoding="utf-8")
print(golden["corpusBleu"], golden["signature"], len(words), len(text))
