"""The families of models, in one table; which one a network belongs to is read off its keys and shapes.

Rombach et al. 2022, arXiv 2112.10752 (SD1, SD2); Podell et al. 2023, arXiv 2307.01952 (SDXL); Brooks et al.
2023, arXiv 2211.09800 (editing by instruction); Ramesh et al. 2022, arXiv 2204.06125 (unCLIP); Gupta et al.
2024, arXiv 2401.02677 (SSD-1B, Segmind-Vega).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from torch import Tensor

from ..errors import CheckpointError
from ..latents.latent_format import PLAYGROUND, SD1, SDXL, LatentFormat
from ..networks.unet import UNetSpec
from ..prompts.vectors import refiner_vector, sdxl_vector, unclip_vector

Vector: TypeAlias = Callable[[Tensor, Mapping[str, Any], int, int], Tensor]
"""From `pooled` [1,C], a conditioning's options, height and width (pixels) to a vector [1,label_channels]."""

Tower: TypeAlias = Literal["clip_l", "open_clip_h", "open_clip_g"]
"""A text encoder: CLIP ViT-L/14 of OpenAI, or OpenCLIP's ViT-H/14 or ViT-bigG/14."""


@dataclass(frozen=True)
class ImageInput:
    """What a U-Net takes beside the noisy latent, in its further channels.

    "inpaint" is a mask (1 channel, 1 = repaint) and then the latent of the picture with grey in the hole;
    "edit" is the latent of a picture. `scaled` says that this latent is in the model's scale.
    """

    kind: Literal["inpaint", "edit"]
    scaled: bool = True


@dataclass(frozen=True, kw_only=True)
class Family:
    """One family of models.

    `kin` names the group whose members' weights can be merged; `towers` are the text encoders whose outputs
    are laid side by side, in order. `fits` tells it from other shapes of networks, `in_channels` and
    `marker` (a key that only its files have) from its kin. `vector` makes the vector of a conditioning, where
    the network takes one. `predicts` is what the output means where a file does not say (a key of
    `parameterization.KINDS`). `velocity_by_norm` says that then a file's weights must be asked whether the
    network predicts velocity, since its keys are those of its sister that predicts noise.
    """

    name: str
    title: str
    kin: str
    towers: tuple[Tower, ...]
    fits: Callable[[UNetSpec], bool]
    latent_format: LatentFormat
    in_channels: int = 4
    marker: str | None = None
    image: ImageInput | None = None
    vector: Vector | None = None
    predicts: str = "eps"
    velocity_by_norm: bool = False


def _sd1(spec: UNetSpec) -> bool:
    return not spec.linear_projections and spec.label_channels is None


def _sd2(spec: UNetSpec) -> bool:
    return spec.linear_projections and spec.label_channels is None


def _has_vector(spec: UNetSpec) -> bool:
    # The finest level is without attention; in the SD2 models that take a vector (unCLIP) it has some.
    return spec.linear_projections and spec.label_channels is not None and not spec.input_depths[0]


def _unclip(width: int) -> Callable[[UNetSpec], bool]:
    def fits(spec: UNetSpec) -> bool:
        # A picture's embedding, and beside it the level of the noise in it, embedded to the same width.
        return spec.linear_projections and bool(spec.input_depths[0]) and spec.label_channels == 2 * width

    return fits


def _sdxl(spec: UNetSpec) -> bool:
    return _has_vector(spec) and bool(spec.input_depths[-1]) and bool(spec.middle_depth)


def _refiner(spec: UNetSpec) -> bool:
    return _has_vector(spec) and not spec.input_depths[-1] and bool(spec.middle_depth)


def _ssd(spec: UNetSpec) -> bool:
    return _has_vector(spec) and not spec.middle_depth and max(spec.input_depths) > 2


def _vega(spec: UNetSpec) -> bool:
    return _has_vector(spec) and not spec.middle_depth and max(spec.input_depths) <= 2


def _member(family: Family, name: str, title: str, in_channels: int, image: ImageInput) -> Family:
    return replace(family, name=name, title=title, in_channels=in_channels, image=image)


SD1_FAMILY = Family(
    name="sd1", title="Stable Diffusion 1", kin="sd1", towers=("clip_l",), fits=_sd1, latent_format=SD1
)
_SD2 = Family(
    name="sd2",
    title="Stable Diffusion 2",
    kin="sd2",
    towers=("open_clip_h",),
    fits=_sd2,
    latent_format=SD1,
    velocity_by_norm=True,
)
_SDXL = Family(
    name="sdxl",
    title="Stable Diffusion XL",
    kin="sdxl",
    towers=("clip_l", "open_clip_g"),
    fits=_sdxl,
    latent_format=SDXL,
    vector=sdxl_vector,
)


def _unclip_member(tower: str, width: int) -> Family:
    return replace(
        _SD2,
        name=f"sd2-unclip-{tower.lower()}",
        title=f"Stable Diffusion 2.1 unCLIP (ViT-{tower})",
        kin=f"sd2-unclip-{tower.lower()}",
        fits=_unclip(width),
        vector=unclip_vector(width),
        predicts="v",
        velocity_by_norm=False,
    )


_INPAINT = ImageInput("inpaint")

FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        SD1_FAMILY,
        _member(SD1_FAMILY, "sd1-inpainting", "Stable Diffusion 1 for inpainting", 9, _INPAINT),
        _member(SD1_FAMILY, "sd1-edit", "InstructPix2Pix", 8, ImageInput("edit", scaled=False)),
        _SD2,
        replace(
            _member(_SD2, "sd2-inpainting", "Stable Diffusion 2 for inpainting", 9, _INPAINT),
            velocity_by_norm=False,
        ),
        _unclip_member("H", 1024),
        _unclip_member("L", 768),
        replace(
            _SDXL, name="playground-2.5", title="Playground 2.5", marker="edm_mean", latent_format=PLAYGROUND
        ),
        _SDXL,
        _member(_SDXL, "sdxl-inpainting", "Stable Diffusion XL for inpainting", 9, _INPAINT),
        replace(
            _member(_SDXL, "cosxl-edit", "CosXL Edit", 8, ImageInput("edit")), marker="edm_vpred.sigma_max"
        ),
        _member(_SDXL, "sdxl-edit", "InstructPix2Pix XL", 8, ImageInput("edit", scaled=False)),
        Family(
            name="sdxl-refiner",
            title="Stable Diffusion XL refiner",
            kin="sdxl-refiner",
            towers=("open_clip_g",),
            fits=_refiner,
            latent_format=SDXL,
            vector=refiner_vector,
        ),
        replace(_SDXL, name="ssd-1b", title="SSD-1B", kin="ssd-1b", fits=_ssd),
        replace(_SDXL, name="segmind-vega", title="Segmind-Vega", kin="segmind-vega", fits=_vega),
    )
}
"""The one table of families. Of several that fit a network the first one holds."""


def family_of(spec: UNetSpec, keys: Collection[str] = ()) -> Family:
    """Return the family of a network by its shape; `keys` are all keys of its file, for the markers.

    Raises CheckpointError, which tells the shape that was seen and the families that are known.
    """
    for family in FAMILIES.values():
        marked = family.marker is None or family.marker in keys
        if marked and family.in_channels == spec.in_channels and family.fits(spec):
            return family
    known = ", ".join(family.title for family in FAMILIES.values())
    raise CheckpointError(f"this U-Net is of no known family: it has {described(spec)}. Known are {known}")


def described(spec: UNetSpec) -> str:
    """Say in words what families are told apart by."""
    label = f"a vector of {spec.label_channels} channels" if spec.label_channels else "no vector"
    projections = "linear" if spec.linear_projections else "convolutional"
    return (
        f"{spec.in_channels} input channels, {len(spec.channels)} levels of {list(spec.channels)} channels "
        f"with {list(spec.input_depths)} transformer blocks ({spec.middle_depth} in the middle), "
        f"{projections} projections, {label}, and attends to {spec.context_channels} channels of text"
    )
