"""Writes a checkpoint's averaged weights as a Hugging Face folder: config, generation config, F32 safetensors.

    python export.py --checkpoint run/settle.pt --model ../

Then it loads the folder with transformers and compares: the logits must be the training model's in float32.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from batches import END
from model import Shape, StarterNeo


def config(shape: dict) -> dict:
    kinds = ["global", "local"]
    pairs, odd = divmod(shape["num_layers"], 2)
    assert not odd
    return {
        "architectures": ["GPTNeoForCausalLM"],
        "model_type": "gpt_neo",
        **shape,
        "attention_types": [[kinds, pairs]],
        "attention_layers": kinds * pairs,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "attention_dropout": 0.0,
        "embed_dropout": 0.0,
        "resid_dropout": 0.0,
        "initializer_range": 0.02,
        "tie_word_embeddings": True,
        "use_cache": True,
        "bos_token_id": END,
        "eos_token_id": END,
        "torch_dtype": "float32",
    }


def write(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text, "utf-8")
    partial.rename(path)


@torch.no_grad()
def compare(weights: dict, shape: dict, folder: Path) -> float:
    """The largest difference between the folder's logits and the training model's, beyond the window too."""
    from transformers import GPTNeoForCausalLM

    own = StarterNeo(Shape(**shape), torch.float32)
    own.load_state_dict(weights)
    library = GPTNeoForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.randint(1, shape["vocab_size"], (2, shape["window_size"] + 64))
    return float((own.logits(ids) - library(ids).logits).abs().max())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="folder to write into")
    args = parser.parse_args()
    checkpoint = torch.load(args.checkpoint, map_location="cpu")
    # Tied embeddings are stored once, as `transformer.wte.weight`, as transformers does.
    weights = {name: w.float().contiguous() for name, w in checkpoint["ema"].items()}
    args.model.mkdir(parents=True, exist_ok=True)
    partial = args.model / "model.partial"
    save_file(weights, partial, metadata={"format": "pt"})
    partial.chmod(0o644)
    partial.rename(args.model / "model.safetensors")
    write(args.model / "config.json", json.dumps(config(checkpoint["shape"]), indent=2) + "\n")
    generation = {"bos_token_id": END, "eos_token_id": END, "pad_token_id": END, "max_new_tokens": 32}
    write(args.model / "generation_config.json", json.dumps(generation, indent=2) + "\n")
    difference = compare(weights, checkpoint["shape"], args.model)
    print(f"{checkpoint['steps']} steps, {checkpoint['seconds']:.0f} s, {checkpoint['tokens']} tokens; "
          f"largest difference of a logit: {difference:.2e}")
    assert difference < 1e-3


if __name__ == "__main__":
    main()
