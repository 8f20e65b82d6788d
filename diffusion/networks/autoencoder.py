"""The autoencoder of latent diffusion: pictures to latents of an eighth of the size, and back.

Module names are the original ones, so a checkpoint's keys below `first_stage_model.` are this module's keys.

Paper: Rombach et al. 2022, arXiv 2112.10752.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from .autoencoder_blocks import (
    Codebook,
    Downsample,
    Level,
    Middle,
    Step,
    Upsample,
    activated,
    laid,
    layer_step,
    norm_over,
)

LOGVAR_RANGE = (-30.0, 20.0)


@dataclass(frozen=True, kw_only=True)
class AutoencoderSpec:
    """The shape of an autoencoder.

    `widths` are the channels of each level from full resolution down; `blocks` is the number of residual
    blocks of an encoder level (a decoder level has one more). `embed_channels` is the width of the latent
    behind `quant_conv`, or None where the file has no quant convolutions (SD3, Flux). `codes` is the number
    of vectors that a VQ model knows, or None for a KL model.
    """

    picture_channels: int = 3
    widths: tuple[int, ...]
    blocks: int
    latent_channels: int = 4
    embed_channels: int | None = 4
    codes: int | None = None

    @property
    def factor(self) -> int:
        """Picture pixels per latent pixel, along one side."""
        return int(2 ** (len(self.widths) - 1))

    @property
    def channels(self) -> int:
        """Channels of the latent that `encode` gives and `decode` takes."""
        return self.latent_channels if self.embed_channels is None else self.embed_channels


def spec_from(shapes: Mapping[str, Sequence[int]]) -> AutoencoderSpec:
    """Read the shape of an autoencoder off the shapes of its weights (original names, no prefix).

    Raises ValueError where the keys are not those of a KL autoencoder.
    """
    wanted = ("encoder.conv_in.weight", "decoder.conv_in.weight", "decoder.conv_out.weight")
    missing = [key for key in wanted if key not in shapes]
    if missing:
        raise ValueError(f"not an autoencoder in the original layout: it has no {', '.join(missing)}")
    found = [re.match(r"encoder\.down\.(\d+)\.block\.(\d+)\.conv1\.weight$", key) for key in shapes]
    places = [(int(m[1]), int(m[2])) for m in found if m]
    if not places:
        raise ValueError(
            "not an autoencoder in the original layout: it has no encoder.down.*.block.* weights"
        )
    levels = 1 + max(level for level, _ in places)
    quant = shapes.get("post_quant_conv.weight")
    book = shapes.get("quantize.embedding.weight")
    return AutoencoderSpec(
        picture_channels=shapes["decoder.conv_out.weight"][0],
        widths=tuple(shapes[f"encoder.down.{level}.block.0.conv1.weight"][0] for level in range(levels)),
        blocks=1 + max(block for _, block in places),
        latent_channels=shapes["decoder.conv_in.weight"][1],
        embed_channels=None if quant is None else quant[1],
        codes=None if book is None else book[0],
    )


class Encoder(nn.Module):
    """Pictures to the moments of their latents; a VQ model's to the latents themselves."""

    def __init__(self, spec: AutoencoderSpec) -> None:
        super().__init__()
        widths, last = spec.widths, len(spec.widths) - 1
        self.conv_in = nn.Conv2d(spec.picture_channels, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            Level(
                widths[max(i - 1, 0)], widths[i], spec.blocks, Downsample if i < last else None, "downsample"
            )
            for i in range(len(widths))
        )
        self.mid = Middle(widths[-1])
        self.norm_out = norm_over(widths[-1])
        moments = 1 if spec.codes else 2
        self.conv_out = nn.Conv2d(widths[-1], moments * spec.latent_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,3,H,W] to [B,2z,h,w], a VQ model's to [B,z,h,w]."""
        x = laid(self.conv_in(x))
        for level in self.levels()[:-1]:
            x = level(x)
        return self.coarse(x)

    def fine_steps(self) -> list[Step]:
        """Return, step by step, what `forward` does before `coarse`."""
        levels = (step for level in self.levels()[:-1] for step in level.steps())
        return [layer_step(self.conv_in), *levels]

    def coarse(self, x: Tensor) -> Tensor:
        """Map [B,C,h,w] at the latents' resolution to what `forward` gives."""
        x = self.mid(self.levels()[-1](x))
        return self.conv_out(activated(self.norm_out(x)))

    def levels(self) -> list[Level]:
        """Return the levels in the order in which they run."""
        return [cast(Level, level) for level in self.down]


class Decoder(nn.Module):
    """Latents to pictures; `up.0` is the full-resolution end, run last."""

    def __init__(self, spec: AutoencoderSpec) -> None:
        super().__init__()
        widths, last = spec.widths, len(spec.widths) - 1
        self.conv_in = nn.Conv2d(spec.latent_channels, widths[-1], 3, padding=1)
        self.mid = Middle(widths[-1])
        self.up = nn.ModuleList(
            Level(
                widths[min(i + 1, last)], widths[i], spec.blocks + 1, Upsample if i > 0 else None, "upsample"
            )
            for i in range(len(widths))
        )
        self.norm_out = norm_over(widths[0])
        self.conv_out = nn.Conv2d(widths[0], spec.picture_channels, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """Map [B,z,h,w] to [B,3,H,W]."""
        first, *others = self.levels()
        x = first.resampled(self.coarse(z))
        for level in others:
            x = level(x)
        return self.conv_out(activated(self.norm_out(x)))

    def coarse(self, z: Tensor) -> Tensor:
        """Map [B,z,h,w] to [B,C,h,w], all that is done at the latents' resolution."""
        return self.levels()[0].blocks(self.mid(laid(self.conv_in(z))))

    def fine_steps(self) -> list[Step]:
        """Return, step by step, what `forward` does after `coarse`."""
        first, *others = self.levels()
        levels = (step for level in others for step in level.steps())
        return [*first.resample_steps(), *levels, layer_step(self.conv_out, self.norm_out)]

    def levels(self) -> list[Level]:
        """Return the levels in the order in which they run."""
        return [cast(Level, level) for level in reversed(self.up)]


class Autoencoder(nn.Module):
    """A KL or VQ autoencoder; pixels are -1..1, latents are unscaled (that is the latent format's matter)."""

    def __init__(self, spec: AutoencoderSpec) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = Encoder(spec)
        self.decoder = Decoder(spec)
        z, embed, moments = spec.latent_channels, spec.embed_channels, 1 if spec.codes else 2
        self.quant_conv = None if embed is None else nn.Conv2d(moments * z, moments * embed, 1)
        self.post_quant_conv = None if embed is None else nn.Conv2d(embed, z, 1)
        self.quantize = None if spec.codes is None else Codebook(spec.codes, spec.channels)

    def encode_moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and log variance [B,z,h,w] of the latents of pictures [B,3,H,W] in -1..1.

        Raises ValueError for a VQ model, which has no such.
        """
        if self.quantize is not None:
            raise ValueError("a VQ autoencoder has latents, but no distribution of them")
        moments = cast(Tensor, self.encoder(x))
        if self.quant_conv is not None:
            moments = cast(Tensor, self.quant_conv(moments))
        mean, logvar = moments.chunk(2, dim=1)
        return mean, logvar.clamp(*LOGVAR_RANGE)

    def encode(self, x: Tensor) -> Tensor:
        """Give the latents [B,z,h,w] of pictures [B,3,H,W] in -1..1: the mean, not a sample.

        A VQ model's are not yet brought to its codebook; `decode` does that. Raises ValueError where a side
        is not a multiple of the factor.
        """
        self.check_size(x)
        return self.latents(self.encoder(x))

    def latents(self, encoded: Tensor) -> Tensor:
        """Give the latents [B,z,h,w] that the encoder's output stands for."""
        out = encoded if self.quant_conv is None else cast(Tensor, self.quant_conv(encoded))
        return out if self.quantize is not None else out.chunk(2, dim=1)[0]

    def decode(self, z: Tensor) -> Tensor:
        """Give the pictures [B,3,H,W], about -1..1 and not clamped, of latents [B,z,h,w]."""
        return cast(Tensor, self.decoder(self.decodable(z)))

    def decodable(self, z: Tensor) -> Tensor:
        """Give what the decoder takes for latents [B,z,h,w]."""
        if self.quantize is not None:
            z = self.quantize(z)
        return z if self.post_quant_conv is None else cast(Tensor, self.post_quant_conv(z))

    def check_size(self, x: Tensor) -> None:
        """Raise ValueError where a side of pictures [B,3,H,W] is not a multiple of the factor."""
        if x.shape[-1] % self.spec.factor or x.shape[-2] % self.spec.factor:
            size = f"{x.shape[-1]}x{x.shape[-2]}"
            raise ValueError(f"a picture of {size} pixels: its sides must be multiples of {self.spec.factor}")

    def forward(self, x: Tensor) -> Tensor:
        """Give pictures [B,3,H,W] as they come back from their latents."""
        return self.decode(self.encode(x))
