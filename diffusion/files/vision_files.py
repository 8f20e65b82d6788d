"""Loading CLIP's vision towers from files, under transformers' names or OpenCLIP's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from torch import Tensor

from ..errors import CheckpointError
from ..networks.unfilled import on_meta
from ..networks.vision import VISION_KINDS, ClipVision, VisionKind, VisionSpec, VisionTower
from ..networks.weights import Copies
from .checkpoint import naming
from .filling import Part, fill
from .kinds import described
from .layouts import plain
from .tensorfile import open_tensors
from .text_keys import Piece, block_pieces

OPEN_CLIP = ("visual.", "embedder.model.visual.", "conditioner.embedders.0.open_clip.model.visual.")
"""What stands before an OpenCLIP vision tower's keys, in files of its own and in some checkpoints."""

TRANSFORMERS = re.compile(r"vision_model\.|visual_projection\.")

OUTSIDE = {
    "class_embedding": "vision_model.embeddings.class_embedding",
    "conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "ln_pre.weight": "vision_model.pre_layrnorm.weight",
    "ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "ln_post.weight": "vision_model.post_layernorm.weight",
    "ln_post.bias": "vision_model.post_layernorm.bias",
}


def load_clip_vision(path: Path, kinds: Mapping[int, VisionKind] = VISION_KINDS) -> ClipVision:
    """Load a vision tower from its own file, from one of a whole CLIP model, or from a checkpoint.

    Raises CheckpointError: no file of tensors, cut off, without a vision tower that is known, or keys that do
    not fit.
    """
    file = open_tensors(path)
    with naming(path):
        part = vision_part(plain(file.tensors))
        if part is None:
            raise CheckpointError(f"it holds no CLIP vision tower. {described(file.tensors)}")
        tower = on_meta(VisionTower, VisionSpec.from_shapes(part.shapes, kinds))
        fill((tower, part))
        return ClipVision(tower, copies=Copies(f"picture encoder of {path.stem}"))


def vision_part(tensors: Mapping[str, Tensor]) -> Part | None:
    """Return a vision tower's tensors under transformers' names, or None where there is no vision tower."""
    pieces = {key: Piece(key) for key in tensors if TRANSFORMERS.match(key)}
    if not pieces:
        prefix = next((prefix for prefix in OPEN_CLIP if f"{prefix}conv1.weight" in tensors), None)
        if prefix is None:
            return None
        pieces = vision_pieces((key for key in tensors if key.startswith(prefix)), prefix)

    def told(name: str) -> str:
        return pieces[name].key if name in pieces else name

    return Part({name: piece.of(tensors[piece.key]) for name, piece in pieces.items()}, told)


def vision_pieces(keys: Iterable[str], prefix: str) -> dict[str, Piece]:
    """Map transformers' keys to OpenCLIP's below `prefix`; a key of no known name keeps its own."""
    pieces: dict[str, Piece] = {}
    for key in keys:
        name = key.removeprefix(prefix)
        if block := re.fullmatch(r"transformer\.resblocks\.(\d+)\.(.+)", name):
            pieces |= block_pieces(key, f"vision_model.encoder.layers.{block[1]}.", block[2])
        elif name == "proj":
            pieces["visual_projection.weight"] = Piece(key, transposed=True)
        else:
            pieces[OUTSIDE.get(name, name)] = Piece(key)
    return pieces
