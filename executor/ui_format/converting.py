"""The editor's file to a `Graph`: what the editor itself would send to be run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from ..graphs.graph import Graph, Link, Node, link_or_value
from ..node_types.declaration import NodeTable
from ..node_types.node_type import Input
from ..problems import Problem, WorkflowError
from .document import PRIMITIVE, VIRTUAL, Group, Item
from .exposing import with_exposed
from .fields import known_type, own_values
from .groups import opened
from .limits import MOST_NODES
from .reading import read_document
from .sources import Literal, Sources
from .texts import Choose, with_tokens, without_choices
from .unfolding import Scope, placed_items, unfolded

FILE_NAME = "filename_prefix"
"""The input whose %tokens% the editor fills in."""


def convert(
    saved: Mapping[str, Any], table: NodeTable, *, now: datetime, choose: Choose, most: int = MOST_NODES
) -> Graph:
    """Return the graph that a file of the editor stands for, version 0.4 or 1.0; the file is not changed.

    Inner nodes of subgraphs are called by their path, "12:5". `now` is for dates in file names; `choose`
    draws one of a number of alternatives in texts like {red|blue}. It may have `most` nodes. Raises
    `WorkflowError` with all problems of form, whose pointers lead into the file; a class that `table` does
    not know is left to `validate`.
    """
    document = read_document(saved)
    definitions = {
        name: opened(found, table) if isinstance(found, Group) else found
        for name, found in document.definitions.items()
    }
    made = _Maker(unfolded(document, definitions, table, most), table, now, choose)
    nodes: dict[str, Node] = {}
    problems: list[Problem] = []
    sources = Sources()
    for scope, item in placed_items(made.root):
        if not item.live or item.type in VIRTUAL:
            continue
        node = made.node(scope, item, sources)
        if nodes.setdefault(node.id, node) is not node:
            message = f"two nodes would run under the id {node.id}: {item.named(scope.prefix)} and another"
            problems.append(Problem(code="not_ui_format", message=message, node=node.id))
    if problems or sources.problems:
        raise WorkflowError([*problems, *sources.problems])
    return Graph(with_exposed(nodes, saved))


@dataclass(frozen=True)
class _Maker:
    """Makes the nodes of a graph."""

    root: Scope
    table: NodeTable
    now: datetime
    choose: Choose
    copies: dict[int, object] = field(default_factory=dict[int, object])
    """Copies of lists and objects, by the identity of those in the file: many nodes may share one."""

    def node(self, scope: Scope, item: Item, sources: Sources) -> Node:
        inputs = self.values(scope, item)
        for slot in item.inputs:
            match sources.of(scope, slot.link, slot.type) if slot.link is not None else None:
                case Literal(value):
                    inputs[slot.name] = value
                case Link() as link:
                    inputs[slot.name] = link
                case None:
                    pass
        known = known_type(item, self.table)
        for name, given in inputs.items():
            spec = known.inputs.get(name) if known is not None else None
            try:
                inputs[name] = self.sent(given, name, spec)
            except RecursionError:
                message = f"{item.named(scope.prefix)} has a value that is nested too deeply at {name!r}"
                raise WorkflowError([Problem(code="not_ui_format", message=message, node=item.id)]) from None
        title = self.title(item)
        return Node(scope.id_of(item), item.type, inputs, title, {"_meta": {"title": title}})

    def sent(self, given: object, name: str, spec: Input | None) -> object:
        """Return an input as it is sent: texts as they come out this time."""
        if isinstance(given, list | Mapping):
            return self.copy(cast(object, given))
        if not isinstance(given, str) or spec is None:
            return given
        if spec.text is not None and spec.text.dynamic_prompts:
            return without_choices(given, self.choose)
        return with_tokens(given, self.value_of, self.now) if name == FILE_NAME else given

    def copy(self, given: object) -> object:
        """Return the copy of a list or an object, one for all who use it."""
        if id(given) not in self.copies:
            self.copies[id(given)] = link_or_value({"__value__": given})
        return self.copies[id(given)]

    def title(self, item: Item) -> str:
        """Return what the editor calls a node."""
        known = known_type(item, self.table)
        return item.title or (known.display_name if known is not None else item.type)

    def values(self, scope: Scope, item: Item) -> dict[str, object]:
        """Return what the fields of a node hold, by name."""
        return own_values(item, self.table) | dict(scope.fields.get(item.id, {}))

    def value_of(self, called: str, name: str) -> object | None:
        """Return the value of a field of the node that texts call so, or that has this title."""
        scope, item = self.by_name.get(called) or self.by_title.get(called) or (self.root, None)
        if item is None:
            return None
        if item.type == PRIMITIVE:
            return item.first_value if name == "value" else None
        return self.values(scope, item).get(name)

    @cached_property
    def by_name(self) -> Mapping[str, tuple[Scope, Item]]:
        """The first node of each name that texts refer to it by."""
        return {item.called: (scope, item) for scope, item in reversed([*placed_items(self.root)])}

    @cached_property
    def by_title(self) -> Mapping[str, tuple[Scope, Item]]:
        """The first node of each title."""
        items = reversed([*placed_items(self.root)])
        return {self.title(item): (scope, item) for scope, item in items}
