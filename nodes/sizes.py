"""How much memory the values of nodes hold."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping

from ..executor.caches.memory_cache import buffers


def sizes(value: object) -> Mapping[Hashable, int]:
    """Return the bytes that a value holds, by what holds them: of tensors the storage that views share."""
    return buffers(value, _storage)


def _storage(value: object) -> Mapping[Hashable, int] | None:
    if "torch" not in sys.modules:
        return None
    import torch

    if not isinstance(value, torch.Tensor):
        return None
    if value.layout is not torch.strided:  # it has no storage of its own, and shares with none
        return {id(value): value.element_size() * (value._nnz() if value.is_sparse else value.numel())}
    storage = value.untyped_storage()
    place = storage.data_ptr()
    return {("storage", place): storage.nbytes()} if place else {}
