"""GPT-Neo for training: the parameters and names of Hugging Face's, a leaner forward.

`StarterNeo` computes what `transformers.GPTNeoForCausalLM` computes (attention without scale, alternately global and
local; gelu_new; tied embeddings), so `state_dict()` can be saved as it is. Three things differ from the library's
class, all for the sake of training a small model on few cores:

- matrix products run in bfloat16, the residual stream, norms and loss stay in float32;
- the last layer and the vocabulary are computed at chosen positions only, those with a loss;
- the attention probabilities of the pointing heads are returned for these positions, for the pointer loss.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Shape:
    """The sizes of a GPT-Neo; the names are those of its `config.json`."""

    vocab_size: int = 8000
    hidden_size: int = 256
    intermediate_size: int = 512
    num_heads: int = 8
    num_layers: int = 6
    window_size: int = 256
    max_position_embeddings: int = 512


POINTING_LAYER, POINTING_HEADS = 4, 4
"""Layer (from 0), and how many of its first heads are to look at the answer's place."""


def linear(x, layer):
    """Matrix product in the type of `x`."""
    return F.linear(x, layer.weight.to(x.dtype), None if layer.bias is None else layer.bias.to(x.dtype))


def visible(queries, keys, window: int | None):
    """Which keys a query sees, `[batch, 1, queries, keys]`, from their places in the text."""
    distance = queries[:, None, :, None] - keys[:, None, None, :]
    return distance >= 0 if window is None else (distance >= 0) & (distance < window)


def attended(q, k, v, mask):
    """Written out: the fused kernel's backward pass takes longer than all of the rest on CPUs."""
    hidden = torch.zeros(mask.shape, dtype=q.dtype, device=q.device).masked_fill(~mask, -1e9)
    return torch.softmax(q @ k.transpose(2, 3) + hidden, dim=-1) @ v


class SelfAttention(nn.Module):
    def __init__(self, shape: Shape, window: int | None):
        super().__init__()
        width = shape.hidden_size
        self.heads, self.window = shape.num_heads, window
        self.k_proj = nn.Linear(width, width, bias=False)
        self.v_proj = nn.Linear(width, width, bias=False)
        self.q_proj = nn.Linear(width, width, bias=False)
        self.out_proj = nn.Linear(width, width)

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def join(self, x):
        return linear(x.transpose(1, 2).flatten(2), self.out_proj)

    def whole(self, x):
        """Every position of `x` `[batch, length, width]` attends, as the library's class does."""
        q, k, v = (self.split(linear(x, p)) for p in (self.q_proj, self.k_proj, self.v_proj))
        places = torch.arange(x.shape[1], device=x.device)[None]
        return self.join(attended(q, k, v, visible(places, places, self.window)))

    def some(self, x, k, v, mask):
        """Chosen positions `[batch, chosen, width]` attend to `k`, `v` where `mask` is true."""
        q = self.split(linear(x, self.q_proj))
        return self.join(attended(q, k, v, mask))


class Attention(nn.Module):
    """The library nests the attention once more."""

    def __init__(self, shape: Shape, window: int | None):
        super().__init__()
        self.attention = SelfAttention(shape, window)


class FeedForward(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.c_fc = nn.Linear(shape.hidden_size, shape.intermediate_size)
        self.c_proj = nn.Linear(shape.intermediate_size, shape.hidden_size)

    def forward(self, x):
        return linear(F.gelu(linear(x, self.c_fc), approximate="tanh"), self.c_proj)


class Block(nn.Module):
    def __init__(self, shape: Shape, window: int | None):
        super().__init__()
        self.ln_1 = nn.LayerNorm(shape.hidden_size)
        self.attn = Attention(shape, window)
        self.ln_2 = nn.LayerNorm(shape.hidden_size)
        self.mlp = FeedForward(shape)


class Transformer(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.wte = nn.Embedding(shape.vocab_size, shape.hidden_size)
        self.wpe = nn.Embedding(shape.max_position_embeddings, shape.hidden_size)
        self.h = nn.ModuleList([Block(shape, shape.window_size if i % 2 else None) for i in range(shape.num_layers)])
        self.ln_f = nn.LayerNorm(shape.hidden_size)


class StarterNeo(nn.Module):
    """See the module's head. There is no dropout: no example is drawn twice, or hardly."""

    def __init__(self, shape: Shape, dtype=torch.bfloat16):
        super().__init__()
        self.config, self.dtype = shape, dtype
        self.transformer = Transformer(shape)
        self.initialise()

    def initialise(self):
        """Large embeddings with a small last norm in front of them, attention nearly even, small outputs."""
        width = self.config.hidden_size
        head = width // self.config.num_heads
        for name, weight in self.named_parameters():
            if name.endswith(".bias"):
                nn.init.zeros_(weight)
            elif name.endswith("q_proj.weight"):
                nn.init.normal_(weight, std=(width * head) ** -0.5)
            elif name.endswith(("out_proj.weight", "c_proj.weight")):
                nn.init.normal_(weight, std=weight.shape[1] ** -0.5 / 4)
            elif name.endswith(("k_proj.weight", "v_proj.weight", "c_fc.weight")):
                nn.init.normal_(weight, std=width**-0.5)
            elif name.endswith("wpe.weight"):
                nn.init.zeros_(weight)
        nn.init.constant_(self.transformer.ln_f.weight, width**-0.5)

    def embed(self, ids, places):
        return self.transformer.wte(ids) + self.transformer.wpe(places)

    def normed(self, norm, x):
        return norm(x).to(self.dtype)

    def feed(self, block, x):
        return x + block.mlp(self.normed(block.ln_2, x)).float()

    def last(self, x, chosen):
        """The last layer and norm at the positions `chosen` `[batch, chosen]` of `x` `[batch, length, width]`."""
        block = self.transformer.h[-1]
        attend = block.attn.attention
        y = self.normed(block.ln_1, x)
        index = chosen[:, :, None].expand(-1, -1, x.shape[2])
        places = torch.arange(x.shape[1], device=x.device)[None]
        mask = visible(chosen, places, attend.window)
        k, v = attend.split(linear(y, attend.k_proj)), attend.split(linear(y, attend.v_proj))
        x = x.gather(1, index) + attend.some(y.gather(1, index), k, v, mask).float()
        return self.transformer.ln_f(self.feed(block, x))

    def pointing(self, x, chosen):
        """Probabilities of the pointing heads, mean over them, `[batch, chosen, length]`, float32."""
        attend = self.transformer.h[POINTING_LAYER].attn.attention
        rows = POINTING_HEADS * (self.config.hidden_size // self.config.num_heads)
        index = chosen[:, :, None].expand(-1, -1, x.shape[2])
        q, k = x.gather(1, index) @ attend.q_proj.weight[:rows].to(x.dtype).T, x @ attend.k_proj.weight[:rows].to(x.dtype).T
        q, k = (t.unflatten(-1, (POINTING_HEADS, -1)).transpose(1, 2) for t in (q, k))
        mask = visible(chosen, torch.arange(x.shape[1], device=x.device)[None], None)
        return (q @ k.transpose(2, 3)).float().masked_fill(~mask, -1e9).softmax(-1).mean(1)

    def head(self, states):
        """Logits over the vocabulary, float32."""
        return F.linear(states.to(self.dtype), self.transformer.wte.weight.to(self.dtype)).float()

    def forward(self, ids, chosen):
        """Final states and pointer probabilities at the positions `chosen`; what the pointing layer sees of all."""
        x = self.embed(ids, torch.arange(ids.shape[1], device=ids.device)[None])
        pointer = seen = None
        for depth, block in enumerate(self.transformer.h[:-1]):
            y = self.normed(block.ln_1, x)
            if depth == POINTING_LAYER:
                seen, pointer = y, self.pointing(y, chosen)
            x = self.feed(block, x + block.attn.attention.whole(y).float())
        return self.last(x, chosen), pointer, seen

    @torch.no_grad()
    def logits(self, ids):
        """Logits at every position of `ids` `[batch, length]`."""
        everywhere = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
        return self.head(self(ids, everywhere)[0])

    @torch.no_grad()
    def greedy(self, ids, lengths, steps: int = 32, end: int = 0) -> torch.Tensor:
        """Greedy answers `[batch, <= steps]` to prompts `ids` padded on the right; rows are padded with `end`."""
        width = ids.shape[1]
        device = ids.device
        places = torch.arange(width, device=device)[None].expand_as(ids)
        # A key of padding stands, as it were, after every query.
        key_places = torch.where(places < lengths[:, None], places, 1 << 20)
        caches = [None] * len(self.transformer.h)
        answers, done, now = [], torch.zeros(len(ids), dtype=torch.bool, device=device), places
        x = self.embed(ids, places)
        for step in range(steps):
            for depth, block in enumerate(self.transformer.h):
                attend = block.attn.attention
                y = self.normed(block.ln_1, x)
                k, v = attend.split(linear(y, attend.k_proj)), attend.split(linear(y, attend.v_proj))
                if step:
                    k, v = torch.cat([caches[depth][0], k], 2), torch.cat([caches[depth][1], v], 2)
                caches[depth] = k, v
                x = self.feed(block, x + attend.some(y, k, v, visible(now, key_places, attend.window)).float())
            if not step:
                x = x[torch.arange(len(ids), device=device), lengths - 1][:, None]
            token = self.head(self.transformer.ln_f(x))[:, 0].argmax(-1).masked_fill(done, end)
            answers.append(token)
            done |= token == end
            if done.all():
                break
            now = (lengths + step)[:, None]
            key_places = torch.cat([key_places, now], 1)
            x = self.embed(token[:, None], now)
        return torch.stack(answers, 1)
