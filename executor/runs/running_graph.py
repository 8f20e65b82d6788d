"""The graph of a run as it grows: its nodes, their keys, and who made and who stands for whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ..caches.keys import digest_and_parts
from ..files.folders import Folders
from ..files.names import UnsafeNameError
from ..files.snapshot import Snapshot
from ..graphs.graph import Graph, Link, Node
from ..node_types.declaration import NodeTable
from ..node_types.node_type import NodeType
from ..node_types.results import Expansion
from .expand import growth

UNKEYED = (OSError, UnsafeNameError, TypeError, ValueError)
"""A file went away since validation or can't be read; a value from an expansion is not JSON."""


class UnkeyedError(Exception):
    """What decides a node's result can't be read; `__cause__` says why."""

    def __init__(self, node: str) -> None:
        self.node = node
        super().__init__(node)


@dataclass(frozen=True, slots=True)
class RunningGraph:
    """The nodes of a run, those of expansions included, by id; `parents` made them, `shown` stand for them.

    It shows what there is now: nodes are added, and those of a finished item of a collection go.
    """

    nodes: Mapping[str, Node]
    parents: Mapping[str, str]
    shown: Mapping[str, str]


class Running:
    """What is known of each node of a run, by its id; not safe to change from several threads at once."""

    def __init__(
        self,
        graph: Graph,
        table: NodeTable,
        folders: Folders,
        check: Callable[[], None],
        digests: dict[str, str],
    ) -> None:
        self._table, self._folders, self._check = table, folders, check
        self.nodes: dict[str, Node] = dict(graph.nodes)
        self.digests = digests
        self.parents: dict[str, str] = {}
        self.shown: dict[str, str] = {}
        """The submitted node that stands for an expanded one."""
        self.items: dict[str, str] = {}
        """The item of a collection that an expanded node belongs to."""
        self.partial: set[str] = set()
        """Digests of results that lack what a node would have given that failed for an item."""
        self._members: dict[str, list[str]] = {}  # nodes by their item
        self._parts: dict[str, Mapping[str, Sequence[object]]] = {}  # what each digest was made of
        self.view = RunningGraph(
            MappingProxyType(self.nodes), MappingProxyType(self.parents), MappingProxyType(self.shown)
        )

    def type_of(self, name: str) -> NodeType:
        """Return the type of a node."""
        return self._table[self.nodes[name].class_type]

    def parts(self, name: str) -> Mapping[str, Sequence[object]]:
        """Return what the content key of a node was made of."""
        return self._parts.get(name, {})

    def is_partial(self, given: Iterable[object]) -> bool:
        """Tell whether something lacks where one of these leads, as far as they are links."""
        return any(isinstance(one, Link) and self.digests.get(one.node) in self.partial for one in given)

    def find_keys(self, names: Iterable[str]) -> None:
        """Find the content keys of nodes, each given after those it links to.

        Raises `UnkeyedError`, and what `check` raises.
        """
        types, folders = self._table.types, Snapshot(self._folders)
        for name in names:
            node = self.nodes[name]
            node_type = types[node.class_type]
            try:
                self.digests[name], parts = digest_and_parts(
                    node, node_type, self.digests, folders, self._check
                )
            except UNKEYED as error:
                raise UnkeyedError(name) from error
            if node_type.takes_context:
                self._parts[name] = parts

    def grow(self, name: str, expansion: Expansion, item: str | None = None) -> tuple[str, ...]:
        """Add what a node expands into, as part of an item where there is one; return the new nodes' ids.

        Raises what `growth` and `find_keys` raise.
        """
        expander = self.nodes[name]
        added = growth(expander, expansion, self.nodes, self.digests, self._table, self._folders)
        self.nodes.update(added.nodes)
        stands = self.shown.get(name, name)
        for made in added.made:
            self.parents[made] = name
            shown = added.nodes[made].extra.get("override_display_id")
            self.shown[made] = shown if isinstance(shown, str) else stands
            if item is not None:
                self.items[made] = item
        if item is not None:
            self._members[item] += added.made
        self.find_keys(added.nodes)
        return added.made

    def add_item(self, name: str, item: str) -> None:
        """Add what stands for an item of the collection that a node works through."""
        self.nodes[item] = self.nodes[name]
        self.digests[item] = f"item {item}"
        self.parents[item] = name
        self.shown[item] = self.shown.get(name, name)
        self._members[item] = []

    def forget_item(self, item: str) -> None:
        """Drop all that an item expanded into: nothing will ask for it again."""
        for name in (*self._members.pop(item), item):
            for known in (self.nodes, self.digests, self.parents, self.shown, self.items, self._parts):
                known.pop(name, None)
