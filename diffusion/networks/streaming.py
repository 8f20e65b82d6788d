"""Computing with a network whose weights do not fit: layer by layer, the next one brought while one computes.

Each layer is brought by the same `Twin` and in the same form as if the whole network lay in memory, so the
results are equal to the bit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from .brought import NOTHING, Brought
from .ferry import AT_ONCE, Ferry, Mark, Marked
from .pages import give_back_at_once
from .supply import Lend
from .twin import Twin


@dataclass(frozen=True)
class LayerSize:
    """The bytes that a layer takes, and the most that bringing it takes besides."""

    held: int
    besides: int = 0


def least_room(sizes: Iterable[LayerSize]) -> int:
    """Return the room that it takes to bring any one layer."""
    sizes = tuple(sizes)
    return max((size.held for size in sizes), default=0) + _scratch(sizes)


def room_ahead(sizes: Sequence[LayerSize]) -> int:
    """Return the room that it takes to bring each layer while the one before computes."""
    pairs = (one.held + other.held for one, other in pairwise(sizes))
    return max([*pairs, *(size.held for size in sizes)], default=0) + _scratch(sizes)


def staying(sizes: Sequence[LayerSize], room: int) -> set[int]:
    """Return the places of the layers that can stay in memory while the others pass by; the largest first."""
    stay: set[int] = set()
    held = 0
    for place in sorted(range(len(sizes)), key=lambda place: -sizes[place].held):
        passing = [size for other, size in enumerate(sizes) if other not in stay and other != place]
        if held + sizes[place].held + room_ahead(passing) <= room:
            stay.add(place)
            held += sizes[place].held
    return stay


def _scratch(sizes: Iterable[LayerSize]) -> int:
    return max((size.besides for size in sizes), default=0)


class Stream:
    """The supply of a network that computes in `room` bytes for its weights, at least `least_room`.

    What fits stays; the rest passes by, one layer ahead if there is room for two, carried by `ferry`. One
    call of the network after the other: another thread waits. After each `told` is what was brought for it.
    """

    def __init__(
        self,
        twin: Twin,
        layers: Sequence[nn.Module],
        sizes: Sequence[LayerSize],
        room: int,
        told: Callable[[Brought], object] = lambda _: None,
        ferry: Ferry = AT_ONCE,
    ) -> None:
        give_back_at_once()
        stay = staying(sizes, room)
        passing = [size for place, size in enumerate(sizes) if place not in stay]
        self._twin, self._told, self._ferry = twin, told, ferry
        self._ahead = sum(sizes[place].held for place in stay) + room_ahead(passing) <= room
        self._scratch = _scratch(passing)
        self._stay = {module for place in stay for module in layers[place].modules()}
        self._calls = threading.RLock()
        self._calling = False

    @contextmanager
    def in_turn(self, layers: Sequence[nn.Module]) -> Generator[Lend]:
        """See `Supply`."""
        with self._calls:
            if self._calling:
                raise RuntimeError("a network that streams its weights was called from inside of itself")
            self._calling = True
            try:
                passing = [layer for layer in layers if layer not in self._stay]
                with ThreadPoolExecutor(1, "inkloom weights") as helper:
                    scratch = torch.empty(self._scratch, dtype=torch.uint8)
                    ahead = helper if self._ahead else None
                    turn = _Turn(self._twin, self._stay, passing, scratch, ahead, self._ferry)
                    try:
                        yield turn.lend
                    finally:
                        turn.give_up_ahead()
                        turn.give_up_left()
                        self._told(turn.brought)
            finally:
                self._calling = False


@dataclass(frozen=True)
class _Carried:
    """What was brought for a layer, and the mark that it has arrived."""

    brought: Brought
    mark: Marked


def _told(nbytes: int, began: float) -> Brought:
    return Brought(nbytes, time.perf_counter() - began, 1) if nbytes else NOTHING


class _Turn:
    """One call of a network: which layer comes next, and what was brought for it already."""

    def __init__(
        self,
        twin: Twin,
        stay: set[nn.Module],
        passing: Sequence[nn.Module],
        scratch: Tensor,
        helper: ThreadPoolExecutor | None,
        ferry: Ferry,
    ) -> None:
        self._twin, self._stay, self._helper, self._ferry = twin, stay, helper, ferry
        self._scratch = scratch  # only ever for one layer: what is lent waits for what comes
        self._next = dict(pairwise(passing))
        self._coming: tuple[nn.Module, Future[_Carried]] | None = None
        self._left: list[tuple[nn.Module, Mark]] = []  # lent, and still computed with
        self.brought = NOTHING
        """What was brought so far and asked for."""

    def lend(self, layer: nn.Module) -> AbstractContextManager[object]:
        """Bring a layer, begin to bring the next one, and give the layer up at last."""
        return self._lent(layer)

    @contextmanager
    def _lent(self, layer: nn.Module) -> Generator[None]:
        if layer in self._stay:
            began = time.perf_counter()
            self.brought += _told(self._twin.bring(layer), began)
            yield
            return
        try:
            if self._coming is not None and self._coming[0] is layer:
                coming, self._coming = self._coming[1], None
                carried = coming.result()
            else:
                self.give_up_ahead()  # another layer was expected: what was brought for it makes room
                carried = self._bring(layer, self._leave())
            self.brought += carried.brought
            self._ferry.follow(carried.mark)
            following = self._next.get(layer)
            if self._helper is not None and following is not None:
                self._coming = (following, self._helper.submit(self._bring, following, self._leave()))
            yield
        finally:
            mark = self._ferry.computed()
            if mark is None:
                self._twin.give_up(layer)
            else:
                self._left.append((layer, mark))

    def _bring(self, layer: nn.Module, left: list[tuple[nn.Module, Mark]]) -> _Carried:
        """Bring a layer, once those that have left are done with: in their room."""
        self._give_up_all(left)
        began = time.perf_counter()
        nbytes = self._twin.bring(layer, self._scratch, self._ferry.carry)
        return _Carried(_told(nbytes, began), self._ferry.carried())

    def _leave(self) -> list[tuple[nn.Module, Mark]]:
        """Return the layers that are still computed with, for somebody to wait for and give up."""
        left, self._left = self._left, []
        return left

    def _give_up_all(self, left: list[tuple[nn.Module, Mark]]) -> None:
        for layer, mark in left:
            mark.synchronize()
            self._twin.give_up(layer)

    def give_up_left(self) -> None:
        """Give up what was lent, once it is not computed with any more."""
        self._give_up_all(self._leave())

    def give_up_ahead(self) -> None:
        """Give up what was brought for a layer that has not come."""
        if self._coming is not None:
            (layer, brought), self._coming = self._coming, None
            brought.exception()  # waits
            self._twin.give_up(layer)
