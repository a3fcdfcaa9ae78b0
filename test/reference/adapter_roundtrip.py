"""Loads a model folder and an adapter folder that Loracle wrote, and compares what PEFT computes with our logits.

    MODEL_DIR            a Hugging Face folder of a T5, GPT-Neo, BERT or DistilBERT
    ADAPTER_DIR          adapter_config.json and adapter_model.safetensors; `-` for none (a merged model)
    GOLDEN.safetensors   input_ids and either labels or decoder_input_ids, attention_mask if there is padding
                         (I32 or I64), and the logits to compare with (F32), each under PREFIX

Options:
    --prefix PREFIX      what stands before `input_ids` in the file, for instance `inputs/main/` (default: nothing)
    --logits KEY         the logits' key (default: `logits`); without that key the logits are only described. A key
                         that ends in `start` or `end` is compared with those of a span head, padding left out
    --outputs FILE       the file that holds the logits, where it is another one
    --tolerance T        largest difference over the largest logit (default 1e-5)

Prints one JSON line { ok, missing, unexpected, loraWeights, logits, loss, error }. Exit status 1 if a key is missing
or unexpected, a tensor has another shape or the logits differ, 2 if a file cannot be read.

Versions: torch 2.13.0, transformers 5.18.0, peft 0.21.0.
Command, from the repository root:
    python test/reference/adapter_roundtrip.py test/goldens/t5-flan/model test/goldens/t5-flan/adapter-qv \\
        test/goldens/t5-flan/golden.safetensors --prefix inputs/main/ --logits logits/adapter-qv/main
    python test/reference/adapter_roundtrip.py test/goldens/bert/model test/goldens/lora/bert-dora \\
        test/goldens/bert/golden.safetensors --prefix inputs/main/ \\
        --outputs test/goldens/lora/golden.safetensors --logits bert-dora/start
"""

import argparse
import json
import os
import sys
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import torch
import transformers
from peft import PeftConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors.torch import load_file
from transformers import (
    AutoConfig,
    BertForQuestionAnswering,
    DistilBertForQuestionAnswering,
    GPTNeoForCausalLM,
    T5ForConditionalGeneration,
)

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
# PEFT 0.21 asks for the older name of this method when task_type is SEQ_2_SEQ_LM.
if not hasattr(T5ForConditionalGeneration, "_prepare_encoder_decoder_kwargs_for_generation"):
    T5ForConditionalGeneration._prepare_encoder_decoder_kwargs_for_generation = (
        T5ForConditionalGeneration._prepare_text_encoder_decoder_kwargs_for_generation
    )


CLASSES = {
    "t5": T5ForConditionalGeneration,
    "gpt_neo": GPTNeoForCausalLM,
    "bert": BertForQuestionAnswering,
    "distilbert": DistilBertForQuestionAnswering,
}


def load_model(folder):
    """The model in float32, and which keys of its file were missing or left over."""
    model, info = CLASSES[AutoConfig.from_pretrained(folder).model_type].from_pretrained(
        folder, dtype=torch.float32, local_files_only=True, output_loading_info=True
    )
    shapes = [str(key) for key in info.get("mismatched_keys", [])]
    # The causal masks that older versions of transformers stored.
    surplus = [key for key in info["unexpected_keys"] if not key.endswith((".attention.bias", ".attention.masked_bias"))]
    return model.eval(), sorted(info["missing_keys"]), sorted([*surplus, *shapes])


def check_adapter(model, folder):
    """PEFT makes an adapter from adapter_config.json; the file's keys and shapes must be exactly those."""
    wanted = get_peft_model_state_dict(get_peft_model(model, PeftConfig.from_pretrained(folder)))
    found = load_file(Path(folder) / "adapter_model.safetensors")
    missing = sorted(set(wanted) - set(found))
    unexpected = sorted(set(found) - set(wanted))
    unexpected += [
        f"{key} is {list(found[key].shape)}, PEFT's is {list(wanted[key].shape)}"
        for key in sorted(set(found) & set(wanted))
        if found[key].shape != wanted[key].shape
    ]
    return missing, unexpected, len(found)


def compute(model, tensors, prefix):
    feeds = {}
    for key in ("input_ids", "attention_mask", "token_type_ids", "labels", "decoder_input_ids"):
        if prefix + key in tensors:
            feeds[key] = tensors[prefix + key].long()
    if "input_ids" not in feeds:
        raise KeyError(f"The file lacks {prefix}input_ids; it has {sorted(tensors)[:8]}.")
    if "labels" in feeds:
        # The model shifts the labels itself, and then gives the loss too.
        feeds.pop("decoder_input_ids", None)
    if "token_type_ids" in feeds:
        # PeftModelForQuestionAnswering of 0.21 does not pass token_type_ids on; DistilBERT has none.
        model = getattr(model, "get_base_model", lambda: model)()
        if model.config.model_type == "distilbert":
            feeds.pop("token_type_ids")
    with torch.no_grad():
        return model(**feeds)


def logits_of(output, key, mask):
    if key.endswith("start"):
        return output.start_logits * mask
    return output.end_logits * mask if key.endswith("end") else output.logits


def compare(arguments):
    model, missing, unexpected = load_model(arguments.model)
    count = 0
    if arguments.adapter != "-":
        more_missing, more_unexpected, count = check_adapter(model, arguments.adapter)
        missing, unexpected = missing + more_missing, unexpected + more_unexpected
    answer = {"ok": not missing and not unexpected, "missing": missing, "unexpected": unexpected, "loraWeights": count}
    if not answer["ok"]:
        return answer
    if arguments.adapter != "-":
        # Checking changed the model in place: load as a person would.
        model = PeftModel.from_pretrained(load_model(arguments.model)[0], arguments.adapter).eval()
    tensors = load_file(arguments.golden)
    output = compute(model, tensors, arguments.prefix)
    logits = logits_of(output, arguments.logits, tensors.get(arguments.prefix + "attention_mask"))
    if arguments.outputs:
        tensors = load_file(arguments.outputs)
    answer["logits"] = {"shape": list(logits.shape), "mean": logits.mean().item(), "std": logits.std().item()}
    answer["loss"] = output.loss.item() if output.loss is not None else None
    if arguments.logits in tensors:
        ours = tensors[arguments.logits].float()
        if ours.shape != logits.shape:
            raise ValueError(f"{arguments.logits} is {list(ours.shape)}, the model's logits are {list(logits.shape)}.")
        answer["error"] = ((ours - logits).abs().max() / logits.abs().max()).item()
        # A NaN compares as not within the tolerance.
        answer["ok"] = answer["error"] <= arguments.tolerance
    elif arguments.logits_asked:
        raise KeyError(f"The file lacks {arguments.logits}; it has {sorted(tensors)[:8]}.")
    return answer


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("adapter")
    parser.add_argument("golden")
    parser.add_argument("--prefix", default="")
    parser.add_argument("--logits")
    parser.add_argument("--outputs")
    parser.add_argument("--tolerance", type=float, default=1e-5)
    arguments = parser.parse_args()
    arguments.logits_asked = arguments.logits is not None
    arguments.logits = arguments.logits or "logits"
    return arguments


if __name__ == "__main__":
    try:
        result = compare(parse_arguments())
    except Exception as error:
        print(json.dumps({"ok": False, "error": f"{type(error).__name__}: {error}"}))
        sys.exit(2)
    print(json.dumps(result))
    sys.exit(0 if result["ok"] else 1)
