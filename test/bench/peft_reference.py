"""PyTorch + PEFT training what the bench trains, so that the bench can alternate with it in one sitting.

See line_server.py for the form of requests and answers. Times are of the wall clock; "processor" is of all threads.

    { "op": "load", "weights": "HF folder", "kind": "seq2seq" | "causal" | "extractive",
      "lora": { "rank", "alpha", "targets": ["q", "v"] | "all-linear", "save": ["qa_outputs"] }, "dropout": 0 | null,
      "items": [{ "sourceIds", "targetIds", "contextStart"? }], "batchSize": 8,
      "order": "given" | "shuffled" | "grouped", "pad": { "source": 512, "target": 128 } | null,
      "threads": 2, "compile": false, "learningRate": 3e-4, "seed": 0 }
        -> { seconds, trainable, versions, plan: [{ examples, tokens, padded }, one for each step of an epoch] }
    { "op": "run", "steps": [0, 1] } -> { milliseconds, processor, loss }, one of each a step: padding, forward,
        backward, clipping to a norm of 1, AdamW

"grouped" is the LengthGroupedSampler of transformers (Trainer's group_by_length). With "pad" every batch has these
lengths, else those of its longest item. "dropout" null leaves the model's own.

Versions: torch 2.13.0, transformers 5.18.0, peft 0.21.0.
Command: python test/bench/peft_reference.py
"""

import time

import line_server

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForQuestionAnswering, AutoModelForSeq2SeqLM
from transformers.trainer_pt_utils import LengthGroupedSampler

line_server.quiet()

KINDS = {
    "seq2seq": (AutoModelForSeq2SeqLM, "SEQ_2_SEQ_LM"),
    "causal": (AutoModelForCausalLM, "CAUSAL_LM"),
    "extractive": (AutoModelForQuestionAnswering, "QUESTION_ANS"),
}
DROPOUT_KEYS = {
    "seq2seq": ["dropout_rate"],
    "causal": ["attention_dropout", "embed_dropout", "resid_dropout"],
    "extractive": ["hidden_dropout_prob", "attention_probs_dropout_prob"],
}
IGNORED = -100


def padded(rows, value, length=None):
    length = length or max(len(row) for row in rows)
    if any(len(row) > length for row in rows):
        raise ValueError(f"A row is longer than the {length} tokens that it should be padded to.")
    return torch.tensor([row + [value] * (length - len(row)) for row in rows])


class Training:
    def load(self, request):
        start = time.perf_counter()
        torch.set_num_threads(request.get("threads", 2))
        torch.manual_seed(request.get("seed", 0))
        self.kind = request.need("kind")
        base = self.base(request)
        lora = request.need("lora")
        self.model = get_peft_model(
            base,
            LoraConfig(
                task_type=KINDS[self.kind][1],
                r=lora["rank"],
                lora_alpha=lora["alpha"],
                lora_dropout=0.0,
                target_modules=lora["targets"],
                modules_to_save=lora.get("save") or None,
            ),
        )
        self.model.train()
        trained = [p for p in self.model.parameters() if p.requires_grad]
        self.trained = trained
        self.optimizer = torch.optim.AdamW(trained, lr=request.get("learningRate", 3e-4), weight_decay=0.01)
        # PEFT 0.21's forward for questions takes token_type_ids and does not hand them on.
        forward = self.model.base_model if self.kind == "extractive" else self.model
        self.forward = torch.compile(forward, dynamic=False) if request.get("compile") else forward
        self.items = request.need("items")
        self.pad = request.get("pad") or {}
        self.batches = self.batches_of(request.get("order", "given"), request.get("batchSize", 8))
        return {
            "seconds": time.perf_counter() - start,
            "trainable": sum(p.numel() for p in trained),
            "versions": {m.__name__: m.__version__ for m in (torch, transformers, peft)},
            "plan": [self.described(batch) for batch in self.batches],
        }

    def base(self, request):
        config = {"local_files_only": True, "dtype": torch.float32}
        if request.get("dropout") is not None:
            # Handed over here, for the modules copy it when they are made.
            config |= {key: float(request["dropout"]) for key in DROPOUT_KEYS[self.kind]}
        model = KINDS[self.kind][0].from_pretrained(request.need("weights"), **config)
        pad = model.config.pad_token_id
        self.pad_id = model.config.eos_token_id if pad is None else pad
        return model

    def batches_of(self, order, size):
        if order == "shuffled":
            indices = torch.randperm(len(self.items)).tolist()
        elif order == "grouped":
            lengths = [self.length(item) for item in self.items]
            indices = list(LengthGroupedSampler(size, lengths=lengths))
        else:
            indices = list(range(len(self.items)))
        return [[self.items[i] for i in indices[at : at + size]] for at in range(0, len(indices), size)]

    def length(self, item):
        """The length of "input_ids", by which Trainer groups."""
        return len(item["sourceIds"]) + (len(item["targetIds"]) if self.kind == "causal" else 0)

    def described(self, batch):
        targets = 0 if self.kind == "extractive" else 1
        tokens = sum(len(item["sourceIds"]) + targets * len(item["targetIds"]) for item in batch)
        rows = self.pad.get("source") or max(self.length(item) for item in batch)
        if self.kind == "seq2seq":
            rows += self.pad.get("target") or max(len(item["targetIds"]) for item in batch)
        return {"examples": len(batch), "tokens": tokens, "padded": len(batch) * rows}

    def collate(self, batch):
        sources = [item["sourceIds"] for item in batch]
        targets = [item["targetIds"] for item in batch]
        source, target = self.pad.get("source"), self.pad.get("target")
        if self.kind == "causal":
            rows = [a + b for a, b in zip(sources, targets)]
            labels = [[IGNORED] * len(a) + b for a, b in zip(sources, targets)]
            feeds = {"input_ids": padded(rows, self.pad_id, source), "labels": padded(labels, IGNORED, source)}
        else:
            rows = sources
            feeds = {"input_ids": padded(rows, self.pad_id, source)}
        feeds["attention_mask"] = padded([[1] * len(row) for row in rows], 0, source)
        if self.kind == "seq2seq":
            feeds["labels"] = padded(targets, IGNORED, target)
        if self.kind == "extractive":
            starts = [item.get("contextStart", 0) for item in batch]
            types = [[0] * start + [1] * (len(row) - start) for start, row in zip(starts, rows)]
            feeds["token_type_ids"] = padded(types, 0, source)
            feeds["start_positions"] = torch.tensor([first for first, _ in targets])
            feeds["end_positions"] = torch.tensor([last for _, last in targets])
        return feeds

    def run(self, request):
        milliseconds, processor, losses = [], [], []
        for step in request.need("steps"):
            start, spent = time.perf_counter(), time.process_time()
            loss = self.forward(**self.collate(self.batches[step % len(self.batches)])).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            losses.append(loss.item())
            milliseconds.append((time.perf_counter() - start) * 1000)
            processor.append((time.process_time() - spent) * 1000)
        return {"milliseconds": milliseconds, "processor": processor, "loss": losses}


if __name__ == "__main__":
    training = Training()
    line_server.serve({"load": training.load, "run": training.run})
