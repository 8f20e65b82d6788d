"""The vector that SDXL and its refiner take beside the text: the pooled text, sizes, a score.

Podell et al. 2023, "SDXL: Improving Latent Diffusion Models for High-Resolution Image Synthesis"
(arXiv:2307.01952), section 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def _vector(pooled: Tensor, *numbers: float) -> Tensor:
    waves = timestep_embedding(torch.tensor(numbers, device=pooled.device), NUMBER_WIDTH).flatten()
    return torch.cat([pooled, waves.to(pooled).expand(len(pooled), -1)], dim=1)
