"""Loading text encoders from files of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from ..clip import READINGS, Clip
from ..errors import CheckpointError
from ..names import row
from ..networks.text import TOWER_KINDS, TextTower
from ..networks.unfilled import on_meta
from .checkpoint import clip_of, naming, shapes_of, tokenizer_for, tower_part
from .filling import fill
from .kinds import described
from .layouts import plain
from .tensorfile import open_tensors
from .text_keys import find_towers

CLIP_TYPES: Mapping[str, Collection[tuple[str, ...]]] = {
    "stable_diffusion": tuple(READINGS),
    "sdxl": (("clip_l", "open_clip_g"),),
}
"""Which text encoders make up a CLIP of each type that loaders offer."""


def load_clip(paths: Sequence[Path], kind: str = "stable_diffusion") -> Clip:
    """Load text encoders from their own files, or from checkpoints, in any order.

    `kind` is a row of CLIP_TYPES; which family they are for is told by the encoders that there are. The
    vocabulary is that in a file's metadata, of a folder `tokenizer/` beside the first, or else CLIP's own.
    Raises CheckpointError for files without text encoders, for encoders that make up no CLIP of this type,
    and for keys that do not fit; UnknownNameError for an unknown type.
    """
    allowed = row(CLIP_TYPES, kind, "type of CLIP")
    towers: dict[str, TextTower] = {}
    metadata: dict[str, str] = {}
    for path in paths:
        towers |= load_towers(path)
        metadata |= open_tensors(path).metadata
    order = next((kinds for kinds in READINGS if set(kinds) == set(towers)), ())
    if order not in allowed:
        known = " or ".join(map(_titles, allowed))
        raise CheckpointError(
            f"{' and '.join(map(str, paths))} hold {_titles(towers)}; a CLIP of type {kind!r} is {known}"
        )
    with naming(paths[0]):
        tokenizer = tokenizer_for(paths[0].parent / "tokenizer", towers, metadata)
    return clip_of({kind: towers[kind] for kind in order}, tokenizer, paths[0].stem)


def _titles(kinds: Iterable[str]) -> str:
    return " with ".join(TOWER_KINDS[kind].title for kind in kinds)


def load_towers(path: Path) -> dict[str, TextTower]:
    """Load the text towers of a file, by kind.

    Raises CheckpointError for a file without any and for keys that do not fit.
    """
    file = open_tensors(path)
    with naming(path):
        tensors = plain(file.tensors)
        found = find_towers(shapes_of(tensors))
        if not found:
            raise CheckpointError(f"it holds no text encoder of CLIP. {described(file.tensors)}")
        towers = {tower.kind: on_meta(TextTower, tower.spec) for tower in found}
        fill(*((towers[tower.kind], tower_part(tower, tensors)) for tower in found))
        return towers
