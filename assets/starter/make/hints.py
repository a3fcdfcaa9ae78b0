"""A helper loss on the encoder, thrown away after training: does it see where question and context meet?

Looking an answer up begins with noticing which words of the context occur in the question. The answer alone says so
only faintly; a linear probe asks for it at every token, which makes the circuit appear many times sooner.
"""

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import nn

from batches import PAD
from corpus import STOPWORDS

WINDOW = 8
FULL = 4
"""So many shared words within WINDOW tokens on each side count as a full match."""


class Hints(nn.Module):
    """Probe for three facts of a token: it is in the context; it is also in the question; its neighbours are."""

    def __init__(self, tokenizer: Tokenizer, width: int):
        super().__init__()
        self.probe = nn.Linear(width, 3)
        self.border = tokenizer.token_to_id("▁context")
        vocabulary = tokenizer.get_vocab()
        content = torch.zeros(len(vocabulary), dtype=torch.bool)
        for token, i in vocabulary.items():
            word = token.lstrip("▁").lower()
            content[i] = word.isdigit() or (len(word) > 1 and word.isalpha() and word not in STOPWORDS)
        content[self.border] = content[tokenizer.token_to_id("▁question")] = False
        self.register_buffer("content", content)

    def labels(self, source: torch.Tensor) -> torch.Tensor:
        """`[batch, length, 3]`, between 0 and 1."""
        inside = (source == self.border).cumsum(1) > 0
        asked = torch.zeros(len(source), len(self.content), dtype=torch.bool, device=source.device)
        asked.scatter_(1, source.masked_fill(inside, PAD), True)
        shared = inside & (asked & self.content).gather(1, source)
        near = F.avg_pool1d(shared.float()[:, None], 2 * WINDOW + 1, 1, WINDOW)[:, 0] * (2 * WINDOW + 1) / FULL
        return torch.stack([inside.float(), shared.float(), near.clamp(max=1) * inside], dim=2)

    def forward(self, states: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
        """Mean over the tokens of texts that have a question."""
        asked = (source == self.border).any(1, keepdim=True) & (source != PAD)
        loss = F.binary_cross_entropy_with_logits(self.probe(states.float()), self.labels(source), reduction="none")
        return loss.sum(2)[asked].sum() / asked.sum().clamp(min=1)
