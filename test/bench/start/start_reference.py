"""PyTorch and PEFT doing what a command of the bench does from its start, as a script that somebody would write.

One JSON request as the only argument; the line {"done": ...} on standard output says that it is done.

    { "purpose": "train", "weights": "HF folder", "data": "SQuAD JSON", "batchSize": 8, "rank": 8, "targets": ["q", "v"],
      "maxTargetLength": 32, "threads": 2 }: the tokens of all examples, and one step with the longest of them
    { "purpose": "ask", "weights", "question", "context", "threads" }: one greedy answer

Versions: torch 2.13.0, transformers 5.18.0, peft 0.21.0.
Command: python test/bench/start/start_reference.py REQUEST
"""

import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer


def prompt(question, context):
    return f"question: {question} context: {context}"


def examples_of(path):
    for document in json.loads(Path(path).read_text())["data"]:
        for paragraph in document["paragraphs"]:
            for entry in paragraph["qas"]:
                answers = entry["answers"]
                target = answers[0]["text"] if answers else "unanswerable"
                yield prompt(entry["question"], paragraph["context"]), target


def train(request, model, tokenizer):
    from peft import LoraConfig, get_peft_model

    examples = list(examples_of(request["data"]))
    window = getattr(model.config, "n_positions", 512)
    sources = tokenizer([source for source, _ in examples], truncation=True, max_length=window)["input_ids"]
    limit = request["maxTargetLength"]
    targets = tokenizer([target for _, target in examples], truncation=True, max_length=limit)["input_ids"]
    longest = sorted(range(len(examples)), key=lambda i: -len(sources[i]))[: request["batchSize"]]
    batch = tokenizer.pad({"input_ids": [sources[i] for i in longest]}, return_tensors="pt")
    labels = tokenizer.pad({"input_ids": [targets[i] for i in longest]}, return_tensors="pt")["input_ids"]
    batch["labels"] = labels.masked_fill(labels == tokenizer.pad_token_id, -100)
    lora = LoraConfig(
        task_type="SEQ_2_SEQ_LM",
        r=request["rank"],
        lora_alpha=2 * request["rank"],
        lora_dropout=0.0,
        target_modules=request["targets"],
    )
    model = get_peft_model(model, lora)
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=3e-4)
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    return loss.item()


def ask(request, model, tokenizer):
    model.eval()
    text = prompt(request["question"], request["context"])
    with torch.inference_mode():
        output = model.generate(**tokenizer(text, return_tensors="pt"), max_new_tokens=32, do_sample=False)
    return tokenizer.decode(output[0], skip_special_tokens=True)


if __name__ == "__main__":
    request = json.loads(sys.argv[1])
    torch.set_num_threads(request["threads"])
    from line_server import ANSWERS, quiet

    quiet()
    tokenizer = AutoTokenizer.from_pretrained(request["weights"], local_files_only=True)
    model = AutoModelForSeq2SeqLM.from_pretrained(request["weights"], local_files_only=True, dtype=torch.float32)
    result = {"train": train, "ask": ask}[request["purpose"]](request, model, tokenizer)
    print(json.dumps({"done": result}), file=ANSWERS, flush=True)
