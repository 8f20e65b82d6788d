"""One result as one file: a safetensors file whose metadata hold the rest as JSON, with a checksum of it all.

Eight bytes little endian give the length of a JSON header, which begins with the checksum; then comes the raw
data of the tensors. Any program that reads safetensors can open it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

from ..files.atomic import write_whole
from ..problems import Json

Bytes: TypeAlias = bytes | bytearray | memoryview

SUFFIX = ".safetensors"
_HEAD = b'{"__metadata__":{"checksum":"'
_DIGITS = 40
_TEXT = r'"((?:[^"\\]|\\.)*)"'
_ROW = re.compile(rf'"key":"([^"\\]*)","seconds":"([^"\\]*)","about":{_TEXT}(?:,"class_type":{_TEXT})?')
_FACTS_LENGTH = 4096
_ABOUT_LENGTH = 256
_CLASS_LENGTH = 100


class DamagedError(ValueError):
    """A file is no entry, is cut off, or is not what was written."""


class CodecError(ValueError):
    """A value has no form as data, or data is none of a value that is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """Raw data, one after the other in memory, with the dtype and shape that safetensors gives it."""

    dtype: str
    shape: tuple[int, ...]
    data: Bytes


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A value as JSON, and the blobs that the JSON refers to by their place."""

    body: Json
    blobs: tuple[Blob, ...] = ()


class Codec(Protocol):
    """Turns values of nodes into data and back, to the bit. Safe to use from several threads."""

    def size(self, value: object) -> int | None:
        """Return about how many bytes a value takes as data; None for one that has no form as data."""
        ...

    def encode(self, value: object) -> Encoded:
        """Return a value as data; raises CodecError."""
        ...

    def allocate(self, size: int) -> memoryview:
        """Return memory for the data of a blob to be read into."""
        ...

    def decode(self, encoded: Encoded) -> object:
        """Return the value, on the memory of its blobs; raises CodecError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is told of an entry without reading it.

    Its key, the seconds it took, what it holds in words, the class of the node ("" where it is not known).
    """

    key: str
    seconds: float
    about: str = ""
    class_type: str = ""


def write_entry(path: Path, facts: Facts, encoded: Encoded, *, sync: bool) -> int:
    """Write an entry under a name of its own and rename it to `path`; return its bytes.

    With `sync` it is on the disk before it has its name, so that it outlives a loss of power too; without,
    what such a loss leaves is told by its checksum. Raises OSError, and leaves nothing then.
    """
    header = _header(facts, encoded)
    write_whole(path, (header, *(blob.data for blob in encoded.blobs)), sync=sync)
    return len(header) + sum(len(blob.data) for blob in encoded.blobs)


def read_entry(path: Path, codec: Codec) -> tuple[Facts, Encoded]:
    """Read an entry and check it; raises DamagedError, and OSError where it can't be read at all."""
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > size - 8:
            raise DamagedError("it is cut off")
        header = bytearray(length)
        _fill(file, memoryview(header))
        facts, body, rows = _parsed(header, size - 8 - length)
        digest = _digest(start, header)
        blobs: list[Blob] = []
        for dtype, shape, count in rows:
            data = codec.allocate(count)
            _fill(file, data)
            digest.update(data)
            blobs.append(Blob(dtype, shape, data))
    if digest.hexdigest() != header[len(_HEAD) :][:_DIGITS].decode("ascii", "replace"):
        raise DamagedError("its checksum is wrong")
    return facts, Encoded(body, tuple(blobs))


def read_small(path: Path) -> tuple[Facts, Encoded] | None:
    """Read an entry without blobs, unchecked by its checksum; None for one that has some.

    Raises DamagedError, and OSError where it can't be read at all.
    """
    with path.open("rb", buffering=0) as file:
        length = int.from_bytes(file.read(8), "little")
        if length + 8 != os.fstat(file.fileno()).st_size:
            return None
        header = bytearray(length)
        _fill(file, memoryview(header))
    facts, body, _ = _parsed(header, 0)
    return facts, Encoded(body)


def read_facts(path: Path) -> Facts | None:
    """Return what an entry says of itself at its beginning, unchecked; None when that says nothing."""
    try:
        with path.open("rb", buffering=0) as file:
            start = file.read(_FACTS_LENGTH).decode("ascii", "replace")
        found = _ROW.search(start)
        if found is None:
            return None
        about, class_type = (json.loads(f'"{text or ""}"') for text in found.group(3, 4))
        return Facts(key=found[1], seconds=float(found[2]), about=about, class_type=class_type)
    except (OSError, ValueError):
        return None


def _header(facts: Facts, encoded: Encoded) -> bytes:
    metadata = {
        "checksum": "0" * _DIGITS,
        "key": facts.key,
        "seconds": repr(facts.seconds),
        "about": facts.about[:_ABOUT_LENGTH],
        "class_type": facts.class_type[:_CLASS_LENGTH],
        "body": _json(encoded.body),
    }
    rows: dict[str, Json] = {}
    end = 0
    for place, blob in enumerate(encoded.blobs):
        start, end = end, end + len(blob.data)
        rows[str(place)] = {"dtype": blob.dtype, "shape": list(blob.shape), "data_offsets": [start, end]}
    text = _json({"__metadata__": metadata, **rows}).encode("ascii")
    text += b" " * (-len(text) % 8)
    start = len(text).to_bytes(8, "little")
    header = bytearray(text)
    digest = _digest(start, header)
    for blob in encoded.blobs:
        digest.update(blob.data)
    header[len(_HEAD) : len(_HEAD) + _DIGITS] = digest.hexdigest().encode()
    return start + bytes(header)


def _digest(start: bytes, header: bytearray) -> hashlib.blake2b:
    """Begin the digest of an entry: all of it but the checksum's own place."""
    digest = hashlib.blake2b(start, digest_size=_DIGITS // 2)
    digest.update(memoryview(header)[len(_HEAD) + _DIGITS :])
    return digest


def _parsed(header: bytearray, left: int) -> tuple[Facts, Json, Sequence[tuple[str, tuple[int, ...], int]]]:
    """Return what a header says, after checking that its blobs fill the `left` bytes after it."""
    if not header.startswith(_HEAD):
        raise DamagedError("it is no entry of a cache")
    try:
        table = cast("dict[str, Any]", json.loads(header))
        metadata = cast("dict[str, str]", table.pop("__metadata__"))
        rows: list[tuple[str, tuple[int, ...], int]] = []
        place = 0
        for name in range(len(table)):
            row = table[str(name)]
            start, end = map(int, row["data_offsets"])
            if start != place or end < start:
                raise DamagedError("its tensors do not lie one after the other")
            place = end
            rows.append((str(row["dtype"]), tuple(map(int, row["shape"])), end - start))
        facts = Facts(
            key=metadata["key"],
            seconds=float(metadata["seconds"]),
            about=metadata.get("about", ""),
            class_type=metadata.get("class_type", ""),
        )
        body = cast(Json, json.loads(metadata["body"]))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise DamagedError("its header is damaged") from error
    if place != left:
        raise DamagedError("it is cut off")
    return facts, body, rows


def _fill(file: Any, memory: memoryview) -> None:
    while len(memory):
        count = file.readinto(memory)
        if not count:
            raise DamagedError("it is cut off")
        memory = memory[count:]


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
