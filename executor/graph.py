"""A workflow as an immutable graph, read from the API format `{id: {"class_type", "inputs"}}`."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, cast

from .problems import Problem, WorkflowError, pointer

if TYPE_CHECKING:
    import networkx as nx


class Link(NamedTuple):
    """An input's source: output number `slot` (from 0) of the node with id `node`."""

    node: str
    slot: int


@dataclass(frozen=True, slots=True)
class BadLink:
    """A JSON list that should have been a link `[node id, slot]` and is not; validation reports it."""

    given: object


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a graph: its inputs are `Link`s, or JSON values.

    `extra` is what else the JSON has for the node; it is kept and has no meaning here.
    """

    id: str
    class_type: str
    inputs: Mapping[str, object] = field(default_factory=dict[str, object])
    title: str = ""
    extra: Mapping[str, object] = field(default_factory=dict[str, object])

    def links(self) -> Iterator[tuple[str, Link]]:
        """Yield the linked inputs with their names, in the order of the JSON."""
        return ((name, given) for name, given in self.inputs.items() if isinstance(given, Link))

    def to_api(self) -> dict[str, object]:
        """Return the node in API format."""
        inputs = {name: _boxed(given) for name, given in self.inputs.items()}
        meta: Mapping[str, object] = {"_meta": {"title": self.title}} if self.title else {}
        return {"class_type": self.class_type, "inputs": inputs, **meta, **self.extra}


@dataclass(frozen=True)
class Graph:
    """An immutable graph of nodes by id, in the order of the JSON."""

    nodes: Mapping[str, Node]

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", MappingProxyType(dict(self.nodes)))

    @classmethod
    def parse(cls, source: str | bytes | Mapping[str, object]) -> Graph:
        """Read a workflow from JSON text or from a JSON object.

        Raises `WorkflowError` with all problems of form: text that is not JSON (with line and column), a name
        given twice, something that is no object of nodes. What the nodes mean is `validate`'s to judge.
        """
        problems: list[Problem] = []
        loaded = _load(source, problems) if isinstance(source, str | bytes) else _copied(source)
        nodes = _read(loaded, problems)
        if problems:
            raise WorkflowError(problems)
        return cls(nodes)

    def to_api(self) -> dict[str, dict[str, object]]:
        """Return the graph in API format."""
        return {name: found.to_api() for name, found in self.nodes.items()}

    @cached_property
    def dag(self) -> nx.MultiDiGraph[str]:
        """The links as a frozen networkx graph, from source to user; each edge has `input` and `slot`.

        It is a DAG only once `validate` has found no cycle.
        """
        import networkx as nx

        dag: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        dag.add_nodes_from(self.nodes)
        dag.add_edges_from(
            (link.node, found.id, {"input": name, "slot": link.slot})
            for found in self.nodes.values()
            for name, link in found.links()
            if link.node in self.nodes
        )
        return cast("nx.MultiDiGraph[str]", nx.freeze(dag))  # pyright: ignore[reportUnknownMemberType] -- stubs


def link_or_value(given: object) -> object:
    """Turn an API-format input into a `Link`, a `BadLink` or a value.

    Every list is meant as a link; a list as a value is written `{"__value__": [...]}`.
    """
    match given:
        case Link():
            return given
        case [str() as node, int() as slot] if not isinstance(slot, bool):
            return Link(node, slot)
        case [str() as node, float() as slot] if slot.is_integer():
            return Link(node, int(slot))
        case list() | tuple():
            return BadLink(cast(object, given))
        case dict() if given.keys() == {"__value__"}:
            return cast("dict[str, object]", given)["__value__"]
        case _:
            return given  # pyright: ignore[reportUnknownVariableType] -- narrowed by the cases above


def _boxed(given: object) -> object:
    match given:
        case Link(node, slot):
            return [node, slot]
        case BadLink(given=bad):
            return bad
        case list():
            return {"__value__": cast(object, given)}
        case dict() if given.keys() == {"__value__"}:
            return {"__value__": cast(object, given)}
        case _:
            return given  # pyright: ignore[reportUnknownVariableType] -- narrowed by the cases above


def _load(text: str | bytes, problems: list[Problem]) -> object:
    def refuse(number: str, why: str = "is not a JSON number") -> None:
        shown = number if len(number) <= 40 else f"{number[:37]}..."
        problems.append(Problem(code="not_json", message=f"{shown} {why}", given=shown))

    def whole(digits: str) -> int | None:
        try:
            return int(digits)
        except ValueError:  # Python reads no more than some thousand digits
            return refuse(digits, f"has too many digits ({len(digits)}) for a number")

    def fraction(digits: str) -> float | None:
        number = float(digits)
        return number if math.isfinite(number) else refuse(digits, "is too big for a number")

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            for name in dict.fromkeys(name for name in names if names.count(name) > 1):
                message = f"{name!r} is given {names.count(name)} times in one JSON object; keep one of them"
                problems.append(Problem(code="duplicate_name", message=message, given=name))
        return found

    if not text.strip():
        message = "the text is empty; a workflow is a JSON object {id: node}"
        raise WorkflowError([Problem(code="not_json", message=message)])
    try:
        return json.loads(
            text, object_pairs_hook=unique, parse_constant=refuse, parse_int=whole, parse_float=fraction
        )
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno}
        message = f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}" + _looks(text)
        problem = Problem(code="not_json", message=message, facts=where)
    except UnicodeDecodeError as error:
        message = f"not JSON: byte {error.start} is not valid {error.encoding} text" + _looks(text)
        problem = Problem(code="not_json", message=message, facts={"byte": error.start})
    except RecursionError:
        problem = _TOO_DEEP
    raise WorkflowError([problem])


_BINARY: Mapping[bytes, str] = {
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
    b"GIF8": "a GIF picture",
    b"RIFF": "a WebP picture or a sound",
    b"PK": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
}
"""First bytes of files that are taken for workflows now and then."""


def _looks(text: str | bytes) -> str:
    """Say what bytes that are no text are, as the end of a message."""
    if isinstance(text, str):
        return ""
    kind = next((kind for start, kind in _BINARY.items() if text.startswith(start)), None)
    if kind is None and b"\0" in text[:64]:
        kind = "a binary file"
    return f"; it looks like {kind}, and a workflow is JSON text" if kind else ""


def _copied(source: object) -> object:
    try:
        return copy.deepcopy(source)
    except RecursionError:
        raise WorkflowError([_TOO_DEEP]) from None


_TOO_DEEP = Problem(code="not_json", message="not a workflow: values are nested too deeply to be read")


def _read(loaded: object, problems: list[Problem]) -> dict[str, Node]:
    if not isinstance(loaded, Mapping):
        message = f"a workflow is a JSON object {{id: node}}, not {_kind(loaded)}"
        problems.append(Problem(code="not_api_format", message=message, allowed="object"))
        return {}
    entries = cast("Mapping[str, object]", loaded)
    if isinstance(entries.get("nodes"), list) and isinstance(entries.get("links"), list):
        message = "this is the editor's own format; save it as API format: Workflow > Export (API)"
        problems.append(Problem(code="not_api_format", message=message))
        return {}
    if _is_request(entries):
        message = 'this is the body of a POST /prompt; the workflow is what its key "prompt" holds'
        problems.append(Problem(code="not_api_format", message=message, pointer=pointer("prompt")))
        return {}
    nodes: dict[str, Node] = {}
    for name, entry in entries.items():
        if isinstance(entry, Mapping):
            nodes[name] = _read_node(name, cast("Mapping[str, object]", entry), problems)
        else:
            message = f"node {name!r} must be an object with class_type and inputs, not {_kind(entry)}"
            place = pointer(name)
            problems.append(
                Problem(code="not_api_format", message=message, node=name, pointer=place, allowed="object")
            )
    return nodes


def _is_request(entries: Mapping[str, object]) -> bool:
    held = entries.get("prompt")
    if not isinstance(held, Mapping) or "class_type" in held:
        return False
    nodes = cast("Mapping[str, object]", held).values()
    return any(isinstance(node, Mapping) and "class_type" in node for node in nodes)


def _read_node(name: str, entry: Mapping[str, object], problems: list[Problem]) -> Node:
    extra = {key: value for key, value in entry.items() if key not in ("class_type", "inputs")}
    inputs = entry.get("inputs", {})
    class_type = entry.get("class_type")
    for key, value, good in (
        ("inputs", inputs, isinstance(inputs, Mapping)),
        ("class_type", class_type, class_type is None or isinstance(class_type, str)),
    ):
        if not good:
            kind = "an object" if key == "inputs" else "text"
            message = f"{key!r} of node {name!r} must be {kind}, not {_kind(value)}"
            problems.append(
                Problem(code="not_api_format", message=message, node=name, pointer=pointer(name, key))
            )
            return Node(name, "")
    read = {key: link_or_value(value) for key, value in cast("Mapping[str, object]", inputs).items()}
    return Node(name, cast("str | None", class_type) or "", MappingProxyType(read), _title(extra), extra)


def _title(extra: Mapping[str, object]) -> str:
    match extra.get("_meta"):
        case {"title": str() as title}:
            return title
        case _:
            return ""


_KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "a boolean",
    str: "text",
    list: "a list",
    dict: "an object",
    int: "a number",
    float: "a number",
}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), f"a {type(value).__name__}")
