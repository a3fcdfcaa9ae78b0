"""What the bench's Python sides share: JSON lines in, JSON lines out. Import it before torch.

One JSON request a line on standard input, one JSON line in answer on standard output; everything else goes to standard
error. An answer is { "ok": true, ... } or { "ok": false, "error" }; after an error the process goes on.

    { "op": "memory" } -> { peakRssMb }: Linux, MiB
    { "op": "quit" }
"""

import json
import os
import sys
from pathlib import Path

# Libraries may print; standard output carries answers alone.
ANSWERS = os.fdopen(os.dup(sys.stdout.fileno()), "w")
os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"


class Request(dict):
    """A request whose missing fields are named instead of raising a bare KeyError."""

    def need(self, key):
        if key not in self:
            raise ValueError(f"The request lacks \"{key}\".")
        return self[key]


def quiet():
    """Silences warnings and progress bars of torch and transformers, and mends one name for PEFT."""
    import warnings

    import transformers
    from transformers import T5ForConditionalGeneration

    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    # PEFT 0.21 asks for the older name of this method when task_type is SEQ_2_SEQ_LM.
    if not hasattr(T5ForConditionalGeneration, "_prepare_encoder_decoder_kwargs_for_generation"):
        T5ForConditionalGeneration._prepare_encoder_decoder_kwargs_for_generation = (
            T5ForConditionalGeneration._prepare_text_encoder_decoder_kwargs_for_generation
        )


def memory(request):
    lines = Path("/proc/self/status").read_text().splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")}
    return {"peakRssMb": sizes["VmHWM"]}


def answer(handlers, line):
    """One request to one answer; whatever fails becomes an answer too."""
    try:
        request = Request(json.loads(line))
        op = request.need("op")
        if op not in handlers:
            raise ValueError(f"\"{op}\" is not one of {sorted(handlers)}.")
        return {"ok": True, **handlers[op](request)}
    except Exception as error:
        lines = str(error).strip().splitlines()
        return {"ok": False, "error": f"{type(error).__name__}: {lines[0] if lines else ''}"}


def serve(handlers):
    """Answers requests by their "op" until "quit" or the end of the input."""
    handlers = {**handlers, "memory": memory, "quit": lambda request: {}}
    for line in sys.stdin:
        if line.strip():
            reply = answer(handlers, line)
            print(json.dumps(reply), file=ANSWERS, flush=True)
            if reply["ok"] and json.loads(line)["op"] == "quit":
                break
