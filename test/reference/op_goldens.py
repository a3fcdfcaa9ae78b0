"""Prints what PyTorch computes for every operator of the graph layer, as test/goldens/ops.json.

The file is a list of cases { op, attributes, inputs, outputs }; a tensor is { shape, dtype, data } with the data
flat in row-major order and dtype one of float32, int64, bool (bool data are 0 and 1). The inputs are exact in
float32; the outputs are computed in float64 from them and stored unrounded.

Versions: torch 2.13.0.
Command, from the repository root: python test/reference/op_goldens.py
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

GENERATOR = torch.Generator().manual_seed(7)
DTYPES = {torch.float32: "float32", torch.float64: "float32", torch.int64: "int64", torch.bool: "bool"}
CASES = []


def normal(*shape, scale=1.0):
    return torch.randn(shape, generator=GENERATOR) * scale


def positive(*shape):
    return torch.rand(shape, generator=GENERATOR) * 3 + 0.1


def integers(high, *shape, low=0):
    return torch.randint(low, high, shape, generator=GENERATOR)


def tensor(value):
    return {"shape": list(value.shape), "dtype": DTYPES[value.dtype], "data": value.reshape(-1).tolist()}


def as_plain(value):
    entry = tensor(value)
    if entry["dtype"] == "bool":
        entry["data"] = [int(v) for v in entry["data"]]
    return entry


def case(op, compute, *inputs, **attributes):
    """Records one case; `compute` gets the inputs in float64."""
    exact = [v.double() if v.is_floating_point() else v for v in inputs]
    outputs = compute(*exact)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    CASES.append(
        {
            "op": op,
            "attributes": attributes,
            "inputs": [as_plain(v) for v in inputs],
            "outputs": [as_plain(v) for v in outputs],
        }
    )


def rms_norm(x, scale, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * scale


def attention(q, k, v, bias):
    """T5's: no division by sqrt(d). q, k, v: [batch, heads, length, width]; bias is added to the scores."""
    return torch.softmax(q @ k.transpose(-1, -2) + bias, -1) @ v


def cross_entropy(logits, labels, smoothing):
    """Mean over the rows whose label is not -100; the smoothed part is the mean over the whole vocabulary."""
    return F.cross_entropy(logits, labels, ignore_index=-100, label_smoothing=smoothing)


def gemm(a, b, trans_a, trans_b, alpha):
    return alpha * ((a.T if trans_a else a) @ (b.T if trans_b else b))


def elementwise():
    binary = {
        "add": (torch.add, normal),
        "sub": (torch.sub, normal),
        "mul": (torch.mul, normal),
        "div": (torch.div, positive),
        "min": (torch.minimum, normal),
        "max": (torch.maximum, normal),
    }
    shapes = [((2, 3), (2, 3)), ((2, 3, 4), (4,)), ((2, 1, 4), (3, 1)), ((3, 2), ()), ((1,), (2, 2, 2))]
    for op, (compute, draw) in binary.items():
        for left, right in shapes:
            case(op, compute, normal(*left), draw(*right))
    for compute, op in ((torch.pow, "pow"),):
        case(op, compute, positive(2, 3), normal(2, 3))
        case(op, compute, normal(3, 2), torch.tensor(2.0))
        case(op, compute, normal(3, 2), torch.tensor(3.0))
        case(op, compute, positive(2, 2), torch.tensor(-0.5))
    signed = {
        "neg": torch.neg,
        "exp": torch.exp,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "relu": torch.relu,
        "erf": torch.erf,
        # T5's gelu_new: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
        "geluTanh": lambda x: F.gelu(x, approximate="tanh"),
        "gelu": lambda x: F.gelu(x),
    }
    for op, compute in signed.items():
        case(op, compute, normal(2, 3, 2))
        case(op, compute, torch.tensor([-12.0, -4.0, -1.0, -0.5, 0.0, 0.25, 1.0, 3.0, 8.0]))
    for op, compute in {"log": torch.log, "sqrt": torch.sqrt, "reciprocal": torch.reciprocal}.items():
        case(op, compute, positive(2, 5))
        case(op, compute, torch.tensor([1e-6, 1e-3, 1.0, 50.0, 4e5]))
    case("clip", lambda x: x.clamp(-0.5, 0.75), normal(3, 4), min=-0.5, max=0.75)
    case("clip", lambda x: x.clamp(-10.0, 10.0), normal(2, 3, scale=12.0), min=-10.0, max=10.0)


def comparisons():
    close = torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.0, 5.0]])
    other = torch.tensor([[1.0, 2.5, -3.0], [0.0, 0.0, 4.0]])
    for op, compute in {"less": torch.lt, "greaterOrEqual": torch.ge, "equal": torch.eq}.items():
        case(op, compute, close, other)
        case(op, compute, close, torch.tensor([1.0, 0.0, 3.0]))
        case(op, compute, integers(4, 3, 2), integers(4, 2))
    flags = normal(3, 4) > 0
    case("where", torch.where, flags, normal(3, 4), normal(3, 4))
    case("where", torch.where, flags[:, :1], normal(3, 4), torch.tensor(-2.0))
    case("cast", lambda x: x.float(), integers(9, 2, 3, low=-9), to="float32")
    case("cast", lambda x: x.float(), flags, to="float32")
    # Towards zero, as ONNX and C do.
    case("cast", lambda x: x.long(), torch.tensor([-2.7, -0.5, 0.0, 0.9, 3.999, 7.0]), to="int64")
    case("cast", lambda x: x.bool(), torch.tensor([0.0, 1.0, -0.5]), to="bool")


def layout():
    x = normal(2, 3, 4, 5)
    for perm in ((0, 2, 1, 3), (0, 1, 3, 2), (3, 2, 1, 0), (1, 2, 3, 0)):
        case("transpose", lambda v, p=perm: v.permute(p), x, perm=list(perm))
    case("transpose", lambda v: v.T, normal(3, 5), perm=[1, 0])
    for shape in ((6, 4), (2, 2, 6), (24,), (1, 24, 1)):
        case("reshape", lambda v, s=shape: v.reshape(s), normal(2, 3, 4), shape=list(shape))
    case("gather", lambda v, i: v[i], normal(5, 3), torch.tensor([4, 0, 0, 2]), axis=0)
    case("gather", lambda v, i: v[i], normal(6, 2, 2), integers(6, 2, 3), axis=0)
    case("embedding", lambda w, i: F.embedding(i, w), normal(7, 4), integers(7, 2, 5))
    case("embedding", lambda w, i: F.embedding(i, w), normal(4, 3), torch.tensor([3, 3, 0, 1]))
    for axis in (0, 1, -1):
        parts = [normal(*(2 if a != axis % 3 else n for a in range(3))) for n in (1, 3, 2)]
        case("concat", lambda *v, a=axis: torch.cat(v, a), *parts, axis=axis)
    x = normal(4, 5, 3)
    case("slice", lambda v: v[1:3], x, starts=[1], ends=[3], axes=[0])
    case("slice", lambda v: v[0:2, :, 1:3], x, starts=[0, 1], ends=[2, 3], axes=[0, 2])
    case("slice", lambda v: v[:, -3:-1], x, starts=[-3], ends=[-1], axes=[1])
    case("split", lambda v: v.split([1, 3], 0), x, sizes=[1, 3], axis=0)
    case("split", lambda v: v.split([2, 2, 1], 1), x, sizes=[2, 2, 1], axis=1)
    case("split", lambda v: v.split([1, 2], -1), x, sizes=[1, 2], axis=-1)
    case("expand", lambda v: v.expand(3, 4), normal(1, 4), shape=[3, 4])
    case("expand", lambda v: v.expand(2, 3, 4), normal(3, 1), shape=[2, 3, 4])
    case("expand", lambda v: v.expand(2, 2), torch.tensor(1.5), shape=[2, 2])
    for start, limit, delta in ((0, 6, 1), (2, 11, 3), (5, -3, -2)):
        scalars = map(torch.tensor, (start, limit, delta))
        case("range", lambda a, b, d: torch.arange(a.item(), b.item(), d.item()), *scalars)
    base, rows = normal(5, 3), normal(4, 3)
    for indices in ([0, 2, 2, 4], [1, 1, 1, 1]):
        case("scatterAdd", lambda b, i, r: b.index_add(0, i, r), base, torch.tensor(indices), rows)
    case("scatterAdd", lambda b, i, r: b.index_add(0, i, r), torch.zeros(6, 2), integers(6, 9), normal(9, 2))


def reductions():
    x = normal(2, 3, 4)
    for op, compute in {"reduceSum": torch.sum, "reduceMean": torch.mean, "reduceMax": torch.amax}.items():
        for axes in ([2], [0], [0, 2], [-1], [0, 1, 2]):
            for keepdims in (True, False):
                case(op, lambda v, a=axes, k=keepdims: compute(v, dim=a, keepdim=k), x, axes=axes, keepdims=keepdims)
    wide = torch.tensor([[80.0, 90.0, 100.0], [-100.0, 0.0, 100.0], [1e-3, 2e-3, 3e-3]])
    masked = normal(2, 4)
    masked[0, 2:] = torch.finfo(torch.float32).min
    for op, compute in {"softmax": torch.softmax, "logSoftmax": torch.log_softmax}.items():
        for x in (normal(3, 5), normal(2, 2, 3, 4, scale=3.0), wide):
            case(op, lambda v: compute(v, -1), x, axis=-1)
    case("softmax", lambda v: torch.softmax(v, -1), masked, axis=-1)


def products():
    for a, b in (((3, 4), (4, 2)), ((2, 3, 4, 5), (2, 3, 5, 2)), ((2, 1, 3, 4), (1, 3, 4, 2)), ((2, 3, 4), (4, 5))):
        case("matMul", torch.matmul, normal(*a), normal(*b))
    for trans_a in (False, True):
        for trans_b in (False, True):
            for alpha in (1.0, -0.5):
                a = normal(*((4, 3) if trans_a else (3, 4)))
                b = normal(*((2, 4) if trans_b else (4, 2)))
                attributes = {"transA": trans_a, "transB": trans_b, "alpha": alpha}
                case("gemm", lambda x, y: gemm(x, y, trans_a, trans_b, alpha), a, b, **attributes)


def layers():
    for shape, eps in (((3, 8), 1e-6), ((2, 3, 5), 1e-6), ((2, 4), 1e-2)):
        case("rmsNorm", lambda x, s: rms_norm(x, s, eps), normal(*shape, scale=2.0), normal(shape[-1]), eps=eps)
        inputs = (normal(*shape, scale=2.0), normal(shape[-1]), normal(shape[-1]))
        case("layerNorm", lambda x, s, b: F.layer_norm(x, x.shape[-1:], s, b, eps), *inputs, eps=eps)
    case("rmsNorm", lambda x, s: rms_norm(x, s, 1e-6), torch.zeros(2, 3), normal(3), eps=1e-6)
    q, k, v = normal(2, 3, 4, 5), normal(2, 3, 6, 5), normal(2, 3, 6, 5)
    padding = torch.zeros(2, 1, 1, 6)
    padding[1, ..., 4:] = torch.finfo(torch.float32).min
    case("attention", attention, q, k, v, normal(1, 3, 4, 6))
    case("attention", attention, q, k, v, padding)
    causal = torch.triu(torch.full((6, 6), torch.finfo(torch.float32).min), 1)
    case("attention", attention, normal(2, 3, 6, 5), k, v, causal.reshape(1, 1, 6, 6))
    labels = torch.tensor([2, -100, 0, 6, 2])
    for smoothing in (0.0, 0.1):
        logits = normal(5, 7, scale=2.0)
        case("crossEntropy", lambda z, y: cross_entropy(z, y, smoothing), logits, labels, labelSmoothing=smoothing)
        full = (normal(3, 4, scale=20.0), torch.tensor([3, 1, 0]))
        case("crossEntropy", lambda z, y: cross_entropy(z, y, smoothing), *full, labelSmoothing=smoothing)


if __name__ == "__main__":
    for group in (elementwise, comparisons, layout, reductions, products, layers):
        group()
    path = Path(__file__).resolve().parent.parent / "goldens" / "ops.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[\n" + ",\n".join(json.dumps(entry, allow_nan=False) for entry in CASES) + "\n]\n")
    print(f"{len(CASES)} cases of {len({c['op'] for c in CASES})} operators, {path.stat().st_size} bytes")
