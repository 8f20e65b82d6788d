"""Rough pictures of a latent while it is sampled: one multiplication a cell, or a small decoder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image as PilImage
from PIL import ImageOps
from torch import Tensor

from ..errors import CheckpointError
from ..networks.taesd import TinyDecoder
from ..pictures.images import image_to_pixels
from .latent_format import LatentFormat, Row

if TYPE_CHECKING:
    from ..pictures.images import Pixels

COLOURS = "inkloom.latent_colours"
"""Where a file's metadata have the colours of its own latents: the rows of `fitted_colours`, as JSON."""

Preview: TypeAlias = "Callable[[Tensor], Pixels]"
"""From an estimate of the latents without noise, [B,C,h,w] in the model's scale, to a picture [H,W,3]."""


def rgb_image(latent_format: LatentFormat, x: Tensor) -> Tensor:
    """Return IMAGE [B,h,w,3] in 0..1 of latents [B,C,h,w] in the model's scale, one pixel a cell.

    Each channel stands for a colour: the linear map that comes nearest to the autoencoder's. Raises
    ValueError for a format whose colours are not known.
    """
    if not latent_format.rgb:
        raise ValueError(f"the colours of latents of {latent_format.name} are not known")
    factors = x.new_tensor(latent_format.rgb)
    rgb = torch.einsum("bchw,cn->bhwn", x, factors) + x.new_tensor(latent_format.rgb_bias)
    return (rgb.float() / 2 + 0.5).clamp(0, 1)


def previewer(latent_format: LatentFormat, decoder: TinyDecoder | None = None) -> Preview | None:
    """Return how latents of this format are shown: by a small decoder where there is one, else by colours.

    None where there is no decoder and the colours are not known. The first item of a batch is shown.
    """
    if decoder is None and not latent_format.rgb:
        return None

    def preview(denoised: Tensor) -> Pixels:
        x = denoised[:1].float()
        image = rgb_image(latent_format, x) if decoder is None else decoder.decode(x)
        return np.ascontiguousarray(image_to_pixels(image)[0])

    return preview


def preview_jpeg(pixels: Pixels, side: int = 512) -> bytes:
    """Return a picture [H,W,3] as a JPEG, scaled until its longer side has `side` pixels."""
    buffer = BytesIO()
    picture = PilImage.fromarray(pixels)
    ImageOps.contain(picture, (side, side), PilImage.Resampling.BILINEAR).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def with_own_colours(latent_format: LatentFormat, metadata: Mapping[str, str]) -> LatentFormat:
    """Return a format with the colours that a checkpoint's metadata give, or as it is where they give none.

    A model may have the shape of a family and an autoencoder of its own, whose colours then are others.
    Raises CheckpointError for metadata that are no such rows.
    """
    if COLOURS not in metadata:
        return latent_format
    try:
        rows = [(float(r), float(g), float(b)) for r, g, b in json.loads(metadata[COLOURS])]
        if len(rows) != latent_format.channels + 1:
            raise ValueError(f"{len(rows)} rows for {latent_format.channels} channels and what is added")
        return replace(latent_format, rgb=tuple(rows[:-1]), rgb_bias=rows[-1], preview="")
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"its metadata {COLOURS} are no rows of three numbers: {error}") from error


def fitted_colours(x: Tensor, image: Tensor) -> tuple[Row, ...]:
    """Fit the colours of latents [B,C,h,w] in a model's scale to their pictures [B,H,W,3] in 0..1.

    Returns C rows of red, green and blue, which `rgb_image` multiplies by, and a last one for what it adds:
    least squares over all cells, each against the mean of its pixels.
    """
    factor = image.shape[1] // x.shape[2]
    means = F.avg_pool2d(image.movedim(-1, 1), factor).movedim(1, -1)
    cells = x.movedim(1, -1).reshape(-1, x.shape[1]).double()
    seen = torch.cat([cells, torch.ones(len(cells), 1, dtype=torch.float64)], dim=1)
    wanted = means.reshape(-1, 3).double() * 2 - 1
    rows = np.linalg.lstsq(seen.cpu().numpy(), wanted.cpu().numpy(), rcond=None)[0]
    return tuple((round(float(r), 4), round(float(g), 4), round(float(b), 4)) for r, g, b in rows)
