"""Writes a checkpoint's averaged weights as a Hugging Face folder: config, generation config, F32 safetensors.

    python export.py --checkpoint run/answer.pt --model ../
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

POSITIONS = 384


def config(shape: dict) -> dict:
    return {
        "architectures": ["T5ForConditionalGeneration"],
        "model_type": "t5",
        **shape,
        "feed_forward_proj": "relu",
        "dense_act_fn": "relu",
        "is_gated_act": False,
        "layer_norm_epsilon": 1e-6,
        "dropout_rate": 0.0,
        "initializer_factor": 1.0,
        "is_encoder_decoder": True,
        "use_cache": True,
        "tie_word_embeddings": True,
        "n_positions": POSITIONS,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "decoder_start_token_id": 0,
        "torch_dtype": "float32",
    }


def write(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text, "utf-8")
    partial.rename(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="folder to write into")
    args = parser.parse_args()
    checkpoint = torch.load(args.checkpoint, map_location="cpu")
    # Tied embeddings are stored once, as `shared.weight`, as transformers does.
    weights = {name: w.float().contiguous() for name, w in checkpoint["ema"].items()}
    args.model.mkdir(parents=True, exist_ok=True)
    partial = args.model / "model.partial"
    save_file(weights, partial, metadata={"format": "pt"})
    partial.chmod(0o644)
    partial.rename(args.model / "model.safetensors")
    write(args.model / "config.json", json.dumps(config(checkpoint["shape"]), indent=2) + "\n")
    generation = {"decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 1, "max_new_tokens": 32}
    write(args.model / "generation_config.json", json.dumps(generation, indent=2) + "\n")


if __name__ == "__main__":
    main()
