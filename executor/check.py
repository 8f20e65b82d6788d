"""One node of a workflow against the declaration of its type."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, cast

from .convert import converted
from .declaration import NodeTable
from .folders import Folders, MissingFileError, UnsafeNameError
from .graph import BadLink, Link, Node
from .node_type import UNSET, Input, NodeType
from .problems import Problem, listing, nearest, pointer


class NodeCheck:
    """Checks nodes of one graph, given all nodes by id; what a folder has is read once."""

    def __init__(self, nodes: Mapping[str, Node], table: NodeTable, folders: Folders) -> None:
        self._nodes, self._table, self._folders = nodes, table, folders
        self._names: dict[str, tuple[str, ...]] = {}

    def class_problem(self, node: Node) -> Problem | None:
        """Return what is wrong with the class that a node names."""
        if not node.class_type:
            message = f"node {node.id!r} does not say what it is: give it a class_type"
            return Problem(code="missing_class_type", message=message, node=node.id, pointer=pointer(node.id))
        if node.class_type in self._table:
            return None
        closest = nearest(node.class_type, self._table)
        message = f"no node type is called {node.class_type!r}; " + (
            f"did you mean {closest!r}?" if closest else f"known: {listing(self._table)}"
        )
        place = pointer(node.id, "class_type")
        return Problem(
            code="unknown_node_class",
            message=message,
            node=node.id,
            pointer=place,
            given=node.class_type,
            allowed=list(self._table),
            nearest=closest,
        )

    def inputs(self, node: Node) -> tuple[list[Problem], dict[str, object]]:
        """Return what is wrong with a node's inputs, and those values that conversion changed.

        The class of the node must be known.
        """
        declared = self._table[node.class_type]
        problems: list[Problem] = []
        values: dict[str, Any] = {}
        changed: dict[str, object] = {}
        for spec in declared.inputs.values():
            given = node.inputs.get(spec.name, UNSET)
            if given is UNSET:
                problems += [_missing(node, spec, declared)] if spec.required else []
            elif isinstance(given, Link | BadLink):
                problems += self.link(node, spec, given)
            elif not spec.widget and spec.type != "*":
                problems.append(_link_expected(node, spec, given))
            else:
                try:
                    value = converted(spec, given)
                except (TypeError, ValueError, OverflowError) as error:
                    problems.append(_not_converted(node, spec, given, error))
                    continue
                if not spec.widget:
                    continue
                values[spec.name] = value
                if type(value) is not type(given) or value != given:
                    changed[spec.name] = value
        problems += _judged(node, declared, values) if values else ()
        for spec in declared.inputs.values():
            if spec.files is not None and isinstance(name := values.get(spec.name), str):
                problems += self._file(node, spec, name)
        return problems, changed

    def undeclared(self, node: Node) -> Iterator[Problem]:
        """Yield a warning for each input that the node's class does not have; the class must be known."""
        declared = self._table[node.class_type].inputs
        uploads = any(spec.files is not None and spec.files.upload for spec in declared.values())
        for name in node.inputs:
            if name in declared or (name == "upload" and uploads):  # the editor's button writes "upload"
                continue
            closest = nearest(name, declared)
            hint = f"did you mean {closest!r}? " if closest else ""
            text = (
                f"is not used: {node.class_type} has no such input; {hint}known: {listing(declared, closest)}"
            )
            stray = Input(name=name, type="*", required=False)
            yield _problem("undeclared_input", node, stray, text, allowed=list(declared), nearest=closest)

    def link(self, node: Node, spec: Input, given: Link | BadLink) -> Iterator[Problem]:
        """Yield what is wrong with a link at an input."""
        if isinstance(given, BadLink):
            message = "a link is a list of a node's id and an output number, like " + (
                '["4", 0]; write a list that is a value as {"__value__": [...]}'
            )
            yield _problem("bad_linked_input", node, spec, message, given=given.given)
            return
        facts: dict[str, object] = {"linked_node": list(given)}
        source = self._nodes.get(given.node)
        if source is None:
            closest = nearest(given.node, self._nodes)
            message = f"links to node {given.node!r}, which the workflow does not have" + (
                f"; did you mean {closest!r}?" if closest else ""
            )
            yield _problem(
                "link_to_missing_node", node, spec, message, given=list(given), nearest=closest, facts=facts
            )
            return
        if source.class_type not in self._table:
            return  # told already; what it gives is not known
        outputs = self._table[source.class_type].outputs
        if not 0 <= given.slot < len(outputs):
            has = ", ".join(f"{slot} ({output.name})" for slot, output in enumerate(outputs)) or "none"
            message = f"links to output {given.slot} of {_named(source)}, whose outputs are {has}"
            message += "; outputs count from 0" if given.slot < 0 else ""
            allowed = [output.name for output in outputs]
            yield _problem(
                "bad_output_slot", node, spec, message, given=list(given), allowed=allowed, facts=facts
            )
            return
        received = outputs[given.slot].type
        if not spec.takes(received):
            message = f"takes {spec.type}, but output {given.slot} of {_named(source)} gives {received}"
            fitting = [slot for slot, output in enumerate(outputs) if spec.takes(output.type)]
            message += f"; its output {fitting[0]} would fit" if fitting else ""
            facts["received_type"] = received
            yield _problem(
                "return_type_mismatch", node, spec, message, given=received, allowed=spec.type, facts=facts
            )

    def _file(self, node: Node, spec: Input, name: str) -> Iterator[Problem]:
        files = spec.files
        if files is None or name in files.also:
            return
        known = files.offered(self._known(files.folder))
        try:
            if not files.upload and name not in known:
                # Listed names are the rule for models, so a file of another kind is as good as missing.
                raise MissingFileError(files.folder, name, self._folders.roots(files.folder), known)
            self._folders.path(files.folder, name)
        except (MissingFileError, UnsafeNameError) as error:
            code = "custom_validation_failed" if files.upload else "value_not_in_list"
            closest = error.nearest if isinstance(error, MissingFileError) else None
            yield _problem(code, node, spec, str(error), given=name, allowed=list(known), nearest=closest)

    def _known(self, folder: str) -> tuple[str, ...]:
        if folder not in self._names:
            self._names[folder] = self._folders.names(folder)
        return self._names[folder]


def _named(node: Node) -> str:
    return f"{node.class_type} (node {node.id!r})"


def _problem(code: str, node: Node, spec: Input, text: str, **more: Any) -> Problem:
    message = f"{_named(node)}, input {spec.name!r}: {text}"
    place = pointer(node.id, "inputs", spec.name)
    return Problem(code=code, message=message, node=node.id, input=spec.name, pointer=place, **more)


def _missing(node: Node, spec: Input, declared: NodeType) -> Problem:
    strange = [name for name in node.inputs if name not in declared.inputs]
    closest = nearest(spec.name, strange)
    remedy = "give it a value" if spec.widget else f"link it to {_a(spec.type)}"
    example = f", for example {spec.default!r}" if spec.widget and spec.default is not UNSET else ""
    text = f"is required and missing; {remedy}{example}"
    if closest:
        text += f" (the workflow gives {closest!r}, which {node.class_type} does not have)"
    return _problem("required_input_missing", node, spec, text, allowed=spec.type, nearest=closest)


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
    "maximum": "value_bigger_than_max",
    "multipleOf": "value_not_multiple",
    "enum": "value_not_in_list",
}
"""Problem codes by the JSON Schema keyword that a value breaks."""


def _judged(node: Node, declared: NodeType, values: Mapping[str, Any]) -> Iterator[Problem]:
    """Hold converted values against the JSON Schema of the type; the first problem of each input counts."""
    told: set[str] = set()
    for broken in declared.broken(values):
        name = str(broken.absolute_path[0])
        if name not in told:
            told.add(name)
            keyword, limit = str(broken.validator), cast(Any, broken.validator_value)
            yield _schema_problem(node, declared.inputs[name], keyword, limit, values[name])


def _schema_problem(node: Node, spec: Input, keyword: str, limit: Any, given: Any) -> Problem:
    allowed: object = {keyword: limit}
    facts: dict[str, object] = {}
    closest = None
    match keyword:
        case "minimum":
            text = f"{_shown(given)} is too small; the least value is {limit!r}"
        case "maximum":
            text = f"{_shown(given)} is too big; the greatest value is {limit!r}"
        case "multipleOf":
            below = given // limit * limit
            near = [
                value
                for value in (below, below + limit)
                if spec.range and spec.range.min <= value <= spec.range.max
            ]
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
