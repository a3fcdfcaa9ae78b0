"""Prints what PyTorch + transformers + PEFT compute for a tiny random BERT and a tiny random DistilBERT with span heads.

Writes test/goldens/bert and test/goldens/distilbert:
    model/                   config.json and model.safetensors (F32) as transformers writes them
    adapter-qv/              PEFT adapter, r=4, alpha=8, on queries and values; qa_outputs in modules_to_save
    adapter-all-linear/      the same on every linear layer of the blocks
    golden.safetensors       inputs, start and end logits, losses, gradients (see README.md for the key names)
    golden.json              losses in full, training curves, error of float32 against float64

Everything is computed in float64 from the float32 weights in the files, without dropout, and stored rounded to
float32. transformers lets padding take part in the softmax over positions; the loss here is the mean over the rows, each
run by itself without padding.

Versions: torch 2.13.0, transformers 5.18.0, peft 0.21.0.
Command, from the repository root: python test/reference/bert_goldens.py
"""

import json
import os
import shutil
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import peft
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import (
    AutoModelForQuestionAnswering,
    BertConfig,
    DistilBertConfig,
    get_linear_schedule_with_warmup,
)

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)

GOLDENS = Path(__file__).resolve().parent.parent / "goldens"
VOCABULARY = 96
SMOOTHING = 0.1
CASES = {
    "bert": {
        "seed": 61,
        "config": BertConfig(
            vocab_size=VOCABULARY,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=40,
            max_position_embeddings=64,
        ),
        "modules": {
            "adapter-qv": ["query", "value"],
            "adapter-all-linear": ["query", "key", "value", "dense"],
        },
    },
    "distilbert": {
        "seed": 62,
        "config": DistilBertConfig(
            vocab_size=VOCABULARY, dim=32, n_layers=2, n_heads=2, hidden_dim=40, max_position_embeddings=64
        ),
        "modules": {
            "adapter-qv": ["q_lin", "v_lin"],
            "adapter-all-linear": ["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"],
        },
    },
}
# Lengths of the rows, where the context begins, start and end of the answer; 0 and 0 say that there is none.
BATCHES = {
    "main": [(40, 9, 15, 18), (27, 6, 0, 0), (12, 4, 11, 11)],
    "long": [(64, 12, 50, 62), (51, 20, 21, 21)],
}


def save_random_model(folder, config, seed):
    """Draws weights wide enough that attention, positions and types matter, narrow enough not to saturate."""
    torch.manual_seed(seed)
    model = AutoModelForQuestionAnswering.from_config(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name.lower() and name.endswith("weight"):
                weight.normal_(1.0, 0.2)
            elif name.endswith("bias"):
                weight.normal_(0.0, 0.2)
            elif "embeddings" in name:
                weight.normal_(0.0, 0.7)
            elif name.startswith("qa_outputs"):
                weight.normal_(0.0, 0.4)
            else:
                weight.normal_(0.0, weight.shape[1] ** -0.5 * 1.4)
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)


def make_batches(seed):
    generator = torch.Generator().manual_seed(seed + 1000)
    batches = {}
    for name, rows in BATCHES.items():
        longest = max(length for length, *_ in rows)
        batch = {key: torch.zeros(len(rows), longest, dtype=torch.long) for key in ("input_ids", "attention_mask", "token_type_ids")}
        for row, (length, context, _, _) in enumerate(rows):
            batch["input_ids"][row, :length] = torch.randint(4, VOCABULARY, (length,), generator=generator)
            batch["input_ids"][row, 0] = 2
            batch["input_ids"][row, context - 1] = batch["input_ids"][row, length - 1] = 3
            batch["attention_mask"][row, :length] = 1
            batch["token_type_ids"][row, context:length] = 1
        batch["start_positions"] = torch.tensor([start for *_, start, _ in rows])
        batch["end_positions"] = torch.tensor([end for *_, end in rows])
        batches[name] = batch
    return batches


def load_base(dtype):
    return AutoModelForQuestionAnswering.from_pretrained("model", attn_implementation="eager", dtype=dtype).eval()


def load_adapted(adapter, dtype):
    """The model inside PEFT's wrapper: PeftModelForQuestionAnswering of 0.21 does not pass token_type_ids on."""
    return PeftModel.from_pretrained(load_base(torch.float32), adapter, is_trainable=True).to(dtype).eval().get_base_model()


def save_random_adapters(modules, seed):
    for index, (folder, targets) in enumerate(modules.items()):
        torch.manual_seed(seed + 100 + index)
        lora = LoraConfig(task_type="QUESTION_ANS", r=4, lora_alpha=8, lora_dropout=0.0, target_modules=targets)
        model = get_peft_model(load_base(torch.float32), lora)
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if "lora_A" in name:
                    weight.normal_(0.0, 0.3)
                if "lora_B" in name:
                    weight.normal_(0.0, 0.05)
                if "modules_to_save" in name:
                    weight.normal_(0.0, 0.4)
        model.save_pretrained(folder)
        (Path(folder) / "README.md").unlink(missing_ok=True)
        (Path(folder) / "adapter_model.safetensors").chmod(0o644)
        # PEFT writes a set here, in another order at every run.
        settings = Path(folder) / "adapter_config.json"
        written = json.loads(settings.read_text())
        written["target_modules"].sort()
        settings.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")


def plain_name(name):
    """The name that PEFT writes, less `base_model.model.`; a base weight keeps its own name."""
    return name.removeprefix("base_model.model.").replace(".modules_to_save.default", "").replace(".default.", ".")


def inputs_of(model, batch, row=None):
    names = ["input_ids", "attention_mask", "start_positions", "end_positions"]
    if model.config.model_type == "bert":
        names.append("token_type_ids")
    if row is None:
        return {name: batch[name] for name in names}
    length = int(batch["attention_mask"][row].sum())
    return {n: batch[n][row : row + 1, :length] if batch[n].dim() == 2 else batch[n][row : row + 1] for n in names}


def batch_loss(model, batch, smoothing=0.0):
    """The mean over the rows, each without padding."""
    losses = []
    for row in range(len(batch["input_ids"])):
        inputs = inputs_of(model, batch, row)
        output = model(**inputs)
        if smoothing == 0:
            losses.append(output.loss)
            continue
        parts = [
            torch.nn.functional.cross_entropy(logits, positions, label_smoothing=smoothing)
            for logits, positions in (
                (output.start_logits, inputs["start_positions"]),
                (output.end_logits, inputs["end_positions"]),
            )
        ]
        losses.append(sum(parts) / 2)
    return torch.stack(losses).mean()


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {plain_name(n): p.grad.clone() for n, p in model.named_parameters() if p.requires_grad}


def evaluate(model, label, batches, trained):
    """Every tensor of one model, by golden key."""
    tensors = {}
    for name, batch in batches.items():
        output = model(**inputs_of(model, batch))
        mask = batch["attention_mask"]
        tensors[f"start/{label}/{name}"] = (output.start_logits * mask).detach()
        tensors[f"end/{label}/{name}"] = (output.end_logits * mask).detach()
        loss = batch_loss(model, batch)
        tensors[f"loss/{label}/{name}"] = loss.detach().reshape(1)
        for key, gradient in gradients(model, loss).items():
            tensors[f"grad/{trained}/{name}/{key}"] = gradient
        if label == "adapter-qv":
            smoothed = batch_loss(model, batch, SMOOTHING)
            tensors[f"smoothed-loss/{label}/{name}"] = smoothed.detach().reshape(1)
            for key, gradient in gradients(model, smoothed).items():
                tensors[f"smoothed-grad/{trained}/{name}/{key}"] = gradient
    return tensors


def train(model, batches, steps, rate):
    """AdamW with decoupled decay, clipping and the linear schedule; the batches take turns, main first."""
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=rate, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, 2, steps)
    curve = {"loss": [], "gradientNorm": [], "learningRate": []}
    order = list(batches.values())
    for step in range(steps):
        optimizer.zero_grad()
        loss = batch_loss(model, order[step % len(order)])
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(weights, 1.0)
        curve["learningRate"].append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
        curve["loss"].append(loss.item())
        curve["gradientNorm"].append(norm.item())
    with torch.no_grad():
        curve["finalLoss"] = {name: batch_loss(model, batch).item() for name, batch in batches.items()}
    return curve


def float32_error(exact, approximate):
    """Largest difference over the largest value for single tensors; L2 relative to the length, or 0.01, for gradients."""
    worst = {}
    for key, value in exact.items():
        kind = "/".join(key.split("/")[:2])
        difference = approximate[key].double() - value
        if "grad/" in key:
            # Adding the same to all scores of a row changes nothing, so keys' biases have no gradient but rounding.
            error = (difference.norm() / value.norm().clamp(min=1e-2)).item()
        else:
            error = (difference.abs().max() / value.abs().max()).item()
        worst[kind] = max(worst.get(kind, 0.0), error)
    return worst


def make_case(case, seed, config, modules):
    folder = GOLDENS / case
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # Relative names keep this machine's paths out of adapter_config.json.
    os.chdir(folder)
    save_random_model(Path("model"), config, seed)
    save_random_adapters(modules, seed)
    batches = make_batches(seed)

    results, curves = {}, {}
    for precision, dtype in (("float64", torch.float64), ("float32", torch.float32)):
        base = load_base(dtype)
        results[precision] = evaluate(base, "base", batches, "full")
        curves[precision] = {"full": train(base, batches, 10, 1e-2)}
        for adapter in modules:
            model = load_adapted(adapter, dtype)
            results[precision].update(evaluate(model, adapter, batches, adapter))
            curves[precision][adapter] = train(model, batches, 20, 1e-2)

    error = float32_error(results["float64"], results["float32"])
    for label, curve in curves["float64"].items():
        pairs = zip(curves["float32"][label]["loss"], curve["loss"])
        error[f"curve/{label}"] = max(abs(a - b) / abs(b) for a, b in pairs)

    tensors = {k: v.float() for k, v in results["float64"].items()}
    for name, batch in batches.items():
        for key, value in batch.items():
            tensors[f"inputs/{name}/{key}"] = value.int()
    save_file({k: v.contiguous() for k, v in tensors.items()}, "golden.safetensors")
    Path("golden.safetensors").chmod(0o644)
    losses = {k: v.item() for k, v in results["float64"].items() if "loss" in k.split("/")[0]}
    golden = {
        "versions": {m.__name__: m.__version__ for m in (torch, transformers, peft)},
        "seed": seed,
        "losses": losses,
        "float32Error": error,
        "training": {
            "optimizer": "AdamW betas 0.9 0.999 eps 1e-8 weight_decay 0.01 on all trained weights, lr 1e-2",
            "clip": 1.0,
            "warmupSteps": 2,
            "schedule": "linear",
            "batches": "main, long, main, long, ...",
        },
        "curves": curves,
    }
    Path("golden.json").write_text(json.dumps(golden, indent=1) + "\n")
    print(f"== {case}: {len(tensors)} tensors", losses, {k: f"{v:.1e}" for k, v in error.items()})
    for label, curve in curves["float64"].items():
        print(f"  curve {label}:", [round(v, 3) for v in curve["loss"]], curve["finalLoss"])


if __name__ == "__main__":
    for name, case in CASES.items():
        make_case(name, **case)
