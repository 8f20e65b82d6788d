"""Models of mixed weights: new handles whose weights are computed from those of two others.

Wortsman et al. 2022, "Model soups" (arXiv:2203.05482). Weights that stay as they are, are shared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..clip import Clip
from ..errors import CheckpointError
from ..model import Model
from ..networks.text import TextTower
from ..networks.unet import UNet
from ..networks.unfilled import on_meta
from .filling import Part, fill

Shares = Callable[[str], tuple[float, float]]
"""From a weight's name to the factors of the first and of the second model's weight."""


def mixed_models(first: Model, second: Model, shares: Shares) -> Model:
    """Return the first model with a U-Net whose weights are sums of those of both, by their shares.

    A weight whose shape differs stays as in the first model: so an inpainting model, which has more input
    channels, takes over what another one of its kin has learned.
    Raises CheckpointError for models of different families.
    """
    if first.family.kin != second.family.kin:
        raise CheckpointError(
            f"the first model is {first.family.title} and the second {second.family.title}; "
            "only models of one family can be merged"
        )
    unet = on_meta(UNet, first.unet.spec)
    fill((unet, Part(_mixed(first.unet, second.unet, shares))))
    return replace(first, unet=unet)


def mixed_clips(first: Clip, second: Clip, shares: Shares) -> Clip:
    """Return the first CLIP with text towers whose weights are sums of those of both, by their shares.

    Raises CheckpointError for text encoders of different families.
    """
    if tuple(first.towers) != tuple(second.towers):
        raise CheckpointError(
            f"the first CLIP has the text encoders {' and '.join(first.towers)} and the second "
            f"{' and '.join(second.towers)}; only those of one family can be merged"
        )
    towers: dict[str, TextTower] = {}
    for kind, tower in first.towers.items():
        towers[kind] = on_meta(TextTower, tower.spec)
        fill((towers[kind], Part(_mixed(tower, second.towers[kind], shares))))
    return replace(first, towers=towers)


def blend(ratio: float) -> Shares:
    """Take `ratio` of the first model and the rest of the second."""
    return lambda name: (ratio, 1 - ratio)


def blend_by_prefix(ratios: Mapping[str, float]) -> Shares:
    """Take a ratio of the first model by what a weight's name begins with; the longest of `ratios` holds.

    Names that begin with none of them go with the first of `ratios`.
    """
    default = next(iter(ratios))

    def shares(name: str) -> tuple[float, float]:
        ratio = ratios[
            max((prefix for prefix in ratios if name.startswith(prefix)), key=len, default=default)
        ]
        return ratio, 1 - ratio

    return shares


def difference(factor: float) -> Shares:
    """Take the first model less the second, times `factor`."""
    return lambda name: (factor, -factor)


def total(name: str) -> tuple[float, float]:
    """Take both models whole."""
    del name
    return 1.0, 1.0


def _mixed(first: nn.Module, second: nn.Module, shares: Shares) -> dict[str, Tensor]:
    others = second.state_dict()
    return {name: _sum(mine, others.get(name), *shares(name)) for name, mine in first.state_dict().items()}


def _sum(mine: Tensor, other: Tensor | None, share: float, rest: float) -> Tensor:
    """Add two weights in float32 and bring the sum to the dtype of the first; an unchanged one is shared."""
    if other is None or other.shape != mine.shape or (share, rest) == (1.0, 0.0):
        return mine
    return torch.add(mine.float() * share, other.float(), alpha=rest).to(mine.dtype)
