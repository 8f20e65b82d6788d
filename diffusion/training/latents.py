"""Latents of many drawn scenes, computed once, and the normalisation folded into the autoencoder."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..files.pickles import read_own
from ..latents.latent_format import SD1
from ..networks.autoencoder import Autoencoder
from .loop import ignore, save
from .scenes import training_scene
from .train_vae import pictures, to_signed

CHUNK = 64


@dataclass(frozen=True, eq=False)
class Latents:
    """Latents float16 [N,4,16,16] of the training scenes 0..N-1 of a seed, straight from the encoder.

    `mean` and `std` [4] are theirs, per channel.
    """

    seed: int
    values: Tensor
    mean: Tensor
    std: Tensor

    def normalised(self, index: Tensor) -> Tensor:
        """Give some of them, float32 with mean 0 and standard deviation 1 per channel."""
        mean, std = self.mean[:, None, None], self.std[:, None, None]
        return (self.values[index].float() - mean) / std


@torch.no_grad()
def encode_scenes(
    vae: Autoencoder,
    path: Path,
    *,
    seed: int,
    count: int,
    report: Callable[[str], None] = ignore,
) -> Latents:
    """Encode the training scenes 0..count-1, or take them from the file where it has as many."""
    if path.exists():
        held = read_own(path)
        if held["seed"] == seed and len(held["values"]) >= count:
            return Latents(**held)
    device = next(vae.parameters()).device
    values = torch.empty(count, vae.spec.channels, 16, 16, dtype=torch.float16)
    started = time.monotonic()
    for start in range(0, count, CHUNK):
        scenes = [training_scene(seed, index) for index in range(start, min(start + CHUNK, count))]
        x = to_signed(pictures(scenes)).to(device, memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            values[start : start + len(scenes)] = vae.encode(x).to("cpu", torch.float16)
        if start // CHUNK % 50 == 49:
            speed = (start + CHUNK) / (time.monotonic() - started)
            report(f"encoded {start + CHUNK}/{count}, {speed:.0f} pictures/s")
    sample = values[:16384].float()
    mean, std = sample.mean(dim=(0, 2, 3)), sample.std(dim=(0, 2, 3))
    latents = Latents(seed=seed, values=values, mean=mean, std=std)
    save(path, {"seed": seed, "values": values, "mean": mean, "std": std})
    return latents


@torch.no_grad()
def fold_normalisation(vae: Autoencoder, mean: Tensor, std: Tensor) -> Autoencoder:
    """Give an autoencoder with the same pictures, whose latents times the family's scale have mean 0, std 1.

    `mean` and `std` [4] are those of the given one's latents. The change goes into the 1x1 convolutions
    next to the latent, so that nothing outside needs to know of it.
    """
    folded = copy.deepcopy(vae)
    before, after = folded.quant_conv, folded.post_quant_conv
    if before is None or after is None:
        raise ValueError("this autoencoder has no quant_conv to fold the normalisation into")
    assert before.bias is not None
    assert after.bias is not None
    mean, std = mean.to(before.weight), std.to(before.weight)
    gain = 1 / SD1.to_model(std)
    channels = len(mean)
    before.weight[:channels] *= gain[:, None, None, None]
    before.bias[:channels] = (before.bias[:channels] - mean) * gain
    before.bias[channels:] += 2 * gain.log()
    after.bias += (after.weight[:, :, 0, 0] @ mean[:, None])[:, 0]
    after.weight /= gain[None, :, None, None]
    return folded
