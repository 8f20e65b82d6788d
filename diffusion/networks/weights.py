"""The weights of networks: what they tell, and bringing them into the form that computes.

A loaded network's weights are mapped from its file, in the file's dtype, and are never written. `Copies`
makes and keeps what computes. This is the one place that decides where weights lie.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Hashable
from typing import TypeVar, cast
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from .pages import mapped
from .placing import NetworkCopy, Placed
from .twin import fits, twin_of

Network = TypeVar("Network", bound=nn.Module)

CPU = torch.device("cpu")
"""Where weights are loaded to, and where all that is no network is computed."""


def example(network: nn.Module) -> Tensor:
    """Return a tensor with the network's dtype and device."""
    return next(network.parameters())


def nbytes(network: nn.Module, dtype: torch.dtype | None = None) -> int:
    """Return the bytes of memory that a network's weights take, or would take in another `dtype`."""

    def size(tensor: Tensor) -> int:
        return tensor.numel() * (dtype.itemsize if dtype and tensor.is_floating_point() else tensor.itemsize)

    return sum(map(size, {_identity(tensor): tensor for tensor in _all(network)}.values()))


def held(network: nn.Module) -> dict[Hashable, int]:
    """Return the bytes that keeping a network holds: those of its weights that lie in no mapped file.

    They are by what is the same in every network that shares the weight. Copies that compute do not count,
    since they may be given up at any time: `Placed` tells of them.
    """
    in_files = {_identity(tensor) for tensor in mapped(_all(network))}
    return {name: one.nbytes for one in _all(network) if (name := _identity(one)) not in in_files}


def _all(network: nn.Module) -> tuple[Tensor, ...]:
    return (*network.parameters(), *network.buffers())


def _identity(tensor: Tensor) -> Hashable:
    return ("weight", tensor.data_ptr() or id(tensor))


class Copies:
    """Copies of networks as they compute: in a dtype, on a device; made when first used, part by part.

    Handles of one model share an object of this class, since they share the network. It is a memo, and the
    only thing in a handle that changes: what it returns never depends on what was asked before. Of each
    network the last copy is kept for as long as the network lives, and as its `Placed` says. `name` is what
    the networks are called where it is told of them.
    """

    def __init__(self, name: str = "model") -> None:
        self._name = name
        self._made: WeakKeyDictionary[nn.Module, NetworkCopy] = WeakKeyDictionary()
        self._placed: WeakKeyDictionary[nn.Module, dict[frozenset[str] | None, Placed]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def ready(
        self,
        network: Network,
        dtype: torch.dtype,
        device: torch.device = CPU,
        parts: Collection[str] | None = None,
    ) -> Network:
        """Return the network with its weights in `dtype` on `device`: itself where they are so already.

        With `parts` (names of its children) only those are sure to be so; the others stay as they are. What
        must be copied anyway is packed on the way (`Packing`): what is returned computes and serves for
        nothing else. If it streams, it brings its layers when called.
        """
        if all(fits(tensor, dtype, device) for tensor in network.parameters()):
            return network
        return cast(Network, self._copy(network, dtype, device).ready(network, parts))

    def placed(
        self,
        network: nn.Module,
        dtype: torch.dtype,
        device: torch.device = CPU,
        parts: Collection[str] | None = None,
    ) -> Placed:
        """Return what decides where the weights that `ready` brings lie: the same object every time."""
        copy = self._copy(network, dtype, device)
        key = None if parts is None else frozenset(parts)
        with self._lock:
            known = self._placed.setdefault(network, {})
            if key not in known or known[key].copy is not copy:
                part = f" ({next(iter(parts))})" if parts else ""
                known[key] = Placed(self._name + part, copy, network, key)
            return known[key]

    def _copy(self, network: nn.Module, dtype: torch.dtype, device: torch.device) -> NetworkCopy:
        with self._lock:
            made = self._made.get(network)
            if made is None or (made.dtype, made.device) != (dtype, device):
                made = self._made[network] = NetworkCopy(dtype, device)
            return made


def converted(network: Network, dtype: torch.dtype) -> Network:
    """Return the network with its weights in `dtype`, laid as they were, so that it may be saved."""
    twin = twin_of(network)
    tensors = twin.state_dict().items()
    weights = {name: t.to(dtype) if t.is_floating_point() else t for name, t in tensors}
    twin.load_state_dict(weights, assign=True)
    return twin
