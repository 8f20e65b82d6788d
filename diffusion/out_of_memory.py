"""Telling that memory ran out from what torch raises then."""

from __future__ import annotations

import torch

SIGNS = ("can't allocate memory", "cannot allocate memory", "not enough memory", "bad_alloc", "out of memory")


def ran_out_of_memory(error: Exception) -> bool:
    """Tell whether an exception of torch or Python means that there was no memory, on any device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in SIGNS)
