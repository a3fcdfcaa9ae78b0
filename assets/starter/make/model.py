"""T5 for training: the parameters and names of Hugging Face's, a leaner forward.

`StarterT5` computes what `transformers.T5ForConditionalGeneration` computes (relu feed-forward, tied embeddings,
relative position biases shared by all layers of a stack), so `state_dict()` can be saved as it is. Two things
differ from the library's class, all for the sake of training a small model on few cores:

- matrix products run in bfloat16, the residual stream, norms and loss stay in float32;
- the cross-attention probabilities of the last decoder layer are returned, for the pointer loss.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Shape:
    """The sizes of a T5; the names are those of its `config.json`."""

    vocab_size: int = 8000
    d_model: int = 256
    d_kv: int = 32
    d_ff: int = 512
    num_heads: int = 8
    num_layers: int = 4
    num_decoder_layers: int = 2
    relative_attention_num_buckets: int = 32
    relative_attention_max_distance: int = 128


def position_buckets(queries: int, keys: int, bidirectional: bool, shape: Shape) -> torch.Tensor:
    """Bucket of every (query, key) distance, `[queries, keys]`; the same rule as in T5."""
    distance = torch.arange(keys)[None, :] - torch.arange(queries)[:, None]
    buckets = shape.relative_attention_num_buckets
    result = torch.zeros_like(distance)
    if bidirectional:
        buckets //= 2
        result += (distance > 0) * buckets
        distance = distance.abs()
    else:
        distance = (-distance).clamp(min=0)
    exact = buckets // 2
    scale = (buckets - exact) / math.log(shape.relative_attention_max_distance / exact)
    far = exact + (torch.log(distance.clamp(min=1).float() / exact) * scale).long()
    return result + torch.where(distance < exact, distance, far.clamp(max=buckets - 1))


class Norm(nn.Module):
    """T5's layer norm: no mean, no bias."""

    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight, 1e-6)


def linear(x, layer):
    """Matrix product in bfloat16; takes and gives whatever type `x` has been cast to."""
    return F.linear(x, layer.weight.to(x.dtype))


class Attention(nn.Module):
    def __init__(self, shape: Shape, with_bias: bool, bidirectional: bool):
        super().__init__()
        inner = shape.num_heads * shape.d_kv
        self.heads, self.shape, self.bidirectional = shape.num_heads, shape, bidirectional
        self.q = nn.Linear(shape.d_model, inner, bias=False)
        self.k = nn.Linear(shape.d_model, inner, bias=False)
        self.v = nn.Linear(shape.d_model, inner, bias=False)
        self.o = nn.Linear(inner, shape.d_model, bias=False)
        if with_bias:
            self.relative_attention_bias = nn.Embedding(shape.relative_attention_num_buckets, shape.num_heads)

    def position_bias(self, queries: int, keys: int):
        """`[1, heads, queries, keys]`, float32."""
        device = self.relative_attention_bias.weight.device
        buckets = position_buckets(queries, keys, self.bidirectional, self.shape).to(device)
        return self.relative_attention_bias(buckets).permute(2, 0, 1)[None]

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, memory, bias):
        """`bias` `[batch or 1, heads or 1, queries, keys]` also masks; gives the output and the probabilities."""
        q, k, v = self.split(linear(x, self.q)), self.split(linear(memory, self.k)), self.split(linear(memory, self.v))
        # T5 leaves out 1/sqrt(d_kv): its initialisation absorbs it.
        weights = torch.softmax(q @ k.transpose(2, 3) + bias.to(q.dtype), dim=-1)
        return linear((weights @ v).transpose(1, 2).flatten(2), self.o), weights


class Residual(nn.Module):
    """A sublayer between its norm and the residual stream; submodule names as in the library."""

    def __init__(self, shape: Shape, name: str, sublayer: nn.Module):
        super().__init__()
        setattr(self, name, sublayer)
        self.layer_norm = Norm(shape.d_model)


class FeedForward(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.wi = nn.Linear(shape.d_model, shape.d_ff, bias=False)
        self.wo = nn.Linear(shape.d_ff, shape.d_model, bias=False)

    def forward(self, x):
        return linear(F.relu(linear(x, self.wi)), self.wo)


class Block(nn.Module):
    def __init__(self, shape: Shape, decoder: bool, first: bool):
        super().__init__()
        self.decoder = decoder
        self.layer = nn.ModuleList([Residual(shape, "SelfAttention", Attention(shape, first, not decoder))])
        if decoder:
            self.layer.append(Residual(shape, "EncDecAttention", Attention(shape, False, True)))
        self.layer.append(Residual(shape, "DenseReluDense", FeedForward(shape)))


class Stack(nn.Module):
    def __init__(self, shape: Shape, layers: int, decoder: bool):
        super().__init__()
        self.block = nn.ModuleList([Block(shape, decoder, i == 0) for i in range(layers)])
        self.final_layer_norm = Norm(shape.d_model)


class StarterT5(nn.Module):
    """See the module's head. There is no dropout: no example is drawn twice, or hardly."""

    def __init__(self, shape: Shape, dtype=torch.bfloat16):
        super().__init__()
        self.config, self.dtype = shape, dtype
        self.shared = nn.Embedding(shape.vocab_size, shape.d_model)
        self.encoder = Stack(shape, shape.num_layers, False)
        self.decoder = Stack(shape, shape.num_decoder_layers, True)
        self.initialise()

    def initialise(self):
        """About T5's own scales, with small outputs."""
        shape = self.config
        inner = shape.num_heads * shape.d_kv
        nn.init.normal_(self.shared.weight)
        for name, weight in self.named_parameters():
            if "Attention" in name and name.endswith((".k.weight", ".v.weight")):
                nn.init.normal_(weight, std=shape.d_model**-0.5)
            elif "Attention" in name and name.endswith(".q.weight"):
                nn.init.normal_(weight, std=(shape.d_model * shape.d_kv) ** -0.5)
            elif name.endswith(".o.weight"):
                nn.init.normal_(weight, std=inner**-0.5 / 4)
            elif "DenseReluDense" in name:
                nn.init.normal_(weight, std=weight.shape[1] ** -0.5 / (4 if ".wo." in name else 1))
            elif "relative_attention_bias" in name:
                nn.init.normal_(weight, std=0.1)

    def sublayer(self, residual, x, run):
        """x + run(norm(x)); `run` may give a second value, which is passed on."""
        result = run(residual.layer_norm(x).to(self.dtype))
        result, extra = result if isinstance(result, tuple) else (result, None)
        return x + result.float(), extra

    def encode(self, ids, mask):
        """`ids`, `mask` `[batch, length]` to states `[batch, length, d_model]` in the compute type."""
        x = self.shared(ids)
        bias = self.encoder.block[0].layer[0].SelfAttention.position_bias(ids.shape[1], ids.shape[1])
        bias = bias + padding_bias(mask)
        for block in self.encoder.block:
            attend, feed = block.layer
            x, _ = self.sublayer(attend, x, lambda y: attend.SelfAttention(y, y, bias))
            x, _ = self.sublayer(feed, x, feed.DenseReluDense)
        return self.encoder.final_layer_norm(x).to(self.dtype)

    def decode(self, ids, states, mask):
        """States `[batch, length, d_model]`, and the last cross-attention `[batch, heads, length, keys]`."""
        x = self.shared(ids)
        length = ids.shape[1]
        bias = self.decoder.block[0].layer[0].SelfAttention.position_bias(length, length)
        future = torch.ones(length, length, dtype=torch.bool, device=ids.device).triu(1)
        bias = bias.masked_fill(future, -1e9)
        across = padding_bias(mask)
        pointer = None
        for block in self.decoder.block:
            attend, cross, feed = block.layer
            x, _ = self.sublayer(attend, x, lambda y: attend.SelfAttention(y, y, bias))
            x, pointer = self.sublayer(cross, x, lambda y: cross.EncDecAttention(y, states, across))
            x, _ = self.sublayer(feed, x, feed.DenseReluDense)
        return self.decoder.final_layer_norm(x), pointer

    def head(self, states):
        """Logits over the vocabulary, float32; tied embeddings want T5's scale."""
        return linear((states * self.config.d_model**-0.5).to(self.dtype), self.shared).float()

    def forward(self, source, mask, target_in, labelled):
        """Logits `[labelled positions, vocab]` where `labelled` `[batch, length]` is true, cross-attention, encoding."""
        encoded = self.encode(source, mask)
        states, pointer = self.decode(target_in, encoded, mask)
        return self.head(states[labelled]), pointer, encoded

    @torch.no_grad()
    def greedy(self, source, mask, steps: int = 32, eos: int = 1) -> torch.Tensor:
        """Greedy answers `[batch, <= steps]`; rows are padded with 0 after their end."""
        states = self.encode(source, mask)
        ids = torch.zeros(len(source), 1, dtype=torch.long, device=source.device)
        done = torch.zeros(len(source), dtype=torch.bool, device=source.device)
        for _ in range(steps):
            step = self.head(self.decode(ids, states, mask)[0][:, -1]).argmax(-1).masked_fill(done, 0)
            ids = torch.cat([ids, step[:, None]], 1)
            done |= step == eos
            if done.all():
                break
        return ids[:, 1:]


def padding_bias(mask):
    """`[batch, 1, 1, length]`: 0 where there is a token, a very low score where there is none."""
    return torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, -1e9)[:, None, None]
