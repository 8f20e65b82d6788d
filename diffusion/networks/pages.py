"""Memory that mapped files take in this process, and giving it back when what was read is copied elsewhere.

Pages of a file that are mapped and were read count as this process's memory until somebody needs the room.
Given back they are gone from the process at once, and come again from the system's cache of the file, or the
disk, when they are read again. On systems other than Linux nothing is given back: there it is theirs to find.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

MAPS = Path("/proc/self/maps")

M_MMAP_THRESHOLD = -3
LARGE = 4 * 2**20


def mapped(tensors: Iterable[Tensor]) -> list[Tensor]:
    """Return those of the tensors that lie in files which are mapped privately into memory."""
    given = [tensor for tensor in tensors if tensor.device.type == "cpu" and not tensor.is_mkldnn]
    ranges = sorted(_mapped_files()) if given else []
    starts = [start for start, _ in ranges]

    def lies_in_a_file(tensor: Tensor) -> bool:
        place = bisect_right(starts, tensor.data_ptr()) - 1
        return place >= 0 and tensor.data_ptr() < ranges[place][1]

    return [tensor for tensor in given if lies_in_a_file(tensor)]


def give_back(tensors: Iterable[Tensor]) -> None:
    """Give back the pages of tensors that are `mapped`, and were never written: writing would be undone."""
    if sys.platform != "linux":
        return
    page = mmap.PAGESIZE
    for tensor in tensors:
        storage = tensor.untyped_storage()
        start = -(-storage.data_ptr() // page) * page
        length = (storage.data_ptr() + storage.nbytes() - start) // page * page
        if length > 0:
            _advise(start, length)


def give_back_free() -> None:
    """Give back what was freed: the C library keeps it for itself otherwise, up to hundreds of megabytes.

    So does torch what was freed on graphics cards, all of it.
    """
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)


def give_back_at_once() -> None:
    """Have large pieces of memory given back as soon as they are freed, from now on, in this process.

    The C library would keep pieces of up to 32 MB for later, in as many places as there are threads: quicker,
    but a process that has no memory to spare would have peaks that nobody can foresee.
    """
    if sys.platform == "linux" and (option := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        option(M_MMAP_THRESHOLD, LARGE)


def _advise(start: int, length: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), mmap.MADV_DONTNEED):
        raise OSError(ctypes.get_errno(), "madvise")


def _mapped_files() -> list[tuple[int, int]]:
    """Return the addresses at which files are mapped privately, and not as programs."""
    if sys.platform != "linux":
        return []
    ranges: list[tuple[int, int]] = []
    for line in MAPS.read_text(encoding="utf-8", errors="replace").splitlines():
        addresses, rights, _, _, inode, *_ = line.split(maxsplit=5)
        if inode != "0" and rights in ("r--p", "rw-p"):
            start, end = addresses.split("-")
            ranges.append((int(start, 16), int(end, 16)))
    return ranges
