"""One node of a workflow against the declaration of its type."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, cast

from ..files.folders import Folders
from ..graphs.graph import BadLink, Link, Node
from ..node_types.annotations import Files
from ..node_types.convert import converted
from ..node_types.declaration import NodeTable
from ..node_types.node_type import UNSET, Input, NodeType, Output
from ..problems import Guesses, Problem, listing, nearest, pointer
from .files import FileCheck


class NodeCheck:
    """Checks nodes of one graph, given all nodes by id; what a folder has is read once."""

    def __init__(self, nodes: Mapping[str, Node], table: NodeTable, folders: Folders) -> None:
        self._nodes, self._types = nodes, table.types
        self._guesses = Guesses()
        self._files = FileCheck(folders, self._guesses)

    @cached_property
    def _known_types(self) -> list[str]:
        return list(self._types)

    @cached_property
    def _listed_types(self) -> str:
        return listing(self._types)

    def unknown_class(self, node: Node) -> Problem:
        """Return what is wrong with the class that a node names, which does not exist."""
        if not node.class_type:
            message = f"node {node.id!r} does not say what it is: give it a class_type"
            return Problem(code="missing_class_type", message=message, node=node.id, pointer=pointer(node.id))
        closest = self._guesses.nearest(node.class_type, self._known_types)
        message = f"no node type is called {node.class_type!r}; " + (
            f"did you mean {closest!r}?" if closest else f"known: {self._listed_types}"
        )
        return Problem(
            code="unknown_node_class",
            message=message,
            node=node.id,
            pointer=pointer(node.id, "class_type"),
            given=node.class_type,
            allowed=self._known_types,
            nearest=closest,
        )

    def inputs(self, node: Node) -> tuple[list[Problem], dict[str, object]]:
        """Return what is wrong with a node's inputs, and those values that conversion changed.

        The class of the node must be known.
        """
        declared, inputs = self._types[node.class_type], node.inputs
        problems: list[Problem] = []
        changed: dict[str, object] = {}
        for name, spec in declared.inputs.items():
            given = inputs.get(name, UNSET)
            if isinstance(given, Link):
                problems += self.link(node, spec, given)
            elif given is UNSET:
                if spec.required:
                    problems.append(self._missing(node, spec, declared))
            elif isinstance(given, BadLink):
                problems.append(_bad_link(node, spec, given))
            elif spec.widget or spec.type == "*":
                try:
                    value = converted(spec, given)
                except (TypeError, ValueError, OverflowError) as error:
                    problems.append(_not_converted(node, spec, given, error))
                    continue
                if value is not given and (type(value) is not type(given) or value != given):
                    changed[name] = value
                if spec.widget:
                    if broken := spec.check(value):
                        problems.append(_schema_problem(node, spec, broken.keyword, broken.limit, value))
                    elif spec.files is not None and value is not None:
                        problems += self._file(node, spec, spec.files, cast(str, value))
            else:
                problems.append(_link_expected(node, spec, given))
        return problems, changed

    def strays(self, node: Node) -> list[str]:
        """Name the inputs of a node that its class, which must be known, does not have."""
        declared = self._types[node.class_type].inputs
        uploads = any(spec.files is not None and spec.files.upload for spec in declared.values())
        expected = {*declared, "upload"} if uploads else declared  # the editor's button writes "upload"
        return [name for name in node.inputs if name not in expected]

    def undeclared(self, node: Node, name: str) -> Problem:
        """Return the warning that a node's class does not have an input."""
        declared = self._types[node.class_type].inputs
        closest = self._guesses.nearest(name, declared)
        hint = f"did you mean {closest!r}? " if closest else ""
        text = f"is not used: {node.class_type} has no such input; {hint}known: {listing(declared, closest)}"
        stray = Input(name=name, type="*", required=False)
        return _problem("undeclared_input", node, stray, text, allowed=list(declared), nearest=closest)

    def link(self, node: Node, spec: Input, given: Link) -> Sequence[Problem]:
        """Return what is wrong with a link at an input, nothing or one problem."""
        source = self._nodes.get(given.node)
        if source is None:
            return [self._no_source(node, spec, given)]
        declared = self._types.get(source.class_type)
        if declared is None:
            return ()  # told already; what it gives is not known
        if not 0 <= given.slot < len(declared.outputs):
            return [_no_slot(node, spec, given, source, declared.outputs)]
        received = declared.outputs[given.slot].type
        if spec.type != received and not spec.takes(received):
            return [_mismatch(node, spec, given, source, declared.outputs)]
        return ()

    def _no_source(self, node: Node, spec: Input, given: Link) -> Problem:
        closest = self._guesses.nearest(given.node, self._nodes)
        text = f"links to node {given.node!r}, which the workflow does not have" + (
            f"; did you mean {closest!r}?" if closest else ""
        )
        facts = {"linked_node": list(given)}
        return _problem(
            "link_to_missing_node", node, spec, text, given=list(given), nearest=closest, facts=facts
        )

    def _missing(self, node: Node, spec: Input, declared: NodeType) -> Problem:
        strange = [name for name in node.inputs if name not in declared.inputs]
        closest = self._guesses.nearest(spec.name, strange)
        remedy = "give it a value" if spec.widget else f"link it to {_a(spec.type)}"
        example = f", for example {spec.default!r}" if spec.widget and spec.default is not UNSET else ""
        text = f"is required and missing; {remedy}{example}"
        if closest:
            text += f" (the workflow gives {closest!r}, which {node.class_type} does not have)"
        return _problem("required_input_missing", node, spec, text, allowed=spec.type, nearest=closest)

    def _file(self, node: Node, spec: Input, files: Files, name: str) -> Sequence[Problem]:
        fault = self._files.fault(files, name)
        if fault is None:
            return ()
        code = "custom_validation_failed" if files.upload else "value_not_in_list"
        known = self._files.offered(files)
        return [_problem(code, node, spec, fault.text, given=name, allowed=known, nearest=fault.nearest)]


def _named(node: Node) -> str:
    return f"{node.class_type} (node {node.id!r})"


def _problem(code: str, node: Node, spec: Input, text: str, **more: Any) -> Problem:
    message = f"{_named(node)}, input {spec.name!r}: {text}"
    place = pointer(node.id, "inputs", spec.name)
    return Problem(code=code, message=message, node=node.id, input=spec.name, pointer=place, **more)


def _bad_link(node: Node, spec: Input, given: BadLink) -> Problem:
    text = "a link is a list of a node's id and an output number, like " + (
        '["4", 0]; write a list that is a value as {"__value__": [...]}'
    )
    return _problem("bad_linked_input", node, spec, text, given=given.given)


def _no_slot(node: Node, spec: Input, given: Link, source: Node, outputs: Sequence[Output]) -> Problem:
    has = ", ".join(f"{slot} ({output.name})" for slot, output in enumerate(outputs)) or "none"
    text = f"links to output {given.slot} of {_named(source)}, whose outputs are {has}"
    text += "; outputs count from 0" if given.slot < 0 else ""
    allowed, facts = [output.name for output in outputs], {"linked_node": list(given)}
    return _problem("bad_output_slot", node, spec, text, given=list(given), allowed=allowed, facts=facts)


def _mismatch(node: Node, spec: Input, given: Link, source: Node, outputs: Sequence[Output]) -> Problem:
    received = outputs[given.slot].type
    text = f"takes {spec.type}, but output {given.slot} of {_named(source)} gives {received}"
    fitting = [slot for slot, output in enumerate(outputs) if spec.takes(output.type)]
    text += f"; its output {fitting[0]} would fit" if fitting else ""
    facts: dict[str, object] = {"linked_node": list(given), "received_type": received}
    return _problem("return_type_mismatch", node, spec, text, given=received, allowed=spec.type, facts=facts)


def _link_expected(node: Node, spec: Input, given: object) -> Problem:
    text = f"takes a link to {_a(spec.type)}, not the value {_shown(given)}"
    return _problem("link_expected", node, spec, text, given=given, allowed=spec.type)


def _not_converted(node: Node, spec: Input, given: object, error: Exception) -> Problem:
    if isinstance(given, float) and not math.isfinite(given):
        text = f"{_shown(given)} is not a finite number"
    elif isinstance(given, str) and given.isdecimal():
        text = f"{_shown(given)} has too many digits for a number"
    elif spec.type in _WANTED:
        text = f"{_shown(given)} is not {_WANTED[spec.type]}"
    else:
        text = f"{_shown(given)} holds a number that is not finite"
    facts = {"exception": str(error)}
    return _problem("invalid_input_type", node, spec, text, given=given, allowed=spec.type, facts=facts)


_WANTED: Mapping[str, str] = {
    "INT": "a whole number",
    "FLOAT": "a finite number",
    "STRING": "a text",
}
"""What a value should have been, by the type of the input that it can't be converted to."""


def _a(kind: str) -> str:
    return f"{'an' if kind.startswith(tuple('AEIOU')) else 'a'} {kind}"


def _shown(value: object) -> str:
    """Write a value as the workflow has it, shortened; half a surrogate pair as its number."""
    try:
        text = json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace").decode()
    except (TypeError, ValueError, RecursionError):  # what an expansion gives need not be JSON
        text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


_CODES: Mapping[str, str] = {
    "type": "invalid_input_type",
    "minimum": "value_smaller_than_min",
    "exclusiveMinimum": "value_smaller_than_min",
    "maximum": "value_bigger_than_max",
    "multipleOf": "value_not_multiple",
    "enum": "value_not_in_list",
}
"""Problem codes by the JSON Schema keyword that a value breaks."""


def _schema_problem(node: Node, spec: Input, keyword: str, limit: Any, given: Any) -> Problem:
    allowed: object = {keyword: limit}
    facts: dict[str, object] = {}
    closest = None
    match keyword:
        case "minimum":
            text = f"{_shown(given)} is too small; the least value is {limit!r}"
        case "exclusiveMinimum":
            text = f"{_shown(given)} is too small; it must be above {limit!r}"
        case "maximum":
            text = f"{_shown(given)} is too big; the greatest value is {limit!r}"
        case "multipleOf":
            below = given // limit * limit
            near = [value for value in (below, below + limit) if spec.range and value in spec.range]
            text = f"{_shown(given)} is not a multiple of {limit!r}; nearest: {' or '.join(map(repr, near))}"
        case "enum":
            closest = nearest(given, map(str, limit)) if isinstance(given, str) else None
            hint = f"did you mean {closest!r}? " if closest else ""
            text = f"{_shown(given)} is not on offer; {hint}known: {listing(map(str, limit), closest)}"
            allowed = list(limit)
        case _:
            text = f"{_shown(given)} is not a {limit}"
            facts = {"exception": text}
            allowed = limit
    return _problem(
        _CODES[keyword], node, spec, text, given=given, allowed=allowed, nearest=closest, facts=facts
    )
