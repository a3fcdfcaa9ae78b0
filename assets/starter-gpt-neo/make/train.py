"""Trains one stage, from scratch or from the checkpoint of the stage before.

    python train.py --data DIR --model ../ --stage copy --out run/copy.pt
    python train.py --data DIR --model ../ --stage read --start run/copy.pt --out run/read.pt

With `--seconds` a stage takes so long instead of so many steps.
"""

import argparse
import json
import random
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import first_starter  # noqa: F401
from batches import IGNORE, Batch, batches
from causal_stages import STAGES, drawer
from circuits import TOKEN, lay_out
from evaluate import exercise_set, question_set
from hints import Hints, content_words
from meanings import meanings
from model import Shape, StarterNeo
from muon import Muon
from score_model import run_set
from stages import Stage, Tasks

MATRIX_RATE, OTHER_RATE = 0.012, 0.004
EMA = 0.996
TEXT_WEIGHT = 0.15
"""Weight of the loss on the text itself, beside the one on answers."""


def optimizers(model: StarterNeo, hints: Hints) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for embeddings, norms and biases."""
    matrices, others = [], []
    for name, p in model.named_parameters():
        matrices.append(p) if p.ndim == 2 and ".h." in name else others.append(p)
    return [
        Muon(matrices, MATRIX_RATE, weight_decay=0.05),
        torch.optim.AdamW(others, OTHER_RATE, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
        torch.optim.AdamW(hints.parameters(), OTHER_RATE, weight_decay=0.0, fused=True),
    ]


def losses(model: StarterNeo, hints: Hints, batch: Batch) -> dict[str, torch.Tensor]:
    """Cross-entropy of the answers and of the text; of the pointing heads against the answer's place; of the hints."""
    states, pointer, seen = model(batch.ids, batch.chosen)
    labelled = batch.target != IGNORE
    each = F.cross_entropy(model.head(states[labelled]), batch.target[labelled], reduction="none")
    answers = batch.answers[labelled]
    on, along = each[answers], each[~answers]
    probability = pointer.gather(2, batch.pointers.clamp(min=0)[:, :, None])[:, :, 0]
    pointed = probability[batch.pointers != IGNORE]
    return {
        "loss": on.sum() / max(1, len(on)),
        "text": along.sum() / max(1, len(along)),
        "pointer": -torch.log(pointed + 1e-6).sum() / max(1, len(pointed)),
        "hints": hints(seen, batch.ids),
    }


@dataclass
class Run:
    """What goes on from stage to stage."""

    model: StarterNeo
    hints: Hints
    optimizers: list[torch.optim.Optimizer]
    average: dict[str, torch.Tensor]
    """Exponential average of the model's weights: what is evaluated and exported."""
    steps: int = 0
    seconds: float = 0.0
    tokens: int = 0

    @classmethod
    def begin(cls, tokenizer: Tokenizer, data: Path, device: str) -> "Run":
        model = StarterNeo(Shape())
        marks = {name: tokenizer.token_to_id(name) for name in ("Question", "Context", "Answer")}
        lay_out(model, meanings(tokenizer, data, TOKEN.stop - TOKEN.start), content_words(tokenizer), marks)
        model.to(device)
        hints = Hints(tokenizer, model.config.hidden_size).to(device)
        return cls(model, hints, optimizers(model, hints), {k: v.clone() for k, v in model.state_dict().items()})

    @classmethod
    def resume(cls, path: Path, tokenizer: Tokenizer, device: str) -> "Run":
        checkpoint = torch.load(path, map_location=device)
        model = StarterNeo(Shape(**checkpoint["shape"])).to(device)
        model.load_state_dict(checkpoint["model"])
        hints = Hints(tokenizer, model.config.hidden_size).to(device)
        hints.load_state_dict(checkpoint["hints"])
        run = cls(model, hints, optimizers(model, hints), checkpoint["ema"])
        for optimizer, state in zip(run.optimizers, checkpoint["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        run.steps, run.seconds, run.tokens = (checkpoint[k] for k in ("steps", "seconds", "tokens"))
        return run

    def save(self, path: Path) -> None:
        partial = path.with_suffix(".partial")
        torch.save({
            "model": self.model.state_dict(), "hints": self.hints.state_dict(), "ema": self.average,
            "optimizers": [o.state_dict() for o in self.optimizers],
            "shape": asdict(self.model.config), "steps": self.steps, "seconds": self.seconds, "tokens": self.tokens,
        }, partial)
        partial.rename(path)

    def step(self, batch: Batch, rate: float, help_weight: float) -> dict[str, float]:
        """One update at `rate` times the base rates; gives the losses."""
        each = losses(self.model, self.hints, batch)
        helped = each["pointer"] + 0.5 * each["hints"]
        (each["loss"] + TEXT_WEIGHT * each["text"] + help_weight * helped).backward()
        for optimizer, base in zip(self.optimizers, (MATRIX_RATE, OTHER_RATE, OTHER_RATE), strict=True):
            optimizer.param_groups[0]["lr"] = rate * base
            optimizer.step()
            optimizer.zero_grad()
        self.steps += 1
        self.tokens += batch.ids.numel()
        with torch.no_grad():
            # A young average would remember the start.
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
    run = Run.resume(args.start, tokenizer, device) if args.start else Run.begin(tokenizer, args.data, device)
    sets = {"squad": question_set(args.data, "validation", 120), "facts": exercise_set(args.data, 80)}
    stream = batches(drawer(Tasks(args.data), stage, rng), tokenizer, rng, stage.tokens, stage.budget)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    sums: Counter[str] = Counter()
    clock, before, step, progress = time.perf_counter(), run.seconds, 0, 0.0
    while progress < 1:
        step += 1
        progress = min(1.0, (time.perf_counter() - clock) / args.seconds) if args.seconds else step / (args.steps or stage.steps)
        rate = between(stage.rate, progress) * min(1.0, step / max(1, stage.warmup))
        batch = next(stream).to(device)
        sums.update(run.step(batch, rate, between(stage.help, progress)))
        sums.update(tokens=batch.ids.numel(), steps=1)
        if step % args.log_every and progress < 1:
            continue
        run.seconds = before + time.perf_counter() - clock
        line = {"stage": args.stage, "step": step, "seconds": round(run.seconds), "rate": round(rate, 3)}
        line |= {name: round(value / sums["steps"], 3) for name, value in sums.items() if name != "steps"}
        sums.clear()
        run.save(args.out)
        if step % args.eval_every == 0 or progress == 1:
            line |= run.evaluate(tokenizer, sets)
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
    parser.add_argument("--seconds", type=float, help="instead of a number of steps")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--log-every", type=int, default=50)
    parser.add_argument("--eval-every", type=int, default=300)
    args = parser.parse_args()
    train(args, STAGES[args.stage])


if __name__ == "__main__":
    main()
