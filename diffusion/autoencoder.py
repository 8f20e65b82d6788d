"""The KL autoencoder of latent diffusion: pictures to latents of an eighth of the size, and back.

Module names are the original ones, so a checkpoint's keys below `first_stage_model.` are this module's keys.

Paper: Rombach et al. 2022, arXiv 2112.10752.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = 32
NORM_EPS = 1e-6
LOGVAR_RANGE = (-30.0, 20.0)


@dataclass(frozen=True, kw_only=True)
class AutoencoderSpec:
    """The shape of an autoencoder.

    `widths` are the channels of each level from full resolution down; `blocks` is the number of residual
    blocks of an encoder level (a decoder level has one more). `embed_channels` is the width of the latent
    behind `quant_conv`, or None where the file has no quant convolutions (SD3, Flux).
    """

    picture_channels: int = 3
    widths: tuple[int, ...]
    blocks: int
    latent_channels: int = 4
    embed_channels: int | None = 4

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
    return AutoencoderSpec(
        picture_channels=shapes["decoder.conv_out.weight"][0],
        widths=tuple(shapes[f"encoder.down.{level}.block.0.conv1.weight"][0] for level in range(levels)),
        blocks=1 + max(block for _, block in places),
        latent_channels=shapes["decoder.conv_in.weight"][1],
        embed_channels=None if quant is None else quant[1],
    )


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(GROUPS, channels, eps=NORM_EPS)


class ResBlock(nn.Module):
    """Two 3x3 convolutions behind normalisation and SiLU, added to their input."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm1 = _norm(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2 = _norm(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.nin_shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,inputs,h,w] to [B,outputs,h,w]."""
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (x if self.nin_shortcut is None else self.nin_shortcut(x))


class Attention(nn.Module):
    """Self-attention over all pixels, one head as wide as the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _norm(channels)
        self.q = nn.Conv2d(channels, channels, 1)
        self.k = nn.Conv2d(channels, channels, 1)
        self.v = nn.Conv2d(channels, channels, 1)
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,C,h,w] to [B,C,h,w]."""
        h = self.norm(x)
        q, k, v = (part(h).flatten(2).transpose(1, 2) for part in (self.q, self.k, self.v))
        h = F.scaled_dot_product_attention(q, k, v)
        return x + self.proj_out(h.transpose(1, 2).reshape(x.shape))


class Downsample(nn.Module):
    """Halve the sides; the original pads right and bottom only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,C,h,w] to [B,C,h/2,w/2]."""
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    """Double the sides: nearest neighbour, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,C,h,w] to [B,C,2h,2w]."""
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    """The residual blocks of one resolution and the change to the next one."""

    def __init__(
        self, inputs: int, outputs: int, blocks: int, resample: type[nn.Module] | None, name: str
    ) -> None:
        super().__init__()
        self.block = nn.ModuleList(ResBlock(inputs if k == 0 else outputs, outputs) for k in range(blocks))
        if resample is not None:
            self.add_module(name, resample(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,inputs,h,w] to [B,outputs,h',w']."""
        for block in self.block:
            x = block(x)
        for name, child in self.named_children():
            if name != "block":
                x = child(x)
        return x


class Middle(nn.Module):
    """Residual block, attention, residual block at the lowest resolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block_1 = ResBlock(channels, channels)
        self.attn_1 = Attention(channels)
        self.block_2 = ResBlock(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,C,h,w] to [B,C,h,w]."""
        return self.block_2(self.attn_1(self.block_1(x)))


class Encoder(nn.Module):
    """Pictures to the moments of their latents."""

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
        self.norm_out = _norm(widths[-1])
        self.conv_out = nn.Conv2d(widths[-1], 2 * spec.latent_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,3,H,W] to [B,2z,h,w]."""
        x = self.conv_in(x)
        for level in self.down:
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(self.mid(x))))


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
        self.norm_out = _norm(widths[0])
        self.conv_out = nn.Conv2d(widths[0], spec.picture_channels, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """Map [B,z,h,w] to [B,3,H,W]."""
        x = self.mid(self.conv_in(z))
        for level in reversed(self.up):
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class Autoencoder(nn.Module):
    """A KL autoencoder; pixels are -1..1, latents are not scaled (that is the latent format's matter)."""

    def __init__(self, spec: AutoencoderSpec) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = Encoder(spec)
        self.decoder = Decoder(spec)
        z, embed = spec.latent_channels, spec.embed_channels
        self.quant_conv = None if embed is None else nn.Conv2d(2 * z, 2 * embed, 1)
        self.post_quant_conv = None if embed is None else nn.Conv2d(embed, z, 1)

    def encode_moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and log variance [B,z,h,w] of the latents of pictures [B,3,H,W] in -1..1."""
        moments = cast(Tensor, self.encoder(x))
        if self.quant_conv is not None:
            moments = cast(Tensor, self.quant_conv(moments))
        mean, logvar = moments.chunk(2, dim=1)
        return mean, logvar.clamp(*LOGVAR_RANGE)

    def encode(self, x: Tensor) -> Tensor:
        """Give the latents [B,z,h,w] of pictures [B,3,H,W] in -1..1: the mean, not a sample.

        Raises ValueError where a side is not a multiple of the factor.
        """
        if x.shape[-1] % self.spec.factor or x.shape[-2] % self.spec.factor:
            size = f"{x.shape[-1]}x{x.shape[-2]}"
            raise ValueError(f"a picture of {size} pixels: its sides must be multiples of {self.spec.factor}")
        return self.encode_moments(x)[0]

    def decode(self, z: Tensor) -> Tensor:
        """Give the pictures [B,3,H,W], about -1..1 and not clamped, of latents [B,z,h,w]."""
        if self.post_quant_conv is not None:
            z = self.post_quant_conv(z)
        return cast(Tensor, self.decoder(z))

    def forward(self, x: Tensor) -> Tensor:
        """Give pictures [B,3,H,W] as they come back from their latents."""
        return self.decode(self.encode(x))
