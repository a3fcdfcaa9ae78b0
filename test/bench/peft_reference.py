"""PyTorch + PEFT doing the bench's work, so that the bench can alternate with it in one sitting.

Reads one JSON request a line on standard input and answers with one JSON line on standard output; everything else
goes to standard error. An answer is { "ok": true, "op", ... } or { "ok": false, "op", "error" }; after an error the
process goes on. Times are wall-clock.

    { "op": "load", "shape": "flan-t5-small" | { T5Config keys } | "path/to/config.json", "weights": "HF folder"?,
      "lora": { "rank": 8, "alpha": 16, "targets": ["q", "v"] | "all-linear" }?, "adapter": "PEFT folder"?,
      "threads": 2, "compile": false, "attention": "sdpa" | "eager"?, "learningRate": 3e-4, "seed": 0 }
        -> { seconds, parameters, trainable, attention, versions }; random weights without "weights", full
           fine-tuning without "lora"
    { "op": "step", "batch": 8, "source": 256, "target": 16, "labels": [[...]]?, "inputs": [[...]]?, "mask": [[...]]?,
      "warmup": 2, "steps": 5 }
        -> { milliseconds: [each step], loss: [each step] }: forward, backward, AdamW, no dropout; random full-length
           ids unless given
    { "op": "generate", "batch": 1, "source": 256, "newTokens": 32, "beams": 1, "inputs": [[...]]?, "runs": 1 }
        -> { seconds, tokensPerSecond, tokens }: best of the runs; never stops early
    { "op": "memory" } -> { peakRssMb, rssMb }: Linux, MiB
    { "op": "quit" }

Versions: torch 2.13.0, transformers 5.18.0, peft 0.21.0.
Command: python test/bench/peft_reference.py
"""

import json
import os
import sys
import time
import warnings
from pathlib import Path

# Libraries may print; standard output carries answers alone.
ANSWERS = os.fdopen(os.dup(sys.stdout.fileno()), "w")
os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import peft
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import T5Config, T5ForConditionalGeneration

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
# PEFT 0.21 asks for the older name of this method when task_type is SEQ_2_SEQ_LM.
if not hasattr(T5ForConditionalGeneration, "_prepare_encoder_decoder_kwargs_for_generation"):
    T5ForConditionalGeneration._prepare_encoder_decoder_kwargs_for_generation = (
        T5ForConditionalGeneration._prepare_text_encoder_decoder_kwargs_for_generation
    )

SHAPES = {
    "flan-t5-small": {
        "d_ff": 1024,
        "d_kv": 64,
        "d_model": 512,
        "decoder_start_token_id": 0,
        "feed_forward_proj": "gated-gelu",
        "num_decoder_layers": 8,
        "num_heads": 6,
        "num_layers": 8,
        "tie_word_embeddings": False,
        "vocab_size": 32128,
    }
}


class Request(dict):
    """A request whose missing fields are named instead of raising a bare KeyError."""

    def need(self, key):
        if key not in self:
            raise ValueError(f"The request lacks \"{key}\".")
        return self[key]


def read_config(shape):
    if isinstance(shape, dict):
        return shape
    if shape in SHAPES:
        return SHAPES[shape]
    if Path(shape).is_file():
        return json.loads(Path(shape).read_text())
    raise ValueError(f"\"{shape}\" is neither one of {sorted(SHAPES)} nor the path of a config.json.")


def build(request):
    """The bare T5, without dropout, its head untied where the config says so."""
    attention = request.get("attention")
    if "weights" in request:
        # dropout_rate is handed over here, for the modules copy it when they are made.
        return T5ForConditionalGeneration.from_pretrained(
            request["weights"],
            dtype=torch.float32,
            dropout_rate=0.0,
            local_files_only=True,
            attn_implementation=attention,
        )
    config = read_config(request.need("shape"))
    model = T5ForConditionalGeneration(T5Config(**{**config, "dropout_rate": 0.0, "attn_implementation": attention}))
    if config.get("tie_word_embeddings") is False:
        # transformers 5 ties a model made from a config whatever the config says.
        weight = torch.empty_like(model.shared.weight).normal_(0.0, config["d_model"] ** -0.5)
        model.lm_head.weight = torch.nn.Parameter(weight)
    return model


class Bench:
    def __init__(self):
        self.model = None

    def load(self, request):
        start = time.perf_counter()
        torch.set_num_threads(request.get("threads", 2))
        torch.manual_seed(request.get("seed", 0))
        model = build(request)
        if "adapter" in request:
            model = PeftModel.from_pretrained(model, request["adapter"], is_trainable=True)
        elif request.get("lora"):
            lora = request["lora"]
            model = get_peft_model(
                model,
                LoraConfig(
                    task_type="SEQ_2_SEQ_LM",
                    r=lora["rank"],
                    lora_alpha=lora["alpha"],
                    lora_dropout=0.0,
                    target_modules=lora["targets"],
                ),
            )
        # Dropout is 0, so training and evaluation mode compute the same.
        model.eval()
        trained = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(trained, lr=request.get("learningRate", 3e-4), weight_decay=0.01)
        self.model = model
        self.forward = torch.compile(model, dynamic=False) if request.get("compile") else model
        return {
            "seconds": time.perf_counter() - start,
            "parameters": sum(p.numel() for p in model.parameters()),
            "trainable": sum(p.numel() for p in trained),
            "attention": model.config._attn_implementation,
            "versions": {m.__name__: m.__version__ for m in (torch, transformers, peft)},
        }

    def ids(self, given, rows, length):
        """The ids that the request gives, or random ones that are neither pad nor EOS."""
        if given is not None:
            return torch.tensor(given)
        return torch.randint(2, self.model.config.vocab_size, (rows, length))

    def inputs(self, request):
        given = request.get("inputs")
        ids = self.ids(given, request.get("batch", 8), request.get("source", 256))
        mask = request.get("mask")
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids) if mask is None else torch.tensor(mask)}

    def step(self, request):
        feeds = self.inputs(request)
        feeds["labels"] = self.ids(request.get("labels"), feeds["input_ids"].shape[0], request.get("target", 16))
        milliseconds, losses = [], []
        warmup = request.get("warmup", 0)
        for index in range(warmup + request.get("steps", 1)):
            start = time.perf_counter()
            loss = self.forward(**feeds).loss
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            value = loss.item()
            if index >= warmup:
                milliseconds.append((time.perf_counter() - start) * 1000)
                losses.append(value)
        return {"milliseconds": milliseconds, "loss": losses}

    def generate(self, request):
        feeds = self.inputs({"batch": 1, **request})
        length = request.get("newTokens", 32)
        best = float("inf")
        for _ in range(request.get("runs", 1)):
            start = time.perf_counter()
            with torch.inference_mode():
                output = self.model.generate(
                    **feeds,
                    max_new_tokens=length,
                    min_new_tokens=length,
                    num_beams=request.get("beams", 1),
                    do_sample=False,
                )
            best = min(best, time.perf_counter() - start)
        tokens = feeds["input_ids"].shape[0] * (output.shape[1] - 1)
        return {"seconds": best, "tokens": tokens, "tokensPerSecond": tokens / best}

    def memory(self, request):
        lines = Path("/proc/self/status").read_text().splitlines()
        sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith("Vm")}
        return {"peakRssMb": sizes["VmHWM"], "rssMb": sizes["VmRSS"]}


def answer(bench, line):
    """One request to one answer; whatever fails becomes an answer too."""
    op = None
    try:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise ValueError("A request is a JSON object with \"op\".")
        request = Request(request)
        op = request.need("op")
        if op == "quit":
            return {"ok": True, "op": op}
        handlers = {"load": bench.load, "step": bench.step, "generate": bench.generate, "memory": bench.memory}
        if op not in handlers:
            raise ValueError(f"\"{op}\" is not one of {sorted([*handlers, 'quit'])}.")
        if op in ("step", "generate") and bench.model is None:
            raise ValueError("No model yet: send \"load\" first.")
        return {"ok": True, "op": op, **handlers[op](request)}
    except Exception as error:
        return {"ok": False, "op": op, "error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    bench = Bench()
    for line in sys.stdin:
        if not line.strip():
            continue
        reply = answer(bench, line)
        print(json.dumps(reply), file=ANSWERS, flush=True)
        if reply["ok"] and reply["op"] == "quit":
            break
