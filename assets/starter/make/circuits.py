"""The start of the weights: circuits that find and copy are laid out by hand, the rest is random.

A small model learns to look things up only after circuits for it have formed, which takes most of its training.
Here the main ones are there from step 0 (in the spirit of Trockman and Kolter, "Mimetic Initialization of
Self-Attention Layers", 2023, and of the induction heads of Olsson et al., 2022). Nothing is frozen: training may change
every weight. Heads, as everywhere in T5, share their relative position bias over all layers of a stack.

Encoder
    layer 0   head 2 writes the previous token into a subspace, head 4 writes the direction `inside` into every
              token to the right of the word `context`
    layer 1   head 0: the token occurs in the question (`shared`); head 1: the previous token does (`after`)
    layer 2   heads 5 and 6: share of such tokens nearby (`near`) and in a wider stretch (`wide`)
    later     head 0 looks for equal tokens, head 1 for tokens after an equal one, heads 2 and 3 for the neighbours
Decoder, last cross-attention
    head 1    starts where `near`, `wide` and `after` are high inside the context
    head 0    goes on to the token after the two just written
    all heads pass on the token they look at
"""

import math

import torch
from torch import nn

CONSTANT = 4.0
"""Value of dimension 0 in every embedding: what constant queries and values are made from."""


def scaled(direction: torch.Tensor, factor: float) -> torch.Tensor:
    return factor * direction / direction.norm()


@torch.no_grad()
def lay_out(model, question_id: int, context_id: int, start_id: int) -> None:
    """Writes the circuits into a freshly initialised `StarterT5`; the ids are those of the prompt's marks."""
    shape, width = model.config, model.config.d_kv
    rows = [slice(h * width, (h + 1) * width) for h in range(shape.num_heads)]
    first = [h * width for h in range(shape.num_heads)]
    embedding = model.shared.weight
    embedding[:, 0] = CONSTANT
    constant = torch.zeros(shape.d_model)
    constant[0] = 1.0
    mark_question, mark_context, mark_start = (scaled(embedding[i] - CONSTANT * constant, 1) for i in (question_id, context_id, start_id))
    basis = torch.randn(shape.d_model, width + 5)
    basis[0] = 0
    basis = torch.linalg.qr(basis)[0]
    previous, (inside, shared, after, near, wide) = basis[:, :width], basis[:, width:].T
    token = torch.randn(width, shape.d_model) * shape.d_model**-0.5
    token[:, 0] = 0
    # What the circuits write must not look like a token to them.
    token -= token @ basis @ basis.T
    layers = [block.layer[0].SelfAttention for block in model.encoder.block]
    lay_out_positions(layers[0].relative_attention_bias.weight, shape.relative_attention_num_buckets // 2)

    layer = layers[0]
    layer.v.weight[rows[2]], layer.o.weight[:, rows[2]] = token, 2 * previous
    layer.q.weight[rows[4]] = layer.k.weight[rows[4]] = 0
    layer.q.weight[first[4]], layer.k.weight[first[4]] = 0.16 * constant, mark_context
    layer.v.weight[first[4]], layer.o.weight[:, first[4]] = mark_context, 0.375 * inside

    # What is looked for scores about 10, anything else 0 with a deviation below 2.
    equal, induction = math.sqrt(16 / width), math.sqrt(16 / (2 * width))
    for depth, layer in enumerate(layers):
        layer.q.weight[rows[0]] = layer.k.weight[rows[0]] = equal * token
        if depth:
            layer.q.weight[rows[1]], layer.k.weight[rows[1]] = induction * previous.T, induction * token
    for head, flag in ((0, shared), (1, after)):
        layer, dim = layers[1], first[head]
        # Two dimensions keep off the context, and give tokens without a partner the word `question` to rest on.
        layer.q.weight[dim], layer.k.weight[dim] = 0.32 * constant, -2.1 * inside
        layer.q.weight[dim + 1], layer.k.weight[dim + 1] = 0.32 * constant, 0.4 * mark_question
        layer.v.weight[dim], layer.o.weight[:, dim] = 0.32 * constant - 0.08 * mark_question, 6 * flag
    for head, stretch in ((5, near), (6, wide)):
        layers[2].v.weight[first[head]] = shared + after
        layers[2].o.weight[:, first[head]] = 3 * stretch

    copying = model.decoder.block[-1].layer[1].EncDecAttention
    copying.q.weight[rows[0]], copying.k.weight[rows[0]] = induction * token, induction * previous.T
    copying.q.weight[rows[1]] = copying.k.weight[rows[1]] = 0
    copying.q.weight[first[1]] = 0.1 * mark_start
    copying.k.weight[first[1]] = 0.5 * (near + wide + after + inside - shared)
    nn.init.orthogonal_(copying.v.weight)
    copying.o.weight.copy_(2 * copying.v.weight.T)
    lay_out_second_step(model)


@torch.no_grad()
def lay_out_second_step(model) -> None:
    """Lets the copying head compare the last two tokens: by one alone it would run in circles in `1944` or `p.m.`.

    The encoder's head 2 hands the previous token on once more in layer 1, the decoder's head 0 fetches its own
    previous token, and both are added to what the copying head compares, turned so that they do not mix with the first.
    """
    shape, width = model.config, model.config.d_kv
    encoder = [block.layer[0].SelfAttention for block in model.encoder.block]
    first, second = slice(0, width), slice(2 * width, 3 * width)
    token = encoder[0].v.weight[second].clone()
    previous = torch.linalg.qr(encoder[0].o.weight[:, second])[0]
    before, own = torch.linalg.qr(torch.cat([previous, torch.randn(shape.d_model, 2 * width)], 1))[0][:, width:].split(width, 1)
    encoder[1].v.weight[second] = encoder[0].o.weight[:, second].T / 4
    encoder[1].o.weight[:, second] = 2.6 * before
    decoder = model.decoder.block[0].layer[0].SelfAttention
    decoder.relative_attention_bias.weight[1, 0] = 6.0
    decoder.q.weight[first] = 0
    decoder.v.weight[first], decoder.o.weight[:, first] = token, 2 * own
    copying = model.decoder.block[-1].layer[1].EncDecAttention
    turn = 0.7 * math.sqrt(16 / (2 * width)) * nn.init.orthogonal_(torch.empty(width, width))
    copying.q.weight[first] += turn @ own.T
    copying.k.weight[first] += turn @ before.T


def lay_out_positions(bias: torch.Tensor, side: int) -> None:
    """`bias` `[buckets, heads]`: buckets from `side` on are keys to the right; 8 and up of each side are logarithmic."""
    bias[1, 2] = bias[1 + side, 3] = 5.0
    bias[side:, 4] = -20.0
    for reach, head in ((10, 5), (12, 6)):
        bias[:reach, head] = bias[side : side + reach, head] = 4.0
