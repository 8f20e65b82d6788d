"""`widgets_values`: which value belongs to which input of a node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..node_types.declaration import NodeTable
from ..node_types.node_type import UNSET, Input, NodeType
from .document import Item

CONTROL = frozenset({"fixed", "increment", "decrement", "randomize", "increment-wrap"})
"""What the editor may do with a number after a run; the word stands behind the number."""

MOST_PAIRS = 250_000
"""Fields times values that are compared to align them."""

SEEDS = ("seed", "noise_seed")
"""Whole numbers of these names have such a word, declared or not."""


@dataclass(frozen=True, slots=True)
class Field:
    """One place in the list of a node's values: an input's value, or what the editor keeps beside it.

    `spec` is None for an input of which nothing is known.
    """

    name: str
    spec: Input | None = None
    kind: Literal["value", "control", "button"] = "value"

    def strange(self, value: object) -> float:
        """Tell how little a value looks like this field's: 0 is its kind of value, 4 is certainly not."""
        match self.kind:
            case "control":
                return 0 if isinstance(value, str) and value in CONTROL else 4
            case "button":
                return 0 if isinstance(value, str | None) else 4
            case "value":
                return _strange(self.spec, value)


def _strange(spec: Input | None, value: object) -> float:
    if value is None or spec is None:
        return 1 if value is None else 0
    if spec.choice is not None:
        return 0 if value in spec.choice.options else 4
    match spec.type, value:
        case ("BOOLEAN", bool()) | ("STRING" | "COMBO", str()):
            return 0
        case ("INT" | "FLOAT", int() | float()) if not isinstance(value, bool):
            return 0 if spec.type == "FLOAT" or isinstance(value, int) or value.is_integer() else 2
        case _:
            return 4


MISSING, LEFT_OVER = 3, 2
"""How strange it is that a field has no value, and that a value has no field."""


def known_type(item: Item, table: NodeTable) -> NodeType | None:
    """Return the type of a node; None where the table has none."""
    if item.type not in table:
        return None  # without asking for it: the table would look for the nearest name
    return table[item.type]


def fields_of(node_type: NodeType) -> tuple[Field, ...]:
    """Return the places in the list of a node's values, in the order in which the editor makes its fields."""
    return tuple(_fields(node_type))


def _fields(node_type: NodeType) -> Iterator[Field]:
    for spec in sorted(node_type.inputs.values(), key=lambda spec: not spec.required):
        if not spec.widget:
            continue
        yield Field(spec.name, spec)
        if spec.seed or (spec.type == "INT" and spec.name in SEEDS):
            yield Field(spec.name, spec, "control")
        if spec.files is not None and spec.files.upload:
            yield Field(spec.name, spec, "button")


def fields_by_slots(item: Item) -> tuple[Field, ...]:
    """Return the places in the list of values of a node of unknown type, as far as its slots tell."""
    found: list[Field] = []
    for slot in item.inputs:
        if slot.widget:
            found += [Field(slot.name)] + [Field(slot.name, None, "control")] * (slot.name in SEEDS)
    return tuple(found)


def fields_of_item(item: Item, table: NodeTable) -> tuple[Field, ...]:
    """Return the places in the list of values of a node."""
    known = known_type(item, table)
    return fields_by_slots(item) if known is None else fields_of(known)


def own_values(item: Item, table: NodeTable) -> dict[str, object]:
    """Return the values of a node's fields by name, defaults for those that the file has no value for.

    A name without value is missing where there is no default either, and where an input may be left out.
    """
    fields = fields_of_item(item, table)
    if isinstance(item.values, Mapping):
        known = known_type(item, table)
        names = item.values if known is None else known.inputs
        stored = {name: value for name, value in item.values.items() if name in names and value is not None}
    else:
        stored = matched(fields, item.values)
    specs = (field.spec for field in fields if field.kind == "value" and field.spec is not None)
    return {spec.name: value for spec in specs if (value := initial(spec)) is not UNSET} | stored


def initial(spec: Input) -> object:
    """Return what a new field of the editor shows; UNSET for files, and for inputs that may be left out."""
    if spec.default is not UNSET and spec.default is not None:
        return spec.default
    if not spec.required or spec.files is not None:
        return UNSET
    if spec.choice is not None:
        return spec.choice.options[0]
    if spec.type in ("STRING", "BOOLEAN"):
        return "" if spec.type == "STRING" else False
    return 0 if spec.range is None else max(spec.range.min, min(0, spec.range.max))


def matched(fields: Sequence[Field], values: Sequence[object]) -> dict[str, object]:
    """Return the values of inputs by name: one by one where the counts agree, else aligned by type.

    Alignment leaves out fields and values so that what remains looks least strange; of equals the first is
    taken. Null is no value. Very long lists are not aligned.
    """
    one_by_one = len(fields) == len(values) or len(fields) * len(values) > MOST_PAIRS
    pairs = zip(fields, values, strict=False) if one_by_one else _aligned(fields, values)
    return {field.name: value for field, value in pairs if field.kind == "value" and value is not None}


def _aligned(fields: Sequence[Field], values: Sequence[object]) -> Iterator[tuple[Field, object]]:
    """Align as texts are compared: by the least cost of what is left out and of what fits badly."""
    costs = [[0.0] * (len(values) + 1) for _ in range(len(fields) + 1)]
    for row in range(len(fields), -1, -1):
        for column in range(len(values), -1, -1):
            choices: list[float] = []
            if row < len(fields) and column < len(values):
                strange = fields[row].strange(values[column])
                choices.append(strange + costs[row + 1][column + 1])
            if row < len(fields):
                choices.append(MISSING + costs[row + 1][column])
            if column < len(values):
                choices.append(LEFT_OVER + costs[row][column + 1])
            costs[row][column] = min(choices, default=0.0)
    row = column = 0
    while row < len(fields) and column < len(values):
        cost = costs[row][column]
        if cost == fields[row].strange(values[column]) + costs[row + 1][column + 1]:
            yield fields[row], values[column]
            row, column = row + 1, column + 1
        elif cost == MISSING + costs[row + 1][column]:
            row += 1
        else:
            column += 1
