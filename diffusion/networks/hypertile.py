"""HyperTile (github.com/tfernd/HyperTile): self attention within tiles of the picture, not over all of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..model import Model
from .hooks import Attend, Hooks, Site, Sources
from .sites import depth, seed_of

LEAST_TILE = 4
"""No tile is smaller than this many cells on a side, 32 pixels at the latent's own size."""


@dataclass(frozen=True)
class HyperTile:
    """Cut self attention into equal tiles of at least `tile` cells on a side.

    Of the `swaps` finest ways to cut a side, one is drawn anew at each timestep, so that seams don't stay in
    one place. Rows are cut down to `deepest` halvings of the latent; with `scaled` the least side, in cells,
    doubles at each. A side that no such tile divides is not cut.
    """

    tile: int
    swaps: int
    deepest: int
    scaled: bool

    def __call__(self, site: Site, sources: Sources, attend: Attend) -> Tensor:
        """Attend within each tile."""
        level = depth(site)
        if site.kind != "self" or level > self.deepest:
            return attend(sources)
        least = self.tile << level if self.scaled else self.tile
        generator = torch.Generator().manual_seed(seed_of(site.place))
        down, across = (self._cuts(side, least, generator) for side in (site.height, site.width))
        if down * across == 1:
            return attend(sources)
        tiles = cut(sources.x, site.height, site.width, down, across)
        return join(attend(Sources(tiles, tiles, tiles)), site.height, site.width, down, across)

    def _cuts(self, side: int, least: int, generator: torch.Generator) -> int:
        finest = ways_to_cut(side, least)[: self.swaps]
        return finest[int(torch.randint(len(finest), (), generator=generator))]


def with_hypertile(
    model: Model, tile_size: int, swap_size: int, max_depth: int, *, scale_depth: bool
) -> Model:
    """Return the model with self attention in tiles of `tile_size` pixels or somewhat more on a side."""
    cells = max(LEAST_TILE, tile_size // 8)
    hook = HyperTile(cells, swap_size, max_depth, scale_depth)
    return replace(model, hooks=model.hooks + Hooks(attention=(hook,)))


def ways_to_cut(side: int, least: int) -> list[int]:
    """Return into how many equal parts of at least `least` cells a side can be cut, most first."""
    return [n for n in range(side // least, 1, -1) if side % n == 0] + [1]


def cut(x: Tensor, height: int, width: int, down: int, across: int) -> Tensor:
    """[B,height*width,C] -> [B*down*across,tokens of a tile,C]."""
    tiles = x.reshape(len(x), down, height // down, across, width // across, -1).transpose(2, 3)
    return tiles.reshape(len(x) * down * across, -1, x.shape[2])


def join(x: Tensor, height: int, width: int, down: int, across: int) -> Tensor:
    """Put tiles together again: the reverse of `cut`."""
    tiles = x.reshape(-1, down, across, height // down, width // across, x.shape[2]).transpose(2, 3)
    return tiles.reshape(-1, height * width, x.shape[2])
