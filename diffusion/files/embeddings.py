"""Textual inversion: vectors that stand in a prompt in place of tokens, from the files people share.

Gal et al. 2022, "An Image is Worth One Word" (arXiv:2208.01618).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import Tensor

from ..errors import CheckpointError
from ..names import UnknownNameError, nearest_first
from .kinds import described
from .tensorfile import open_tensors

FAMILIES = {
    768: "Stable Diffusion 1 (or the first text encoder of SDXL)",
    1024: "Stable Diffusion 2",
    1280: "the second text encoder of SDXL, and its refiner",
}

TOWERS = {
    "clip_l": "clip_l",
    "clip_g": "open_clip_g",
    "clip_h": "open_clip_h",
    "text_encoders_0": "clip_l",
    "text_encoders_1": "open_clip_g",
}
"""Which tower's vectors lie under a key, in files that have some for several."""

SHOWN = 20
"""Known names that are told for an unknown one."""


class EmbeddingFiles(Protocol):
    """Where embedding files lie."""

    def names(self) -> Sequence[str]:
        """Name the files there are, as relative paths."""
        ...

    def find(self, name: str) -> Path | None:
        """Return the file of this name, with or without its ending; None if there is none."""
        ...


class NoEmbeddings:
    """No embedding files at all."""

    def names(self) -> Sequence[str]:
        """Name none."""
        return ()

    def find(self, name: str) -> Path | None:
        """Find none."""
        del name


NO_EMBEDDINGS = NoEmbeddings()


@dataclass(frozen=True, eq=False)
class Embedding:
    """Vectors [n,width] by the text tower they are for; under "" those of a file that does not say."""

    path: Path
    vectors: Mapping[str, Tensor]

    def of(self, tower: str, width: int) -> Tensor:
        """Return the vectors [n,width] for a text tower, by its kind and width.

        Raises CheckpointError where they are for another one, and says which.
        """
        if (vectors := self.vectors.get(tower, self.vectors.get(""))) is None:
            raise CheckpointError(
                f"the embedding {self.path} is for {' and '.join(self.vectors)}, not for {tower}"
            )
        if vectors.shape[-1] != width:
            family = FAMILIES.get(vectors.shape[-1], "no family known here")
            if {"clip_l", "open_clip_g"} <= self.vectors.keys():
                family = "Stable Diffusion XL"
            raise CheckpointError(
                f"the embedding {self.path} has vectors of {vectors.shape[-1]} channels, which are for "
                f"{family}; this text encoder ({tower}) takes {width}"
            )
        return vectors


def vectors_in(files: EmbeddingFiles, tower: str, width: int, name: str) -> Tensor:
    """Return the vectors [n,width] of the embedding of this name, for a text tower by its kind and width.

    Raises UnknownNameError, CheckpointError for a file that is for another tower or no embedding.
    """
    if (path := files.find(name)) is None:
        known = dict.fromkeys(known.rpartition(".")[0] or known for known in files.names())
        raise UnknownNameError("embedding", name, nearest_first(name, known)[:SHOWN])
    return load_embedding(path).of(tower, width)


def load_embedding(path: Path) -> Embedding:
    """Load a textual-inversion file of any format: safetensors, or a pickle that cannot run code.

    Raises CheckpointError where the file cannot be read or holds something else.
    """
    tensors = open_tensors(path).tensors
    vectors = {
        tower: (tensor[None] if tensor.ndim == 1 else tensor).float()
        for tower, tensor in _by_tower(tensors).items()
    }
    if not vectors or any(tensor.ndim != 2 for tensor in vectors.values()):
        raise CheckpointError(f"{path} is no textual-inversion embedding. {described(tensors)}")
    return Embedding(path, vectors)


def _by_tower(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a file's vectors by tower; the web UI's files have other tensors beside those of their words."""
    words = {key: tensor for key, tensor in tensors.items() if key.startswith("string_to_param.")}
    table = words or tensors
    if named := {TOWERS[key]: tensor for key, tensor in table.items() if key in TOWERS}:
        return named
    return {"": next(iter(table.values()))} if len(table) == 1 else {}
