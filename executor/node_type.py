"""What is known of a node type: its inputs, its outputs, and the JSON Schema of its values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .annotations import Choice, Display, Files, Mentions, Range, Text

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

SCALARS: Mapping[type, str] = MappingProxyType({bool: "BOOLEAN", int: "INT", float: "FLOAT", str: "STRING"})
"""Python types that have a widget, and their wire names."""

_JSON_TYPES: Mapping[str, str] = {
    "INT": "integer",
    "FLOAT": "number",
    "STRING": "string",
    "BOOLEAN": "boolean",
}


class _Unset:
    def __repr__(self) -> str:
        return "(no default)"


UNSET = _Unset()
"""Stands for "no default", since None is one."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of a node type.

    `type` is its wire type ("INT", "COMBO", "MODEL", "*"). `required` inputs must be linked or given in a
    workflow even when they have a default; the default is then what the editor starts with.
    """

    name: str
    type: str
    required: bool
    default: object = UNSET
    nullable: bool = False
    range: Range | None = None
    choice: Choice | None = None
    files: Files | None = None
    seed: bool = False
    text: Text | None = None
    mentions: Mentions | None = None
    display: Display | None = None
    raw_link: bool = False
    advanced: bool = False
    tooltip: str = ""

    @property
    def widget(self) -> bool:
        """Whether a workflow may give a value; other inputs can only be linked."""
        return self.type in ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO")

    def takes(self, received: str) -> bool:
        """Tell whether a link of wire type `received` fits: equal, a shared member of comma lists, or "*"."""
        return (
            self.type == received
            or "*" in (self.type, received)
            or not set(self.type.split(",")).isdisjoint(received.split(","))
        )

    @property
    def schema(self) -> dict[str, object]:
        """JSON Schema of a value for this input; names of files are any text."""
        schema: dict[str, object] = {}
        if kind := _JSON_TYPES.get(self.type):
            schema["type"] = [kind, "null"] if self.nullable else kind
        if self.choice is not None:
            schema["enum"] = [*self.choice.options, *([None] if self.nullable else [])]
        if self.files is not None:
            schema["type"] = "string"
        if self.range is not None:
            schema["minimum"], schema["maximum"] = self.range.min, self.range.max
            if self.range.multiple:
                schema["multipleOf"] = self.range.step
        if self.default is not UNSET:
            schema["default"] = self.default
        if self.tooltip:
            schema["description"] = self.tooltip
        return schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One output of a node type: its name and wire type."""

    name: str
    type: str
    tooltip: str = ""


@dataclass(frozen=True, kw_only=True)
class NodeType:
    """Everything that is known of a node type, all of it read from one function.

    `version` goes into content keys: raise it when results change. `hidden` maps parameters to what the
    engine fills in. `expands` says that the function may return an `Expansion`, `returns_tuple` that it
    returns its outputs as a NamedTuple.
    """

    name: str
    display_name: str
    category: str
    description: str
    version: int
    function: Callable[..., object]
    inputs: Mapping[str, Input]
    outputs: tuple[Output, ...]
    hidden: Mapping[str, str] = field(default_factory=dict[str, str])
    output_node: bool = False
    takes_context: bool = False
    expands: bool = False
    returns_tuple: bool = False
    deprecated: bool = False
    experimental: bool = False

    @cached_property
    def schema(self) -> Mapping[str, object]:
        """JSON Schema (draft 2020-12) of an object that holds values for the inputs.

        Inputs that only links carry are no part of it, and names of files are any text: what exists is only
        known when a workflow is validated.
        """
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            "description": self.description,
            "type": "object",
            "properties": {spec.name: spec.schema for spec in self.inputs.values() if spec.widget},
        }

    @cached_property
    def _validator(self) -> Validator:
        from jsonschema import Draft202012Validator

        return Draft202012Validator(self.schema)

    def broken(self, values: Mapping[str, Any]) -> Iterator[ValidationError]:
        """Yield each way in which values break the schema."""
        return self._validator.iter_errors(values)

    @cached_property
    def defaults(self) -> Mapping[str, object]:
        """The defaults of inputs that may be left out."""
        return {spec.name: spec.default for spec in self.inputs.values() if not spec.required}
