"""Where a U-Net looks for each token of a prompt: its cross attention, as maps.

Tang et al. 2022, arXiv 2210.04885, sum these over heads, layers and steps; here they are averaged over heads
and layers at one level of noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .guidance.canvas import canvas_of
from .guidance.estimate import CALL_BYTES, Estimator
from .model import Model
from .networks.hooks import Heads, Hooks, Mix, Site
from .noise.random_noise import RandomNoise
from .prompts.words import Word
from .sampling import is_full
from .values import Conditioning, Latent


def attention_maps(
    model: Model,
    conditioning: Conditioning,
    latent: Latent,
    *,
    percent: float,
    seed: int,
    call_bytes: int = CALL_BYTES,
) -> Tensor:
    """Return the share of its look that each cell gives to each token, [B,S,h,w] in 0..1, on the CPU.

    The latent is noised to the level that sampling has at `percent` of its way (0 the start, 1 the end), and
    the network called once. A cell's shares add up to 1 over the S tokens of the conditioning, which must
    have one entry. Raises ValueError for another one, for a latent that is not the model's, and for a network
    without cross attention.
    """
    if len(conditioning) != 1:
        raise ValueError(f"a conditioning of one entry is needed, this one has {len(conditioning)}")
    canvas = canvas_of(model, latent)
    sigma = model.schedule.percent_to_sigma(percent)
    noise = RandomNoise(seed).at_start(latent["samples"].shape, latent.get("batch_index"))
    full = is_full(model.schedule, sigma)
    x = model.prediction.noised(canvas.kept, noise.to(canvas.kept), sigma, full)
    looks: list[Tensor] = []

    def note(site: Site, heads: Heads, mix: Mix) -> Tensor:
        if site.kind == "cross":
            looks.append(_shares(heads, site, (canvas.height, canvas.width)))
        return mix(heads)

    Estimator(model, canvas, call_bytes)(x, sigma, conditioning, hooks=Hooks(mix=(note,)))
    if not looks:
        raise ValueError(f"the network of {model.family.title} has no cross attention to look at")
    return torch.stack(looks).mean(0).cpu()


def word_maps(maps: Tensor, words: Sequence[Word]) -> Tensor:
    """Return a map for each word, [B,W,h,w] in 0..1: the highest of each word's is 1, the lowest 0."""
    summed = torch.stack([maps[:, list(word.places)].sum(1) for word in words], 1)
    low, high = summed.amin((2, 3), keepdim=True), summed.amax((2, 3), keepdim=True)
    return (summed - low) / (high - low).clamp_min(torch.finfo(summed.dtype).tiny)


def heat_image(maps: Tensor, side: int) -> Tensor:
    """Return maps [N,h,w] in 0..1 as pictures [N,H,W,3], `side` times as large, dark blue to yellow."""
    large = F.interpolate(maps[:, None], scale_factor=side, mode="bilinear", align_corners=False)[:, 0]
    colours = torch.tensor(HEAT)
    at = large.clamp(0, 1) * (len(HEAT) - 1)
    below = at.floor().long().clamp(max=len(HEAT) - 2)
    return torch.lerp(colours[below], colours[below + 1], (at - below)[..., None])


HEAT = (
    (0.03, 0.03, 0.14),
    (0.20, 0.07, 0.42),
    (0.52, 0.12, 0.45),
    (0.84, 0.28, 0.30),
    (0.98, 0.61, 0.20),
    (0.99, 0.95, 0.60),
)
"""Colours of a map, from 0 to 1 at equal distances; each is brighter than the one before."""


def _shares(heads: Heads, site: Site, size: tuple[int, int]) -> Tensor:
    """Return each cell's shares over the tokens, averaged over heads and brought to `size`: [B,S,h,w]."""
    scores = heads.q.float() @ heads.k.float().mT * heads.q.shape[-1] ** -0.5
    shares = scores.softmax(-1).mean(1)  # [B,T,S]
    maps = shares.mT.unflatten(2, (site.height, site.width))
    return F.interpolate(maps, size, mode="bilinear", align_corners=False)
