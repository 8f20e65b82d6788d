"""Writing models as safetensors files, in the layouts that this field's programs read."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import BinaryIO

import torch
from torch import Tensor

from ..clip import Clip
from ..model import Model
from ..prompts.tokenizer import METADATA, SIZE, as_text
from ..schedules.continuous_schedule import ContinuousSchedule
from ..schedules.prediction import V
from ..vae import PictureCoder, Vae
from .layouts import AUTOENCODER, UNET
from .tensorfile import DTYPES
from .text_keys import open_clip_tensors

TEXTS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("clip_l",): ("cond_stage_model.transformer.",),
    ("open_clip_h",): ("cond_stage_model.model.",),
    ("open_clip_g",): ("conditioner.embedders.0.model.",),
    ("clip_l", "open_clip_g"): ("conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."),
}
"""Where checkpoints hold their text towers, by the families' towers in order."""

OPEN_CLIP = ".model."
"""What such a place ends in where the names are OpenCLIP's."""

ARCHITECTURES: Mapping[str, str] = {
    "sd1": "stable-diffusion-v1",
    "sd2": "stable-diffusion-v2",
    "sdxl": "stable-diffusion-xl-v1-base",
    "sdxl-refiner": "stable-diffusion-xl-v1-refiner",
}
"""What files call the groups of families (modelspec)."""

ALIGNMENT = 64
"""Data begins at a multiple of this many bytes, so that mapped weights lie as processors like them."""


def checkpoint_tensors(model: Model, clip: Clip, vae: PictureCoder) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint in the original layout, with markers of what the U-Net predicts.

    Raises ValueError as `vae_tensors` does.
    """
    tensors = model_tensors(model)
    tensors |= {AUTOENCODER + name: tensor for name, tensor in vae_tensors(vae).items()}
    kinds = tuple(clip.towers)
    for prefix, tower in zip(TEXTS[kinds], clip.towers.values(), strict=True):
        state = tower.state_dict()
        named = open_clip_tensors(state) if prefix.endswith(OPEN_CLIP) else state
        tensors |= {prefix + name: tensor for name, tensor in named.items()}
    return tensors


def model_tensors(model: Model) -> dict[str, Tensor]:
    """Return the tensors of a U-Net under their original names, with markers of what it predicts."""
    return {UNET + name: tensor for name, tensor in model.unet.state_dict().items()} | markers(model)


def markers(model: Model) -> dict[str, Tensor]:
    """Return the keys that tell a model's prediction and noise levels to those who load it."""
    schedule = model.schedule
    if isinstance(schedule, ContinuousSchedule) and model.prediction.name == "edm":
        return {"edm_mean": torch.zeros(0), "edm_std": torch.zeros(0)}
    if isinstance(schedule, ContinuousSchedule) and model.prediction is V and not schedule.tangent:
        levels = {"min": schedule.low, "max": schedule.high}
        return {f"edm_vpred.sigma_{end}": torch.tensor(level) for end, level in levels.items()}
    if model.prediction is not V:
        return {}
    # Stable Diffusion's schedule ends at a level of 14.6; one stretched to pure noise at thousands.
    ends_in_noise = schedule.sigmas[-1].item() > 1000
    return {"v_pred": torch.zeros(0)} | ({"ztsnr": torch.zeros(0)} if ends_in_noise else {})


def clip_tensors(clip: Clip) -> dict[str, dict[str, Tensor]]:
    """Return the tensors of each text tower by its kind, under transformers' names."""
    return {kind: tower.state_dict() for kind, tower in clip.towers.items()}


def vae_tensors(vae: PictureCoder) -> dict[str, Tensor]:
    """Return the tensors of an autoencoder under their original names.

    Raises ValueError for what stands in an autoencoder's place (TAESD, pixels).
    """
    if not isinstance(vae, Vae):
        raise ValueError("only a whole autoencoder can be saved, not what stands in for one (TAESD, pixels)")
    return vae.autoencoder.state_dict()


def metadata_of(model: Model, texts: Mapping[str, str]) -> dict[str, str]:
    """Return what a model's file says of itself: `texts`, its family and what it predicts."""
    predicts = {"eps": "epsilon", "v": "v"}.get(model.prediction.name)
    told = {"modelspec.sai_model_spec": "1.0.0", "modelspec.implementation": "sgm"}
    told |= {"modelspec.architecture": ARCHITECTURES.get(model.family.kin, model.family.name)}
    return told | ({"modelspec.prediction_type": predicts} if predicts else {}) | dict(texts)


def tokenizer_metadata(clip: Clip) -> dict[str, str]:
    """Return the metadata that carry the vocabulary of text encoders, where it is not CLIP's own."""
    return {} if clip.tokenizer.size == SIZE else {METADATA: as_text(clip.tokenizer)}


def write_tensors(file: BinaryIO, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file, tensor by tensor, so that mapped weights go from file to file.

    Raises ValueError for a dtype that the format does not have.
    """
    names = {dtype: name for name, dtype in DTYPES.items()}
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for key, tensor in tensors.items():
        if tensor.dtype not in names:
            raise ValueError(f"{key} has the dtype {tensor.dtype}, which safetensors files cannot hold")
        start, end = end, end + tensor.nbytes
        header[key] = {
            "dtype": names[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % ALIGNMENT)
    file.write(struct.pack("<Q", len(text)) + text)
    for tensor in tensors.values():
        flat = tensor.detach().cpu().contiguous().flatten()
        file.write(flat.view(torch.uint8).numpy().data if flat.numel() else b"")
