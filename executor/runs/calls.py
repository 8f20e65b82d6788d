"""Calling one node's function: its arguments, and what its return value means."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping
from typing import cast

from ..caches.memory_cache import Entry
from ..node_types.context import Context
from ..node_types.node_type import NodeType
from ..node_types.results import Blocked, Each, Expansion, Ui, held_as

Result = Entry | Expansion | Each
"""What a call gives."""


class WrongResultError(TypeError):
    """A node function returned something else than its signature says."""


def call(node_type: NodeType, context: Context | None, arguments: Mapping[str, object]) -> Result:
    """Call a node's function; raises what the function raises, and `WrongResultError`."""
    began, function = time.perf_counter(), node_type.function
    returned = function(**arguments) if context is None else function(context, **arguments)
    return result_of(node_type, returned, time.perf_counter() - began)


async def call_async(node_type: NodeType, context: Context | None, arguments: Mapping[str, object]) -> Result:
    """Call a node's async function as `call` does."""
    began = time.perf_counter()
    returned = node_type.function(*(() if context is None else (context,)), **arguments)
    returned = await returned if inspect.isawaitable(returned) else returned
    return result_of(node_type, returned, time.perf_counter() - began)


def blocked_result(node_type: NodeType, *, failed: bool) -> Entry:
    """Return the result of a call that was not made, since an input was blocked, or of one that failed."""
    return Entry(outputs=(Blocked(failed=failed),) * len(node_type.outputs))


def result_of(node_type: NodeType, returned: object, seconds: float) -> Result:
    """Return the result that a value means which a call returned; raises `WrongResultError`."""
    if isinstance(returned, Each):
        if not node_type.outputs or all(output.is_list for output in node_type.outputs):
            return returned
        raise WrongResultError(f"{node_type.name} gave an Each; then all of its outputs must be lists")
    if isinstance(returned, Expansion):
        expect_outputs(node_type, len(returned.outputs))
        return returned
    if isinstance(returned, Ui):
        expect_outputs(node_type, len(returned.outputs))
        outputs = _held(node_type, tuple(returned.outputs))
        return Entry(
            outputs=outputs,
            ui=returned.shown,
            files=returned.files,
            seconds=seconds,
            class_type=node_type.name,
        )
    if isinstance(returned, Blocked):
        outputs = (returned,) * len(node_type.outputs)
    else:
        outputs = _held(node_type, _outputs(node_type, returned))
    return Entry(outputs=outputs, seconds=seconds, class_type=node_type.name)


def _outputs(node_type: NodeType, returned: object) -> tuple[object, ...]:
    if not node_type.outputs and returned is None:
        return ()
    if len(node_type.outputs) == 1 and not node_type.returns_tuple:
        return (returned,)
    if not isinstance(returned, tuple):
        expected = ", ".join(output.name for output in node_type.outputs) or "nothing"
        raise WrongResultError(f"{node_type.name} must return {expected}, not a {type(returned).__name__}")
    outputs = cast("tuple[object, ...]", returned)
    expect_outputs(node_type, len(outputs))
    return outputs


def _held(node_type: NodeType, outputs: tuple[object, ...]) -> tuple[object, ...]:
    """Return what the slots hold: the values of lists, a value as it is."""
    if not node_type.gives_lists:
        return outputs
    held: list[object] = []
    for output, value in zip(node_type.outputs, outputs, strict=True):
        if not output.is_list or isinstance(value, Blocked):
            held.append(value)
        elif isinstance(value, list | tuple):
            held.append(held_as(cast("list[object]", value)))
        else:
            kind = type(value).__name__
            raise WrongResultError(f"{node_type.name}: output {output.name} is a list; it gave a {kind}")
    return tuple(held)


def expect_outputs(node_type: NodeType, given: int) -> None:
    """Raise `WrongResultError` when a node gave another number of outputs than it declares."""
    if given != len(node_type.outputs):
        names = ", ".join(output.name for output in node_type.outputs) or "none"
        raise WrongResultError(
            f"{node_type.name} gave {given} outputs; it declares {len(node_type.outputs)}: {names}"
        )
