"""The start of the weights: circuits that find and copy are laid out by hand, the rest is random.

As for the first starter, but for a model that reads in one direction and knows places only by learnt vectors. The
residual stream starts out divided into parts: a constant, the place as sines and cosines, what circuits write, and the
token. Nothing is frozen: training may change every weight.

Places are compared by turning: the score `sum of cos(w (i - j - d))` over some frequencies `w` is highest for the key
`d` tokens before the query.

    layer 0   head 0 writes the token before this one (`previous`), head 1 writes whether this one stands after
              `Context` (`inside`) or after `Answer` (`answering`)
    layer 1   head 0 writes the token before that (`before`)
    layer 2   head 0: the token occurs in the question (`shared`); head 1: the one before it does (`after`); words
              without meaning of their own do not count
    layer 3   heads 0 and 1: share of such tokens among the last few (`near`) and some more (`wide`); head 2, while
              answering: the mean place of such tokens in the context (`where`), which tells what follows them and
              what stands before them
    layer 4   heads 2 and 3 start at a token with `near`, `wide` and `after`, close to `where`; heads 0 and 1 go on to
              the token after the two just written; all four pass on the token they look at
"""

import math

import torch
from torch import nn

from meanings import COMPANY
from model import POINTING_LAYER, StarterNeo

CONSTANT = 4.0
FREQUENCIES = 2.5 / 1.445 ** torch.arange(16)
"""Radians a token, the fastest first."""
FAR = 2
"""`where` leaves out so many of the fastest."""
_SIZES = {"constant": 1, "place": 32, "previous": 32, "before": 16, "where": 28, "inside": 1, "answering": 1, "shared": 1,
          "after": 1, "near": 1, "wide": 1, "light": 1}
PARTS: dict[str, slice] = {}
for _name, _size in _SIZES.items():
    _begin = max((part.stop for part in PARTS.values()), default=0)
    PARTS[_name] = slice(_begin, _begin + _size)
TOKEN = slice(max(part.stop for part in PARTS.values()), 256)


def turned(back: float, strength: torch.Tensor) -> torch.Tensor:
    """`[32, 32]`: turns the place vector `back` tokens back, each frequency times its `strength`."""
    angle = FREQUENCIES * back
    blocks = [s * torch.tensor([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]]) for a, s in zip(angle.tolist(), strength.tolist())]
    return torch.block_diag(*blocks)


@torch.no_grad()
def lay_out(model: StarterNeo, meanings: torch.Tensor, content: torch.Tensor, marks: dict[str, int]) -> None:
    """Writes the circuits into a freshly initialised model.

    `meanings` `[vocabulary, columns of TOKEN]` of variance 1 begin the embeddings; `content` says which tokens carry
    meaning; `marks` are the ids of `Question`, `Context`, `Answer`.
    """
    width = model.config.hidden_size // model.config.num_heads
    rows = [slice(h * width, (h + 1) * width) for h in range(model.config.num_heads)]
    flag = {name: part.start for name, part in PARTS.items() if part.stop - part.start == 1}
    layers = [block.attn.attention for block in model.transformer.h]
    embedding, tokens = model.transformer.wte.weight, TOKEN.stop - TOKEN.start
    embedding.zero_()
    embedding[:, 0] = CONSTANT
    embedding[:, TOKEN] = 1.25 * meanings
    embedding[:, flag["light"]] = 4.0 * ~content
    embedding[list(marks.values()), flag["light"]] = 0
    angles = torch.arange(model.config.max_position_embeddings)[:, None] * FREQUENCIES
    model.transformer.wpe.weight[:, PARTS["place"]] = torch.stack([angles.cos(), angles.sin()], 2).flatten(1)
    mark = {name: embedding[i, TOKEN] / embedding[i, TOKEN].norm() for name, i in marks.items()}
    length = float(embedding[marks["Answer"], TOKEN].norm())
    # Tokens are told apart without the columns in which words of like company are alike.
    token = torch.zeros(width, tokens)
    token[:, COMPANY:] = torch.linalg.qr(torch.randn(tokens - COMPANY, width))[0].T
    everything = torch.ones(len(FREQUENCIES))
    for block in model.transformer.h:
        # Nothing random gets into the parts that circuits use.
        block.attn.attention.out_proj.weight[: TOKEN.start] = 0
        block.mlp.c_proj.weight[: TOKEN.start] = 0

    def clear(layer, head: int) -> int:
        """Empties what the head compares and writes; gives its first row."""
        for p in (layer.q_proj, layer.k_proj, layer.v_proj):
            p.weight[rows[head]] = 0
        layer.out_proj.weight[:, rows[head]] = 0
        return rows[head].start

    for layer in layers[:2]:
        clear(layer, 0)
        layer.q_proj.weight[rows[0], PARTS["place"]] = turned(1, 2.5 * everything)
        layer.k_proj.weight[rows[0], PARTS["place"]] = torch.eye(32)
    layers[0].v_proj.weight[rows[0], TOKEN] = token
    layers[0].out_proj.weight[PARTS["previous"], rows[0]] = torch.eye(32)
    layers[1].v_proj.weight[:16, PARTS["previous"]] = torch.linalg.qr(torch.randn(32, 16))[0].T
    layers[1].out_proj.weight[PARTS["before"], :16] = 1.4 * torch.eye(16)

    at = clear(layers[0], 1)
    layers[0].q_proj.weight[at, 0] = 1 / CONSTANT
    layers[0].k_proj.weight[at, TOKEN] = (9 * mark["Context"] + 18 * mark["Answer"] + 4 * mark["Question"]) / length
    for i, (name, where) in enumerate((("Context", "inside"), ("Answer", "answering"))):
        layers[0].v_proj.weight[at + i, TOKEN] = mark[name] / length
        layers[0].out_proj.weight[flag[where], at + i] = 4.0

    # What is looked for scores about 20, a token of the context 20 less, a token without meaning 12 less.
    equal = math.sqrt(20 / float((embedding[content][:, TOKEN] @ token.T).square().sum(1).mean()))
    for head, source, where in ((0, TOKEN, "shared"), (1, PARTS["previous"], "after")):
        layer = layers[2]
        at = clear(layer, head)
        layer.q_proj.weight[rows[head], source] = equal * (token if head == 0 else torch.eye(32))
        layer.k_proj.weight[rows[head], TOKEN] = equal * token
        # Two dimensions keep off the context, and give tokens without a partner the word `Question` to rest on.
        layer.q_proj.weight[at : at + 2] = layer.k_proj.weight[at : at + 2] = 0
        layer.q_proj.weight[at, 0] = layer.q_proj.weight[at + 1, 0] = 1 / CONSTANT
        layer.k_proj.weight[at, flag["inside"]] = layer.k_proj.weight[at, flag["answering"]] = -7.0
        layer.k_proj.weight[at + 1, TOKEN] = 12 * mark["Question"] / length
        layer.k_proj.weight[at + 1, flag["light"]] = -3.0
        layer.v_proj.weight[at, 0] = 1 / CONSTANT
        layer.v_proj.weight[at, TOKEN] = -mark["Question"] / length
        layer.out_proj.weight[flag[where], at] = 4.0

    finding = layers[3]
    for head, skip, strength, where in ((0, 4, 1.0, "near"), (1, 7, 0.8, "wide")):
        at = clear(finding, head)
        finding.q_proj.weight[rows[head], PARTS["place"]] = turned(0, strength * (torch.arange(16) >= skip))
        finding.k_proj.weight[rows[head], PARTS["place"]] = torch.eye(32)
        finding.v_proj.weight[at, [flag["shared"], flag["after"]]] = 0.5
        finding.out_proj.weight[flag[where], at] = 3.0
    at = clear(finding, 2)
    finding.q_proj.weight[at, 0] = 1 / CONSTANT
    finding.k_proj.weight[at, [flag["shared"], flag["after"], flag["inside"]]] = 1.5
    finding.k_proj.weight[at, flag["answering"]] = -3.0
    finding.v_proj.weight[rows[2], PARTS["place"]] = torch.eye(32)
    finding.out_proj.weight[PARTS["where"], rows[2]] = 2 * torch.eye(32)[2 * FAR :]

    pointing = layers[POINTING_LAYER]
    passing = torch.linalg.qr(torch.randn(tokens, tokens))[0].T
    before = nn.init.orthogonal_(torch.empty(width, 16)) * 0.7
    asked = embedding[marks["Answer"], TOKEN] @ token.T
    asked = asked / asked.norm()
    for head in range(4):
        at = clear(pointing, head)
        pointing.v_proj.weight[rows[head], TOKEN] = passing[rows[head]]
        pointing.out_proj.weight[TOKEN, rows[head]] = 4 * passing[rows[head]].T
        if head < 2:
            pointing.q_proj.weight[rows[head], TOKEN] = equal * token
            pointing.k_proj.weight[rows[head], PARTS["previous"]] = equal * torch.eye(32)
            turn = layers[1].v_proj.weight[:16, PARTS["previous"]]
            pointing.q_proj.weight[rows[head], PARTS["previous"]] = equal * before @ turn
            pointing.k_proj.weight[rows[head], PARTS["before"]] = equal * before / 1.4
        else:
            # Only the last token of the prompt has `Answer` before it.
            pointing.q_proj.weight[at, PARTS["previous"]] = asked / 7
            pointing.k_proj.weight[at, [flag["near"], flag["wide"], flag["after"], flag["inside"]]] = torch.tensor([2.0, 1.0, 0.7, 1.0])
            pointing.k_proj.weight[at, flag["shared"]] = -0.7
            pointing.k_proj.weight[at, flag["answering"]] = -2.0
            pointing.q_proj.weight[at + 4 : rows[head].stop, PARTS["where"]] = 0.5 * torch.eye(28)
            pointing.k_proj.weight[at + 4 : rows[head].stop, PARTS["place"]] = torch.eye(32)[2 * FAR :]
