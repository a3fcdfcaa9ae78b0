"""Trains one stage, from scratch or from the checkpoint of the stage before.

    python train.py --data DIR --model ../ --stage copy --out run/copy.pt
    python train.py --data DIR --model ../ --stage read --start run/copy.pt --out run/read.pt

The same seed, threads and library versions give the same examples in the same order.
"""

import argparse
import json
import random
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from batches import IGNORE, PAD, Batch, batches
from circuits import lay_out
from evaluate import exercise_set, question_set, run_set
from hints import Hints
from model import Shape, StarterT5
from muon import Muon
from stages import STAGES, Stage, Tasks

MATRIX_RATE, OTHER_RATE = 0.012, 0.004
EMA = 0.998
POINTING_HEADS = 2


def optimizers(model: StarterT5, hints: Hints) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for embeddings, norms and position biases."""
    matrices, others = [], []
    for name, p in model.named_parameters():
        matrices.append(p) if p.ndim == 2 and "block" in name and "bias" not in name else others.append(p)
    return [
        Muon(matrices, MATRIX_RATE, weight_decay=0.05),
        torch.optim.AdamW(others, OTHER_RATE, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
        torch.optim.AdamW(hints.parameters(), OTHER_RATE, weight_decay=0.0, fused=True),
    ]


def losses(model: StarterT5, hints: Hints, batch: Batch) -> dict[str, torch.Tensor]:
    """Cross-entropy of the targets; of some cross-attention heads against the answer's place; of the hints."""
    labelled = batch.target != IGNORE
    logits, attention, encoded = model(batch.source, batch.mask, batch.target_in, labelled)
    where = batch.pointers.clamp(min=0)[:, :, None]
    probability = attention[:, :POINTING_HEADS].float().mean(1).gather(2, where)[:, :, 0]
    pointed = probability[batch.pointers != IGNORE]
    return {
        "loss": F.cross_entropy(logits, batch.target[labelled]),
        "pointer": -torch.log(pointed + 1e-6).sum() / max(1, len(pointed)),
        "hints": hints(encoded, batch.source),
    }


@dataclass
class Run:
    """What goes on from stage to stage."""

    model: StarterT5
    hints: Hints
    optimizers: list[torch.optim.Optimizer]
    average: dict[str, torch.Tensor]
    """Exponential average of the model's weights: what is evaluated and exported."""
    steps: int = 0
    seconds: float = 0.0

    @classmethod
    def begin(cls, tokenizer: Tokenizer, device: str) -> "Run":
        model = StarterT5(Shape())
        lay_out(model, tokenizer.token_to_id("▁question"), tokenizer.token_to_id("▁context"), PAD)
        model.to(device)
        hints = Hints(tokenizer, model.config.d_model).to(device)
        return cls(model, hints, optimizers(model, hints), {k: v.clone() for k, v in model.state_dict().items()})

    def load(self, path: Path, device: str) -> None:
        checkpoint = torch.load(path, map_location=device)
        self.model.load_state_dict(checkpoint["model"])
        self.hints.load_state_dict(checkpoint["hints"])
        for optimizer, state in zip(self.optimizers, checkpoint["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self.average, self.steps, self.seconds = checkpoint["ema"], checkpoint["steps"], checkpoint["seconds"]

    def save(self, path: Path) -> None:
        partial = path.with_suffix(".partial")
        torch.save({
            "model": self.model.state_dict(), "hints": self.hints.state_dict(), "ema": self.average,
            "optimizers": [o.state_dict() for o in self.optimizers],
            "shape": asdict(self.model.config), "steps": self.steps, "seconds": self.seconds,
        }, partial)
        partial.rename(path)

    def step(self, batch: Batch, rate: float, help_weight: float) -> dict[str, float]:
        """One update at `rate` times the base rates; gives the losses."""
        each = losses(self.model, self.hints, batch)
        (each["loss"] + help_weight * (each["pointer"] + 0.5 * each["hints"])).backward()
        for optimizer, base in zip(self.optimizers, (MATRIX_RATE, OTHER_RATE, OTHER_RATE), strict=True):
            optimizer.param_groups[0]["lr"] = rate * base
            optimizer.step()
            optimizer.zero_grad()
        self.steps += 1
        with torch.no_grad():
            # A young average would remember the random start.
            keep = min(EMA, self.steps / (self.steps + 10))
            torch._foreach_lerp_(list(self.average.values()), list(self.model.state_dict().values()), 1 - keep)
        return {name: value.item() for name, value in each.items()}

    def evaluate(self, tokenizer: Tokenizer, sets: dict) -> dict[str, float]:
        """Scores of the averaged weights on each set."""
        current = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        scores = {
            f"{name}_{k}": round(v, 1)
            for name, examples in sets.items() for k, v in run_set(self.model, tokenizer, examples)[0].items()
        }
        self.model.load_state_dict(current)
        return scores


def between(ends: tuple[float, float], progress: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * progress


def train(args: argparse.Namespace, stage: Stage) -> None:
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rng = random.Random(f"{args.seed} {args.stage}")
    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    run = Run.begin(tokenizer, device)
    if args.start:
        run.load(args.start, device)
    sets = {"squad": question_set(args.data, "validation", 150), "facts": exercise_set(args.data, 150)}
    stream = batches(Tasks(args.data).drawer(stage, rng), tokenizer, rng, stage.tokens, stage.budget)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    sums: Counter[str] = Counter()
    clock, before = time.perf_counter(), run.seconds
    for step in range(1, stage.steps + 1):
        progress = step / stage.steps
        rate = between(stage.rate, progress) * min(1.0, step / max(1, stage.warmup))
        batch = next(stream).to(device)
        sums.update(run.step(batch, rate, between(stage.help, progress)))
        sums.update(tokens=batch.source.numel(), steps=1)
        if step % args.log_every and step < stage.steps:
            continue
        run.seconds = before + time.perf_counter() - clock
        line = {"stage": args.stage, "step": step, "seconds": round(run.seconds), "rate": round(rate, 3)}
        line |= {name: round(value / sums["steps"], 3) for name, value in sums.items() if name != "steps"}
        sums.clear()
        if step % args.eval_every == 0 or step == stage.steps:
            line |= run.evaluate(tokenizer, sets)
            run.save(args.out)
        print(json.dumps(line), flush=True)
        with args.out.with_suffix(".jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="folder with tokenizer.json")
    parser.add_argument("--stage", choices=STAGES, required=True)
    parser.add_argument("--start", type=Path, help="checkpoint to go on from")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write; the log lies beside it")
    parser.add_argument("--steps", type=int, help="instead of the stage's own number")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--log-every", type=int, default=50)
    parser.add_argument("--eval-every", type=int, default=300)
    args = parser.parse_args()
    stage = STAGES[args.stage]
    train(args, replace(stage, steps=args.steps) if args.steps else stage)


if __name__ == "__main__":
    main()
