"""Computing in the memory there is: in the first way that fits, and in a thriftier one where memory runs out.

Ways come in the order in which they are liked. Each either fits into the budget or not, by what is predicted
of it before anything is computed; one that would not help is never taken.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from .manager import GivenUp, Manager, Way, Weights, size_text, unheard
from .meter import Watch, watched
from .workspaces import Workspaces

T = TypeVar("T")


class OutOfMemoryError(Exception):
    """Memory ran out twice: the second time after all had been freed that could be, in a thriftier way."""


def python_ran_out(error: Exception) -> bool:
    """Tell whether Python itself found no memory."""
    return isinstance(error, MemoryError)


@dataclass(frozen=True)
class Memory:
    """The memory of the devices, as nodes compute in it; without arguments there is no limit.

    `ran_out` tells whether an exception means that there was no memory; `watched` looks what is taken on a
    device.
    """

    manager: Manager = field(default_factory=Manager)
    workspaces: Workspaces = field(default_factory=Workspaces)
    ran_out: Callable[[Exception], bool] = python_ran_out
    watched: Callable[[str], AbstractContextManager[Watch]] = watched

    def compute(
        self,
        weights: Sequence[Weights],
        ways: Sequence[Way],
        work: Callable[[Way], T],
        *,
        device: str = "cpu",
        waiting: Callable[[], object] = lambda: None,
        given_up: GivenUp = unheard,
        took: Callable[[int], object] = lambda _: None,
    ) -> T:
        """Return what `work` gives in the first way that fits, while weights and workspace are leased.

        Where memory runs out nevertheless, all weights that nobody uses are given up, and it is called once
        more in the next way that fits, or in the same if that was the last. While others compute in the room
        it waits, and calls `waiting`. `given_up` is told of weights that made way, `took` of the bytes that
        it took at the most: the weights' room, and the workspace as it was measured, now or before, or else
        as it was expected. Raises NoRoomError before anything is computed where no way fits, and
        OutOfMemoryError.
        """
        estimates = {self.predicted(way): way.workspace for way in ways}
        fitting = self.manager.fitting(weights, tuple(estimates), device)
        trouble: list[str] = []
        for way in (fitting[0], fitting[min(1, len(fitting) - 1)]):
            try:
                with self.manager.lease(
                    *weights, way=way, device=device, waiting=waiting, given_up=given_up
                ) as room:
                    result = self._measured(weights, way, estimates[way], device, work)
                    took(room + self._workspace(way))
                    return result
            except Exception as error:
                if not self.ran_out(error):
                    raise
                trouble.append(f"{way.title}: {(str(error) or type(error).__name__).splitlines()[0]}")
            # Here the error is gone, and with it what the frames that it came through held.
            gc.collect()
            self.manager.free(device, given_up)
        usage = self.manager.usage(device)
        budget = "without a budget" if usage.budget is None else f"with a budget of {size_text(usage.budget)}"
        raise OutOfMemoryError(
            f"memory ran out, and again after all had been freed that could be ({'; then '.join(trouble)}). "
            f"This process computes {budget}; close other programs, make the picture or the batch smaller, "
            "or set a lower budget with --memory, so that it computes more thriftily from the beginning"
        )

    def foresee(self, weights: Sequence[Weights], ways: Sequence[Way], device: str = "cpu") -> int:
        """Return the bytes that the first way to compute takes that will fit, 0 where there are no ways.

        Raises NoRoomError where none will.
        """
        if not ways:
            return 0
        return self.manager.fitting(weights, [self.predicted(way) for way in ways], device)[0].needs(weights)

    def predicted(self, way: Way) -> Way:
        """Return a way with the workspace that is to be expected of its shape."""
        if way.shape is None:
            return way
        return replace(way, workspace=self.workspaces.predicted(way.shape, way.workspace))

    def _workspace(self, way: Way) -> int:
        """Return the bytes that a way took beside weights, as far as anybody knows."""
        known = None if way.shape is None else self.workspaces.known(way.shape)
        return way.workspace if known is None else known

    def _measured(
        self, weights: Sequence[Weights], way: Way, estimate: int, device: str, work: Callable[[Way], T]
    ) -> T:
        """Call `work`, and remember what it took where nobody knows yet, and it can be told.

        It can while nothing else computes, with weights that lie whole.
        """
        shape = way.shape
        if (
            shape is None
            or way.stream
            or self.workspaces.known(shape) is not None
            or not self.manager.alone(device)
        ):
            return work(way)
        present = sum(one.present for one in weights)
        with self.watched(device) as peak:
            result = work(way)
        brought = sum(one.present for one in weights) - present
        if peak.grown is not None and self.manager.alone(device):
            self.workspaces.measured(shape, estimate, max(0, peak.grown - brought))
        return result
