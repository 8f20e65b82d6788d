"""The vectors that networks take beside the text: for SDXL and its refiner the pooled text, sizes, a score.

Podell et al. 2023, "SDXL: Improving Latent Diffusion Models for High-Resolution Image Synthesis"
(arXiv:2307.01952), section 2.2. For unCLIP pictures, Ramesh et al. 2022 (arXiv:2204.06125).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from math import cos, pi
from typing import Any

import torch
from torch import Tensor

from ..networks.blocks import timestep_embedding

NUMBER_WIDTH = 256
"""Channels that each number becomes, in the way that a timestep does."""

POSITIVE_SCORE, NEGATIVE_SCORE = 6.0, 2.5
"""The aesthetic scores that the refiner was shown good and bad pictures with."""


def sdxl_vector(pooled: Tensor, options: Mapping[str, Any], height: int, width: int) -> Tensor:
    """Build SDXL's vector [B,C + 6*256] of one conditioning from `pooled` [B,C].

    After the pooled text come height, width, crop_h, crop_w, target_height, target_width (pixels). What
    `options` leave out is: the size of the picture `height`, `width`; no crop; as target the size given.
    """
    own_height, own_width = options.get("height", height), options.get("width", width)
    crop = options.get("crop_h", 0), options.get("crop_w", 0)
    target = options.get("target_height", own_height), options.get("target_width", own_width)
    return _vector(pooled, own_height, own_width, *crop, *target)


def refiner_vector(pooled: Tensor, options: Mapping[str, Any], height: int, width: int) -> Tensor:
    """Build the SDXL refiner's vector [B,C + 5*256] of one conditioning from `pooled` [B,C].

    After the pooled text come height, width, crop_h, crop_w (pixels) and the aesthetic score. What `options`
    leave out is: the size of the picture; no crop; a score of 6, or 2.5 where `prompt_type` is "negative".
    """
    default = NEGATIVE_SCORE if options.get("prompt_type") == "negative" else POSITIVE_SCORE
    return _vector(
        pooled,
        options.get("height", height),
        options.get("width", width),
        options.get("crop_h", 0),
        options.get("crop_w", 0),
        options.get("aesthetic_score", default),
    )


LEVELS = 1000
"""How many levels of noise unCLIP knows, from next to nothing to nothing but noise."""

MERGED = 0.05
"""How much noise (0..1) the sum of several pictures gets: it lies further out than any one of them."""


def unclip_vector(width: int) -> Callable[[Tensor, Mapping[str, Any], int, int], Tensor]:
    """Return what builds unCLIP's vector [1,2 * width]: a picture's embedding, noised, and how much.

    The pictures are those in `unclip_conditioning` of a conditioning's options, [{"clip_vision_output":
    ClipVisionOutput, "strength": number, "noise_augmentation": 0..1}]; without any the vector is 0. Several
    are added up by their strengths and noised once more, by `MERGED`. The noise is the same in every run.
    The function raises ValueError for embeddings of another width.
    """

    def build(pooled: Tensor, options: Mapping[str, Any], height: int, span: int) -> Tensor:
        del height, span
        parts: list[Tensor] = []
        for given in options.get("unclip_conditioning", ()):
            embeddings: Tensor = given["clip_vision_output"].image_embeds.to(pooled)
            if embeddings.shape[-1] != width:
                raise ValueError(
                    f"this unCLIP model takes pictures as {width} channels, but the vision tower gave "
                    f"{embeddings.shape[-1]}; use the one of the same checkpoint"
                )
            for embedding in embeddings:
                noised = _noised_embedding(embedding[None], given["noise_augmentation"])
                parts.append(noised * given["strength"])
        if not parts:
            return pooled.new_zeros(1, 2 * width)
        if len(parts) == 1:
            return parts[0]
        return _noised_embedding(sum(parts[1:], parts[0])[:, :width], MERGED)

    return build


def _noised_embedding(embedding: Tensor, share: float) -> Tensor:
    """Return an embedding [1,C] with noise of a share (0..1) of all levels, and that level, as [1,2C].

    The noise is of variance 1. (That of ViT-L was of the embeddings' own variance, which no file tells.)
    """
    level = round((LEVELS - 1) * share)
    kept = squared_cosine_alphas()[level]
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(embedding.shape, generator=generator).to(embedding)
    wave = timestep_embedding(torch.tensor([level], device=embedding.device), embedding.shape[1])
    return torch.cat([kept**0.5 * embedding + (1 - kept) ** 0.5 * noise, wave.to(embedding)], 1)


@cache
def squared_cosine_alphas() -> tuple[float, ...]:
    """Return alpha-bar of each level of the cosine schedule; Nichol and Dhariwal 2021, arXiv:2102.09672."""

    def kept(time: float) -> float:
        return cos((time + 0.008) / 1.008 * pi / 2) ** 2

    alphas: list[float] = []
    total = 1.0
    for level in range(LEVELS):
        total *= 1 - min(1 - kept((level + 1) / LEVELS) / kept(level / LEVELS), 0.999)
        alphas.append(total)
    return tuple(alphas)


def _vector(pooled: Tensor, *numbers: float) -> Tensor:
    waves = timestep_embedding(torch.tensor(numbers, device=pooled.device), NUMBER_WIDTH).flatten()
    return torch.cat([pooled, waves.to(pooled).expand(len(pooled), -1)], dim=1)
