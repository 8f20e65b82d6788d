"""One network's copy that computes, and where its weights lie: whole, layer by layer, or nowhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import MappingProxyType
from typing import cast

import torch
from torch import nn

from .brought import NOTHING, Brought, Listener
from .ferry import ferry_to
from .pages import give_back_free
from .streaming import LayerSize, Stream, least_room
from .supply import IN_PLACE, Streamable
from .twin import Twin, copied_bytes


class NetworkCopy:
    """The copy of one network in a dtype on a device: made when first asked for, part by part.

    It holds the network's weights but not the network, so that it need not outlive it.
    """

    def __init__(self, dtype: torch.dtype, device: torch.device) -> None:
        self.dtype, self.device = dtype, device
        self._twin: Twin | None = None
        self._room: int | None = None
        self._sizes: tuple[LayerSize, ...] = ()
        self._listeners: list[Listener] = []
        self._streamed = NOTHING
        self._lock = threading.Lock()

    def ready(self, network: nn.Module, parts: Collection[str] | None) -> nn.Module:
        """Return a twin of the network that computes: with these parts' weights, or what brings them."""
        with self._lock:
            if self._twin is None:
                self._twin = Twin(network, self.dtype, self.device)
            twin = self._twin.network
            if self._room is None:
                began = time.perf_counter()
                nbytes = sum(self._twin.bring(part) for part in _parts(twin, parts))
                if nbytes:
                    self._tell(Brought(nbytes, time.perf_counter() - began), began)
            elif isinstance(twin, Streamable) and twin.supply is IN_PLACE:
                twin.supply = Stream(
                    self._twin, twin.layers(), self._sizes, self._room, self._passed, ferry_to(self.device)
                )
            return twin

    @contextmanager
    def heard(self, listener: Listener) -> Generator[None]:
        """Tell a listener of copies while this lasts: of whole ones at once, of what streamed at the end."""
        with self._lock:
            self._listeners.append(listener)
            before, began = self._streamed, time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self._listeners.remove(listener)
                streamed = self._streamed - before
            if streamed.layers:
                listener(streamed, time.perf_counter() - began)

    def _tell(self, brought: Brought, began: float) -> None:
        for listener in self._listeners:
            listener(brought, time.perf_counter() - began)

    def _passed(self, brought: Brought) -> None:
        with self._lock:
            self._streamed += brought

    def present(self, parts: Collection[str] | None) -> int:
        """Return the bytes of the copies that there are now."""
        with self._lock:
            twin = self._twin
            return 0 if twin is None else sum(twin.present(part) for part in _parts(twin.network, parts))

    def load(self) -> None:
        """Let the weights lie whole from now on; those that are there stay."""
        with self._lock:
            self._room = None
            self._supply_in_place()

    def stream(self, room: int, sizes: tuple[LayerSize, ...]) -> None:
        """Let layers of these sizes pass by within room from now on."""
        with self._lock:
            if room != self._room:
                self._give_up(None)
                self._room, self._sizes = room, sizes

    def unload(self, parts: Collection[str] | None) -> None:
        """Give up the weights of these parts, and bring them anew when they are asked for."""
        with self._lock:
            self._room = None
            self._give_up(parts)

    def _give_up(self, parts: Collection[str] | None) -> None:
        self._supply_in_place()
        if self._twin is not None:
            for part in _parts(self._twin.network, parts):
                self._twin.give_up(part)
            give_back_free()

    def _supply_in_place(self) -> None:
        if self._twin is not None and isinstance(self._twin.network, Streamable):
            self._twin.network.supply = IN_PLACE


class Placed:
    """The weights of a network, or of some of its parts, to who decides where they lie and for how long.

    Sizes are bytes of the copies that are made to compute: what computes as it lies in a file counts nothing.
    `name` is for people.
    """

    def __init__(
        self, name: str, copy: NetworkCopy, network: nn.Module, parts: Collection[str] | None
    ) -> None:
        self.name, self.copy, self._parts = name, copy, parts
        self._streams = isinstance(network, Streamable) and parts is None
        layers = _layers(network, parts)
        sizes = {name: copied_bytes(layer, copy.dtype, copy.device) for name, layer in layers.items()}
        self._sizes = tuple(LayerSize(*size) for size in sizes.values())
        self.layers: Mapping[str, int] = MappingProxyType({name: held for name, (held, _) in sizes.items()})

    @property
    def device(self) -> str:
        """Where the weights compute, as torch writes it ("cpu", "cuda:0")."""
        return str(self.copy.device)

    @property
    def least(self) -> int:
        """The least room to stream in; that of all layers where they can only lie whole."""
        return least_room(self._sizes) if self._streams else sum(self.layers.values())

    @property
    def present(self) -> int:
        """The bytes that are taken now."""
        return self.copy.present(self._parts)

    def load(self) -> None:
        """Lie whole from now on."""
        self.copy.load()

    def stream(self, room: int) -> None:
        """Pass by layer by layer from now on, within room."""
        self.copy.stream(room, self._sizes)

    def unload(self) -> None:
        """Take nothing until asked for again; nobody computes with these weights now."""
        self.copy.unload(self._parts)

    def heard(self, listener: Listener) -> AbstractContextManager[None]:
        """Tell a listener of copies while this lasts: of whole ones at once, of what streamed at the end."""
        return self.copy.heard(listener)


def _layers(network: nn.Module, parts: Collection[str] | None) -> dict[str, nn.Module]:
    """Return what is brought at a time, by name."""
    if parts is None and isinstance(network, Streamable):
        modules = cast("Iterable[tuple[str, nn.Module]]", network.named_modules())
        names = {module: name for name, module in modules}
        return {names[layer]: layer for layer in network.layers()}
    return {str(number): part for number, part in enumerate(_parts(network, parts))}


def _parts(network: nn.Module, names: Collection[str] | None) -> Iterator[nn.Module]:
    """Yield the network, or its children of these names; those that it does not have are left out."""
    if names is None:
        yield network
    else:
        yield from (child for name, child in network.named_children() if name in names)
