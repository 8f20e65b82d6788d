"""CLIP on the wire: a text encoder with its tokenizer. Light, immutable, sharing its weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from .text import TextTower
from .tokenizer import Tokenizer
from .values import Conditioning
from .weights import nbytes


@dataclass(frozen=True, eq=False)
class Clip:
    """A text encoder; CLIP on the wire. `last_layer` counts from the end: -1 is the last layer."""

    tower: TextTower
    tokenizer: Tokenizer
    last_layer: int = -1

    def with_last_layer(self, last_layer: int) -> Clip:
        """Return a handle that takes the encoding from an earlier layer ("clip skip").

        Raises ValueError for a layer that the tower does not have.
        """
        layers = self.tower.spec.layers
        if not -layers <= last_layer <= -1:
            raise ValueError(f"this text encoder has layers -{layers} to -1, there is no layer {last_layer}")
        return replace(self, last_layer=last_layer)

    def encode(self, text: str) -> Conditioning:
        """Encode a text for cross attention: [1, 77 * rows, width], and `pooled_output` [1, width].

        A text of more than 75 tokens is encoded in several rows, laid end to end; the first is pooled.
        """
        ids = torch.tensor(self.tokenizer.rows(text, self.tower.spec.positions))
        ids = ids.to(next(self.tower.parameters()).device)
        hidden, pooled = self.tower(ids, self.tokenizer.eos, self.last_layer)
        return [[hidden.flatten(0, 1)[None], {"pooled_output": pooled[:1]}]]

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the weights take."""
        return nbytes(self.tower)
