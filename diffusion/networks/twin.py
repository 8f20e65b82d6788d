"""A network's modules a second time, whose weights come in the form that computes, and go again."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias, TypeVar

import torch
from torch import Tensor, nn

from .layers import Packing, growth, packs
from .pages import give_back, mapped

Network = TypeVar("Network", bound=nn.Module)

LARGE = 2**19
"""From this number of weights on it matters to a CPU's convolution how they lie in memory."""

Carry: TypeAlias = Callable[[Tensor, torch.dtype, torch.device], Tensor]
"""Returns the copy of a weight that computes; on a graphics card it may still be on its way."""


class Twin:
    """Modules of their own for a network, in which a layer has its original's weights or copies of them.

    The copies are in `dtype` on `device`, and packed (`Packing`) where anything had to be copied: they
    compute and serve for nothing else. Safe for several threads as long as each has other layers.
    """

    def __init__(self, network: nn.Module, dtype: torch.dtype, device: torch.device) -> None:
        self.network = twin_of(network)
        self._dtype, self._device = dtype, device
        self._originals = {module: dict(own(module)) for module in self.network.modules()}
        everything = (tensor for tensors in self._originals.values() for tensor in tensors.values())
        self._in_files = {id(tensor) for tensor in mapped(everything)}
        self._copied: dict[nn.Module, int] = {}  # to the bytes that its copies take

    def bring(self, layer: nn.Module, scratch: Tensor | None = None, carry: Carry | None = None) -> int:
        """Give a layer, and all modules in it, copies of those weights that do not compute as they lie.

        Return the bytes that were not there before. In `scratch`, bytes as many as the largest of its weights
        takes, they can lie between copying and packing: memory that is there already is much quicker than
        new one. All others come by `carry`, by default at once.
        """
        brought = 0
        for module in layer.modules():
            if module not in self._copied and (original := self._originals[module]):
                brought += self._copy(module, original, scratch, carry or converted)
        return brought

    def present(self, layer: nn.Module) -> int:
        """Return the bytes of the copies that a layer has now."""
        return sum(self._copied.get(module, 0) for module in layer.modules())

    def give_up(self, layer: nn.Module) -> None:
        """Give a layer its original's weights again; what was read of files takes no memory any more."""
        for module in layer.modules():
            original = self._originals[module]
            if module in self._copied:
                for name, _ in list(own(module)):
                    setattr(module, name, original.get(name))  # None: packing had added it
                del self._copied[module]
            self._give_pages_back(original.values())

    def _copy(
        self, module: nn.Module, original: Mapping[str, Tensor], scratch: Tensor | None, carry: Carry
    ) -> int:
        packing = packs(module, self._dtype, self._device)
        copied = {
            name: tensor for name, tensor in original.items() if not fits(tensor, self._dtype, self._device)
        }
        for name, tensor in copied.items():
            if packing and scratch is not None and name == "weight" and tensor.is_floating_point():
                ready = _converted_in(scratch, tensor, self._dtype)
            else:
                ready = carry(tensor, self._dtype, self._device)
            if isinstance(tensor, nn.Parameter):
                ready = nn.Parameter(ready, requires_grad=tensor.requires_grad)
            setattr(module, name, ready)
            del ready  # so that it goes as soon as it is packed
        if "weight" in copied and isinstance(module, Packing):
            module.pack()
        self._copied[module] = sum(
            _copied_bytes(module, name, tensor, self._dtype, self._device) for name, tensor in copied.items()
        )
        self._give_pages_back(copied.values())
        return self._copied[module]

    def _give_pages_back(self, tensors: Iterable[Tensor]) -> None:
        give_back(tensor for tensor in tensors if id(tensor) in self._in_files)


def twin_of(network: Network) -> Network:
    """Return a network of its own modules that shares all tensors with `network`."""
    return copy.deepcopy(network, {id(t): t for t in (*network.parameters(), *network.buffers())})


def own(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield the parameters and buffers of a module itself, not of those in it."""
    yield from module.named_parameters(recurse=False)
    yield from module.named_buffers(recurse=False)


def fits(tensor: Tensor, dtype: torch.dtype, device: torch.device) -> bool:
    """Tell whether a weight can compute as it lies."""
    laid = tensor.is_mkldnn or tensor.is_contiguous(memory_format=layout_on(tensor, device))
    return (tensor.dtype == dtype or not tensor.is_floating_point()) and tensor.device == device and laid


def converted(tensor: Tensor, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return a weight's copy as it computes, or itself."""
    kind = dtype if tensor.is_floating_point() else None
    return tensor.detach().to(device, kind, memory_format=layout_on(tensor, device))


def _converted_in(scratch: Tensor, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a weight's copy in scratch, as the CPU packs it."""
    room = scratch[: tensor.numel() * dtype.itemsize].view(dtype)
    like = torch.empty_like(tensor, device="meta", memory_format=layout_on(tensor, scratch.device))
    return room.as_strided(like.shape, like.stride()).copy_(tensor.detach())


def copied_bytes(layer: nn.Module, dtype: torch.dtype, device: torch.device) -> tuple[int, int]:
    """Return the bytes that a layer's copies take, and the most that packing one of them takes besides."""
    total = most = 0
    for module in layer.modules():
        for name, tensor in own(module):
            if not fits(tensor, dtype, device):
                total += _copied_bytes(module, name, tensor, dtype, device)
                if name == "weight" and packs(module, dtype, device):
                    most = max(most, _bytes(tensor, dtype))
    return total, most


def _copied_bytes(
    module: nn.Module, name: str, tensor: Tensor, dtype: torch.dtype, device: torch.device
) -> int:
    packed = name == "weight" and packs(module, dtype, device)
    return int(_bytes(tensor, dtype) * (growth(module, dtype) if packed else 1))


def _bytes(tensor: Tensor, dtype: torch.dtype) -> int:
    return tensor.numel() * (dtype.itemsize if tensor.is_floating_point() else tensor.itemsize)


def layout_on(tensor: Tensor, device: torch.device) -> torch.memory_format:
    """Return how weights lie while computing: a convolution's with their channels last, as maps do.

    On a CPU large ones alone do.
    """
    last = tensor.ndim == 4 and (device.type != "cpu" or tensor.numel() >= LARGE)
    return torch.channels_last if last else torch.contiguous_format
