"""Nodes that decide what of a workflow is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from ..executor import Blocked, Lazy, Port, Range, node
from .ports import Any_

LazyAny = Annotated[Any, Port("*"), Lazy()]
CHOICES = 8


def _branch(condition: bool) -> list[str]:
    return ["on_true" if condition else "on_false"]


@node("IfElse", category="logic", display_name="If / Else", needs=_branch)
def if_else(
    *, condition: bool, on_true: LazyAny | None = None, on_false: LazyAny | None = None
) -> Any_ | Blocked:
    """Give one of two values; only the one that is given is computed.

    Where that one is not linked, what follows is not run.
    """
    chosen = on_true if condition else on_false
    return Blocked() if chosen is None else chosen


def _chosen(index: int) -> list[str]:
    return [f"input_{index}"]


@node("PickInput", category="logic", display_name="Pick Input", needs=_chosen)
def pick_input(
    *,
    index: Annotated[int, Range(0, CHOICES - 1)] = 0,
    input_0: LazyAny | None = None,
    input_1: LazyAny | None = None,
    input_2: LazyAny | None = None,
    input_3: LazyAny | None = None,
    input_4: LazyAny | None = None,
    input_5: LazyAny | None = None,
    input_6: LazyAny | None = None,
    input_7: LazyAny | None = None,
) -> Any_:
    """Give the input with a number; only that one is computed."""
    inputs: Mapping[int, Any] = dict(
        enumerate((input_0, input_1, input_2, input_3, input_4, input_5, input_6, input_7))
    )
    if inputs[index] is None:
        raise ValueError(f"PickInput: input_{index} is not linked")
    return inputs[index]


@node("Gate", category="logic", display_name="Gate")
def gate(*, value: Any_, is_open: bool = True, message: str = "") -> Any_ | Blocked:
    """Let a value through, or keep what needs it from running; then tell the `message`, if there is one."""
    return value if is_open else Blocked(message or None)
