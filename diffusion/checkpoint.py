"""Loading Stable Diffusion 1 checkpoints in the original layout: strictly, and saying what differs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from .autoencoder import Autoencoder, spec_from
from .clip import Clip
from .errors import CheckpointError
from .kinds import described, some
from .latent_format import SD1
from .model import Model
from .prediction import EPS, V
from .schedule import discrete_schedule
from .tensorfile import TensorFile
from .text import TextSpec, TextTower
from .tokenizer import Tokenizer, clip_tokenizer, folder_tokenizer
from .unet import UNet, UNetSpec
from .vae import Vae

UNET = "model.diffusion_model."
AUTOENCODER = "first_stage_model."
TEXT = "cond_stage_model.transformer."
LAYOUT = f"{UNET} (U-Net), {AUTOENCODER} (VAE) and {TEXT} (CLIP)"

# Keys that carry nothing a network needs: training's schedule vectors, averages, losses, counters; markers.
BOOKKEEPING = re.compile(
    r"(sqrt_|log_)?(one_minus_|recip_|recipm1_)?alphas_cumprod(_prev)?$|betas$|model_ema\."
    r"|posterior_(variance|log_variance_clipped|mean_coef[12])$"
    r"|.*\bposition_ids$|.*\blogit_scale$|(first_stage_model\.)?loss\.|v_pred$|ztsnr$"
)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The parts of a Stable Diffusion checkpoint."""

    model: Model
    clip: Clip
    vae: Vae


def load_checkpoint(path: Path, dtype: torch.dtype = torch.float32) -> Checkpoint:
    """Load a Stable Diffusion 1 checkpoint, original layout, from one safetensors file.

    The networks' shapes are read from the keys; weights are brought to `dtype`. The U-Net predicts noise, or
    velocity where the file is marked `v_pred`, with zero terminal SNR where it is also marked `ztsnr`. The
    vocabulary is that of a folder `tokenizer/` beside the file, or else CLIP's own.
    Raises CheckpointError: not a safetensors file, cut off, another kind of model, or keys that do not fit.
    """
    file = TensorFile.open(path)
    keys = {_modern(key): key for key in file.shapes if not BOOKKEEPING.match(key)}
    shapes = {name: file.shapes[key] for name, key in keys.items()}
    if absent := [part for part in (UNET, AUTOENCODER, TEXT) if not _below(part, shapes)]:
        raise CheckpointError(
            f"{path} is not a Stable Diffusion 1 checkpoint. {described(file.shapes)}. "
            f"A checkpoint holds {LAYOUT} in one file; this one lacks {', '.join(absent)}"
        )
    try:
        with torch.device("meta"):
            unet = UNet(UNetSpec.from_shapes(_below(UNET, shapes)))
            autoencoder = Autoencoder(spec_from(_below(AUTOENCODER, shapes)))
            tower = TextTower(TextSpec.from_shapes(_below(TEXT, shapes)))
    except (ValueError, LookupError) as error:
        raise CheckpointError(f"{path} is not a Stable Diffusion 1 checkpoint: {error}") from error
    parts = {UNET: unet, AUTOENCODER: autoencoder, TEXT: tower}
    _check_keys(file, parts, keys)
    _check_widths(path, unet, autoencoder, tower)
    tokenizer = _tokenizer(path, tower)
    _fill(file, parts, keys, dtype)
    v = "v_pred" in file.shapes
    return Checkpoint(
        model=Model(
            unet=unet,
            prediction=V if v else EPS,
            schedule=discrete_schedule(zero_terminal_snr=v and "ztsnr" in file.shapes),
            latent_format=SD1,
        ),
        clip=Clip(tower, tokenizer),
        vae=Vae(autoencoder),
    )


def load_vae(path: Path, dtype: torch.dtype = torch.float32) -> Vae:
    """Load an image autoencoder, original layout, from its own safetensors file or from a checkpoint.

    Raises CheckpointError: not a safetensors file, cut off, another kind of model, or keys that do not fit.
    """
    file = TensorFile.open(path)
    prefix = AUTOENCODER if _below(AUTOENCODER, file.shapes) else ""
    keys = {key: key for key in file.shapes if key.startswith(prefix) and not BOOKKEEPING.match(key)}
    try:
        with torch.device("meta"):
            autoencoder = Autoencoder(spec_from(_below(prefix, {key: file.shapes[key] for key in keys})))
    except (ValueError, LookupError) as error:
        raise CheckpointError(f"{path} cannot be used as a VAE: {error}. {described(file.shapes)}") from error
    _check_keys(file, {prefix: autoencoder}, keys)
    _fill(file, {prefix: autoencoder}, keys, dtype)
    return Vae(autoencoder)


def _below(prefix: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {key.removeprefix(prefix): shape for key, shape in shapes.items() if key.startswith(prefix)}


def _modern(key: str) -> str:
    """Return the usual name of a key: very old merges leave `text_model.` out."""
    old = re.match(rf"{re.escape(TEXT)}(?=embeddings\.|encoder\.|final_layer_norm\.)", key)
    return f"{TEXT}text_model.{key[old.end() :]}" if old else key


def _check_keys(file: TensorFile, parts: Mapping[str, nn.Module], keys: Mapping[str, str]) -> None:
    """Compare what networks need with what a file has; `keys` maps usual names to the file's.

    Raises CheckpointError listing what is missing, unexpected or of another shape, in all parts at once.
    """
    want = {
        prefix + name: tuple(tensor.shape)
        for prefix, network in parts.items()
        for name, tensor in network.state_dict().items()
    }
    have = {name: file.shapes[key] for name, key in keys.items()}
    wrong = [
        f"{k} {list(have[k])} instead of {list(want[k])}" for k in want.keys() & have if want[k] != have[k]
    ]
    trouble = {
        "missing": want.keys() - have.keys(),
        "unexpected": have.keys() - want.keys(),
        "of the wrong shape": wrong,
    }
    if any(trouble.values()):
        found = "; ".join(f"{len(keys)} {what} ({some(keys)})" for what, keys in trouble.items() if keys)
        raise CheckpointError(f"{file.path} does not fit the network that its keys describe. Keys: {found}")


def _fill(
    file: TensorFile, parts: Mapping[str, nn.Module], keys: Mapping[str, str], dtype: torch.dtype
) -> None:
    """Give networks built on the meta device the file's weights, ready for inference."""
    tensors = file.read(keys.values(), dtype)
    for prefix, network in parts.items():
        state = {name: tensors[keys[prefix + name]] for name in network.state_dict()}
        network.load_state_dict(state, assign=True)
        network.eval().requires_grad_(False)


def _check_widths(path: Path, unet: UNet, autoencoder: Autoencoder, tower: TextTower) -> None:
    """Check that the parts of a file fit each other."""
    if unet.spec.context_channels != tower.spec.width:
        raise CheckpointError(
            f"{path}: the U-Net attends to {unet.spec.context_channels} channels of text, "
            f"but the text encoder gives {tower.spec.width}"
        )
    if not unet.spec.out_channels == autoencoder.spec.channels == SD1.channels:
        raise CheckpointError(
            f"{path}: the U-Net predicts {unet.spec.out_channels} channels and the VAE's latents have "
            f"{autoencoder.spec.channels}, where Stable Diffusion 1 has {SD1.channels}"
        )


def _tokenizer(path: Path, tower: TextTower) -> Tokenizer:
    """Return the tokenizer in the folder beside a model, or else CLIP's own."""
    folder = path.parent / "tokenizer"
    beside = folder.is_dir()
    tokenizer = folder_tokenizer(folder) if beside else clip_tokenizer()
    if tokenizer.size != tower.spec.vocabulary:
        whose, advice = (
            (f"in {folder}", "put the model into a folder of its own, with its own tokenizer/ or with none")
            if beside
            else ("of CLIP", f"put its vocab.json and merges.txt into {folder}")
        )
        raise CheckpointError(
            f"{path}: its text encoder has {tower.spec.vocabulary:,} tokens, "
            f"but the vocabulary {whose} has {tokenizer.size:,}; {advice}"
        )
    return tokenizer
