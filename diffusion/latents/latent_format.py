"""How each family's model sees the latents of its autoencoder, and what colours they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

Row = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class LatentFormat:
    """How a family's model sees the autoencoder's latents [B,channels,h,w]: `(z - shift) * scale`.

    `shift` and `scale` are numbers, or one number a channel. `rgb` are rough red, green and blue of each
    channel of a latent in the model's scale and `rgb_bias` what is added to their sum, in -1..1; empty where
    they are not known. `preview` begins the names of the files of a small decoder (TAESD).
    """

    channels: int
    scale: float | tuple[float, ...]
    shift: float | tuple[float, ...] = 0.0
    name: str = "another model"
    rgb: tuple[Row, ...] = ()
    rgb_bias: Row = (0.0, 0.0, 0.0)
    preview: str = ""

    def __post_init__(self) -> None:
        for numbers in (self.scale, self.shift):
            if isinstance(numbers, tuple) and len(numbers) != self.channels:
                raise ValueError(f"{len(numbers)} numbers for {self.channels} channels")
        if self.rgb and len(self.rgb) != self.channels:
            raise ValueError(f"colours of {len(self.rgb)} channels, but there are {self.channels}")

    def to_model(self, z: Tensor) -> Tensor:
        """Bring an autoencoder's latent to the model's scale."""
        return (z - _broadcast(self.shift, z)) * _broadcast(self.scale, z)

    def to_autoencoder(self, x: Tensor) -> Tensor:
        """Bring a model's latent back to the autoencoder's scale."""
        return x / _broadcast(self.scale, x) + _broadcast(self.shift, x)


def _broadcast(numbers: float | tuple[float, ...], like: Tensor) -> float | Tensor:
    return like.new_tensor(numbers)[:, None, None] if isinstance(numbers, tuple) else numbers


SD1 = LatentFormat(
    name="Stable Diffusion 1 and 2",
    channels=4,
    scale=0.18215,
    rgb=(
        (0.3512, 0.2297, 0.3227),
        (0.3250, 0.4974, 0.2350),
        (-0.2829, 0.1762, 0.2721),
        (-0.2120, -0.2616, -0.7177),
    ),
    preview="taesd",
)

_SDXL_RGB = (
    (0.3651, 0.4232, 0.4341),
    (-0.2533, -0.0042, 0.1068),
    (0.1076, 0.1111, -0.0362),
    (-0.3165, -0.2492, -0.2188),
)
_SDXL_BIAS = (0.1084, -0.0175, -0.0011)

SDXL = LatentFormat(
    name="Stable Diffusion XL",
    channels=4,
    scale=0.13025,
    rgb=_SDXL_RGB,
    rgb_bias=_SDXL_BIAS,
    preview="taesdxl",
)

# Li et al. 2024, arXiv 2402.17245: normalised by channel instead of by one factor.
PLAYGROUND = LatentFormat(
    name="Playground 2.5",
    channels=4,
    shift=(-1.6574, 1.886, -1.383, 2.5155),
    scale=(0.5 / 8.4927, 0.5 / 5.9022, 0.5 / 6.5498, 0.5 / 5.2299),
    rgb=_SDXL_RGB,
    rgb_bias=_SDXL_BIAS,
    preview="taesdxl",
)

SMALL_FORMATS: Mapping[str, LatentFormat] = {form.preview: form for form in (SD1, SDXL)}
"""The latents that published small decoders (TAESD) are for, by the beginning of their files' names."""

FORMATS: Mapping[str, LatentFormat] = {form.name: form for form in (SD1, SDXL, PLAYGROUND)}
"""Every latent format of the family, by its name."""

ELSEWHERE: Mapping[int, str] = {16: "Stable Diffusion 3 or Flux", 8: "a VAE of 8 channels"}
"""Latents of families that this library does not sample, by their channels."""


def makers(channels: int) -> str:
    """Name the kinds of model whose VAEs make latents of so many channels; "" for none that is known."""
    names = [form.name for form in FORMATS.values() if form.channels == channels]
    return " or ".join(names) or ELSEWHERE.get(channels, "")
