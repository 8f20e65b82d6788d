"""Filling networks with the tensors of files: strictly, saying key by key what differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from torch import Tensor, nn

from ..errors import CheckpointError
from .kinds import some

Network = TypeVar("Network", bound=nn.Module)
Spec = TypeVar("Spec")


def _same(name: str) -> str:
    return name


@dataclass(frozen=True, eq=False)
class Part:
    """The tensors of one network under that network's own names; `told` gives the file's name of any."""

    tensors: Mapping[str, Tensor]
    told: Callable[[str], str] = _same

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the tensors by name."""
        return {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}


def fill(*pairs: tuple[nn.Module, Part]) -> None:
    """Give networks built on the meta device a file's tensors as they are, ready to infer.

    Nothing is copied or cast. Raises CheckpointError listing, for all networks at once, what is missing,
    unexpected, of another shape, or no weight.
    """
    differences = [difference(network, part) for network, part in pairs]
    trouble = {what: [key for found in differences for key in found[what]] for what in differences[0]}
    if any(trouble.values()):
        found = "; ".join(f"{len(keys)} {what} ({some(keys)})" for what, keys in trouble.items() if keys)
        raise CheckpointError(f"it does not fit the networks that its keys describe. Keys: {found}")
    for network, part in pairs:
        network.eval().requires_grad_(False)
        network.load_state_dict(dict(part.tensors), assign=True)


def difference(network: nn.Module, part: Part) -> dict[str, list[str]]:
    """List the file's keys that do not fit a network, under what is wrong with them."""
    want = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    have = part.shapes
    shared = [name for name in want if name in have]
    return {
        "missing": [part.told(name) for name in want if name not in have],
        "unexpected": [part.told(name) for name in have if name not in want],
        "of the wrong shape": [
            f"{part.told(name)} {list(have[name])} instead of {list(want[name])}"
            for name in shared
            if want[name] != have[name]
        ],
        "of numbers that are no weights": [
            f"{part.told(name)} {part.tensors[name].dtype}"
            for name in shared
            if not part.tensors[name].is_floating_point()
        ],
    }
