"""CLIP's vision towers: pictures to what adapters attend to.

Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision"
(arXiv:2103.00020); Cherti et al. 2022 (arXiv:2212.07143) for OpenCLIP's ViT-H and ViT-bigG.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from itertools import count
from math import isqrt
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import CheckpointError
from .placing import Placed
from .towers import Activation, Blocks
from .weights import CPU, Copies, example, held, nbytes

HEADS = 16
"""Heads of attention in every published tower; they leave no trace in a file."""

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
"""Mean and standard deviation of the colours that the towers were trained on, red, green, blue."""


class VisionKind(NamedTuple):
    """What the keys of a vision tower do not tell."""

    title: str
    activation: Activation


VISION_KINDS: Mapping[int, VisionKind] = {
    24: VisionKind("CLIP ViT-L/14", "quick_gelu"),
    32: VisionKind("OpenCLIP ViT-H/14", "gelu"),
    48: VisionKind("OpenCLIP ViT-bigG/14", "gelu"),
}
"""The vision towers that adapters use, by their number of layers."""


@dataclass(frozen=True, kw_only=True)
class VisionSpec:
    """The shape of a vision tower: it looks at squares of `side` pixels, in patches of `patch` pixels."""

    width: int
    layers: int
    hidden: int
    side: int
    patch: int
    projection: int
    activation: Activation
    heads: int = HEADS

    @classmethod
    def from_shapes(
        cls, shapes: Mapping[str, tuple[int, ...]], kinds: Mapping[int, VisionKind] = VISION_KINDS
    ) -> VisionSpec:
        """Read the shape from a tower's keys (`vision_model.…`, `visual_projection.weight`) and shapes.

        Raises CheckpointError when the keys are not a vision tower's, or it has another number of layers
        than those in `kinds`.
        """
        names = {
            "patches": "vision_model.embeddings.patch_embedding.weight",
            "positions": "vision_model.embeddings.position_embedding.weight",
            "hidden": "vision_model.encoder.layers.0.mlp.fc1.weight",
            "projection": "visual_projection.weight",
        }
        if missing := [name for name in names.values() if len(shapes.get(name, ())) < 2]:
            raise CheckpointError(f"not a known CLIP vision tower: there is no {', '.join(missing)}")
        layer = "vision_model.encoder.layers.{}.layer_norm1.weight"
        layers = next(i for i in count() if layer.format(i) not in shapes)
        if layers not in kinds:
            known = ", ".join(f"{kind.title} ({number})" for number, kind in kinds.items())
            raise CheckpointError(f"a CLIP vision tower of {layers} layers is not known; known are {known}")
        width, _, _, patch = shapes[names["patches"]]
        return cls(
            width=width,
            layers=layers,
            hidden=shapes[names["hidden"]][0],
            side=isqrt(shapes[names["positions"]][0] - 1) * patch,
            patch=patch,
            projection=shapes[names["projection"]][0],
            activation=kinds[layers].activation,
        )


@dataclass(frozen=True, eq=False)
class ClipVisionOutput:
    """What a vision tower makes of pictures; CLIP_VISION_OUTPUT on the wire.

    `last_hidden_state` and `penultimate_hidden_states` [B, 1 + patches, width] are the outputs of the last
    layer and the one before, not normed; `image_embeds` [B,projection] is for the pictures as a whole.
    """

    last_hidden_state: Tensor
    penultimate_hidden_states: Tensor
    image_embeds: Tensor


class Embeddings(nn.Module):
    """The vectors of a picture's patches, of the picture as a whole, and of their places."""

    def __init__(self, spec: VisionSpec) -> None:
        super().__init__()
        self.class_embedding = nn.Parameter(torch.zeros(spec.width))
        # Torch leaves the types of devices open.
        self.patch_embedding = nn.Conv2d(3, spec.width, spec.patch, spec.patch, bias=False)  # pyright: ignore[reportUnknownMemberType]
        self.position_embedding = nn.Embedding(1 + (spec.side // spec.patch) ** 2, spec.width)


class VisionModel(nn.Module):
    """All of a tower but the projection, under the names that files have for it."""

    def __init__(self, spec: VisionSpec) -> None:
        super().__init__()
        self.embeddings = Embeddings(spec)
        self.pre_layrnorm = nn.LayerNorm(spec.width)
        self.encoder = Blocks(spec.layers, spec.width, spec.heads, spec.hidden, spec.activation, causal=False)
        self.post_layernorm = nn.LayerNorm(spec.width)


class VisionTower(nn.Module):
    """A CLIP vision tower; its keys are transformers' (`vision_model.…`, `visual_projection.weight`)."""

    def __init__(self, spec: VisionSpec) -> None:
        super().__init__()
        self.spec = spec
        self.vision_model = VisionModel(spec)
        self.visual_projection = nn.Linear(spec.width, spec.projection, bias=False)

    def forward(self, pixels: Tensor) -> ClipVisionOutput:
        """Look at normalised pictures [B,3,side,side]."""
        model = self.vision_model
        patches: Tensor = model.embeddings.patch_embedding(pixels).flatten(2).transpose(1, 2)
        whole = model.embeddings.class_embedding.expand(len(pixels), 1, -1)
        x: Tensor = torch.cat([whole, patches], dim=1) + model.embeddings.position_embedding.weight
        x = model.pre_layrnorm(x)
        before = x
        for layer in model.encoder.layers:
            before, x = x, layer(x)
        return ClipVisionOutput(x, before, self.visual_projection(model.post_layernorm(x[:, 0])))


@dataclass(frozen=True, eq=False)
class ClipVision:
    """A picture encoder; CLIP_VISION on the wire. Light, immutable.

    Weights are brought to `dtype` on `device` when they are first used; what it gives lies on the CPU.
    """

    tower: VisionTower
    dtype: torch.dtype = torch.float32
    copies: Copies = field(default_factory=Copies, repr=False)
    device: torch.device = CPU

    def encode(self, image: Tensor, crop: str = "center") -> ClipVisionOutput:
        """Look at pictures [B,H,W,C] in 0..1, of any size; see `vision_pixels` for `crop`.

        Raises ValueError for an unknown `crop`.
        """
        tower = self.copies.ready(self.tower, self.dtype, self.device)
        found = tower(vision_pixels(image, tower.spec.side, crop).to(example(tower)))
        return ClipVisionOutput(
            found.last_hidden_state.float().cpu(),
            found.penultimate_hidden_states.float().cpu(),
            found.image_embeds.float().cpu(),
        )

    @property
    def weights(self) -> Placed:
        """What decides where the weights lie while computing."""
        return self.copies.placed(self.tower, self.dtype, self.device)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the weights take while computing."""
        return nbytes(self.tower, self.dtype)

    def held(self) -> Mapping[Hashable, int]:
        """Return the bytes that keeping this holds, by weight: other handles of the tower share them."""
        return held(self.tower)


def vision_pixels(image: Tensor, side: int, crop: str = "center") -> Tensor:
    """Bring pictures [B,H,W,C] in 0..1 to what a tower was trained on: [B,3,side,side], normalised.

    They are scaled (bicubic, antialiased) and rounded to 255ths. With `crop` "center" the shorter side
    becomes `side` and the middle of the longer one is kept; with "none" the picture is stretched to a square.
    Raises ValueError for an unknown `crop`.
    """
    if crop not in ("center", "none"):
        raise ValueError(f"unknown crop {crop!r}; known: center, none")
    pixels = image[..., :3].movedim(-1, 1).float()
    height, width = pixels.shape[2:]
    if (height, width) != (side, side):
        scale = side / min(height, width)
        size = (round(scale * height), round(scale * width)) if crop == "center" else (side, side)
        pixels = F.interpolate(pixels, size=size, mode="bicubic", antialias=True)
        top, left = (size[0] - side) // 2, (size[1] - side) // 2
        pixels = pixels[:, :, top : top + side, left : left + side]
    pixels = (255 * pixels).clamp(0, 255).round() / 255
    mean, std = (torch.tensor(values, device=pixels.device)[:, None, None] for values in (MEAN, STD))
    return (pixels - mean) / std
