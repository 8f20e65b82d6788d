"""A workflow as an immutable graph, read from the API format `{id: {"class_type", "inputs"}}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ..problems import Problem, WorkflowError, pointer
from .json_text import load

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


_NOTHING: Mapping[str, object] = MappingProxyType({})


class Node(NamedTuple):
    """One node of a graph: its inputs are `Link`s, or JSON values.

    `extra` is what else the JSON has for the node; it is kept and has no meaning here.
    """

    # A tuple, like `Link`: of all that is immutable it is made the quickest, and workflows have thousands.
    id: str
    class_type: str
    inputs: Mapping[str, object] = _NOTHING
    title: str = ""
    extra: Mapping[str, object] = _NOTHING

    def links(self) -> Iterator[tuple[str, Link]]:
        """Yield the linked inputs with their names, in the order of the JSON."""
        return ((name, given) for name, given in self.inputs.items() if isinstance(given, Link))

    def to_api(self) -> dict[str, object]:
        """Return the node in API format."""
        inputs = {
            name: given if type(given) in _PLAIN else _boxed(given) for name, given in self.inputs.items()
        }
        written: dict[str, object] = {"class_type": self.class_type, "inputs": inputs}
        if self.title:
            written["_meta"] = {"title": self.title}
        if self.extra:
            written.update(self.extra)
        return written


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
        is_text = isinstance(source, str | bytes)
        loaded, problems = load(source) if is_text else (source, list[Problem]())
        nodes = _read(loaded, problems, owned=is_text)
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


_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types of values that are what they are: no link, nothing inside that could change."""


def link_or_value(given: Any) -> object:
    """Turn an API-format input into a `Link`, a `BadLink` or a value of its own.

    Every list is meant as a link; a list as a value is written `{"__value__": [...]}`. Raises RecursionError
    for a value that is nested deeper than `DEEPEST`.
    """
    kind = type(given)  # pyright: ignore[reportUnknownVariableType] -- of Any
    if kind in _PLAIN:
        return given
    if kind is list and len(given) == 2 and type(given[0]) is str and type(given[1]) is int:
        return Link(given[0], given[1])  # nearly all are; the patterns below take twice as long to say so
    match given:
        case [str() as node, int() as slot] if slot is not True and slot is not False:
            return Link(node, slot)
        case [str() as node, float() as slot] if slot.is_integer():
            return Link(node, int(slot))
        case list() | tuple():
            return BadLink(_own(cast(object, given)))
        case dict() if given.keys() == {"__value__"}:
            return _own(cast("dict[str, object]", given)["__value__"])
        case _:
            return _own(given)


DEEPEST = 100
"""How deep lists and objects may lie inside each other in one value; programs write a handful."""


def _own(value: object, room: int = DEEPEST) -> object:
    """Copy lists and objects, so that nobody else can change them."""
    if not isinstance(value, dict | list | tuple):
        return value
    if not room:
        raise RecursionError
    if isinstance(value, dict):
        return {name: _own(held, room - 1) for name, held in cast("dict[object, object]", value).items()}
    return [_own(held, room - 1) for held in cast("list[object]", value)]


def _boxed(given: object) -> object:
    if isinstance(given, Link):
        return list(given)
    match given:
        case BadLink(given=bad):
            return bad
        case list():
            return {"__value__": cast(object, given)}
        case dict() if given.keys() == {"__value__"}:
            return {"__value__": cast(object, given)}
        case _:
            return given  # pyright: ignore[reportUnknownVariableType] -- narrowed by the cases above


def _read(loaded: object, problems: list[Problem], *, owned: bool) -> dict[str, Node]:
    if not isinstance(loaded, Mapping):
        message = f"a workflow is a JSON object {{id: node}}, not {_kind(loaded)}"
        problems.append(Problem(code="not_api_format", message=message, allowed="object"))
        return {}
    entries = cast("Mapping[str, object]", loaded)
    if isinstance(entries.get("nodes"), list) and isinstance(entries.get("links"), list):
        message = "this is the editor's own format, not API format; `read_graph` reads both"
        problems.append(Problem(code="not_api_format", message=message))
        return {}
    if _is_request(entries):
        message = 'this is the body of a POST /prompt; the workflow is what its key "prompt" holds'
        problems.append(Problem(code="not_api_format", message=message, pointer=pointer("prompt")))
        return {}
    nodes: dict[str, Node] = {}
    for name, entry in entries.items():
        if isinstance(entry, _OBJECTS):
            nodes[name] = _read_node(name, cast("Mapping[str, object]", entry), problems, owned)
        else:
            message = f"node {name!r} must be an object with class_type and inputs, not {_kind(entry)}"
            place = pointer(name)
            problems.append(
                Problem(code="not_api_format", message=message, node=name, pointer=place, allowed="object")
            )
    return nodes


_OBJECTS = (dict, Mapping)  # most are of the first, which is found five times as quickly


def _is_request(entries: Mapping[str, object]) -> bool:
    held = entries.get("prompt")
    if not isinstance(held, Mapping) or "class_type" in held:
        return False
    nodes = cast("Mapping[str, object]", held).values()
    return any(isinstance(node, Mapping) and "class_type" in node for node in nodes)


def _read_node(name: str, entry: Mapping[str, object], problems: list[Problem], owned: bool) -> Node:
    inputs, class_type = entry.get("inputs", _NOTHING), entry.get("class_type")
    if not (isinstance(inputs, _OBJECTS) and (class_type is None or isinstance(class_type, str))):
        key, held, kind = (
            ("class_type", class_type, "text")
            if isinstance(inputs, _OBJECTS)
            else ("inputs", inputs, "an object")
        )
        message = f"{key!r} of node {name!r} must be {kind}, not {_kind(held)}"
        problems.append(_misshapen(message, name, key))
        return Node(name, "")
    # What was read from a text is nobody else's: its objects become those of the nodes.
    found = cast("dict[str, object]", inputs)
    given = found if owned else dict(found)
    try:
        for key, held in given.items():
            if type(held) not in _PLAIN:
                given[key] = link_or_value(held)
        extra = _NOTHING
        if not entry.keys() <= _MEANT:
            extra = {key: _own(held) for key, held in entry.items() if key not in _MEANT}
    except RecursionError:
        message = f"node {name!r} has a value that is nested deeper than {DEEPEST} levels"
        problems.append(_misshapen(message, name))
        return Node(name, "")
    return Node(name, class_type or "", MappingProxyType(given), _title(extra) if extra else "", extra)


def _misshapen(message: str, *place: str) -> Problem:
    return Problem(code="not_api_format", message=message, node=place[0], pointer=pointer(*place))


_MEANT = frozenset({"class_type", "inputs"})
"""What an entry has that means something; the rest is kept as it is."""


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
