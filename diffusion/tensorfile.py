"""Safetensors files: what lies in one, read and checked before any tensor is touched.

The format: 8 bytes little-endian header length, a JSON header, then the raw data of all tensors.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from .errors import CheckpointError

PICKLE = "a pickle (.ckpt, .pt, .pth), which can run code when it is read; convert it to safetensors"

# How files begin that people take for safetensors files.
BEGINNINGS = {
    b"PK\x03\x04": PICKLE,
    b"\x80\x02": PICKLE,
    b"GGUF": "a GGUF file",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself; fetch it with `git lfs pull`",
    b"<": "a web page or other markup; the download went wrong, fetch the file again",
}


@dataclass(frozen=True, eq=False)
class TensorFile:
    """The header of a safetensors file: shapes and the file's own dtype names by key, and its metadata."""

    path: Path
    shapes: Mapping[str, tuple[int, ...]]
    dtypes: Mapping[str, str]
    metadata: Mapping[str, str]

    @classmethod
    def open(cls, path: Path) -> TensorFile:
        """Read the header and check the file's length against it.

        Raises CheckpointError where the file cannot be read, is cut off, or is something else.
        """
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                start = file.read(8)
                length = int.from_bytes(start, "little")
                header = file.read(length) if length <= size else start
        except OSError as error:
            raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
        if len(start) < 8 or length > size - 8:
            raise CheckpointError(_not_safetensors(path, size))
        try:
            table = cast("dict[str, Any]", json.loads(header))
            metadata = table.pop("__metadata__", {})
            shapes = {key: tuple(entry["shape"]) for key, entry in table.items()}
            dtypes = {key: entry["dtype"] for key, entry in table.items()}
            end = 8 + length + max((entry["data_offsets"][1] for entry in table.values()), default=0)
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            raise CheckpointError(_not_safetensors(path, size)) from error
        if size != end:
            trouble = "is cut off; fetch it again" if size < end else "has something behind its last tensor"
            raise CheckpointError(f"{path} {trouble}: its header promises {end:,} bytes, but it has {size:,}")
        return cls(path, shapes, dtypes, metadata)

    def read(self, keys: Iterable[str], dtype: torch.dtype | None = torch.float32) -> dict[str, Tensor]:
        """Return tensors by key, floating ones as `dtype`; with None, or where it fits, they stay mapped.

        Raises CheckpointError where the file's data is not what its header says.
        """
        tensors: dict[str, Tensor] = {}
        try:
            with cast("Any", safe_open)(self.path, framework="pt") as file:
                for key in keys:
                    tensor = cast("Tensor", file.get_tensor(key))
                    tensors[key] = tensor.to(dtype) if tensor.is_floating_point() else tensor
        except (SafetensorError, OSError) as error:
            raise CheckpointError(f"{self.path} cannot be read: {error}") from error
        return tensors


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
