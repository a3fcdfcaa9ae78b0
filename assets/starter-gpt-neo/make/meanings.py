"""How the embeddings begin: what is common to a word's forms, what company the token keeps, and something of its own."""

import re
from pathlib import Path

import torch
from tokenizers import Tokenizer

import first_starter  # noqa: F401
from corpus import read_medquad, read_squad, split_by_title

_ENDING = re.compile(r"(?<=\w{3})(ing|ed|es|ies|s|y|e|er|ly)$")
REACH = 4
OWN, FORM = 0.7, 0.71
COMPANY = 64
"""So many of the first columns tell the company; the others are for telling words apart."""


def stem(token: str) -> str:
    """The same for the forms of a word, with and without a space before it."""
    return _ENDING.sub("", token.lstrip("Ġ").lower())


def company(tokenizer: Tokenizer, data: Path, columns: int) -> torch.Tensor:
    """`[vocabulary, columns]` from what stands within REACH tokens (positive pointwise mutual information, SVD)."""
    split = split_by_title(read_squad(data))
    texts = [t for p in split.train for t in (p.context, *(q.text for q in p.questions))]
    texts += read_medquad(data)[::3]
    size = tokenizer.get_vocab_size()
    counts = torch.zeros(size * size)
    ids = torch.tensor([i for e in tokenizer.encode_batch_fast(texts) for i in [*e.ids, *[0] * REACH]])
    for distance in range(1, REACH + 1):
        pairs = ids[:-distance] * size + ids[distance:]
        counts += torch.bincount(pairs, minlength=size * size) / distance
    counts = counts.view(size, size)
    counts = counts + counts.T
    counts[0] = counts[:, 0] = 0
    total = counts.sum()
    alone = counts.sum(1) + 1.0
    smooth = alone**0.75
    smooth *= total / smooth.sum()
    mutual = torch.log(counts * total / (alone[:, None] * smooth) + 1e-9).clamp(min=0)
    u, s, _ = torch.svd_lowrank(mutual, columns, niter=3)
    vectors = u * s**0.5
    vectors -= vectors.mean(0)
    # Rows of one length: frequent tokens would have longer ones.
    vectors = vectors @ torch.linalg.qr(torch.randn(columns, columns))[0]
    return torch.nn.functional.normalize(vectors, dim=1) * columns**0.5


def meanings(tokenizer: Tokenizer, data: Path, columns: int) -> torch.Tensor:
    """`[vocabulary, columns]`, variance 1."""
    vocabulary = tokenizer.get_vocab()
    forms = {s: i for i, s in enumerate(sorted({stem(t) for t in vocabulary}))}
    form = torch.empty(len(vocabulary), dtype=torch.long)
    for token, i in vocabulary.items():
        form[i] = forms[stem(token)]
    apart = columns - COMPANY
    own, shared = torch.randn(len(vocabulary), apart), torch.randn(len(forms), apart)
    return torch.cat([company(tokenizer, data, COMPANY), OWN * own + FORM * shared[form]], 1)
