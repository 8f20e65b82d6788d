"""The weights of networks: what they tell, and bringing them into the form that computes.

A loaded network's weights are mapped from its file, in the file's dtype, and are never written. `Copies`
makes and keeps what computes. This is the one place that decides where weights lie.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TypeVar, cast
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from .layers import Packing

Network = TypeVar("Network", bound=nn.Module)

LARGE = 2**19
"""From this number of weights on it matters to a convolution how they lie in memory."""


def example(network: nn.Module) -> Tensor:
    """Return a tensor with the network's dtype and device."""
    return next(network.parameters())


def nbytes(network: nn.Module, dtype: torch.dtype | None = None) -> int:
    """Return the bytes of memory that a network's weights take, or would take in another `dtype`."""

    def itemsize(tensor: Tensor) -> int:
        return dtype.itemsize if dtype and tensor.is_floating_point() else tensor.itemsize

    return sum(tensor.numel() * itemsize(tensor) for tensor in (*network.parameters(), *network.buffers()))


@dataclass(eq=False)
class _Copy:
    network: nn.Module
    dtype: torch.dtype
    device: torch.device
    parts: set[str] = field(default_factory=set[str])


class Copies:
    """Copies of networks as they compute: in a dtype, on a device; made when first used, part by part.

    Handles of one model share an object of this class, since they share the network. It is a memo, and the
    only thing in a handle that changes: what it returns never depends on what was asked before. Of each
    network the last copy is kept, for as long as the network lives.
    """

    def __init__(self) -> None:
        self._made: WeakKeyDictionary[nn.Module, _Copy] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def ready(
        self,
        network: Network,
        dtype: torch.dtype,
        device: torch.device | str | None = None,
        parts: Collection[str] | None = None,
    ) -> Network:
        """Return the network with its weights in `dtype` on `device`: itself where they are so already.

        Without `device` they stay where they lie. With `parts` (names of its children) only those are sure to
        be so; the others stay as they are. What must be copied anyway is packed on the way (`Packing`): what
        is returned computes and serves for nothing else.
        """
        device = torch.device(device) if device else example(network).device
        if all(_fits(tensor, dtype, device) for tensor in network.parameters()):
            return network
        with self._lock:
            made = self._made.get(network)
            if made is None or (made.dtype, made.device) != (dtype, device):
                made = self._made[network] = _Copy(_twin(network), dtype, device)
            _bring(made, parts)
            return cast(Network, made.network)


def converted(network: Network, dtype: torch.dtype) -> Network:
    """Return the network with its weights in `dtype`, laid as they were, so that it may be saved."""
    twin = _twin(network)
    tensors = twin.state_dict().items()
    weights = {name: t.to(dtype) if t.is_floating_point() else t for name, t in tensors}
    twin.load_state_dict(weights, assign=True)
    return cast(Network, twin)


def _fits(tensor: Tensor, dtype: torch.dtype, device: torch.device) -> bool:
    laid = tensor.is_mkldnn or tensor.is_contiguous(memory_format=_layout(tensor))
    return tensor.dtype == dtype and tensor.device == device and laid


def _layout(tensor: Tensor) -> torch.memory_format:
    """Return how weights lie while computing: a large convolution's with their channels last, as maps do."""
    large = tensor.ndim == 4 and tensor.numel() >= LARGE
    return torch.channels_last if large else torch.contiguous_format


def _twin(network: nn.Module) -> nn.Module:
    """Return a network of its own modules that shares all tensors with `network`."""
    return copy.deepcopy(network, {id(t): t for t in (*network.parameters(), *network.buffers())})


def _bring(made: _Copy, parts: Collection[str] | None) -> None:
    """Give a twin weights of its own, in its dtype and on its device, in those parts that lack them."""
    wanted = {
        name: tensor
        for name, tensor in made.network.state_dict().items()
        if (part := name.partition(".")[0]) not in made.parts and (parts is None or part in parts)
    }
    weights = {
        name: tensor.to(
            made.device,
            made.dtype if tensor.is_floating_point() else None,
            memory_format=_layout(tensor),
        )
        for name, tensor in wanted.items()
    }
    copied = {name for name, tensor in weights.items() if tensor is not wanted[name]}
    # Not strict, since it is some of the twin's own names; assigned, since what it has is its original's.
    made.network.load_state_dict(weights, strict=False, assign=True)
    weights.clear()  # so that each goes as soon as it is packed
    for name, module in cast("Iterable[tuple[str, object]]", made.network.named_modules()):
        if isinstance(module, Packing) and f"{name}.weight" in copied:
            module.pack()
    made.parts.update(name.partition(".")[0] for name in wanted)
