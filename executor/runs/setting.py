"""What a run is given besides its workflow."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from ..caches.memory_cache import Entry
from ..files.folders import Folders
from ..files.receipts import Receipts
from ..memory.fitting import Memory
from ..node_types.context import CancelToken
from ..node_types.declaration import NodeTable
from ..problems import Json


class Cache(Protocol):
    """Results by content key; safe to use from several threads."""

    def get(self, key: str) -> Entry | None:
        """Return an entry, None when it is not there or a file that the node wrote is gone."""
        ...

    def known(self, keys: Collection[str]) -> set[str]:
        """Return the keys whose entries are there and count these as used, without fetching them."""
        ...

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry in place of an older one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where and how nodes run: `run` says what each is."""

    table: NodeTable
    folders: Folders
    cache: Cache
    cancel: CancelToken
    scope: Callable[[], AbstractContextManager[object]]
    hidden: Mapping[str, Json]
    device: str
    previews: str | None
    memory: Memory
    receipts: Receipts
    digests: dict[str, str]
