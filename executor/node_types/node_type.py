"""What is known of a node type: its inputs, its outputs, and the JSON Schema of its values."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from ..graphs.canonical import quoted
from .annotations import Choice, Display, Files, Mentions, Range, Text
from .schema import Check, compiled

Lane = Literal["device", "files", "worker"]
"""Where a node runs: beside those of other lanes. `@node` says which is which."""

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
    workflow even when they have a default; the default is then what the editor starts with. An input that
    `is_list` gets all values at once, others one at a time.
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
    lazy: bool = False
    is_list: bool = False
    advanced: bool = False
    tooltip: str = ""

    @cached_property
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
            schema["exclusiveMinimum" if self.range.above else "minimum"] = self.range.min
            schema["maximum"] = self.range.max
            if self.range.multiple:
                schema["multipleOf"] = self.range.step
        if self.default is not UNSET:
            schema["default"] = self.default
        if self.tooltip:
            schema["description"] = self.tooltip
        return schema

    @cached_property
    def check(self) -> Check:
        """What finds the first keyword of the schema that a value breaks."""
        return compiled(self.schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One output of a node type: its name, its wire type, and whether each call gives a list of values."""

    name: str
    type: str
    tooltip: str = ""
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Helper:
    """A function beside a node's own, plain or async, that gets those inputs it `takes`; all where None."""

    function: Callable[..., object]
    takes: tuple[str, ...] | None

    def ask(self, values: Mapping[str, object]) -> object:
        """Call it; inputs that are not known are None. An async one gets an event loop of its own."""
        returned = self._called(values)
        if not inspect.isawaitable(returned):
            return returned
        with ThreadPoolExecutor(1) as beside:  # this thread may have a loop that runs, in a notebook for one
            return beside.submit(asyncio.run, _finished(returned)).result()

    async def ask_async(self, values: Mapping[str, object]) -> object:
        """Call it inside of a running event loop."""
        returned = self._called(values)
        return await returned if inspect.isawaitable(returned) else returned

    def _called(self, values: Mapping[str, object]) -> object:
        if self.takes is None:
            return self.function(**values)
        return self.function(**{name: values.get(name) for name in self.takes})


async def _finished(returned: Awaitable[object]) -> object:
    return await returned


@dataclass(frozen=True, kw_only=True)
class NodeType:
    """Everything that is known of a node type, all of it read from one function.

    `version` goes into content keys: raise it when results change. `hidden` maps parameters to what the
    engine fills in. `expands` says that the function may return an `Expansion` or `Each`, `returns_tuple`
    that it returns its outputs as a NamedTuple. What `needs`, `fingerprint`, `work`, `foresees`, `lane`
    and `idempotent` are, `@node` says.
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
    needs: Helper | None = None
    fingerprint: Helper | None = None
    work: Helper | None = None
    foresees: Helper | None = None
    lane: Lane = "device"
    idempotent: bool = True
    deprecated: bool = False
    experimental: bool = False

    @cached_property
    def is_async(self) -> bool:
        """Whether the function is a coroutine function."""
        return inspect.iscoroutinefunction(self.function)

    @cached_property
    def is_input_list(self) -> bool:
        """Whether the node is called once with all values of its lists, not once for each."""
        return any(spec.is_list for spec in self.inputs.values())

    @cached_property
    def gives_lists(self) -> bool:
        """Whether an output is a list."""
        return any(output.is_list for output in self.outputs)

    @cached_property
    def lazy_inputs(self) -> tuple[str, ...]:
        """The names of the inputs that are computed only when asked for."""
        return tuple(name for name, spec in self.inputs.items() if spec.lazy)

    @cached_property
    def key_labels(self) -> tuple[tuple[str, str], ...]:
        """The names of the inputs in the order of content keys, each with how its part of a key begins."""
        return tuple((name, f"{quoted(name)}:") for name in sorted(self.inputs))

    @cached_property
    def naming(self) -> frozenset[str]:
        """The names of the inputs whose values name files."""
        return frozenset(name for name, spec in self.inputs.items() if spec.files or spec.mentions)

    @cached_property
    def is_unshared(self) -> bool:
        """Whether a node shares no result with its equals under other ids."""
        return "UNIQUE_ID" in self.hidden.values() or not self.idempotent

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
    def defaults(self) -> Mapping[str, object]:
        """The defaults of inputs that may be left out."""
        return {spec.name: spec.default for spec in self.inputs.values() if not spec.required}
