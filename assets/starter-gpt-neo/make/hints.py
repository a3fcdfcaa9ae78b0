"""A helper loss on the context, thrown away after training: does the model see where it meets the question?

As for the first starter, but each token can only know what stands before it.
"""

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import nn

import first_starter  # noqa: F401
from batches import PAD
from corpus import STOPWORDS

WINDOW = 10
FULL = 3
"""So many shared words among the last WINDOW tokens count as a full match."""


def content_words(tokenizer: Tokenizer) -> torch.Tensor:
    """Which tokens carry meaning, `[vocabulary]`: digits and words that are neither short nor stop words."""
    vocabulary = tokenizer.get_vocab()
    content = torch.zeros(len(vocabulary), dtype=torch.bool)
    for token, i in vocabulary.items():
        word = token.lstrip("Ġ").lower()
        content[i] = word.isdigit() or (len(word) > 1 and word.isalpha() and word not in STOPWORDS)
    for mark in ("Question", "Context", "Answer"):
        content[tokenizer.token_to_id(mark)] = False
    return content


class Hints(nn.Module):
    """Probe for three facts of a token: it is in the context; it is also in the question; those before it are."""

    def __init__(self, tokenizer: Tokenizer, width: int):
        super().__init__()
        self.probe = nn.Linear(width, 3)
        self.begin, self.end = tokenizer.token_to_id("Context"), tokenizer.token_to_id("Answer")
        self.register_buffer("content", content_words(tokenizer))

    def labels(self, ids: torch.Tensor) -> torch.Tensor:
        """`[batch, length, 3]`, between 0 and 1."""
        begun = (ids == self.begin).cumsum(1) > 0
        inside = begun & ~((ids == self.end) & begun).cumsum(1).bool()
        asked = torch.zeros(len(ids), len(self.content), dtype=torch.bool, device=ids.device)
        asked.scatter_(1, ids.masked_fill(begun, PAD), True)
        shared = inside & (asked & self.content).gather(1, ids)
        recent = F.pad(shared.float()[:, None], (WINDOW - 1, 0))
        near = F.avg_pool1d(recent, WINDOW, 1)[:, 0] * WINDOW / FULL
        return torch.stack([inside.float(), shared.float(), near.clamp(max=1) * inside], dim=2)

    def forward(self, states: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """Mean over the tokens of texts that have a question."""
        asked = (ids == self.begin).any(1, keepdim=True) & (ids != PAD)
        loss = F.binary_cross_entropy_with_logits(self.probe(states.float()), self.labels(ids), reduction="none")
        return loss.sum(2)[asked].sum() / asked.sum().clamp(min=1)
