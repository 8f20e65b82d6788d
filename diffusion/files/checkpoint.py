"""Loading models of the Stable Diffusion family from files: strictly, key by key, copying nothing."""

from __future__ import annotations

import logging
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from ..clip import Clip
from ..errors import CheckpointError
from ..latents.previews import with_own_colours
from ..model import Model
from ..networks.autoencoder import Autoencoder, spec_from
from ..networks.text import TOWER_KINDS, TextTower
from ..networks.unet import UNet, UNetSpec
from ..networks.unfilled import on_meta
from ..networks.weights import Copies
from ..prompts.tokenizer import METADATA as TOKENIZER
from ..prompts.tokenizer import Tokenizer, clip_tokenizer, folder_tokenizer, from_text
from ..vae import Vae
from .families import Family, family_of
from .filling import Part, fill
from .kinds import described, refuse_others, some
from .layouts import AUTOENCODER, UNET, autoencoder_part, plain, unet_part
from .parameterization import Parameterization, marks_of, parameterization
from .tensorfile import open_tensors
from .text_keys import FoundTower, find_towers, found_tower

log = logging.getLogger(__name__)

TEXT = "cond_stage_model.transformer."

# What a checkpoint holds, where, as messages tell it.
UNETS = f"{UNET} (U-Net)"
AUTOENCODERS = f"{AUTOENCODER} (VAE)"
TEXTS = "cond_stage_model. or conditioner. (text encoders)"


class Heads(NamedTuple):
    """The attention heads of a U-Net, where they are known: their number, or the channels of one."""

    heads: int | None = None
    head_channels: int | None = None


NO_HEADS = Heads()


NO_METADATA: Mapping[str, str] = {}


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The parts of a Stable Diffusion checkpoint."""

    model: Model
    clip: Clip
    vae: Vae


def load_checkpoint(
    path: Path, *, prediction: str | None = None, elsewhere: tuple[str, ...] = ()
) -> Checkpoint:
    """Load a checkpoint: U-Net, text encoders and VAE in one file.

    Its family and the networks' shapes are read from the keys. The weights stay in the file, mapped, in its
    dtype. What the U-Net predicts is read from the file's markers unless `prediction` says it ("eps", "v").
    The vocabulary is that in the file's metadata, of a folder `tokenizer/` beside it, or else CLIP's own.
    `elsewhere` are prefixes of keys that others read.
    Raises CheckpointError: no file of tensors, cut off, another kind of model, or keys that do not fit.
    """
    file = open_tensors(path)
    with naming(path):
        refuse_others(file.tensors)
        tensors = plain(file.tensors)
        unet, autoencoder = unet_part(tensors), autoencoder_part(tensors)
        prefixes = tower_prefixes(tensors)
        if unet is None or autoencoder is None or not prefixes:
            found = {UNETS: unet, AUTOENCODERS: autoencoder, TEXTS: prefixes}
            absent = ", ".join(part for part, there in found.items() if not there)
            raise CheckpointError(
                f"it is no checkpoint of the Stable Diffusion family. {described(tensors)}. "
                f"A checkpoint holds {', '.join(found)} in one file; this one lacks {absent}"
            )
        parts = assembled(unet, autoencoder, [(tensors, prefix) for prefix in prefixes], file.tensors)
        _tell_unread(path, tensors, (unet, autoencoder), (*prefixes, *elsewhere))
        marks = marks_of(file.tensors, file.metadata)
        meaning = parameterization(parts.family, unet, marks, prediction)
        model = model_of(parts.unet, parts.family, meaning, path.stem)
        return Checkpoint(
            model=replace(model, latent_format=with_own_colours(model.latent_format, file.metadata)),
            clip=clip_of(
                parts.towers,
                tokenizer_for(path.parent / "tokenizer", parts.towers, file.metadata),
                path.stem,
            ),
            vae=vae_of(parts.autoencoder, path.stem),
        )


def load_unet(path: Path, *, prediction: str | None = None) -> Model:
    """Load a U-Net on its own, under the original's names or diffusers', or the one of a checkpoint.

    `prediction` as for `load_checkpoint`. Raises CheckpointError as it does.
    """
    file = open_tensors(path)
    with naming(path):
        refuse_others(file.tensors)
        part = unet_part(plain(file.tensors))
        if part is None:
            raise CheckpointError(
                f"it holds no U-Net of the Stable Diffusion family. {described(file.tensors)}"
            )
        unet = on_meta(UNet, UNetSpec.from_shapes(part.shapes))
        family = family_of(unet.spec, file.tensors)
        fill((unet, part))
        marks = marks_of(file.tensors, file.metadata)
        return model_of(unet, family, parameterization(family, part, marks, prediction), path.stem)


def load_vae(path: Path) -> Vae:
    """Load an image autoencoder on its own, under the original's names or diffusers', or a checkpoint's.

    Raises CheckpointError as `load_checkpoint` does.
    """
    file = open_tensors(path)
    with naming(path):
        refuse_others(file.tensors)
        part = autoencoder_part(plain(file.tensors))
        if part is None:
            raise CheckpointError(f"it cannot be used as a VAE. {described(file.tensors)}")
        autoencoder = hollow_autoencoder(part)
        fill((autoencoder, part))
        return vae_of(autoencoder, path.stem)


class Networks(NamedTuple):
    """The filled networks of a checkpoint, and its family."""

    family: Family
    unet: UNet
    autoencoder: Autoencoder
    towers: Mapping[str, TextTower]


def assembled(
    unet_part: Part,
    autoencoder_part: Part,
    texts: Sequence[tuple[Mapping[str, Tensor], str]],
    keys: Collection[str],
    heads: Heads = NO_HEADS,
) -> Networks:
    """Build and fill the networks of a checkpoint from its parts.

    `texts` are tensors with the prefix of a text tower in them, in order; `keys` are the file's, for markers.
    Raises CheckpointError for parts that are not known, not whole, or do not fit each other.
    """
    unet = on_meta(UNet, UNetSpec.from_shapes(unet_part.shapes, **heads._asdict()))
    family = family_of(unet.spec, keys)
    autoencoder = hollow_autoencoder(autoencoder_part)
    if len(texts) != len(family.towers):
        wanted = " and ".join(TOWER_KINDS[kind].title for kind in family.towers)
        there = ", ".join(prefix for _, prefix in texts)
        raise CheckpointError(f"{family.title} has the text encoder {wanted}, but there is {there}")
    towers: dict[str, TextTower] = {}
    pairs: list[tuple[nn.Module, Part]] = []
    for kind, (tensors, prefix) in zip(family.towers, texts, strict=True):
        found = found_tower(shapes_of(tensors), prefix, kind)
        towers[kind] = on_meta(TextTower, found.spec)
        pairs.append((towers[kind], tower_part(found, tensors)))
    _check_widths(family, unet, autoencoder, towers)
    fill((unet, unet_part), (autoencoder, autoencoder_part), *pairs)
    return Networks(family, unet, autoencoder, towers)


def model_of(unet: UNet, family: Family, meaning: Parameterization, file: str) -> Model:
    """Return the handle of a U-Net that was filled from a file of this name."""
    return Model(
        unet,
        meaning.prediction,
        meaning.schedule,
        family.latent_format,
        family=family,
        copies=Copies(f"U-Net of {file}"),
    )


def clip_of(towers: Mapping[str, TextTower], tokenizer: Tokenizer, file: str) -> Clip:
    """Return the handle of text towers that were filled from a file of this name."""
    return Clip(towers, tokenizer, copies=Copies(f"text encoder of {file}"))


def vae_of(autoencoder: Autoencoder, file: str) -> Vae:
    """Return the handle of an autoencoder that was filled from a file of this name."""
    return Vae(autoencoder, copies=Copies(f"VAE of {file}"))


def hollow_autoencoder(part: Part) -> Autoencoder:
    """Build the autoencoder that a part describes, to be filled. Raises CheckpointError."""
    try:
        return on_meta(Autoencoder, spec_from(part.shapes))
    except (ValueError, LookupError) as error:
        raise CheckpointError(f"its VAE is not known: {error}") from error


def tower_part(found: FoundTower, tensors: Mapping[str, Tensor]) -> Part:
    """Return a text tower's tensors under its own names."""

    def told(name: str) -> str:
        return found.pieces[name].key if name in found.pieces else found.prefix + name

    return Part(found.tensors(tensors), told)


def tokenizer_for(
    folder: Path, towers: Mapping[str, TextTower], metadata: Mapping[str, str] = NO_METADATA
) -> Tokenizer:
    """Return the tokenizer that a file's metadata hold, or that of a folder, or else CLIP's own.

    Raises CheckpointError where it has other tokens than the towers.
    """
    inside = metadata.get(TOKENIZER)
    beside = inside is None and folder.is_dir()
    if inside is not None:
        tokenizer = from_text(inside)
    else:
        tokenizer = folder_tokenizer(folder) if beside else clip_tokenizer()
    for tower in towers.values():
        if tokenizer.size != tower.spec.vocabulary:
            whose, advice = (
                (
                    f"in {folder}",
                    "put the model into a folder of its own, with its own tokenizer/ or with none",
                )
                if beside
                else ("of CLIP", f"put its vocab.json and merges.txt into {folder}")
                if inside is None
                else ("in its metadata", "the file contradicts itself: save it again")
            )
            raise CheckpointError(
                f"its text encoder has {tower.spec.vocabulary:,} tokens, "
                f"but the vocabulary {whose} has {tokenizer.size:,}; {advice}"
            )
    return tokenizer


def tower_prefixes(tensors: Mapping[str, Tensor]) -> list[str]:
    """Return what stands before the keys of each text tower, in order."""
    return [found.prefix for found in find_towers(shapes_of(tensors))]


def shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of tensors by key."""
    return {key: tuple(tensor.shape) for key, tensor in tensors.items()}


def _tell_unread(
    path: Path, tensors: Collection[str], parts: Iterable[Part], prefixes: Sequence[str]
) -> None:
    """Log which of a checkpoint's keys belong to none of its networks; they do no harm."""
    read = {part.told(name) for part in parts for name in part.tensors}
    if unread := [key for key in tensors if key not in read and not key.startswith(tuple(prefixes))]:
        log.warning("%s: %d keys belong to no network and are not read: %s", path, len(unread), some(unread))


@contextmanager
def naming(path: Path) -> Generator[None]:
    """Put the file's name before what is said about it."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(f"{path} cannot be loaded: {error}") from error


def _check_widths(
    family: Family, unet: UNet, autoencoder: Autoencoder, towers: Mapping[str, TextTower]
) -> None:
    """Check that the parts of a checkpoint fit each other."""
    width, channels = sum(tower.spec.width for tower in towers.values()), family.latent_format.channels
    if unet.spec.context_channels != width:
        raise CheckpointError(
            f"the U-Net attends to {unet.spec.context_channels} channels of text, "
            f"but the text encoders give {width}"
        )
    if not unet.spec.out_channels == autoencoder.spec.channels == channels:
        raise CheckpointError(
            f"the U-Net predicts {unet.spec.out_channels} channels and the VAE's latents have "
            f"{autoencoder.spec.channels}, where {family.title} has {channels}"
        )
