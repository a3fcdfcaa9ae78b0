"""The fast tokenizers of transformers; see line_server.py for the form of requests and answers.

    { "op": "load", "folder": "with tokenizer.json", "texts": [...] } -> { seconds, versions }
    { "op": "tokenize", "passes": 1 } -> { milliseconds, processor, tokens }: all texts in one call, each with
        its end mark, on as many threads as the bench has

Versions: transformers 5.18.0, tokenizers 0.23.
Command: python test/bench/tokenization/tokenize_reference.py
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import line_server

os.environ["RAYON_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS", "2")

import tokenizers
import transformers
from transformers import AutoTokenizer


class Tokenization:
    def load(self, request):
        start = time.perf_counter()
        self.tokenizer = AutoTokenizer.from_pretrained(request.need("folder"), local_files_only=True)
        self.texts = request.need("texts")
        versions = {m.__name__: m.__version__ for m in (transformers, tokenizers)}
        return {"seconds": time.perf_counter() - start, "versions": versions}

    def tokenize(self, request):
        milliseconds, processor = [], []
        for _ in range(request.need("passes")):
            start, spent = time.perf_counter(), time.process_time()
            rows = self.tokenizer(self.texts)["input_ids"]
            milliseconds.append((time.perf_counter() - start) * 1000)
            processor.append((time.process_time() - spent) * 1000)
        return {"milliseconds": milliseconds, "processor": processor, "tokens": sum(len(row) for row in rows)}


if __name__ == "__main__":
    tokenization = Tokenization()
    line_server.serve({"load": tokenization.load, "tokenize": tokenization.tokenize})
