"""What an attempt at a run has written for its user, so that a second attempt does not write it again.

A run may be ended at any moment, and be begun again: what it computed is in a cache, but a file in the user's
folders that it wrote would be there twice. So a node that writes such a file keeps a receipt before the file
gets its name, and looks for one first.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..problems import Json
from .atomic import sync_folder


class Receipts(Protocol):
    """The receipts of one run, over all attempts at it."""

    def found(self, key: str) -> Json:
        """Return the last receipt with this key, None when there is none."""
        ...

    def keep(self, key: str, receipt: Json) -> None:
        """Keep a receipt; it is on the disk when this returns. Raises OSError."""
        ...


class NoReceipts:
    """Those of a run that is attempted once."""

    def found(self, key: str) -> Json:
        """Find nothing."""
        del key

    def keep(self, key: str, receipt: Json) -> None:
        """Keep nothing."""
        del key, receipt


@dataclass(frozen=True, slots=True)
class Receipt:
    """The place for one receipt."""

    receipts: Receipts
    key: str

    def found(self) -> Json:
        """Return what was kept here by an earlier attempt, None when nothing was."""
        return self.receipts.found(self.key)

    def keep(self, receipt: Json) -> None:
        """Keep a receipt; it is on the disk when this returns. Raises OSError."""
        self.receipts.keep(self.key, receipt)


class ReceiptFile:
    """Receipts in a file: a line of JSON for each, so that only the last can be cut short by a sudden end.

    The file is made with the first receipt, in a folder that may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, Json] = {}
        content = b""
        with suppress(FileNotFoundError):
            content = path.read_bytes()
        whole, _, cut = content.rpartition(b"\n")
        for line in whole.splitlines():
            key, receipt = json.loads(line)
            self._kept[key] = receipt
        self._cut = bool(cut)

    def found(self, key: str) -> Json:
        """Return the last receipt with this key, None when there is none."""
        return self._kept.get(key)

    def keep(self, key: str, receipt: Json) -> None:
        """Keep a receipt; it is on the disk when this returns. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps([key, receipt]).encode() + b"\n"
        if self._cut:  # nobody has acted on a line that is not whole
            with self._path.open("r+b") as file:
                content = file.read()
                file.truncate(content.rindex(b"\n") + 1 if b"\n" in content else 0)
            self._cut = False
        new = not self._path.exists()
        with self._path.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        if new:
            sync_folder(self._path.parent)
        self._kept[key] = receipt
