"""PyTorch writing what the bench's answering side writes; see line_server.py for the form of requests and answers.

    { "op": "load", "weights": "HF folder", "threads": 2 } -> { seconds, versions }
    { "op": "generate", "inputs": [[...]], "newTokens": 32, "beams": 1 } -> { milliseconds, processor, ids, beamScores? }:
        new tokens alone; greedy with one beam, never stops early

Versions: torch 2.13.0, transformers 5.18.0.
Command: python test/bench/answering/generate_reference.py
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import line_server

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

line_server.quiet()


class Generation:
    def load(self, request):
        start = time.perf_counter()
        torch.set_num_threads(request.get("threads", 2))
        weights = request.need("weights")
        config = AutoConfig.from_pretrained(weights, local_files_only=True)
        kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        self.model = kind.from_pretrained(weights, local_files_only=True, dtype=torch.float32).eval()
        versions = {m.__name__: m.__version__ for m in (torch, transformers)}
        return {"seconds": time.perf_counter() - start, "versions": versions}

    def generate(self, request):
        ids = torch.tensor(request.need("inputs"))
        length = request.need("newTokens")
        beams = request.get("beams", 1)
        start, spent = time.perf_counter(), time.process_time()
        with torch.inference_mode():
            output = self.model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=length,
                min_new_tokens=length,
                num_beams=beams,
                do_sample=False,
                return_dict_in_generate=True,
                output_scores=beams > 1,
            )
        return {
            "milliseconds": (time.perf_counter() - start) * 1000,
            "processor": (time.process_time() - spent) * 1000,
            "ids": output.sequences[:, -length:].tolist(),
            **({} if beams == 1 else {"beamScores": output.sequences_scores.tolist()}),
        }


if __name__ == "__main__":
    generation = Generation()
    line_server.serve({"load": generation.load, "generate": generation.generate})
