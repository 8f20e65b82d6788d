"""Where the networks lie in a file, and under which names: the original's or diffusers'."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping

from torch import Tensor

from .diffusers_names import Pair, renamed, unet_pairs, vae_pairs
from .filling import Part

UNET = "model.diffusion_model."
AUTOENCODER = "first_stage_model."

UNET_PREFIXES = (UNET, "diffusion_model.", "unet.", "model.", "")
AUTOENCODER_PREFIXES = (AUTOENCODER, "vae.", "")

# Keys that carry nothing a network needs: training's schedule vectors, averages, losses, counters; markers.
BOOKKEEPING = re.compile(
    r"(sqrt_|log_)?(one_minus_|recip_|recipm1_)?alphas_cumprod(_prev)?$|betas$|model_ema\."
    r"|posterior_(variance|log_variance_clipped|mean_coef[12])$|logvar$|denoiser\.sigmas$"
    r"|.*\bposition_ids$|.*\blogit_scale$|.*\battn_mask$|(first_stage_model\.)?loss\."
    r"|noise_augmentor\."
    r"|v_pred$|ztsnr$|edm_mean$|edm_std$|edm_vpred\.sigma_(max|min)$|(.*\.)?scaled_fp8$|.*\.scale_(weight|input)$"
)


def unet_part(tensors: Mapping[str, Tensor]) -> Part | None:
    """Return the U-Net's tensors under their original names, or None where there is no U-Net."""
    for prefix in UNET_PREFIXES:
        if f"{prefix}input_blocks.0.0.weight" in tensors:
            return _original(tensors, prefix)
        if f"{prefix}down_blocks.0.resnets.0.conv1.weight" in tensors:
            return _from_diffusers(tensors, prefix, unet_pairs)
    return None


def autoencoder_part(tensors: Mapping[str, Tensor]) -> Part | None:
    """Return the image autoencoder's tensors under their original names, or None where there is none."""
    for prefix in AUTOENCODER_PREFIXES:
        if any(
            f"{prefix}{half}.mid_block.resnets.0.conv1.weight" in tensors for half in ("encoder", "decoder")
        ):
            return _from_diffusers(tensors, prefix, vae_pairs)
        if any(f"{prefix}{half}.mid.block_1.conv1.weight" in tensors for half in ("encoder", "decoder")):
            return _original(tensors, prefix)
    return None


def plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Leave out what no network needs, and undo the scaling of weights stored in 8 bits.

    A matrix X.weight that is stored divided by a number X.scale_weight is multiplied with it, in float32.
    """
    scales = {
        key.removesuffix("scale_weight") + "weight": scale
        for key, scale in tensors.items()
        if key.endswith(".scale_weight")
    }
    return {
        key: tensor.float() * scales[key].float() if key in scales else tensor
        for key, tensor in tensors.items()
        if not BOOKKEEPING.match(key)
    }


def _original(tensors: Mapping[str, Tensor], prefix: str) -> Part:
    return Part(_below(tensors, prefix), lambda name: prefix + name)


def _from_diffusers(
    tensors: Mapping[str, Tensor], prefix: str, pairs: Callable[[Collection[str]], Iterable[Pair]]
) -> Part:
    below = _below(tensors, prefix)
    both = tuple(pairs(below))
    ours = {theirs: original for original, theirs in both}
    theirs = dict(both)
    named = {renamed(key, ours): tensor for key, tensor in below.items()}
    return Part(
        {name: _as_convolution(name, tensor) for name, tensor in named.items()},
        lambda name: prefix + renamed(name, theirs),
    )


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): tensor for key, tensor in tensors.items() if key.startswith(prefix)}


# In autoencoders diffusers projects with matrices where the original has convolutions of one pixel.
_PROJECTION = re.compile(r"(en|de)coder\.mid\.attn_1\.(q|k|v|proj_out)\.weight")


def _as_convolution(name: str, tensor: Tensor) -> Tensor:
    return tensor[:, :, None, None] if tensor.ndim == 2 and _PROJECTION.fullmatch(name) else tensor
