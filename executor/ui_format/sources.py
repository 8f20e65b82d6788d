"""Where a link really comes from: through reroutes, bypassed nodes, and the borders of subgraphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..graphs.graph import Link
from ..graphs.order import way_around
from ..problems import Problem
from .document import BYPASSED, MUTED, PRIMITIVE, REROUTE, VIRTUAL, Item, Slot
from .unfolding import Scope


@dataclass(frozen=True, slots=True)
class Literal:
    """A value in place of a link: a primitive's, or what a subgraph's field holds."""

    value: object


Source = Link | Literal | None
"""What a link brings; None for nothing: its source is muted, or not there."""


class _Step(NamedTuple):
    """A link, by its id, in the scope it lies in."""

    scope: Scope
    link: str


class Sources:
    """Follows links, each once however many inputs share its way; `problems` are those in a circle."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._known: dict[tuple[_Step, str], Source] = {}

    def of(self, scope: Scope, link: str, wanted: str) -> Source:
        """Return what a link brings to an input of the type `wanted`."""
        found: Source | _Step = _Step(scope, link)
        passed: dict[tuple[_Step, str], _Passed] = {}
        while isinstance(found, _Step):
            here = (found, wanted)
            if here in self._known:
                found = self._known[here]
            elif here in passed:
                circle = list(passed.values())[list(passed).index(here) :]
                self.problems.append(_circle(circle))
                found = None
            else:
                passed[here] = before = _before(*found, wanted)
                found = before.found
        for here, before in reversed(passed.items()):
            found = before.otherwise if found is None else found
            self._known[here] = found
        return found


class _Passed(NamedTuple):
    """What a link brings, or the link that its source passes on; `otherwise` in place of nothing."""

    found: Source | _Step
    scope: Scope | None = None
    item: Item | None = None
    otherwise: Literal | None = None


def _circle(passed: list[_Passed]) -> Problem:
    """Say that nodes pass on to each other what none of them makes; given from each to its source."""
    nodes = [
        (one.scope, one.item) for one in reversed(passed) if one.scope is not None and one.item is not None
    ]
    ids = [scope.id_of(item) for scope, item in nodes]
    scope, item = nodes[0]
    message = (
        f"{item.named(scope.prefix)} passes on what it gets, and gets it from itself: {way_around(ids)}; "
        "link one of them to a node that makes something"
    )
    return Problem(code="cycle", message=message, node=ids[0], facts={"nodes": ids})


def _before(scope: Scope, link: str, wanted: str) -> _Passed:
    """Go one step towards what a link brings."""
    wire = scope.sheet.wires.get(link)
    if wire is None:
        return _Passed(None)
    if scope.definition is not None and wire.origin == scope.definition.entry:
        return _from_outside(scope, wire.slot)
    item = scope.sheet.items.get(wire.origin)
    return _Passed(None) if item is None else _Passed(_given(scope, item, wire.slot, wanted), scope, item)


def _given(scope: Scope, item: Item, slot: int, wanted: str) -> Source | _Step:
    """Return what a node gives at an output, or the link that it passes on there."""
    if item.mode == MUTED:
        return None
    if item.type == REROUTE:
        return _step(scope, item.inputs[0] if item.inputs else None)
    if item.type == PRIMITIVE:
        return Literal(value) if (value := item.first_value) is not None else None
    if item.mode == BYPASSED:
        return _step(scope, _bypass(item, slot, wanted))
    if item.type in VIRTUAL:
        return None
    inner = scope.inside.get(item.id)
    if inner is None or inner.definition is None:
        return Link(scope.id_of(item), slot)
    end = inner.definition.exits.get(slot)
    return None if end is None else _Step(inner, end)


def _from_outside(scope: Scope, number: int) -> _Passed:
    """Return what an input of a subgraph gets: a link of its instance, or a value that the instance holds."""
    if scope.outer is None or scope.definition is None or not 0 <= number < len(scope.definition.inputs):
        return _Passed(None)
    name = scope.definition.inputs[number].name
    held = Literal(scope.literals[name]) if name in scope.literals else None
    return _Passed(_step(scope.outer, scope.outer_slots[number]), scope.outer, scope.instance, held)


def _step(scope: Scope, slot: Slot | None) -> _Step | None:
    return None if slot is None or slot.link is None else _Step(scope, slot.link)


def _bypass(item: Item, number: int, wanted: str) -> Slot | None:
    """Return the input that a bypassed node passes on at an output, to an input of the type `wanted`."""
    inputs = item.inputs
    beside = inputs[number] if 0 <= number < len(inputs) else None
    if wanted in ("*", ""):
        return beside or (inputs[0] if inputs else None)
    given = item.outputs[number].type if 0 <= number < len(item.outputs) else "*"

    def both(slot: Slot) -> bool:
        return compatible(slot.type, given) and compatible(slot.type, wanted)

    if beside is not None and both(beside):
        return beside
    equal = (slot for slot in inputs if slot.type.casefold() == wanted.casefold())
    return next(equal, None) or next((slot for slot in inputs if both(slot)), None)


def compatible(one: str, other: str) -> bool:
    """Tell whether the editor lets two types be linked: equal but for case, "*", or with a type in common."""
    if "*" in (one, other):
        return True
    kinds, others = ({kind.strip().casefold() for kind in types.split(",")} for types in (one, other))
    return not kinds.isdisjoint(others)
