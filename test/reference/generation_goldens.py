"""Prints the goldens of test/generate with transformers 5.18: python test/reference/generation_goldens.py

The model is a hash: the logits of the next token follow from a seed, the example, the last token and the whole
history, and test/generate/hashed-decoder.ts computes the same numbers. Its cache is the hash of the history, so a
decoder whose rows were selected wrongly gives other tokens. All logits are exact in 32 bits.
"""

import json
import math
import pathlib

import torch
from transformers import GenerationConfig, GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.generation.logits_process import (
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput

VOCAB, PAD, EOS = 13, 0, 1
MASK = 0xFFFFFFFF
OUT = pathlib.Path(__file__).parent.parent / "goldens" / "generation"


def mix(h, x):
    h = ((h ^ x) * 0x9E3779B1) & MASK
    h ^= h >> 15
    h = (h * 0x85EBCA77) & MASK
    return h ^ (h >> 13)


def next_logits(seed, example, tokens, sharpness):
    start = mix(mix(0x12345678, seed), example)
    history = start
    for token in tokens:
        history = mix(history, token)
    bigram = mix(start ^ 0x55555555, tokens[-1])
    logits = []
    for token in range(VOCAB):
        near = mix(bigram, token) & 0xFFFF
        far = mix(history, token) & 0xFFFF
        logit = (3 * near + far - 131072) / 16384 + (len(tokens) / 8 if token == EOS else 0)
        logits.append(sharpness * logit)
    return logits


class HashedConfig(PretrainedConfig):
    model_type = "hashed"

    def __init__(self, **kwargs):
        super().__init__(is_encoder_decoder=True, **kwargs)
        self.vocab_size = VOCAB
        self.hidden_size = 1
        self.num_hidden_layers = 1
        self.num_attention_heads = 1


class HashedModel(PreTrainedModel, GenerationMixin):
    config_class = HashedConfig
    main_input_name = "input_ids"

    def __init__(self, config):
        super().__init__(config)
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, input_ids=None, decoder_input_ids=None, encoder_outputs=None, **kwargs):
        marks = encoder_outputs[0][:, 0].int().tolist()
        rows = [
            next_logits(seed, example, tokens, sharpness)
            for (seed, example, sharpness), tokens in zip(marks, decoder_input_ids.tolist())
        ]
        return Seq2SeqLMOutput(logits=torch.tensor(rows)[:, None, :])


def log_probability(seed, example, tokens, sharpness):
    total = 0.0
    for i in range(1, len(tokens)):
        logits = next_logits(seed, example, tokens[:i], sharpness)
        total += logits[tokens[i]] - math.log(sum(math.exp(x) for x in logits))
    return total


def decode(model, seed, examples, options, sharpness):
    config = GenerationConfig(
        decoder_start_token_id=PAD,
        eos_token_id=EOS,
        pad_token_id=PAD,
        do_sample=False,
        use_cache=False,
        output_scores=True,
        return_dict_in_generate=True,
        **options,
    )
    marks = torch.tensor([[[seed, example, sharpness]] for example in range(examples)], dtype=torch.float32)
    out = model.generate(
        encoder_outputs=BaseModelOutput(last_hidden_state=marks), generation_config=config
    )
    sequences = []
    for example, tokens in enumerate(out.sequences.tolist()):
        if EOS in tokens:
            tokens = tokens[: tokens.index(EOS) + 1]
        else:
            tokens = tokens[: options["max_new_tokens"] + 1]
        sequences.append(
            {
                "tokens": tokens[1:],
                "logProbability": log_probability(seed, example, tokens, sharpness),
                "beamScore": out.sequences_scores[example].item() if options.get("num_beams", 1) > 1 else None,
            }
        )
    return sequences


NAMES = {
    "max_new_tokens": "maxNewTokens",
    "min_new_tokens": "minNewTokens",
    "num_beams": "numBeams",
    "length_penalty": "lengthPenalty",
    "early_stopping": "earlyStopping",
    "repetition_penalty": "repetitionPenalty",
    "no_repeat_ngram_size": "noRepeatNgramSize",
}
PROCESSORS = [
    {},
    {"repetition_penalty": 1.3},
    {"repetition_penalty": 0.8},
    {"no_repeat_ngram_size": 1},
    {"no_repeat_ngram_size": 2},
    {"no_repeat_ngram_size": 3},
    {"min_new_tokens": 6},
    {"repetition_penalty": 1.7, "no_repeat_ngram_size": 2, "min_new_tokens": 4},
]

# Beams, length penalty, sharpness and seeds for which the stopping rules differ in their outcome: False from
# "never" for penalties above 0; below 0, "never" by the current length from "never" by the greatest length.
TELLING = [
    (2, 1.0, 1, [12, 15, 19, 30, 31, 38]),
    (3, 2.0, 1, [3, 5, 7, 11]),
    (4, 1.0, 1, [12, 64, 81, 143]),
    (4, 2.0, 1, [7, 13, 16, 54]),
    (2, -1.0, 4, [10, 510, 524, 690]),
    (2, -0.5, 4, [829, 1269]),
    (3, -1.0, 4, [812, 1449]),
]


def decoding_goldens():
    model = HashedModel(HashedConfig()).eval()
    settings = [{"max_new_tokens": 12, **p} for p in PROCESSORS]
    settings += [
        {"max_new_tokens": 12, "num_beams": n, "length_penalty": penalty, "early_stopping": early}
        for n in (2, 4)
        for penalty in (0.0, 0.5, 1.0, 2.0, -1.0)
        for early in (False, True, "never")
    ]
    settings += [{"max_new_tokens": 12, "num_beams": 3, **p} for p in PROCESSORS[1:]]
    settings += [{"max_new_tokens": n, "num_beams": 4} for n in (1, 2, 3)]
    plan = [(1000 * i + k, 1, options) for i, options in enumerate(settings) for k in range(8)]
    plan += [
        (seed, sharpness, {"max_new_tokens": 12, "num_beams": n, "length_penalty": penalty, "early_stopping": early})
        for n, penalty, sharpness, seeds in TELLING
        for early in (False, "never")
        for seed in seeds
    ]
    cases = [
        {
            "seed": seed,
            "examples": 3,
            "sharpness": sharpness,
            "options": {NAMES[name]: value for name, value in options.items()},
            "sequences": decode(model, seed, 3, options, sharpness),
        }
        for seed, sharpness, options in plan
    ]
    return {"vocabSize": VOCAB, "padTokenId": PAD, "eosTokenId": EOS, "cases": cases}


def warper_goldens():
    generator = torch.Generator().manual_seed(7)
    cases = []
    for i in range(60):
        logits = torch.randn(40, generator=generator) * (1 + i % 4)
        if i % 5 == 0:
            logits = (logits * 2).round() / 2
        options = {
            "temperature": [1.0, 0.7, 1.5][i % 3],
            "topK": [0, 1, 5, 20, 100][i % 5],
            "topP": [1.0, 0.5, 0.9, 0.99][(i // 5) % 4],
        }
        warpers = LogitsProcessorList([TemperatureLogitsWarper(options["temperature"])])
        if options["topK"] > 0:
            warpers.append(TopKLogitsWarper(options["topK"]))
        # Which of several equal tokens top-p drops is left to the sort: rounded logits test top-k alone.
        if i % 5 == 0:
            options["topP"] = 1.0
        if options["topP"] < 1:
            warpers.append(TopPLogitsWarper(options["topP"]))
        probabilities = warpers(torch.zeros(1, 1, dtype=torch.long), logits[None])[0].softmax(-1).tolist()
        cases.append(
            {
                "logits": logits.tolist(),
                "options": options,
                "support": {str(t): p for t, p in enumerate(probabilities) if p > 0},
            }
        )
    return cases


def write(name, value):
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value)
    # One case a line: readable differences, without a line for every number.
    text = text.replace('{"seed"', '\n{"seed"').replace('{"logits"', '\n{"logits"')
    (OUT / name).write_text(text + "\n")


write("decoding.json", decoding_goldens())
write("warpers.json", warper_goldens())
