"""Where text towers lie in files, and under which names: transformers' and OpenCLIP's.

A tower's own keys are transformers' (`text_model.…`, `text_projection.weight`). OpenCLIP's files have other
names, the projections of query, key and value in one matrix, and the projection of the pooled output
transposed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import CheckpointError
from ..networks.text import TextSpec

Shapes = Mapping[str, tuple[int, ...]]

PREFIXES = (
    "cond_stage_model.transformer.",
    "cond_stage_model.model.",
    "conditioner.embedders.0.transformer.",
    "conditioner.embedders.0.model.",
    "conditioner.embedders.1.transformer.",
    "conditioner.embedders.1.model.",
    "text_encoders.clip_l.transformer.",
    "text_encoders.clip_g.transformer.",
    "clip_l.transformer.",
    "clip_g.transformer.",
    "clip_h.transformer.",
    "text_encoder.",
    "text_encoder_2.",
    "",
)
"""What stands before a text tower's keys, in checkpoints and in files of its own."""

IGNORED = re.compile(
    r"(text_model\.)?embeddings\.position_ids$|logit_scale$|attn_mask$|vision_model\.|visual_projection\.|visual\."
)
"""Keys beside a tower's that it does not need: row numbers, and the other half of a whole CLIP model."""


class Piece(NamedTuple):
    """Where a tower's tensor lies: in the tensor of the file's `key`.

    It is the `part`-th of `parts` equal blocks of rows of that tensor, or its transposed.
    """

    key: str
    part: int = 0
    parts: int = 1
    transposed: bool = False

    def of(self, tensor: Tensor) -> Tensor:
        """Cut the tower's tensor out of the file's, without copying."""
        tensor = tensor.t() if self.transposed else tensor
        return tensor if self.parts == 1 else tensor.chunk(self.parts)[self.part]

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of what `of` gives for a tensor of this shape.

        Rows that do not divide evenly give a shape that fits no tower.
        """
        if self.transposed:
            return shape[::-1]
        return shape if self.parts == 1 or not shape else (-(-shape[0] // self.parts), *shape[1:])


@dataclass(frozen=True)
class FoundTower:
    """A text tower as it lies in a file.

    `kind` is a row of TOWER_KINDS, `pieces` maps the tower's keys to the file's, and `ignored` are the keys
    below `prefix` that the tower does not need.
    """

    prefix: str
    kind: str
    spec: TextSpec
    pieces: Mapping[str, Piece]
    ignored: frozenset[str]

    @property
    def keys(self) -> frozenset[str]:
        """The file's keys that the tower is made of."""
        return frozenset(piece.key for piece in self.pieces.values())

    def shapes(self, shapes: Shapes) -> dict[str, tuple[int, ...]]:
        """Return the shapes by the tower's keys, from those of the file."""
        return {name: piece.shape(shapes[piece.key]) for name, piece in self.pieces.items()}

    def tensors(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors by the tower's keys, from those of the file, without copying."""
        return {name: piece.of(tensors[piece.key]) for name, piece in self.pieces.items()}


def find_towers(shapes: Shapes) -> tuple[FoundTower, ...]:
    """Find the text towers of a file by its keys and shapes, in the order of PREFIXES.

    Raises CheckpointError for one that is found, but is no CLIP tower.
    """
    return tuple(found_tower(shapes, prefix) for prefix in PREFIXES if _has_tower(shapes, prefix))


def found_tower(
    shapes: Shapes, prefix: str = "", kind: str | None = None, heads: int | None = None
) -> FoundTower:
    """Describe the text tower below `prefix`; without `kind` it is told by width, without `heads` by custom.

    Raises CheckpointError when there is no CLIP tower.
    """
    below = {key: shape for key, shape in shapes.items() if key.startswith(prefix)}
    ignored = frozenset(key for key in below if IGNORED.match(key, len(prefix)))
    pieces = tower_pieces((key for key in below if key not in ignored), prefix)
    own = {name: piece.shape(shapes[piece.key]) for name, piece in pieces.items()}
    kind = kind or tower_kind({key.removeprefix(prefix): shape for key, shape in below.items()})
    return FoundTower(prefix, kind, TextSpec.from_shapes(own, kind=kind, heads=heads), pieces, ignored)


def tower_kind(shapes: Shapes) -> str:
    """Tell which row of TOWER_KINDS a tower is, by the names and shapes of its keys, without a prefix.

    Raises CheckpointError when the keys are no text tower's.
    """
    tokens = next((shape for key, shape in shapes.items() if TOKENS.fullmatch(key)), ())
    if len(tokens) != 2:
        raise CheckpointError("not a known CLIP text tower: there is no matrix of token embeddings")
    if tokens[1] >= 1280:
        return "open_clip_g"
    open_clip = any(key.startswith("transformer.resblocks.") for key in shapes)
    return "open_clip_h" if open_clip or tokens[1] >= 1024 else "clip_l"


TOKENS = re.compile(r"((text_model\.)?embeddings\.)?token_embedding\.weight")


def _has_tower(shapes: Shapes, prefix: str) -> bool:
    names = ("text_model.embeddings.token_embedding", "embeddings.token_embedding", "token_embedding")
    return any(f"{prefix}{name}.weight" in shapes for name in names)


# OpenCLIP's name of a block's part, and transformers'; the fused projections come apart into three.
BLOCK = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
FUSED = {"attn.in_proj_weight": "weight", "attn.in_proj_bias": "bias"}
OUTSIDE = {
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
}


def tower_pieces(keys: Iterable[str], prefix: str = "") -> dict[str, Piece]:
    """Map a text tower's keys to those of a file, in either naming; a key of no known name keeps its own."""
    pieces: dict[str, Piece] = {}
    for key in keys:
        name = key.removeprefix(prefix)
        if block := re.fullmatch(r"transformer\.resblocks\.(\d+)\.(.+)", name):
            pieces |= block_pieces(key, f"text_model.encoder.layers.{block[1]}.", block[2])
        elif name == "text_projection":
            pieces["text_projection.weight"] = Piece(key, transposed=True)
        elif name in OUTSIDE:
            pieces[OUTSIDE[name]] = Piece(key)
        elif re.match(r"embeddings\.|encoder\.|final_layer_norm\.", name):  # as very old merges have it
            pieces[f"text_model.{name}"] = Piece(key)
        else:
            pieces[name] = Piece(key)
    return pieces


def block_pieces(key: str, layer: str, part: str) -> dict[str, Piece]:
    """Map the keys of transformers' `layer` to OpenCLIP's `key`, whose name within its block is `part`."""
    if part in FUSED:
        return {
            f"{layer}self_attn.{which}_proj.{FUSED[part]}": Piece(key, number, 3)
            for number, which in enumerate("qkv")
        }
    module, _, kind = part.rpartition(".")
    return {f"{layer}{BLOCK.get(module, module)}.{kind}": Piece(key)}


def open_clip_tensors(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a text tower's tensors under OpenCLIP's names, as checkpoints of SD2 and SDXL hold them.

    The way back from `FoundTower.tensors`; `logit_scale`, which no tower here has, stays away.
    Raises CheckpointError for keys that OpenCLIP has no name for.
    """
    names = {new: old for old, new in OUTSIDE.items()}
    modules = {new: old for old, new in BLOCK.items()}
    tensors: dict[str, Tensor] = {}
    for key, tensor in state.items():
        block = re.fullmatch(r"text_model\.encoder\.layers\.(\d+)\.(.+)\.(weight|bias)", key)
        number, module, kind = block.groups() if block else ("", "", "")
        start = f"transformer.resblocks.{number}."
        if module == "self_attn.q_proj":
            three = [state[key.replace("q_proj", f"{which}_proj")] for which in "qkv"]
            tensors[f"{start}attn.in_proj_{kind}"] = torch.cat(three)
        elif module in modules:
            tensors[f"{start}{modules[module]}.{kind}"] = tensor
        elif key == "text_projection.weight":
            tensors["text_projection"] = tensor.t().contiguous()
        elif key in names:
            tensors[names[key]] = tensor
        elif module not in {"self_attn.k_proj", "self_attn.v_proj"}:
            raise CheckpointError(f"OpenCLIP has no name for the text tower's {key}")
    return tensors
