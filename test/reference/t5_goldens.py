"""Prints what PyTorch + transformers + PEFT compute for two tiny random T5 models.

Writes test/goldens/t5-v1.0 (ReLU, tied and scaled head) and test/goldens/t5-flan (gated GELU, untied head):
    model/                   config.json with the keys that published models carry, model.safetensors (F32)
    config-resaved.json      the config.json that transformers 5 itself writes for the same model
    adapter-qv/              PEFT adapter, r=4, alpha=8, target_modules q and v
    adapter-all-linear/      the same on every linear layer except the head
    golden.safetensors       inputs, logits, encoder output, losses, gradients (see README.md for the key names)
    golden.json              losses in full, training curves, generated ids, error of float32 against float64

Everything is computed in float64 from the float32 weights in the files, without dropout, and stored rounded to
float32; `float32Error` in golden.json says how far PyTorch's own float32 lies off.

Versions: torch 2.13.0, transformers 5.18.0, peft 0.21.0.
Command, from the repository root: python test/reference/t5_goldens.py
"""

import copy
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
from transformers import T5Config, T5ForConditionalGeneration, get_linear_schedule_with_warmup
from transformers.models.t5.modeling_t5 import T5Attention, T5LayerNorm
from transformers.trainer_pt_utils import LabelSmoother

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)

GOLDENS = Path(__file__).resolve().parent.parent / "goldens"
SMOOTHING = 0.1

SHARED_CONFIG = {
    "architectures": ["T5ForConditionalGeneration"],
    "d_kv": 8,
    "d_model": 32,
    "decoder_start_token_id": 0,
    "dropout_rate": 0.1,
    "eos_token_id": 1,
    "initializer_factor": 1.0,
    "is_encoder_decoder": True,
    "layer_norm_epsilon": 1e-06,
    "model_type": "t5",
    "num_layers": 2,
    "pad_token_id": 0,
    "relative_attention_max_distance": 128,
    "relative_attention_num_buckets": 32,
    "use_cache": True,
    "vocab_size": 96,
}
# As published: t5-small names neither feed_forward_proj nor tie_word_embeddings; flan-t5 names both.
CASES = {
    "t5-v1.0": {"seed": 41, "config": {**SHARED_CONFIG, "d_ff": 40, "num_decoder_layers": 3, "num_heads": 4}},
    "t5-flan": {
        "seed": 111,
        "config": {
            **SHARED_CONFIG,
            "d_ff": 40,
            "feed_forward_proj": "gated-gelu",
            "num_decoder_layers": 2,
            # 3 heads of 8 on a width of 32: the inner width differs from d_model, as in flan-t5-small.
            "num_heads": 3,
            "tie_word_embeddings": False,
        },
    },
}
ADAPTERS = {"adapter-qv": ["q", "v"], "adapter-all-linear": "all-linear"}
BATCHES = {"main": ([40, 27, 9], [10, 7, 3]), "long": ([150, 97], [6, 9])}
GENERATION = {
    "greedy": {},
    "greedy-ngram2": {"no_repeat_ngram_size": 2},
    "greedy-repetition1.3": {"repetition_penalty": 1.3},
    "beam4": {"num_beams": 4, "length_penalty": 1.0, "early_stopping": False},
    "beam4-early": {"num_beams": 4, "length_penalty": 1.0, "early_stopping": True},
    "beam4-penalty0.6": {"num_beams": 4, "length_penalty": 0.6, "early_stopping": False},
    "beam4-penalty0.6-early": {"num_beams": 4, "length_penalty": 0.6, "early_stopping": True},
    "beam4-ngram2": {"num_beams": 4, "length_penalty": 1.0, "early_stopping": False, "no_repeat_ngram_size": 2},
    "beam4-repetition1.3": {"num_beams": 4, "length_penalty": 1.0, "early_stopping": False, "repetition_penalty": 1.3},
}
NEW_TOKENS = 12


def rms_norm_in_own_precision(self, hidden_states):
    """transformers casts to float32 here, which would spoil a float64 reference."""
    variance = hidden_states.pow(2).mean(-1, keepdim=True)
    return self.weight * (hidden_states * torch.rsqrt(variance + self.variance_epsilon))


T5LayerNorm.forward = rms_norm_in_own_precision
# PEFT 0.21 asks for the older name of this method when task_type is SEQ_2_SEQ_LM.
T5ForConditionalGeneration._prepare_encoder_decoder_kwargs_for_generation = (
    T5ForConditionalGeneration._prepare_text_encoder_decoder_kwargs_for_generation
)


def save_random_model(folder, config, seed):
    """Draws weights wide enough that attention, positions and logits matter, narrow enough not to saturate."""
    torch.manual_seed(seed)
    model = T5ForConditionalGeneration(T5Config(**config))
    tied = config.get("tie_word_embeddings") is not False
    if not tied:
        model.lm_head.weight = torch.nn.Parameter(torch.empty_like(model.shared.weight))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "layer_norm" in name:
                weight.normal_(1.0, 0.2)
            elif "relative_attention_bias" in name:
                weight.normal_(0.0, 1.0)
            elif name == "shared.weight":
                # A tied head copies its input where the embedding outweighs what the layers add.
                weight.normal_(0.0, 0.12 if tied else 1.0)
            elif name == "lm_head.weight":
                weight.normal_(0.0, 0.35)
            elif name.endswith("SelfAttention.q.weight") or name.endswith("EncDecAttention.q.weight"):
                weight.normal_(0.0, (config["d_model"] * config["d_kv"]) ** -0.5 * 1.5)
            else:
                weight.normal_(0.0, weight.shape[1] ** -0.5 * (2.0 if name.endswith("o.weight") else 1.0))
        model.decoder.final_layer_norm.weight.mul_(15.0 if tied else 2.0)
        # A longer row for EOS, so that some answers end early.
        model.lm_head.weight[config["eos_token_id"]].mul_(1.5)
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    # transformers 5 rewrites tie_word_embeddings to true; published folders carry the older keys.
    (folder / "config.json").rename("config-resaved.json")
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    (folder / "generation_config.json").unlink(missing_ok=True)


def make_batches(seed):
    generator = torch.Generator().manual_seed(seed + 1000)
    batches = {}
    for name, (sources, targets) in BATCHES.items():
        input_ids = torch.zeros(len(sources), max(sources), dtype=torch.long)
        labels = torch.full((len(targets), max(targets)), -100)
        for row, (source, target) in enumerate(zip(sources, targets)):
            input_ids[row, :source] = torch.randint(2, 96, (source,), generator=generator)
            labels[row, :target] = torch.randint(2, 96, (target,), generator=generator)
            input_ids[row, source - 1] = labels[row, target - 1] = 1
        mask = torch.zeros_like(input_ids)
        for row, source in enumerate(sources):
            mask[row, :source] = 1
        batches[name] = {"input_ids": input_ids, "attention_mask": mask, "labels": labels}
    return batches


def load_base(dtype):
    return T5ForConditionalGeneration.from_pretrained("model", attn_implementation="eager", dtype=dtype).eval()


def load_adapted(adapter, dtype):
    return PeftModel.from_pretrained(load_base(torch.float32), adapter, is_trainable=True).to(dtype).eval()


def save_random_adapters(seed):
    for index, (folder, targets) in enumerate(ADAPTERS.items()):
        torch.manual_seed(seed + 100 + index)
        lora = LoraConfig(task_type="SEQ_2_SEQ_LM", r=4, lora_alpha=8, lora_dropout=0.0, target_modules=targets)
        model = get_peft_model(load_base(torch.float32), lora)
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if "lora_A" in name:
                    weight.normal_(0.0, 0.3)
                if "lora_B" in name:
                    weight.normal_(0.0, 0.05)
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
    return name.removeprefix("base_model.model.").replace(".default.", ".")


def smoothed_loss(logits, labels):
    """transformers' LabelSmoother in the precision of the logits (the original sums over the vocabulary in F32)."""
    log_probabilities = torch.log_softmax(logits, -1)
    kept = labels != -100
    nll = -log_probabilities.gather(-1, labels.clamp(min=0).unsqueeze(-1)).squeeze(-1)[kept].mean()
    uniform = -log_probabilities.mean(-1)[kept].mean()
    loss = (1 - SMOOTHING) * nll + SMOOTHING * uniform
    reference = LabelSmoother(SMOOTHING)({"logits": logits.detach().clone()}, labels)
    assert abs(loss.item() - reference.item()) < 1e-5
    return loss


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {plain_name(n): p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def evaluate(model, label, batches, trained):
    """Every tensor of one model, by golden key."""
    tensors = {}
    for name, batch in batches.items():
        output = model(**batch)
        tensors[f"logits/{label}/{name}"] = output.logits.detach()
        tensors[f"encoder/{label}/{name}"] = output.encoder_last_hidden_state.detach()
        tensors[f"loss/{label}/{name}"] = output.loss.detach().reshape(1)
        smoothed = smoothed_loss(output.logits, batch["labels"])
        tensors[f"smoothed-loss/{label}/{name}"] = smoothed.detach().reshape(1)
        if trained is None:
            continue
        for key, gradient in gradients(model, output.loss).items():
            tensors[f"grad/{trained}/{name}/{key}"] = gradient
        if trained == "adapter-qv":
            for key, gradient in gradients(model, smoothed_loss(model(**batch).logits, batch["labels"])).items():
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
        loss = model(**order[step % len(order)]).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(weights, 1.0)
        curve["learningRate"].append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
        curve["loss"].append(loss.item())
        curve["gradientNorm"].append(norm.item())
    with torch.no_grad():
        curve["finalLoss"] = {name: model(**batch).loss.item() for name, batch in batches.items()}
    return curve, {plain_name(n): p.detach() for n, p in model.named_parameters() if p.requires_grad}


def generate(model, batches):
    """Ids after the start token up to and including EOS, and the score that beam search ranks by."""
    answers = {}
    for variant, options in GENERATION.items():
        answers[variant] = {"options": options}
        for name, batch in batches.items():
            output = model.generate(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                max_new_tokens=NEW_TOKENS,
                do_sample=False,
                # transformers 5.18 sizes the decoder's cache by num_layers: it fails if num_decoder_layers differs.
                use_cache=model.config.num_layers == model.config.num_decoder_layers,
                return_dict_in_generate=True,
                output_scores=True,
                **options,
            )
            rows = [row[1:] for row in output.sequences.tolist()]
            ids = [row[: row.index(1) + 1] if 1 in row else row for row in rows]
            answers[variant][name] = {"ids": ids}
            if "num_beams" in options:
                answers[variant][name]["scores"] = output.sequences_scores.tolist()
    return answers


def same_ids(a, b):
    return all(a[v][n]["ids"] == b[v][n]["ids"] for v in GENERATION for n in BATCHES)


def float32_error(exact, approximate):
    """Largest difference over the largest value for single tensors; relative L2 for each tensor of gradients."""
    worst = {}
    for key, value in exact.items():
        kind = "/".join(key.split("/")[:2])
        difference = approximate[key].double() - value
        if "grad/" in key or key.startswith("trained/"):
            error = (difference.norm() / value.norm().clamp(min=1e-12)).item()
        else:
            error = (difference.abs().max() / value.abs().max()).item()
        worst[kind] = max(worst.get(kind, 0.0), error)
    return worst


def curve_error(exact, approximate):
    return max(abs(a - b) / abs(b) for a, b in zip(approximate["loss"], exact["loss"]))


def bucket_tables():
    positions = torch.arange(-300, 301)
    return {
        "buckets/relative_position": positions,
        "buckets/bidirectional": T5Attention._relative_position_bucket(positions, True, 32, 128),
        "buckets/causal": T5Attention._relative_position_bucket(positions, False, 32, 128),
    }


def make_case(case, seed, config):
    folder = GOLDENS / case
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # Relative names keep this machine's paths out of adapter_config.json.
    os.chdir(folder)
    save_random_model(Path("model"), config, seed)
    save_random_adapters(seed)
    batches = make_batches(seed)

    results, curves, trained, generation = {}, {}, {}, {}
    for precision, dtype in (("float64", torch.float64), ("float32", torch.float32)):
        base = load_base(dtype)
        generation[precision] = {"base": generate(base, batches)}
        results[precision] = evaluate(base, "base", batches, "full")
        curves[precision], trained[precision] = {}, {}
        curves[precision]["full"], trained[precision]["full"] = train(base, batches, 10, 1e-2)
        for adapter in ADAPTERS:
            model = load_adapted(adapter, dtype)
            results[precision].update(evaluate(model, adapter, batches, adapter))
            generation[precision][adapter] = generate(model, batches)
            curves[precision][adapter], trained[precision][adapter] = train(model, batches, 20, 1e-2)

    for label, answers in generation["float64"].items():
        assert same_ids(answers, generation["float32"][label]), f"{case} {label}: ids depend on the precision"
    for precision, weights in trained.items():
        results[precision].update({f"trained/adapter-qv/{n}": w for n, w in weights["adapter-qv"].items()})
    error = float32_error(results["float64"], results["float32"])
    for label, curve in curves["float64"].items():
        error[f"curve/{label}"] = curve_error(curve, curves["float32"][label])

    tensors = {k: v.float() for k, v in results["float64"].items()}
    for name, batch in batches.items():
        decoder_input_ids = load_base(torch.float32).prepare_decoder_input_ids_from_labels(batch["labels"])
        for key, value in {**batch, "decoder_input_ids": decoder_input_ids}.items():
            tensors[f"inputs/{name}/{key}"] = value.int()
    tensors.update({k: v.int() for k, v in bucket_tables().items()})
    save_file({k: v.contiguous() for k, v in tensors.items()}, "golden.safetensors")

    Path("golden.safetensors").chmod(0o644)
    names = ("loss", "smoothed-loss")
    losses = {k: v.item() for k, v in results["float64"].items() if k.split("/")[0] in names}
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
        "maxNewTokens": NEW_TOKENS,
        "generation": {k: v for k, v in generation["float64"].items() if k != "adapter-qv"},
    }
    Path("golden.json").write_text(json.dumps(golden, indent=1) + "\n")
    report(case, results["float64"], golden)


def report(case, tensors, golden):
    print(f"== {case}: {len(tensors)} tensors")
    for label in ("base", *ADAPTERS):
        logits = tensors[f"logits/{label}/main"]
        print(f"  {label}: logits std {logits.std():.2f} max {logits.abs().max():.2f}", end="; ")
        print("loss", {n: round(golden["losses"][f"loss/{label}/{n}"], 4) for n in BATCHES})
    print("  float32 error", {k: f"{v:.1e}" for k, v in golden["float32Error"].items()})
    for label, curve in golden["curves"]["float64"].items():
        print(f"  curve {label}:", [round(v, 3) for v in curve["loss"]], curve["finalLoss"])
    for label, answers in golden["generation"].items():
        for variant in GENERATION:
            print(f"  {label} {variant}:", [answers[variant][n]["ids"] for n in BATCHES])


if __name__ == "__main__":
    for name, case in CASES.items():
        make_case(name, case["seed"], copy.deepcopy(case["config"]))
