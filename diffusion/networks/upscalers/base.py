"""What an upscale network is, and the handle that runs one over pictures of any size."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..autoencoder_blocks import Step
from ..tiling import Report, in_tiles, unheard
from ..weights import CPU, Copies, example, nbytes

TILE = 512
"""Pixels on a side of the tiles that a picture is computed in, at most."""

RESULT_TILE = 1280
"""Pixels on a side of what a tile becomes, at most: 64 channels of them take 420 MB."""

HELD = 4 * 2**30
"""Bytes that the maps may take which are held between the passes over all tiles."""


class UpscaleNetwork(nn.Module):
    """A network from pictures [B,3,h,w] in 0..1 to pictures of `scale` times their sides, about 0..1.

    It takes sides that are multiples of `factor`. What it does is told as steps, so that it may be computed
    in tiles with the same result.
    """

    scale: int
    factor: int = 1

    @abstractmethod
    def steps(self) -> list[Step]:
        """Return what the network does, step by step."""

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,3,h,w] to [B,3,scale * h,scale * w]."""
        y = x
        for step in self.steps():
            y, x = step.run(y, x)
        return y


@dataclass(frozen=True, eq=False)
class UpscaleModel:
    """An upscale network ready for pictures; UPSCALE_MODEL on the wire. Light, immutable.

    `network` has its weights as they were loaded, in the file's dtype; it computes in `dtype` on `device`.
    """

    network: UpscaleNetwork
    dtype: torch.dtype = torch.float32
    copies: Copies = field(default_factory=Copies, repr=False)
    device: torch.device = CPU

    @property
    def scale(self) -> int:
        """How many times longer the sides become."""
        return self.network.scale

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the weights take while computing."""
        return nbytes(self.network, self.dtype)

    def upscale(
        self, image: Tensor, report: Report = unheard, *, tile: int | None = None, held: int = HELD
    ) -> Tensor:
        """Return IMAGE [B,scale * H,scale * W,3] in 0..1 of IMAGE [B,H,W,C]; an alpha channel is left out.

        It is computed in tiles of `tile` pixels a side, with the result of computing it at once
        (`tiling.py`), and `report` is told of each. Beside the result and one item of it, this takes at most
        `held` bytes and what one tile needs.
        """
        network = self.copies.ready(self.network, self.dtype, self.device)
        like, scale = example(network), self.scale
        side = min(TILE, RESULT_TILE // scale) if tile is None else tile
        batch, height, width = image.shape[:3]
        result = torch.empty(batch, scale * height, scale * width, 3)

        def of_item(before: int, done: int, total: int) -> None:
            report(before * total + done, batch * total)

        for k, picture in enumerate(image):
            x = _whole(_colours(picture).movedim(-1, 0)[None], network.factor)
            y = in_tiles(network.steps(), x.to(like), side, held, partial(of_item, k))
            result[k] = y[0, :, : scale * height, : scale * width].movedim(0, -1).clamp(0, 1)
        return result


def laid(x: Tensor) -> Tensor:
    """Return a map with its channels last in memory, as convolutions compute it in two thirds of the time."""
    return x.contiguous(memory_format=torch.channels_last)


def _colours(picture: Tensor) -> Tensor:
    """Return a picture [H,W,C] as [H,W,3]: grey as colours, without alpha."""
    return picture[..., :3] if picture.shape[-1] >= 3 else picture[..., :1].expand(-1, -1, 3)


def _whole(x: Tensor, factor: int) -> Tensor:
    """Repeat the last pixels of [1,3,h,w] until the sides are multiples of `factor`."""
    height, width = x.shape[2:]
    if height % factor == width % factor == 0:
        return x
    return F.pad(x, (0, -width % factor, 0, -height % factor), mode="replicate")
