"""VAE on the wire: from pictures to latents and back, mostly by an image autoencoder. Light, immutable."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from .latents.latent_format import makers
from .networks.autoencoder import Autoencoder
from .networks.placing import Placed
from .networks.tiling import Report, in_tiles, unheard
from .networks.weights import CPU, Copies, example, held, nbytes

ENCODER = ("encoder", "quant_conv")
DECODER = ("decoder", "post_quant_conv", "quantize")

TILE = 512
"""Pixels on a side of the tiles that a picture is computed in where it is too big to be computed at once."""

LIVE = 4
"""How many maps of the widest level are alive at once: measured, with what convolutions need."""

HELD = 4
"""How many times what a tile needs the maps held between the passes of a tiled run may take."""


class PictureCoder(Protocol):
    """What makes latents of pictures and pictures of latents; VAE on the wire: see `Vae` for the methods."""

    def encode(self, image: Tensor, tile: int | None = None, report: Report = unheard) -> Tensor:
        """Encode IMAGE [B,H,W,C]."""
        ...

    def decode(self, samples: Tensor, tile: int | None = None, report: Report = unheard) -> Tensor:
        """Decode to IMAGE [B,H,W,3] in 0..1."""
        ...

    def cut(self, image: Tensor) -> Tensor:
        """Cut pictures [B,H,W,C] evenly to what `encode` sees."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the weights take while computing."""
        ...


@dataclass(frozen=True, eq=False)
class Vae:
    """An image autoencoder; VAE on the wire. Its latents are not scaled to any model.

    `autoencoder` has its weights as they were loaded, in the file's dtype; it computes in `dtype` on
    `device`, statistics in float32 always, and gives results on the CPU. `room` are the bytes that computing
    may take: as many items of a batch as fit in go at once, and one that does not fit goes in tiles. With
    `tile` all go in tiles of so many pixels a side, where nobody asks for others.
    """

    autoencoder: Autoencoder
    dtype: torch.dtype = torch.float32
    copies: Copies = field(default_factory=Copies, repr=False)
    room: int = 6 * 2**30
    tile: int | None = None
    device: torch.device = CPU

    @property
    def factor(self) -> int:
        """Picture pixels per latent pixel, along one side."""
        return self.autoencoder.spec.factor

    def encode(self, image: Tensor, tile: int | None = None, report: Report = unheard) -> Tensor:
        """Encode IMAGE [B,H,W,C] to latents [B,channels,H//8,W//8]; sides are cut evenly to multiples of 8.

        An alpha channel is left out. With `tile` it is computed in tiles of so many pixels a side, rounded
        down to whole cells, with the same result but for rounding (`tiling.py`), and `report` is told of
        each. Raises ValueError for a picture smaller than one latent pixel.
        """
        network = self.copies.ready(self.autoencoder, self.dtype, self.device, ENCODER)
        pixels = self.cut(image)[..., :3].movedim(-1, 1)
        like = example(network.encoder)

        def whole(x: Tensor) -> Tensor:
            return network.encode(x.to(like))

        def tiled(x: Tensor, tile: int, report: Report) -> Tensor:
            side = max(tile // self.factor, 1) * self.factor
            fine = in_tiles(
                network.encoder.fine_steps(), x.to(like), side, HELD * self.needed(side * side), report
            )
            return network.latents(network.encoder.coarse(fine.to(like)))

        return self._each(pixels.to(like.dtype) * 2 - 1, 1, tile, whole, tiled, report)

    def cut(self, image: Tensor) -> Tensor:
        """Cut pictures [B,H,W,C] evenly to the multiples of 8 pixels that `encode` sees, a view.

        Raises ValueError for a picture smaller than one latent pixel.
        """
        return cut_evenly(image, self.factor)

    def decode(self, samples: Tensor, tile: int | None = None, report: Report = unheard) -> Tensor:
        """Decode latents [B,channels,h,w] to IMAGE [B,8h,8w,3] in 0..1; for `tile` and `report` see `encode`.

        Raises ValueError for latents of another kind of model.
        """
        channels = self.autoencoder.spec.channels
        if samples.shape[1] != channels:
            given = samples.shape[1]
            kinds = [f" ({made_by})" if (made_by := makers(n)) else "" for n in (channels, given)]
            raise ValueError(
                f"this VAE decodes latents of {channels} channels{kinds[0]}, not of {given}{kinds[1]}"
            )
        network = self.copies.ready(self.autoencoder, self.dtype, self.device, DECODER)
        like = example(network.decoder)

        def whole(z: Tensor) -> Tensor:
            return _shown(network.decode(z.to(like)))

        def tiled(z: Tensor, tile: int, report: Report) -> Tensor:
            coarse = network.decoder.coarse(network.decodable(z.to(like)))
            side, held = max(tile // self.factor, 1), HELD * self.needed(tile * tile)
            return _shown(in_tiles(network.decoder.fine_steps(), coarse, side, held, report))

        pixels = self._each(samples, self.factor, tile, whole, tiled, report)
        return pixels.movedim(1, -1).contiguous()

    @property
    def encoding_weights(self) -> Placed:
        """What decides where the weights lie that encode."""
        return self.copies.placed(self.autoencoder, self.dtype, self.device, ENCODER)

    @property
    def decoding_weights(self) -> Placed:
        """What decides where the weights lie that decode."""
        return self.copies.placed(self.autoencoder, self.dtype, self.device, DECODER)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the weights take while computing."""
        return nbytes(self.autoencoder, self.dtype)

    def held(self) -> Mapping[Hashable, int]:
        """Return the bytes that keeping this holds, by weight; other handles of the autoencoder share it."""
        return held(self.autoencoder)

    def needed(self, pixels: int) -> int:
        """Return about how many bytes computing so many pixels of a picture at once takes."""
        return LIVE * max(self.autoencoder.spec.widths[:2]) * self.dtype.itemsize * pixels

    def needed_in_tiles(self, tile: int) -> int:
        """Return about how many bytes computing in tiles of so many pixels a side takes."""
        return (1 + HELD) * self.needed(tile * tile)

    def _each(
        self,
        x: Tensor,
        scale: int,
        tile: int | None,
        whole: Callable[[Tensor], Tensor],
        tiled: Callable[[Tensor, int, Report], Tensor],
        report: Report,
    ) -> Tensor:
        """Compute a batch [B,C,h,w], of `scale` pixels a side each: some items at once, or in tiles."""
        tile = tile or self.tile
        at_once = self.room // self.needed(x.shape[2] * x.shape[3] * scale * scale)
        if tile is None and at_once:
            return torch.cat([whole(x[first : first + at_once]).cpu() for first in range(0, len(x), at_once)])

        def of_item(before: int, done: int, total: int) -> None:
            report(before * total + done, len(x) * total)

        items = [x[k : k + 1] for k in range(len(x))]
        return torch.cat(
            [tiled(item, tile or TILE, partial(of_item, k)).cpu() for k, item in enumerate(items)]
        )


def _shown(pixels: Tensor) -> Tensor:
    """Return pixels about -1..1 as float32 in 0..1."""
    return (pixels.float() / 2 + 0.5).clamp(0, 1)


def cut_evenly(image: Tensor, factor: int) -> Tensor:
    """Cut pictures [B,H,W,C] evenly on both ends until their sides are multiples of `factor`, a view.

    Raises ValueError for a picture with less than that on a side.
    """
    height, width = image.shape[1:3]
    if height < factor or width < factor:
        raise ValueError(f"a picture of {width}x{height} pixels is too small: {factor}x{factor} at least")
    top, left = height % factor // 2, width % factor // 2
    return image[:, top : top + height // factor * factor, left : left + width // factor * factor]
