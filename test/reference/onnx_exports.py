"""Runs what Loracle exported as ONNX, and compares it with transformers on the model's own folder.

    MODEL_DIR     a Hugging Face folder (T5, GPT-Neo, BERT, DistilBERT), an adapter already merged in
    EXPORT_DIR    what `loracle export --format onnx` made of it

Options:
    --expected FILE.json   also writes inputs and what transformers computes, for transformers-js-exports.mjs
    --tolerance T          largest difference of a logit (default 1e-4; 0.05 suits F16)

Each model is checked by onnx.checker, then run by ONNX Runtime under the protocol of Optimum's classes
(optimum/onnxruntime/modeling_seq2seq.py, modeling_decoder.py, modeling.py): names, types, an empty past whose width is
hidden_size // num_attention_heads, `use_cache_branch`, the cross keys and values of the first step kept. Compared are
logits (of a whole target at once, of two halves over a cache) and greedily generated ids. Where Optimum is installed,
its own classes load the folder and generate as well; "optimum" says its version, or null.

Prints one JSON line { ok, kind, logits, ids, optimum, error }. Exit status 1 where something differs.

Versions: torch 2.13.0, transformers 5.18.0, onnx 1.23.1, onnxruntime 1.30.0.
Command, from the repository root:
    python test/reference/onnx_exports.py assets/starter EXPORT_DIR --expected expected.json
"""

import argparse
import json
import os
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import numpy as np
import onnx
import onnxruntime
import torch
import transformers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForQuestionAnswering,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
)

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()

NEW_TOKENS = 12
CONTEXT = "The lighthouse of Vell was built in 1874. It is 41 metres high, and its keeper was Anna Brandt."
QUESTIONS = ["When was the lighthouse of Vell built?", "Who was its keeper?"]
KINDS = {
    "t5": ("seq2seq", AutoModelForSeq2SeqLM, "ORTModelForSeq2SeqLM"),
    "gpt_neo": ("causal", AutoModelForCausalLM, "ORTModelForCausalLM"),
    "bert": ("extractive", AutoModelForQuestionAnswering, "ORTModelForQuestionAnswering"),
    "distilbert": ("extractive", AutoModelForQuestionAnswering, "ORTModelForQuestionAnswering"),
}


class Session:
    """An ONNX model, checked, fed by name; what it does not take is left out."""

    def __init__(self, path):
        onnx.checker.check_model(str(path), full_check=True)
        self.session = onnxruntime.InferenceSession(str(path))
        self.inputs = [value.name for value in self.session.get_inputs()]
        self.outputs = [value.name for value in self.session.get_outputs()]

    def run(self, **feeds):
        taken = {name: feeds[name] for name in self.inputs}
        return dict(zip(self.outputs, self.session.run(None, taken)))

    def past_names(self):
        return [name for name in self.inputs if ".key" in name or ".value" in name]


def as_past(results):
    return {k.replace("present", "past_key_values"): v for k, v in results.items() if k.startswith("present")}


def padded(rows, pad, side):
    length = max(map(len, rows))
    fill = lambda row, value: [value] * (length - len(row))
    ids = [row + fill(row, pad) if side == "right" else fill(row, pad) + row for row in rows]
    ones = [[1] * len(row) for row in rows]
    mask = [row + fill(row, 0) if side == "right" else fill(row, 0) + row for row in ones]
    return np.array(ids, np.int64), np.array(mask, np.int64)


def make_inputs(kind, config, tokenizer):
    """Two rows of different length, with token types where there are some."""
    pad = config.pad_token_id if config.pad_token_id is not None else config.eos_token_id
    types = None
    if tokenizer is None:
        generator = np.random.default_rng(11)
        rows = [generator.integers(2, config.vocab_size - 1, n).tolist() for n in (17, 9)]
        if kind == "extractive":
            types = [[0] * 5 + [1] * 12, [0] * 4 + [1] * 5]
    elif kind == "seq2seq":
        rows = [tokenizer(f"question: {q} context: {CONTEXT}")["input_ids"] for q in QUESTIONS]
    elif kind == "causal":
        rows = [tokenizer(f"Question: {q}\nContext: {CONTEXT}\nAnswer:")["input_ids"] for q in QUESTIONS]
    else:
        coded = [tokenizer(q, CONTEXT) for q in QUESTIONS]
        rows = [one["input_ids"] for one in coded]
        types = [one.get("token_type_ids") or [0] * len(one["input_ids"]) for one in coded]
    ids, mask = padded(rows, pad, "left" if kind == "causal" else "right")
    feeds = {"input_ids": ids, "attention_mask": mask}
    if types and getattr(config, "type_vocab_size", 0) > 0:
        feeds["token_type_ids"] = padded(types, 0, "right")[0]
    return feeds, pad


def greedy(step, start, eos):
    """step(new ids [rows, n], first) -> logits [rows, n, vocabulary]; rows end at EOS."""
    rows, done = [[] for _ in start], [False] * len(start)
    ids = start
    for _ in range(NEW_TOKENS):
        chosen = step(ids)[:, -1].argmax(-1)
        for i, token in enumerate(chosen.tolist()):
            if not done[i]:
                rows[i].append(token)
                done[i] = token == eos
        if all(done):
            break
        ids = chosen[:, None].astype(np.int64)
    return rows


def trimmed(ids, eos):
    rows = []
    for row in ids.tolist():
        end = row.index(eos) + 1 if eos in row else len(row)
        rows.append(row[:end])
    return rows


def first_eos(config):
    return config.eos_token_id[0] if isinstance(config.eos_token_id, list) else config.eos_token_id


def seq2seq(folder, model, config, feeds):
    sessions = {p.stem: Session(p) for p in sorted(folder.glob("*.onnx"))}
    ids, mask = feeds["input_ids"], feeds["attention_mask"]
    target = np.random.default_rng(3).integers(2, config.vocab_size - 1, (len(ids), 6)).astype(np.int64)
    with torch.no_grad():
        wanted = model(
            input_ids=torch.tensor(ids),
            attention_mask=torch.tensor(mask),
            decoder_input_ids=torch.tensor(target),
        ).logits.numpy()
    hidden = sessions["encoder_model"].run(input_ids=ids, attention_mask=mask)["last_hidden_state"]
    fixed = {"encoder_attention_mask": mask, "encoder_hidden_states": hidden}
    merged = sessions["decoder_model_merged"]
    # As Optimum makes it, which for T5 need not be d_kv wide.
    width = config.hidden_size // config.num_attention_heads
    empty = np.zeros((len(ids), config.num_attention_heads, 0, width), np.float32)
    first = {**dict.fromkeys(merged.past_names(), empty), "use_cache_branch": np.array([False])}
    again = {"use_cache_branch": np.array([True])}

    errors = [np.abs(sessions["decoder_model"].run(input_ids=target, **fixed)["logits"] - wanted).max()]
    errors.append(np.abs(merged.run(input_ids=target, **fixed, **first)["logits"] - wanted).max())
    half = merged.run(input_ids=target[:, :3], **fixed, **first)
    plain = sessions["decoder_model"].run(input_ids=target[:, :3], **fixed)
    for name, past in (("decoder_model_merged", as_past(half)), ("decoder_with_past_model", as_past(plain))):
        rest = sessions[name].run(input_ids=target[:, 3:], **fixed, **past, **again)["logits"]
        errors.append(np.abs(rest - wanted[:, 3:]).max())

    past = {}

    def step(new):
        results = merged.run(input_ids=new, **fixed, **({**past, **again} if past else first))
        cross = {name: value for name, value in past.items() if ".encoder." in name}
        past.update(as_past(results))
        past.update(cross)
        return results["logits"]

    start = np.full((len(ids), 1), config.decoder_start_token_id, np.int64)
    return errors, greedy(step, start, first_eos(config)), {"target": target.tolist(), "logits": wanted.tolist()}


def causal(folder, model, config, feeds):
    session = Session(folder / "model.onnx")
    ids, mask = feeds["input_ids"], feeds["attention_mask"]
    positions = np.where(mask == 0, 1, mask.cumsum(-1) - 1)
    with torch.no_grad():
        wanted = model(
            input_ids=torch.tensor(ids),
            attention_mask=torch.tensor(mask),
            position_ids=torch.tensor(positions),
        ).logits.numpy()
    empty = np.zeros((len(ids), config.num_heads, 0, config.hidden_size // config.num_heads), np.float32)
    first = dict.fromkeys(session.past_names(), empty)
    real = mask[..., None] == 1
    whole = session.run(input_ids=ids, attention_mask=mask, position_ids=positions, **first)["logits"]
    cut = ids.shape[1] // 2 + 2
    half = session.run(
        input_ids=ids[:, :cut], attention_mask=mask[:, :cut], position_ids=positions[:, :cut], **first
    )
    rest = session.run(
        input_ids=ids[:, cut:], attention_mask=mask, position_ids=positions[:, cut:], **as_past(half)
    )["logits"]
    errors = [np.abs((whole - wanted) * real).max(), np.abs((rest - wanted[:, cut:]) * real[:, cut:]).max()]

    past, seen = {}, {"mask": mask}

    def step(new):
        if past:
            seen["mask"] = np.concatenate([seen["mask"], np.ones((len(new), 1), np.int64)], 1)
        places = np.where(seen["mask"] == 0, 1, seen["mask"].cumsum(-1) - 1)[:, -new.shape[1] :]
        results = session.run(
            input_ids=new, attention_mask=seen["mask"], position_ids=places, **(past or first)
        )
        past.update(as_past(results))
        return results["logits"]

    return errors, greedy(step, ids, first_eos(config)), {"logits": (wanted * real).tolist()}


def extractive(folder, model, config, feeds):
    session = Session(folder / "model.onnx")
    with torch.no_grad():
        wanted = model(**{name: torch.tensor(value) for name, value in feeds.items()})
    found = session.run(**feeds)
    real = feeds["attention_mask"] == 1
    pairs = [(found[f"{end}_logits"], wanted[f"{end}_logits"].numpy()) for end in ("start", "end")]
    errors = [np.abs((ours - theirs)[real]).max() for ours, theirs in pairs]
    spans = [(ours if real.all() else np.where(real, ours, -np.inf)).argmax(-1).tolist() for ours, _ in pairs]
    logits = {f"{end}Logits": np.where(real, theirs, 0).tolist() for end, (_, theirs) in zip(("start", "end"), pairs)}
    return errors, spans, logits


def transformers_ids(kind, model, config, feeds):
    tensors = {name: torch.tensor(value) for name, value in feeds.items()}
    if kind == "extractive":
        with torch.no_grad():
            out = model(**tensors)
        hide = tensors["attention_mask"] == 0
        return [logits.masked_fill(hide, -np.inf).argmax(-1).tolist() for logits in (out.start_logits, out.end_logits)]
    pad = config.pad_token_id if config.pad_token_id is not None else first_eos(config)
    # transformers 5.18 sizes the decoder's cache by num_layers: it fails if num_decoder_layers differs.
    cached = kind == "causal" or config.num_layers == config.num_decoder_layers
    options = {"max_new_tokens": NEW_TOKENS, "do_sample": False, "num_beams": 1, "use_cache": cached}
    out = model.generate(**tensors, **options, pad_token_id=pad)
    cut = 1 if kind == "seq2seq" else tensors["input_ids"].shape[1]
    return trimmed(out[:, cut:], first_eos(config))


def optimum_ids(kind, class_name, folder, config, feeds):
    """The same by Optimum's own class; None where Optimum is not installed."""
    try:
        found = version("optimum-onnx")
    except PackageNotFoundError:
        return None, None
    import optimum.onnxruntime

    model = getattr(optimum.onnxruntime, class_name).from_pretrained(folder, local_files_only=True)
    return found, transformers_ids(kind, model, config, feeds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("export")
    parser.add_argument("--expected")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    args = parser.parse_args()
    config = AutoConfig.from_pretrained(args.model, local_files_only=True)
    kind, model_class, optimum_class = KINDS[config.model_type]
    model = model_class.from_pretrained(args.model, dtype=torch.float32, local_files_only=True).eval()
    texts = (Path(args.export) / "tokenizer.json").exists()
    tokenizer = AutoTokenizer.from_pretrained(args.export, local_files_only=True) if texts else None
    feeds, _ = make_inputs(kind, config, tokenizer)

    run = {"seq2seq": seq2seq, "causal": causal, "extractive": extractive}[kind]
    errors, ids, expected = run(Path(args.export) / "onnx", model, config, feeds)
    wanted = transformers_ids(kind, model, config, feeds)
    found, theirs = optimum_ids(kind, optimum_class, args.export, config, feeds)
    worst = float(max(errors))
    problems = [
        *([] if worst <= args.tolerance else [f"logits differ by {worst}"]),
        *([] if ids == wanted else ["ids differ"]),
        *([] if theirs is None or theirs == wanted else ["Optimum's ids differ"]),
    ]
    if args.expected:
        facts = {"kind": kind, "newTokens": NEW_TOKENS, "ids": wanted, **expected}
        facts["inputs"] = {name: value.tolist() for name, value in feeds.items()}
        if tokenizer is not None:
            facts["context"], facts["questions"] = CONTEXT, QUESTIONS
            facts["texts"] = [tokenizer.decode(row, skip_special_tokens=True) for row in wanted] if kind != "extractive" else None
        Path(args.expected).write_text(json.dumps(facts))
    error = "; ".join(problems) or None
    print(json.dumps({"ok": error is None, "kind": kind, "logits": worst, "ids": wanted, "optimum": found, "error": error}))
    sys.exit(0 if error is None else 1)


if __name__ == "__main__":
    main()
