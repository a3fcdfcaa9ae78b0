"""Prints what PyTorch + transformers + PEFT compute for a tiny random GPT-Neo.

Writes test/goldens/gpt-neo:
    model/                   config.json with the keys that published models carry, model.safetensors (F32) with the
                             causal masks that older versions of transformers stored
    adapter-qv/              PEFT adapter, r=4, alpha=8, target_modules q_proj and v_proj
    adapter-all-linear/      the same on every linear layer except the head
    golden.safetensors       inputs, logits, losses, gradients (see README.md for the key names)
    golden.json              losses in full, training curves, generated ids, error of float32 against float64

Everything is computed in float64 from the float32 weights in the files, without dropout, and stored rounded to
float32; `float32Error` in golden.json says how far PyTorch's own float32 lies off. The local window (8) is shorter
than the texts.

Versions: torch 2.13.0, transformers 5.18.0, peft 0.21.0.
Command, from the repository root: python test/reference/gpt_neo_goldens.py
"""

import json
import os
import shutil
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from t5_goldens import GOLDENS, curve_error, float32_error, gradients, plain_name, smoothed_loss, train
from transformers import GPTNeoConfig, GPTNeoForCausalLM
from transformers.models.gpt_neo.modeling_gpt_neo import GPTNeoSelfAttention

SEED = 23
END = 95
CONFIG = {
    "activation_function": "gelu_new",
    "architectures": ["GPTNeoForCausalLM"],
    "attention_dropout": 0,
    "attention_layers": ["global", "local", "global", "local"],
    "attention_types": [[["global", "local"], 2]],
    "bos_token_id": END,
    "embed_dropout": 0,
    "eos_token_id": END,
    "gradient_checkpointing": False,
    "hidden_size": 16,
    "initializer_range": 0.02,
    "intermediate_size": None,
    "layer_norm_epsilon": 1e-05,
    "max_position_embeddings": 64,
    "model_type": "gpt_neo",
    "num_heads": 2,
    "num_layers": 4,
    "resid_dropout": 0,
    "summary_activation": None,
    "summary_first_dropout": 0.1,
    "tokenizer_class": "GPT2Tokenizer",
    "transformers_version": "4.9.0.dev0",
    "use_cache": True,
    "vocab_size": 96,
    "window_size": 8,
}
ADAPTERS = {"adapter-qv": ["q_proj", "v_proj"], "adapter-all-linear": "all-linear"}
# Lengths of the rows, and of what carries a label at the end of each.
BATCHES = {"prompt": ([30, 21, 9], [6, 4, 3]), "text": ([40, 25], [39, 24])}
PROMPTS = {"even": [12, 12], "uneven": [17, 9, 3]}
GENERATION = {
    "greedy": {},
    "greedy-ngram2": {"no_repeat_ngram_size": 2},
    "greedy-repetition1.3": {"repetition_penalty": 1.3},
    "beam4": {"num_beams": 4, "length_penalty": 1.0, "early_stopping": False},
    "beam4-early": {"num_beams": 4, "length_penalty": 1.0, "early_stopping": True},
    "beam4-penalty0.6": {"num_beams": 4, "length_penalty": 0.6, "early_stopping": False},
    "beam4-ngram2": {"num_beams": 4, "length_penalty": 1.0, "early_stopping": False, "no_repeat_ngram_size": 2},
    "beam4-repetition1.3": {"num_beams": 4, "length_penalty": 1.0, "early_stopping": False, "repetition_penalty": 1.3},
}
NEW_TOKENS = 12


def attention_in_own_precision(self, query, key, value, attention_mask=None):
    """transformers casts queries and keys to float32 here, which would spoil a float64 reference."""
    scores = torch.matmul(query, key.transpose(-1, -2))
    queries, keys = query.size(-2), key.size(-2)
    seen = self.bias[:, :, keys - queries : keys, :keys]
    scores = torch.where(seen, scores, torch.finfo(scores.dtype).min)
    if attention_mask is not None:
        scores = scores + attention_mask
    weights = self.attn_dropout(torch.softmax(scores, dim=-1))
    return torch.matmul(weights, value), weights


def loss_in_own_precision(logits, labels, vocab_size, **_):
    """The mean over the labels that are not -100, each predicted one place before; transformers casts to float32."""
    shifted = torch.nn.functional.pad(labels, (0, 1), value=-100)[:, 1:]
    return torch.nn.functional.cross_entropy(logits.reshape(-1, vocab_size), shifted.reshape(-1))


GPTNeoSelfAttention._attn = attention_in_own_precision


def save_random_model(folder):
    """Draws weights wide enough that attention, positions and logits matter, narrow enough not to saturate."""
    torch.manual_seed(SEED)
    model = GPTNeoForCausalLM(GPTNeoConfig(**{k: v for k, v in CONFIG.items() if k != "attention_layers"}))
    width = CONFIG["hidden_size"]
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(".bias"):
                weight.normal_(0.0, 0.2)
            elif "ln_" in name:
                weight.normal_(1.0, 0.2)
            elif "wte" in name or "wpe" in name:
                weight.normal_(0.0, 0.5)
            elif "q_proj" in name or "k_proj" in name:
                weight.normal_(0.0, width**-0.5 * 0.8)
            else:
                weight.normal_(0.0, weight.shape[1] ** -0.5 * 1.5)
        model.transformer.ln_f.weight.mul_(2.0)
        # A longer row for the end token, so that some texts end early.
        model.transformer.wte.weight[END].mul_(1.4)
    model.save_pretrained(folder)
    weights = load_file(folder / "model.safetensors")
    for i, layer in enumerate(model.transformer.h):
        path = f"transformer.h.{i}.attn.attention"
        weights[f"{path}.bias"] = layer.attn.attention.bias.to(torch.uint8)
        weights[f"{path}.masked_bias"] = torch.tensor(-1e9)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2, sort_keys=True) + "\n")
    (folder / "generation_config.json").unlink(missing_ok=True)


def load_base(dtype):
    model = GPTNeoForCausalLM.from_pretrained("model", attn_implementation="eager", dtype=dtype).eval()
    model.loss_function = loss_in_own_precision
    return model


def load_adapted(adapter, dtype):
    return PeftModel.from_pretrained(load_base(torch.float32), adapter, is_trainable=True).to(dtype).eval()


def save_random_adapters():
    for index, (folder, targets) in enumerate(ADAPTERS.items()):
        torch.manual_seed(SEED + 100 + index)
        lora = LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=8, lora_dropout=0.0, target_modules=targets)
        model = get_peft_model(load_base(torch.float32), lora)
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if "lora_A" in name:
                    weight.normal_(0.0, 0.3)
                if "lora_B" in name:
                    weight.normal_(0.0, 0.1)
        model.save_pretrained(folder)
        (Path(folder) / "README.md").unlink(missing_ok=True)
        (Path(folder) / "adapter_model.safetensors").chmod(0o644)
        # PEFT writes a set here, in another order at every run.
        settings = Path(folder) / "adapter_config.json"
        written = json.loads(settings.read_text())
        written["target_modules"].sort()
        settings.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")


def random_rows(lengths, generator, side):
    """Rows of random ids without the end token, padded with it on a side, and the mask of what is no padding."""
    ids = torch.full((len(lengths), max(lengths)), END)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(lengths):
        place = slice(0, length) if side == "right" else slice(max(lengths) - length, None)
        ids[row, place] = torch.randint(0, END, (length,), generator=generator)
        mask[row, place] = 1
    return {"input_ids": ids, "attention_mask": mask}


def make_batches():
    generator = torch.Generator().manual_seed(SEED + 1000)
    batches = {}
    for name, (lengths, labelled) in BATCHES.items():
        batch = random_rows(lengths, generator, "right")
        labels = torch.full_like(batch["input_ids"], -100)
        for row, (length, count) in enumerate(zip(lengths, labelled)):
            batch["input_ids"][row, length - 1] = END
            labels[row, length - count : length] = batch["input_ids"][row, length - count : length]
        batches[name] = {**batch, "labels": labels}
    prompts = {name: random_rows(lengths, generator, "left") for name, lengths in PROMPTS.items()}
    return batches, prompts


def evaluate(model, label, batches, trained):
    """Every tensor of one model, by golden key."""
    tensors = {}
    for name, batch in batches.items():
        output = model(**batch)
        tensors[f"logits/{label}/{name}"] = output.logits.detach()
        tensors[f"loss/{label}/{name}"] = output.loss.detach().reshape(1)
        for key, gradient in gradients(model, output.loss).items():
            tensors[f"grad/{trained}/{name}/{key}"] = gradient
        if trained == "adapter-qv":
            shifted = torch.nn.functional.pad(batch["labels"], (0, 1), value=-100)[:, 1:]
            smoothed = smoothed_loss(model(**batch).logits, shifted)
            tensors[f"smoothed-loss/{label}/{name}"] = smoothed.detach().reshape(1)
            for key, gradient in gradients(model, smoothed).items():
                tensors[f"smoothed-grad/{trained}/{name}/{key}"] = gradient
    return tensors


def generate_rows(model, batch, options):
    """The new ids up to and including the end token, and the score that beam search ranks by."""
    output = model.generate(
        **batch,
        max_new_tokens=NEW_TOKENS,
        do_sample=False,
        pad_token_id=END,
        return_dict_in_generate=True,
        output_scores=True,
        **options,
    )
    rows = [row[batch["input_ids"].shape[1] :] for row in output.sequences.tolist()]
    ids = [row[: row.index(END) + 1] if END in row else row for row in rows]
    return ids, output.sequences_scores.tolist() if "num_beams" in options else None


def generate(model, prompts):
    """Row by row; in a batch it is the same, except that transformers' processors see the padding as tokens."""
    answers = {}
    for variant, options in GENERATION.items():
        answers[variant] = {"options": options}
        for name, batch in prompts.items():
            rows = []
            for ids, mask in zip(batch["input_ids"], batch["attention_mask"]):
                row = {"input_ids": ids[mask == 1][None], "attention_mask": mask[mask == 1][None]}
                rows.append(generate_rows(model, row, options))
            answers[variant][name] = {"ids": [ids for (ids,), _ in rows]}
            if "num_beams" in options:
                answers[variant][name]["scores"] = [scores[0] for _, scores in rows]
            if "repetition_penalty" not in options and "no_repeat_ngram_size" not in options:
                assert generate_rows(model, batch, options)[0] == answers[variant][name]["ids"]
    return answers


def main():
    folder = GOLDENS / "gpt-neo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # Relative names keep this machine's paths out of adapter_config.json.
    os.chdir(folder)
    save_random_model(Path("model"))
    save_random_adapters()
    batches, prompts = make_batches()

    results, curves, generation, trained = {}, {}, {}, {}
    for precision, dtype in {"float64": torch.float64, "float32": torch.float32}.items():
        results[precision] = evaluate(load_base(dtype), "base", batches, "full")
        generation[precision] = {"base": generate(load_base(dtype), prompts)}
        curves[precision], trained[precision] = {}, {}
        for adapter in ADAPTERS:
            results[precision].update(evaluate(load_adapted(adapter, dtype), adapter, batches, adapter))
            generation[precision][adapter] = generate(load_adapted(adapter, dtype), prompts)
            curve, weights = train(load_adapted(adapter, dtype), batches, 20, 1e-2)
            curves[precision][adapter], trained[precision][adapter] = curve, weights
        curves[precision]["full"], _ = train(load_base(dtype), batches, 10, 1e-2)

    for label, answers in generation["float64"].items():
        for variant, by_batch in answers.items():
            for name in PROMPTS:
                other = generation["float32"][label][variant][name]["ids"]
                assert by_batch[name]["ids"] == other, f"{label} {variant}: ids depend on the precision"
    for precision, weights in trained.items():
        results[precision].update({f"trained/adapter-qv/{n}": w for n, w in weights["adapter-qv"].items()})
    error = float32_error(results["float64"], results["float32"])
    for label, curve in curves["float64"].items():
        error[f"curve/{label}"] = curve_error(curve, curves["float32"][label])

    tensors = {k: v.float() for k, v in results["float64"].items()}
    for name, batch in {**batches, **prompts}.items():
        for key, value in batch.items():
            tensors[f"inputs/{name}/{key}"] = value.int()
    save_file({k: v.contiguous() for k, v in tensors.items()}, "golden.safetensors")
    Path("golden.safetensors").chmod(0o644)
    names = ("loss", "smoothed-loss")
    golden = {
        "versions": {m.__name__: m.__version__ for m in (torch, transformers, peft)},
        "seed": SEED,
        "losses": {k: v.item() for k, v in results["float64"].items() if k.split("/")[0] in names},
        "float32Error": error,
        "curves": curves,
        "maxNewTokens": NEW_TOKENS,
        "generation": {k: generation["float64"][k] for k in ("base", "adapter-all-linear")},
    }
    Path("golden.json").write_text(json.dumps(golden, indent=1) + "\n")
    report(results["float64"], golden)


def report(tensors, golden):
    print(f"== gpt-neo: {len(tensors)} tensors")
    for label in ("base", *ADAPTERS):
        logits = tensors[f"logits/{label}/prompt"]
        print(f"  {label}: logits std {logits.std():.2f} max {logits.abs().max():.2f}", end="; ")
        print("loss", {n: round(golden["losses"][f"loss/{label}/{n}"], 4) for n in BATCHES})
    print("  float32 error", {k: f"{v:.1e}" for k, v in golden["float32Error"].items()})
    for label, curve in golden["curves"]["float64"].items():
        print(f"  curve {label}:", [round(v, 3) for v in curve["loss"]], curve["finalLoss"])
    for label, answers in golden["generation"].items():
        for variant in GENERATION:
            print(f"  {label} {variant}:", [answers[variant][n]["ids"] for n in PROMPTS])


if __name__ == "__main__":
    main()
