"""A device that is not the CPU, for tests on machines that have no other: it computes, and is strict.

Its name is torch's "meta", which no real tensor lies on. A tensor that is brought there keeps its numbers and
computes with them, on the CPU; but it says that it lies elsewhere, and as on a graphics card no operation
takes tensors from both places.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

NAME = "meta"
PLACE = torch.device(NAME)
HERE = torch.device("cpu")

BETWEEN = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)
"""What may take tensors from both places."""


class Elsewhere(Tensor):
    """A tensor of that device; `numbers` are what it would hold there."""

    numbers: Tensor

    @staticmethod
    def __new__(cls, numbers: Tensor) -> Elsewhere:
        made = Tensor._make_wrapper_subclass(
            cls,
            numbers.shape,
            strides=numbers.stride(),
            storage_offset=numbers.storage_offset(),
            dtype=numbers.dtype,
            device=PLACE,
        )
        made.numbers = numbers
        return made

    def __repr__(self, **_: Any) -> str:
        return f"Elsewhere({self.numbers!r})"

    @classmethod
    def __torch_dispatch__(
        cls, operation: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return computed(operation, args, kwargs or {})


class There(TorchDispatchMode):
    """Lets tensors be made there, in this thread; `operations` counts what was computed with them."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if is_made_of_others(operation):
            with self:
                return operation.decompose(*args, **given)
        leaves = tree_leaves((args, given))
        if any(isinstance(one, Elsewhere) for one in leaves) or given.get("device") == PLACE:
            self.operations += operation not in BETWEEN
            return computed(operation, args, given)
        return operation(*args, **given)


def is_made_of_others(operation: Any) -> bool:
    key = torch._C.DispatchKey.CompositeImplicitAutograd
    return torch._C._dispatch_has_kernel_for_dispatch_key(operation.name(), key)


def computed(operation: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Compute with the numbers; the result lies where `device` says, or else where the tensors do."""
    if is_made_of_others(operation):
        return operation.decompose(*args, **kwargs)
    tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
    there = [one for one in tensors if isinstance(one, Elsewhere)]
    if operation not in BETWEEN and there:
        # As on a card: a single number may come from here.
        for one in tensors:
            if not isinstance(one, Elsewhere) and one.ndim:
                raise RuntimeError(f"{operation} was given tensors on {PLACE} and {one.device}")
    wanted = kwargs.get("device")
    options = kwargs if wanted is None else {**kwargs, "device": HERE}
    result = operation(*tree_map(numbers_of, args), **tree_map(numbers_of, options))
    if operation is torch.ops.aten.copy_.default:
        return args[0]
    if wanted != PLACE if wanted is not None else not there:
        return result
    known = {id(one.numbers): one for one in there}  # what is computed in place stays the tensor it is

    def placed(one: Any) -> Any:
        if not isinstance(one, Tensor):
            return one
        return known[id(one)] if id(one) in known else Elsewhere(one)

    return tree_map(placed, result)


def numbers_of(one: Any) -> Any:
    return one.numbers if isinstance(one, Elsewhere) else one


@contextmanager
def elsewhere() -> Generator[There]:
    """Let this thread compute there, without gradients."""
    with torch.inference_mode(), There() as there:
        yield there
