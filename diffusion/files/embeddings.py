"""Textual inversion: vectors that stand in a prompt in place of tokens, from the files people share.

Gal et al. 2022, "An Image is Worth One Word" (arXiv:2208.01618).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ..errors import CheckpointError
from .embedding_names import EmbeddingFiles, by_tower, embedding_file
from .kinds import described
from .tensorfile import open_tensors

FAMILIES = {
    768: "Stable Diffusion 1 (or the first text encoder of SDXL)",
    1024: "Stable Diffusion 2",
    1280: "the second text encoder of SDXL, and its refiner",
}


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
    return load_embedding(embedding_file(files, name)).of(tower, width)


def load_embedding(path: Path) -> Embedding:
    """Load a textual-inversion file of any format: safetensors, or a pickle that cannot run code.

    Raises CheckpointError where the file cannot be read or holds something else.
    """
    tensors = open_tensors(path).tensors
    vectors = {
        tower: (tensor[None] if tensor.ndim == 1 else tensor).float()
        for tower, tensor in by_tower(tensors).items()
    }
    if not vectors or any(tensor.ndim != 2 for tensor in vectors.values()):
        raise CheckpointError(f"{path} is no textual-inversion embedding. {described(tensors)}")
    return Embedding(path, vectors)
