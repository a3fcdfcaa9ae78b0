"""Prints what PEFT computes with the options of LoRA beside the plain ones, on the tiny models of the other scripts.

Writes test/goldens/lora:
    CASE/                    a PEFT adapter as PEFT writes it
    golden.safetensors       CASE/logits, or CASE/start and CASE/end; CASE/loss; CASE/grad/WEIGHT; and layer/… for one
                             linear layer with DoRA and dropout

Batches are those of the models' own goldens: `main`, for GPT-Neo `prompt`. Everything is computed in float64 from the
float32 weights in the files and stored rounded to float32. After merging PEFT gives the same outputs, which is
asserted here. WEIGHT is PEFT's name without `base_model.model.`; a matrix that PEFT keeps in several copies (case
`embeddings`) has the sum of their gradients, as `shared.weight`.

Versions: torch 2.13.0, transformers 5.18.0, peft 0.21.0.
Command, from the repository root: python test/reference/lora_goldens.py
"""

import json
import os
import shutil
from pathlib import Path

import bert_goldens
import gpt_neo_goldens
import t5_goldens
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from t5_goldens import GOLDENS

FOLDER = GOLDENS / "lora"
SHARED = {"shared", "encoder.embed_tokens", "decoder.embed_tokens", "lm_head"}
CASES = {
    "dora": ("t5-flan", {"target_modules": "all-linear", "use_dora": True}),
    "rslora": ("t5-flan", {"target_modules": ["q", "v"], "use_rslora": True, "lora_alpha": 6}),
    "patterns": (
        "t5-flan",
        {
            "target_modules": "all-linear",
            "r": 3,
            "rank_pattern": {"q": 2, "SelfAttention.v": 5, r"encoder.*wi_\d": 1},
            "alpha_pattern": {"^encoder.*q": 9, "wo": 4.5},
        },
    ),
    "saved": ("t5-flan", {"target_modules": ["q"], "modules_to_save": ["lm_head", "final_layer_norm"], "use_dora": True}),
    "embeddings": ("t5-v1.0", {"target_modules": ["q"], "r": 2, "modules_to_save": sorted(SHARED)}),
    "odd": (
        "t5-v1.0",
        {
            "target_modules": r"decoder\..*\.(q|v|wi)",
            "exclude_modules": ["decoder.block.0.layer.0.SelfAttention.v"],
            "use_dora": True,
            "use_rslora": True,
            "rank_pattern": {"wi": 6},
            "init_lora_weights": "gaussian",
        },
    ),
    "gpt-neo-dora": ("gpt-neo", {"target_modules": ["q_proj", "out_proj", "c_fc"], "use_dora": True}),
    "gpt-neo-bias": ("gpt-neo", {"target_modules": ["out_proj", "c_proj"], "bias": "lora_only"}),
    "bert-dora": ("bert", {"target_modules": ["query", "dense"], "use_dora": True}),
}
SCRIPTS = {"t5-flan": t5_goldens, "t5-v1.0": t5_goldens, "gpt-neo": gpt_neo_goldens, "bert": bert_goldens}
TASKS = {t5_goldens: "SEQ_2_SEQ_LM", gpt_neo_goldens: "CAUSAL_LM", bert_goldens: "QUESTION_ANS"}


def save_random_adapter(case, index):
    base, options = CASES[case]
    script = SCRIPTS[base]
    torch.manual_seed(700 + index)
    config = LoraConfig(task_type=TASKS[script], **{"r": 4, "lora_alpha": 8, "lora_dropout": 0.0, **options})
    model = get_peft_model(script.load_base(torch.float32), config)
    # The copies of one matrix stay one.
    noise = {}
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if not weight.requires_grad:
                continue
            if "lora_A" in name:
                weight.normal_(0.0, 0.3)
            elif "lora_B" in name:
                weight.normal_(0.0, 0.05)
            elif case == "embeddings":
                weight.mul_(noise.setdefault(weight.shape, 1 + 0.2 * torch.randn_like(weight)))
            elif "bias" in name:
                weight.add_(0.2 * torch.randn_like(weight))
            else:
                weight.mul_(1 + 0.2 * torch.randn_like(weight))
    folder = FOLDER / case
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    (folder / "adapter_model.safetensors").chmod(0o644)
    # PEFT writes sets here, in another order at every run.
    settings = folder / "adapter_config.json"
    written = json.loads(settings.read_text())
    for key in ("target_modules", "exclude_modules", "modules_to_save"):
        if isinstance(written[key], list):
            written[key].sort()
    settings.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")


def plain_name(name):
    plain = name.removeprefix("base_model.model.").replace(".modules_to_save.default", "").replace(".base_layer", "")
    return plain.replace(".default.weight", "") if "magnitude" in plain else plain.replace(".default.", ".")


def load_batch(script, folder):
    name = "prompt" if script is gpt_neo_goldens else "main"
    stored = load_file(folder / "golden.safetensors")
    prefix = f"inputs/{name}/"
    batch = {key.removeprefix(prefix): value.long() for key, value in stored.items() if key.startswith(prefix)}
    if script is t5_goldens:
        del batch["decoder_input_ids"]
    return batch


def compute(script, model, batch):
    if script is bert_goldens:
        output = model(**bert_goldens.inputs_of(model, batch))
        mask = batch["attention_mask"]
        logits = {"start": output.start_logits * mask, "end": output.end_logits * mask}
        return logits, bert_goldens.batch_loss(model, batch)
    output = model(**batch)
    return {"logits": output.logits}, output.loss


def evaluate(case):
    """Every tensor of one case, by golden key."""
    base, _ = CASES[case]
    script = SCRIPTS[base]
    folder = GOLDENS / base
    os.chdir(folder)
    batch = load_batch(script, folder)
    model = script.load_adapted(FOLDER / case, torch.float64)
    logits, loss = compute(script, model, batch)
    loss.backward()
    tensors = {f"{case}/{key}": value.detach() for key, value in logits.items()}
    tensors[f"{case}/loss"] = loss.detach().reshape(1)
    for name, weight in model.named_parameters():
        if weight.requires_grad and weight.grad is not None:
            plain = plain_name(name)
            if case == "embeddings" and plain.removesuffix(".weight") in SHARED:
                plain = "shared.weight"
            key = f"{case}/grad/{plain}"
            tensors[key] = tensors.get(key, 0) + weight.grad
    merged = PeftModel.from_pretrained(script.load_base(torch.float32), FOLDER / case).to(torch.float64)
    after, _ = compute(script, merged.merge_and_unload().eval(), batch)
    for key, value in logits.items():
        assert torch.allclose(after[key], value, atol=1e-9), (case, key)
    return tensors


class FixedDropout(torch.nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.mask = mask

    def forward(self, x):
        return x * self.mask


def dropped_layer():
    """One linear layer with DoRA whose input is dropped by a known mask, in training."""
    torch.manual_seed(900)
    layer = torch.nn.Sequential(torch.nn.Linear(6, 5))
    layer = get_peft_model(layer, LoraConfig(r=2, lora_alpha=3, lora_dropout=0.5, target_modules=["0"], use_dora=True))
    layer = layer.to(torch.float64).train()
    linear = layer.base_model.model[0]
    mask = torch.randint(0, 2, (7, 6)).double() * 2
    linear.lora_dropout["default"] = FixedDropout(mask)
    with torch.no_grad():
        for name, weight in layer.named_parameters():
            if "lora_" in name:
                weight.normal_(0.5, 0.4)
            # As float32 has them.
            weight.copy_(weight.float())
    x = torch.randn(7, 6).double().float().double().requires_grad_()
    gradient = torch.randn(7, 5).float().double()
    output = layer(x)
    output.backward(gradient)
    a, b = linear.lora_A["default"].weight, linear.lora_B["default"].weight
    magnitude = linear.lora_magnitude_vector["default"].weight
    tensors = {"x": x, "mask": mask, "weight": linear.weight, "bias": linear.bias, "a": a, "b": b}
    tensors |= {"magnitude": magnitude, "outputGradient": gradient, "output": output}
    tensors |= {"grad/x": x.grad, "grad/a": a.grad, "grad/b": b.grad, "grad/magnitude": magnitude.grad}
    return {f"layer/{key}": value.detach() for key, value in tensors.items()}


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    tensors = dropped_layer()
    for index, case in enumerate(CASES):
        os.chdir(GOLDENS / CASES[case][0])
        save_random_adapter(case, index)
        tensors |= evaluate(case)
    save_file({key: value.float().contiguous() for key, value in tensors.items()}, FOLDER / "golden.safetensors")
    (FOLDER / "golden.safetensors").chmod(0o644)
    print(f"{len(tensors)} tensors, {(FOLDER / 'golden.safetensors').stat().st_size} bytes")


if __name__ == "__main__":
    main()
