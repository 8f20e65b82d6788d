"""How weights that pass by get to where they compute: while that waits, or while a graphics card computes.

A card does what it is asked for later, in the order of a stream. So weights that are brought on a stream of
their own have to be waited for, and may not go before the card is done with them: that is what marks are for.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

import torch
from torch import Tensor

from .twin import converted, layout_on


class Mark(Protocol):
    """A place in what a device was asked to do."""

    def synchronize(self) -> None:
        """Wait until the device has got there."""
        ...


Marked: TypeAlias = Mark | None
"""None where what was asked for is done already."""


class Ferry(Protocol):
    """Carries weights to a device, for one thread at a time, and keeps what computes in step with that."""

    def carry(self, tensor: Tensor, dtype: torch.dtype, device: torch.device) -> Tensor:
        """Return the copy of a weight that computes, which may still be on its way."""
        ...

    def carried(self) -> Marked:
        """Mark the place where all that was carried so far has arrived."""
        ...

    def follow(self, carried: Marked) -> None:
        """Let what this thread asks the device to compute from now on wait for that place."""
        ...

    def computed(self) -> Marked:
        """Mark the place where all that this thread has asked for so far is computed."""
        ...


class AtOnce:
    """Carries while it is waited for, as a CPU does everything."""

    def carry(self, tensor: Tensor, dtype: torch.dtype, device: torch.device) -> Tensor:
        """See `Ferry`."""
        return converted(tensor, dtype, device)

    def carried(self) -> Marked:
        """See `Ferry`."""
        return None

    def follow(self, carried: Marked) -> None:
        """See `Ferry`."""
        del carried

    def computed(self) -> Marked:
        """See `Ferry`."""
        return None


AT_ONCE = AtOnce()


class SideStream:
    """Carries to a graphics card on a stream of its own, from memory that the card reads by itself.

    Weights are read from their file and converted into one of two pinned buffers, while the card reads the
    other one. The buffers are as large as the largest weight.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)
        self._berths = [_Berth(), _Berth()]

    def carry(self, tensor: Tensor, dtype: torch.dtype, device: torch.device) -> Tensor:
        """See `Ferry`."""
        kind = dtype if tensor.is_floating_point() else tensor.dtype
        form = layout_on(tensor, device)
        like = torch.empty_like(tensor, dtype=kind, device="meta", memory_format=form)
        self._berths.reverse()
        berth = self._berths[0]
        staged = berth.room(like).copy_(tensor.detach())
        with torch.cuda.stream(self._stream):
            there = torch.empty_strided(like.shape, like.stride(), dtype=kind, device=device)
            there.copy_(staged, non_blocking=True)
            berth.read = self._marked()
        return there

    def carried(self) -> Marked:
        """See `Ferry`."""
        with torch.cuda.stream(self._stream):
            return self._marked()

    def follow(self, carried: Marked) -> None:
        """See `Ferry`."""
        if isinstance(carried, torch.cuda.Event):
            torch.cuda.current_stream(self._device).wait_event(carried)

    def computed(self) -> Marked:
        """See `Ferry`."""
        event = torch.cuda.Event()
        event.record(torch.cuda.current_stream(self._device))
        return event

    def _marked(self) -> torch.cuda.Event:
        event = torch.cuda.Event()
        event.record(self._stream)
        return event


class _Berth:
    """Pinned memory from which one weight is carried at a time; `read` is where the card has read it."""

    def __init__(self) -> None:
        self.read: Marked = None
        self._memory: Tensor | None = None

    def room(self, like: Tensor) -> Tensor:
        """Return the memory as a tensor of this shape, once the card has read what was there."""
        if self.read is not None:
            self.read.synchronize()
        nbytes = like.numel() * like.itemsize
        if self._memory is None or self._memory.numel() < nbytes:
            self._memory = None  # before the larger one is taken
            # Threads with and without inference mode write there: it belongs to neither.
            with torch.inference_mode(False):
                self._memory = torch.empty(nbytes, dtype=torch.uint8, pin_memory=True)
        with torch.inference_mode(False):
            return self._memory[:nbytes].view(like.dtype).as_strided(like.shape, like.stride())


def ferry_to(device: torch.device) -> Ferry:
    """Return what carries weights to a device."""
    return SideStream(device) if device.type == "cuda" else AT_ONCE
