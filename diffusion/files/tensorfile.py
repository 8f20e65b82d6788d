"""Files of tensors: what lies in one, mapped into memory, so that opening it reads next to nothing.

Safetensors is 8 bytes little-endian header length, a JSON header, then the raw data of all tensors. The other
kind that people have, pickles, is in `pickles.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from ..errors import CheckpointError
from .pickles import read_pickle

# How the files begin that are pickles: torch's archive, its older form.
PICKLES = (b"PK\x03\x04", b"\x80\x02")
OTHER_PICKLES = (b"\x80\x03", b"\x80\x04", b"\x80\x05")  # protocols that torch does not write

DTYPES: Mapping[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
"""The safetensors format's names of dtypes."""

SAFE = (".safetensors", ".sft")

# How files begin that people take for files of tensors.
BEGINNINGS = {
    b"GGUF": "a GGUF file",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself; fetch it with `git lfs pull`",
    b"<": "a web page or other markup; the download went wrong, fetch the file again",
}


@dataclass(frozen=True, eq=False)
class TensorFile:
    """What a file holds: its tensors by key, in the file's dtypes, and its metadata.

    The tensors are mapped: their data is read from the file where it is used, and must not be written.
    """

    path: Path
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]


def open_tensors(path: Path) -> TensorFile:
    """Open a file of tensors, safetensors or pickle; what it is, is told by how it begins.

    Raises CheckpointError where the file cannot be read, is cut off, is something else, or wants to run code.
    """
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
    # A header of a safetensors file can have a length that begins like a pickle; it is followed by a brace.
    header = start[8:9] == b"{"
    if start.startswith(OTHER_PICKLES) and not header:
        raise CheckpointError(
            f"{path} is a pickle of protocol {start[1]}, which may hold any code and was not written by "
            "torch; save it again with torch.save, or better as safetensors"
        )
    if start.startswith(PICKLES) and not header:
        if path.suffix in SAFE:
            raise CheckpointError(f"{path} is not a safetensors file: it is a pickle; name it .ckpt")
        return TensorFile(path, read_pickle(path), {})
    return _open_safetensors(path)


def _open_safetensors(path: Path) -> TensorFile:
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        header = file.read(length) if length <= size else start
    if len(start) < 8 or length > size - 8:
        raise CheckpointError(_not_safetensors(path, size))
    try:
        table = cast("dict[str, Any]", json.loads(header))
        metadata = cast("dict[str, str]", table.pop("__metadata__", {}))
        entries = {key: _entry(key, row) for key, row in table.items()}
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise CheckpointError(_not_safetensors(path, size)) from error
    end = 8 + length + max((entry.end for entry in entries.values()), default=0)
    if size != end:
        trouble = "is cut off; fetch it again" if size < end else "has something behind its last tensor"
        raise CheckpointError(f"{path} {trouble}: its header promises {end:,} bytes, but it has {size:,}")
    return TensorFile(path, _mapped(path, size, 8 + length, entries), metadata)


class _Entry(NamedTuple):
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def _entry(key: str, row: Mapping[str, Any]) -> _Entry:
    start, end = row["data_offsets"]
    shape = tuple(map(int, row["shape"]))
    if not 0 <= start <= end or any(side < 0 for side in shape):
        raise ValueError(f"{key}: {row}")
    return _Entry(str(row["dtype"]), shape, int(start), int(end))


def _mapped(path: Path, size: int, start: int, entries: Mapping[str, _Entry]) -> dict[str, Tensor]:
    """Map a file and return its tensors, each upon its own piece of it.

    Raises CheckpointError for pieces that overlap, leave gaps or do not hold what the header says.
    """
    # Private: what would be written to a tensor would not come into the file.
    content = cast("Any", torch.UntypedStorage).from_file(str(path), False, size)
    tensors: dict[str, Tensor] = {}
    place = 0
    for key, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].end)):
        if entry.dtype not in DTYPES:
            raise CheckpointError(
                f"{path}: {key} has the unknown dtype {entry.dtype}; known: {', '.join(DTYPES)}"
            )
        dtype = DTYPES[entry.dtype]
        if entry.start != place or entry.end - entry.start != math.prod(entry.shape) * dtype.itemsize:
            raise CheckpointError(
                f"{path} is damaged: {key} {entry.dtype} {list(entry.shape)} cannot lie at bytes "
                f"{entry.start:,} to {entry.end:,} of its data"
            )
        place = entry.end
        piece = content[start + entry.start : start + entry.end]
        tensors[key] = cast("Any", torch.empty(0, dtype=dtype)).set_(piece, 0, entry.shape)
    return {key: tensors[key] for key in entries}


def _not_safetensors(path: Path, size: int) -> str:
    """Say what a file is that is not a safetensors file, judging by its first bytes."""
    if size == 0:
        return f"{path} is empty; fetch it again"
    with path.open("rb") as file:
        start = file.read(32)
    kind = next((kind for beginning, kind in BEGINNINGS.items() if start.startswith(beginning)), None)
    if kind:
        return f"{path} is not a safetensors file: it is {kind}"
    length = int.from_bytes(start[:8], "little")
    if start[8:9] == b"{" and length > size - 8:
        return (
            f"{path} is cut off; fetch it again: "
            f"its header alone has {length:,} bytes, but the whole file has {size:,}"
        )
    return f"{path} is not a safetensors file: it begins with {start[:16]!r}, and has {size:,} bytes"
