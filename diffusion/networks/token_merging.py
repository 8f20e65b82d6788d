"""Token merging: self attention over fewer tokens, of those that are most alike.

Bolya and Hoffman 2023, "Token Merging for Fast Stable Diffusion" (arXiv:2303.17604).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..model import Model
from .hooks import Attend, Hooks, Site, Sources
from .sites import depth, seed_of

CELL = 2
"""One token of every 2 x 2 cells is kept for others to be merged into."""


class Merging(NamedTuple):
    """How tokens become fewer, and how the fewer become as many as before: [B,T,C] -> [B,t,C] -> [B,T,C]."""

    merge: Callable[[Tensor], Tensor]
    unmerge: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class MergeTokens:
    """Merge the share `ratio` of tokens, at most 3/4, for self attention at the latent's own size."""

    ratio: float

    def __call__(self, site: Site, sources: Sources, attend: Attend) -> Tensor:
        """Merge before an attention and spread its result afterwards."""
        if site.kind != "self" or depth(site) > 0:
            return attend(sources)
        merging = merging_of(sources.x, site.height, site.width, self.ratio, seed_of(site.place))
        if merging is None:
            return attend(sources)
        fewer = merging.merge(sources.x)
        return merging.unmerge(attend(Sources(fewer, fewer, fewer)))


def with_merged_tokens(model: Model, ratio: float) -> Model:
    """Return the model with a share of its tokens, 0..1, merged in self attention; 0 changes nothing."""
    if ratio == 0:
        return model
    return replace(model, hooks=model.hooks + Hooks(attention=(MergeTokens(ratio),)))


def merging_of(x: Tensor, height: int, width: int, ratio: float, seed: int) -> Merging | None:
    """Return how to merge the `ratio` of tokens [B,height*width,C] that are most like a kept one.

    Which cell of each square is kept is drawn from `seed`, the same for all items. None where nothing merges.
    """
    kept, others = _parted(height, width, seed)
    count = min(len(others), int(height * width * ratio))
    if count == 0:
        return None
    kept, others = kept.to(x.device), others.to(x.device)
    unit = F.normalize(x, dim=-1)
    likeness, nearest = (unit[:, others] @ unit[:, kept].mT).max(-1)
    order = likeness.argsort(-1, descending=True)
    merged, alone = order[:, :count], order[:, count:]
    into = nearest.gather(1, merged)
    at_merged, at_alone = others[merged], others[alone]

    def merge(tokens: Tensor) -> Tensor:
        into_kept = tokens[:, kept].scatter_reduce(
            1, _wide(into, tokens), tokens.gather(1, _wide(at_merged, tokens)), "mean", include_self=True
        )
        return torch.cat([tokens.gather(1, _wide(at_alone, tokens)), into_kept], 1)

    def unmerge(tokens: Tensor) -> Tensor:
        single, of_kept = tokens[:, : alone.shape[1]], tokens[:, alone.shape[1] :]
        out = tokens.new_empty(tokens.shape[0], height * width, tokens.shape[2])
        out[:, kept] = of_kept
        out.scatter_(1, _wide(at_alone, tokens), single)
        return out.scatter_(1, _wide(at_merged, tokens), of_kept.gather(1, _wide(into, tokens)))

    return Merging(merge, unmerge)


def _parted(height: int, width: int, seed: int) -> tuple[Tensor, Tensor]:
    """Draw one token of every whole square of cells; return those drawn and all others, in order."""
    rows, columns = -(-height // CELL), -(-width // CELL)
    draw = torch.randint(CELL * CELL, (rows, columns), generator=torch.Generator().manual_seed(seed))
    y = (torch.arange(rows)[:, None] * CELL + draw // CELL).clamp_max(height - 1)
    x = (torch.arange(columns) * CELL + draw % CELL).clamp_max(width - 1)
    is_kept = torch.zeros(height * width, dtype=torch.bool)
    is_kept[(y * width + x).flatten()] = True
    return is_kept.nonzero()[:, 0], (~is_kept).nonzero()[:, 0]


def _wide(index: Tensor, like: Tensor) -> Tensor:
    return index[:, :, None].expand(-1, -1, like.shape[2])
