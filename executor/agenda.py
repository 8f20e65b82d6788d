"""What is left to do in a run and what comes next: bookkeeping only, no node is called here.

A node is *pending* from when it turns out to be needed until it has its result. Results are held by content
key, so equal nodes share one, and let go when no pending node needs them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping

from .cache import Entry
from .declaration import NodeTable
from .graph import Link, Node
from .node_type import NodeType

OUTPUT, FEEDS_OUTPUT, FEEDS_NEXT, OTHER = range(4)
"""Ranks of ready nodes, best first: results are shown as soon as can be."""


class Agenda:
    """The pending nodes of one run, their order, and the results they wait for.

    `nodes` and `digests` are those of the submitted graph; both are read only and may grow outside. `lookup`
    gives a result that is known already, by digest.
    """

    def __init__(
        self,
        nodes: Mapping[str, Node],
        table: NodeTable,
        digests: Mapping[str, str],
        lookup: Callable[[str], Entry | None],
    ) -> None:
        self._nodes, self._table, self._digests, self._lookup = nodes, table, digests, lookup
        self._submitted = frozenset(digests)
        self._lasting = frozenset(digests.values())
        self._pending: dict[str, list[str]] = {}  # to the sources whose results it holds on to
        self._waits: dict[str, int] = {}  # how many of them are pending
        self._users: dict[str, list[str]] = {}  # pending nodes that wait for this one
        self._rank: dict[str, int] = {}
        self._place: dict[str, int] = {}
        self._ready: list[tuple[int, int, str]] = []
        self._leaders: dict[str, str] = {}  # digest to the node that computes it
        self._followers: dict[str, list[str]] = {}
        self._results: dict[str, Entry] = {}
        self._uses: dict[str, int] = {}
        self._keepers = 0
        self._kept: set[str] = set()

    @property
    def pending(self) -> tuple[str, ...]:
        """The nodes that have no result yet, in the order in which they were found to be needed."""
        return tuple(self._pending)

    def type_of(self, name: str) -> NodeType:
        """Return the type of a node."""
        return self._table[self._nodes[name].class_type]

    def want(self, names: Iterable[str]) -> dict[str, Entry]:
        """Make nodes and all they need pending; return those met on the way whose result is known already.

        The walk goes from user to source, the last link first, and stops at known results. That is also the
        order in which ready nodes of equal rank are taken.
        """
        known: dict[str, Entry] = {}
        added: list[str] = []
        for first in names:
            stack = [first]
            while stack:
                name = stack.pop()
                if name in self._pending or name in known:
                    continue
                entry = self._results.get(self._digests[name]) or self._lookup(self._digests[name])
                if entry is not None:
                    known[name] = entry
                    continue
                sources = self._sources(name)
                self._pending[name] = sources
                self._place[name] = len(self._place)
                added.append(name)
                stack += sources
        for name in added:
            self._rank[name] = OUTPUT if self.type_of(name).output_node else OTHER
            self._keepers += self._keeps(name)
            for used in (name, *self._pending[name]):
                self._hold(self._digests[used])
        for name, entry in known.items():
            self._results[self._digests[name]] = entry
            self._forget_unused(self._digests[name])
        for name in added:
            self._await(name)
        return known

    def take(self) -> str | None:
        """Return the ready node that should run next, or None when none is ready.

        A node equal to one that is being computed is not ready before that has its result.
        """
        while self._ready:
            _, _, name = heapq.heappop(self._ready)
            if self._waits.get(name) != 0:
                continue  # finished or taken already: it was entered again when its rank rose
            leader = self._leaders.setdefault(self._digests[name], name)
            if leader != name and self._digests[name] not in self._results:
                self._followers.setdefault(leader, []).append(name)
                continue
            self._waits[name] = -1
            return name
        return None

    def result(self, name: str) -> Entry | None:
        """Return the result of a node or of one equal to it, when it is at hand."""
        return self._results.get(self._digests[name])

    def defer(self, name: str, sources: list[str], outputs: list[str]) -> dict[str, Entry]:
        """Make a taken node wait for those it expanded into, and want `outputs` besides.

        Returns what `want` returns.
        """
        before, self._pending[name] = self._pending[name], sources
        for source in sources:
            self._hold(self._digests[source])
        known = self.want([*sources, *outputs])
        self._await(name)
        for source in before:
            self._release(self._digests[source])
        return known

    def finish(self, name: str, entry: Entry) -> None:
        """Give a pending node its result: its users may become ready, what only it needed is let go."""
        digest = self._digests[name]
        self._results[digest] = entry
        held = self._pending.pop(name)
        del self._waits[name]
        if self._leaders.get(digest) == name:
            del self._leaders[digest]
        for user in self._users.pop(name, ()):
            self._waits[user] -= 1
            self._enter(user)
        for follower in self._followers.pop(name, ()):
            self._enter(follower)
        self._keepers -= self._keeps(name)
        for used in (digest, *(self._digests[source] for source in held)):
            self._release(used)
        if not self._keepers:
            for kept in self._kept:
                self._forget_unused(kept)
            self._kept.clear()

    def waits(self) -> dict[str, list[str]]:
        """Return for each pending node the pending nodes it waits for, when nothing can run any more."""
        waits = {
            name: [source for source in held if source in self._pending]
            for name, held in self._pending.items()
        }
        for leader, followers in self._followers.items():
            for name in followers:
                waits[name].append(leader)
        return waits

    def _sources(self, name: str) -> list[str]:
        """Return the nodes whose results a node needs, each once, in the order of the JSON."""
        declared = self.type_of(name).inputs
        links = self._nodes[name].inputs.items()
        return list(
            dict.fromkeys(
                given.node
                for key, given in links
                if isinstance(given, Link) and key in declared and not declared[key].raw_link
            )
        )

    def _await(self, name: str) -> None:
        self._waits[name] = 0
        for source in self._pending[name]:
            if source in self._pending:
                self._waits[name] += 1
                self._users.setdefault(source, []).append(name)
            if self._rank[name] < FEEDS_NEXT:
                self._raise(source, self._rank[name] + 1)
        self._enter(name)

    def _raise(self, name: str, rank: int) -> None:
        """Improve the rank of a node, and of its sources as far as ranks reach."""
        rising = [(name, rank)]
        while rising:
            name, rank = rising.pop()
            if name in self._pending and rank < self._rank[name]:
                self._rank[name] = rank
                self._enter(name)
                rising += [(source, rank + 1) for source in self._pending[name] if rank < FEEDS_NEXT]

    def _enter(self, name: str) -> None:
        if self._waits.get(name) == 0:
            heapq.heappush(self._ready, (self._rank[name], self._place[name], name))

    def _hold(self, digest: str) -> None:
        self._uses[digest] = self._uses.get(digest, 0) + 1

    def _release(self, digest: str) -> None:
        self._uses[digest] -= 1
        self._forget_unused(digest)

    def _forget_unused(self, digest: str) -> None:
        if self._uses.get(digest):
            return
        self._uses.pop(digest, None)
        if self._keepers and digest in self._lasting:
            self._kept.add(digest)
        else:
            self._results.pop(digest, None)

    def _keeps(self, name: str) -> bool:
        # A node of the submitted graph that may still expand can link to any other one: what the body of a
        # loop uses in every turn must not go between two turns. What the turns make is free to go.
        return name in self._submitted and self.type_of(name).expands
