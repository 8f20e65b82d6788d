"""Calling one node's function: its arguments, and what its return value means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from .cache import Entry
from .context import Context
from .node_type import NodeType
from .results import Expansion, Ui


class WrongResultError(TypeError):
    """A node function returned something else than its signature says."""


def call(node_type: NodeType, context: Context, arguments: Mapping[str, object]) -> Entry | Expansion:
    """Call a node's function; raises what the function raises, and `WrongResultError`."""
    if node_type.takes_context:
        returned = node_type.function(context, **arguments)
    else:
        returned = node_type.function(**arguments)
    if isinstance(returned, Expansion):
        _expect(node_type, len(returned.outputs))
        return returned
    if isinstance(returned, Ui):
        _expect(node_type, len(returned.outputs))
        return Entry(outputs=returned.outputs, ui=returned.shown, files=returned.files)
    return Entry(outputs=_outputs(node_type, returned))


def _outputs(node_type: NodeType, returned: object) -> tuple[object, ...]:
    if not node_type.outputs and returned is None:
        return ()
    if len(node_type.outputs) == 1 and not node_type.returns_tuple:
        return (returned,)
    if not isinstance(returned, tuple):
        expected = ", ".join(output.name for output in node_type.outputs) or "nothing"
        raise WrongResultError(f"{node_type.name} must return {expected}, not a {type(returned).__name__}")
    outputs = cast("tuple[object, ...]", returned)
    _expect(node_type, len(outputs))
    return outputs


def _expect(node_type: NodeType, given: int) -> None:
    if given != len(node_type.outputs):
        names = ", ".join(output.name for output in node_type.outputs) or "none"
        raise WrongResultError(
            f"{node_type.name} gave {given} outputs; it declares {len(node_type.outputs)}: {names}"
        )
