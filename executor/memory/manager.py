"""Who holds how much of each device's memory: weights by lease, the least recently used given up first.

A manager hands out room and moves nothing itself. It speaks to `Weights`, a small protocol: they lie whole on
the device, or pass by layer by layer ("streamed"), or are given up and come back from where they lie anyway,
RAM or a file.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from .workspaces import Shape

PATIENCE = 0.05
"""Seconds between two questions whether one who waits for room still wants it."""


class Weights(Protocol):
    """The weights of a network as a manager sees them; sizes are bytes on the device."""

    @property
    def name(self) -> str:
        """What people call them."""
        ...

    @property
    def layers(self) -> Mapping[str, int]:
        """The bytes of what is brought at a time, by name."""
        ...

    @property
    def least(self) -> int:
        """The least room to be streamed in; that of all layers where they can only lie whole."""
        ...

    @property
    def present(self) -> int:
        """The bytes that are taken now."""
        ...

    def load(self) -> None:
        """Lie whole from now on."""
        ...

    def stream(self, room: int) -> None:
        """Take no more than `room` from now on."""
        ...

    def unload(self) -> None:
        """Take nothing until asked for again; nobody computes with these weights now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way of computing something: the bytes it takes beside weights, and whether these may be streamed.

    With a `shape` the bytes are what was measured of it, if it was.
    """

    title: str
    workspace: int = 0
    stream: bool = False
    shape: Shape | None = None

    def needs(self, weights: Sequence[Weights]) -> int:
        """Return the bytes without which this way is not possible."""
        return self.workspace + sum(one.least if self.stream else whole(one) for one in weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A device's memory in bytes: its budget (None: no limit), reserved for weights, lent as workspaces."""

    budget: int | None
    weights: int
    workspaces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Weights that have a place on a device, in bytes: what they take now, and what all their layers would.

    `leased`: somebody computes with them.
    """

    name: str
    device: str
    present: int
    whole: int
    leased: bool


GivenUp = Callable[[Weights, int], object]
"""Is told which weights made way for others, and the bytes that they may take no more."""


def unheard(weights: Weights, nbytes: int) -> None:
    """Listen to nothing."""
    del weights, nbytes


class NoRoomError(Exception):
    """Something does not fit into a device's memory, however it is computed.

    In bytes: what is `needed` by the thriftiest way, the `budget`, and how much of that is `taken`.
    """

    def __init__(self, ways: Mapping[str, int], device: str, budget: int, taken: int) -> None:
        self.needed, self.budget, self.taken = min(ways.values()), budget, taken
        most, *others = dict.fromkeys((max(ways, key=ways.__getitem__), min(ways, key=ways.__getitem__)))
        each = f"{size_text(ways[most])} ({most})"
        if others:
            each += f", and {size_text(self.needed)} at the least ({others[0]})"
        used = f", of which {size_text(taken)} are in use" if taken else ""
        enough = -(-(self.needed + taken) // 2**20)
        super().__init__(
            f"this does not fit into memory. It takes {each}, but the budget of {device} is "
            f"{size_text(budget)}{used}. Make the picture or the batch smaller, or raise the budget: "
            f"--memory {enough}M"
        )


class Manager:
    """The memory of each device by its budget in bytes; a device without a budget has no limit.

    Safe for several threads. Leases may be nested: weights that are leased already are not counted again.
    Weights are held weakly: those of a model that nobody has any more are gone from here too.
    """

    def __init__(self, budgets: Mapping[str, int] | None = None) -> None:
        self._budgets = dict(budgets or {})
        self._tenants: dict[str, dict[int, _Tenant]] = {}  # least recently used first
        self._leases: list[_Lease] = []
        self._changed = threading.Condition()

    @contextmanager
    def lease(
        self,
        *weights: Weights,
        way: Way,
        device: str = "cpu",
        waiting: Callable[[], object] = lambda: None,
        given_up: GivenUp = unheard,
    ) -> Generator[int]:
        """Hold room for weights and a workspace; others' weights make way, the least recently used first.

        Gives the bytes that the weights may take, and tells `given_up` of those that make way. Where others
        compute in that room this waits, and calls `waiting`, which may raise, meanwhile. A thread that holds
        a lease does not wait, since two such could wait for each other. Raises NoRoomError.
        """
        asked = tuple({id(one): one for one in weights}.values())
        with self._changed:
            while (lease := self._granted(asked, way, device, given_up)) is None:
                waiting()
                self._changed.wait(PATIENCE)
            tenants = self._tenants[device]
            room = sum(tenants[id(one)].reserved for one in asked)
        try:
            yield room
        finally:
            with self._changed:
                self._leases.remove(lease)
                self._changed.notify_all()

    def fitting(self, weights: Sequence[Weights], ways: Sequence[Way], device: str = "cpu") -> list[Way]:
        """Return those of the ways that fit, beside what this thread has leased already.

        What others compute at this moment does not count: `lease` waits for them. Raises NoRoomError where no
        way fits.
        """
        with self._changed:
            taken = self._taken(device, threading.get_ident())
            return self._fitting(weights, ways, device, taken)

    def free(self, device: str = "cpu", given_up: GivenUp = unheard) -> int:
        """Give up all weights that nobody computes with; return their bytes."""
        with self._changed:
            return sum(self._evicted(tenant, given_up) for tenant in self._idle(device))

    def devices(self) -> tuple[str, ...]:
        """Name the devices that have a budget, or that weights were leased on."""
        with self._changed:
            return tuple(dict.fromkeys((*self._budgets, *self._tenants)))

    def resident(self) -> list[Resident]:
        """Return the weights that have a place on a device, the least recently used first."""
        with self._changed:
            found = [
                (device, weights, id(weights) in self._leased(device))
                for device in self._tenants
                for tenant in self._living(device)
                if tenant.reserved and (weights := tenant.weights()) is not None
            ]
        # Without the lock: weights that are being brought answer when they are there.
        return [
            Resident(name=one.name, device=device, present=one.present, whole=whole(one), leased=leased)
            for device, one, leased in found
        ]

    def alone(self, device: str = "cpu") -> bool:
        """Tell whether there is one lease on a device, no more."""
        with self._changed:
            return sum(lease.device == device for lease in self._leases) == 1

    def usage(self, device: str = "cpu") -> Usage:
        """Return what a device's memory is used for."""
        with self._changed:
            return Usage(
                budget=self._budgets.get(device),
                weights=sum(tenant.reserved for tenant in self._living(device)),
                workspaces=sum(lease.way.workspace for lease in self._leases if lease.device == device),
            )

    def _fitting(self, weights: Sequence[Weights], ways: Sequence[Way], device: str, taken: int) -> list[Way]:
        budget = self._budgets.get(device)
        new = [one for one in weights if not self._is_leased(one, device)]
        fits = [way for way in ways if budget is None or taken + way.needs(new) <= budget]
        if budget is not None and not fits:
            raise NoRoomError({way.title: way.needs(new) for way in ways}, device, budget, taken)
        return fits

    def _granted(
        self, weights: tuple[Weights, ...], way: Way, device: str, given_up: GivenUp
    ) -> _Lease | None:
        """Hand out room if it is free; None where it will be when others are done."""
        mine = threading.get_ident()
        others = any(lease.thread != mine for lease in self._leases if lease.device == device)
        taken = self._taken(device)
        try:
            self._fitting(weights, [way], device, taken)
        except NoRoomError:
            if others and not any(lease.thread == mine for lease in self._leases):
                self._fitting(weights, [way], device, 0)  # what never fits is not worth waiting for
                return None
            raise
        new = [one for one in weights if not self._is_leased(one, device)]
        lease = _Lease(mine, device, weights, way)
        self._leases.append(lease)
        try:
            self._settle(new, way, device, taken, given_up)
        except BaseException:
            self._leases.remove(lease)
            raise
        return lease

    def _settle(
        self, weights: Sequence[Weights], way: Way, device: str, taken: int, given_up: GivenUp
    ) -> None:
        """Let weights lie whole, or stream in the room there is, after others have made way for them."""
        budget = self._budgets.get(device)
        rooms = _rooms(weights, None if budget is None else budget - taken - way.workspace)
        tenants = self._tenants.setdefault(device, {})
        for one, room in zip(weights, rooms, strict=True):
            known = tenants.pop(id(one), None)
            tenant = known if known and known.weights() is one else _Tenant(weakref.ref(one))
            tenant.reserved = whole(one) if room is None else room
            tenants[id(one)] = tenant
        if budget is not None:
            idle = iter(self._idle(device))
            while self._taken(device) + sum(tenant.reserved for tenant in self._idle(device)) > budget:
                self._evicted(next(idle), given_up)
        for one, room in zip(weights, rooms, strict=True):
            if room is None:
                one.load()
            else:
                one.stream(room)

    def _taken(self, device: str, thread: int | None = None) -> int:
        """Return the bytes that leases hold, all or those of one thread."""
        leases = [one for one in self._leases if one.device == device and thread in (None, one.thread)]
        tenants = self._tenants.get(device, {})
        held = sum(tenants[one].reserved for one in self._leased(device, thread))
        return held + sum(lease.way.workspace for lease in leases)

    def _leased(self, device: str, thread: int | None = None) -> set[int]:
        leases = [one for one in self._leases if one.device == device and thread in (None, one.thread)]
        return {id(one) for lease in leases for one in lease.weights}

    def _is_leased(self, weights: Weights, device: str) -> bool:
        return any(
            weights is one for lease in self._leases if lease.device == device for one in lease.weights
        )

    def _idle(self, device: str) -> list[_Tenant]:
        leased = self._leased(device)
        return [one for one in self._living(device) if one.reserved and id(one.weights()) not in leased]

    def _living(self, device: str) -> list[_Tenant]:
        tenants = self._tenants.get(device, {})
        for name in [name for name, tenant in tenants.items() if tenant.weights() is None]:
            del tenants[name]
        return list(tenants.values())

    @staticmethod
    def _evicted(tenant: _Tenant, given_up: GivenUp) -> int:
        weights, given = tenant.weights(), tenant.reserved
        tenant.reserved = 0
        if weights is not None:
            weights.unload()
            given_up(weights, given)
        return given


def whole(weights: Weights) -> int:
    """Return the bytes of all layers."""
    return sum(weights.layers.values())


def size_text(nbytes: int) -> str:
    """Write a number of bytes for people, in the units that `--memory` takes: 770 MiB, 3.44 GiB."""
    return f"{nbytes / 2**30:.2f} GiB" if nbytes >= 2**30 else f"{nbytes / 2**20:.0f} MiB"


@dataclass(eq=False)
class _Tenant:
    """Weights that were leased once, and the bytes they may take until these are needed for others."""

    weights: weakref.ref[Weights]
    reserved: int = 0


@dataclass(eq=False, frozen=True)
class _Lease:
    thread: int
    device: str
    weights: tuple[Weights, ...]
    way: Way


def _rooms(weights: Sequence[Weights], room: int | None) -> list[int | None]:
    """Share out room: None for those that lie whole, the smallest first; what is left is for the largest."""
    rooms: dict[int, int | None] = {}
    kept = sum(one.least for one in weights)  # for those that have not got theirs yet
    for one in sorted(weights, key=whole):
        kept -= one.least
        if room is None or whole(one) <= room - kept:
            rooms[id(one)] = None
            room = None if room is None else room - whole(one)
        else:
            rooms[id(one)] = room - kept
            room = kept
    return [rooms[id(one)] for one in weights]
