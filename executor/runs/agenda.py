"""What is left to do in a run and what comes next: bookkeeping only, no node is called here.

A node is *pending* from when it turns out to be needed until it has its result. Results are held by content
key, so equal nodes share one, and let go when no pending node needs them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..caches.memory_cache import Entry
from ..graphs.graph import Link, Node
from ..node_types.declaration import NodeTable
from ..node_types.node_type import NodeType

OUTPUT, FEEDS_OUTPUT, FEEDS_NEXT, OTHER = range(4)
"""Ranks of ready nodes, best first: results are shown as soon as can be."""

SETTLED, ASYNC, DEVICE, FILES, WORKER = "settled", "async", "device", "files", "worker"
"""Where a ready node belongs: to its lane, or to nobody, since nothing is left to call for it."""


class Todo:
    """A pending node: what it waits for and who waits for it."""

    __slots__ = ("digest", "held", "lane", "name", "place", "rank", "taken", "type", "users", "waits")

    def __init__(self, name: str, digest: str, place: int, node_type: NodeType | None) -> None:
        self.name, self.digest, self.place, self.type = name, digest, place, node_type
        self.held: list[str] = []
        """The nodes whose results it holds on to, whether or not it waits for them."""
        self.waits = 0
        """How many of them are pending."""
        self.users: list[Todo] = []
        """Pending nodes that wait for this one."""
        self.taken = False
        self.rank = OTHER
        self.lane = SETTLED
        if node_type is not None:
            self.rank = OUTPUT if node_type.output_node else OTHER
            self.lane = ASYNC if node_type.is_async else node_type.lane


class Agenda:
    """The pending nodes of one run, their order, and the results they wait for.

    `nodes` and `digests` are of the running graph; both are read only and grow outside. `lookup`
    gives a result that is known already, by digest. Results of the digests in `unshared` are for the nodes
    that wait for them now, not for those that come later.
    """

    def __init__(
        self,
        nodes: Mapping[str, Node],
        table: NodeTable,
        digests: Mapping[str, str],
        lookup: Callable[[str], Entry | None],
        unshared: Mapping[str, object],
    ) -> None:
        self._nodes, self._types, self._digests, self._lookup = nodes, table.types, digests, lookup
        self._unshared = unshared
        self._submitted: frozenset[str] = frozenset()
        self._lasting: frozenset[str] = frozenset()
        self._pending: dict[str, Todo] = {}
        self._places = self._entered = 0
        self._ready: dict[str, list[tuple[int, int, str]]] = {
            lane: [] for lane in (SETTLED, ASYNC, DEVICE, FILES, WORKER)
        }
        self._leaders: dict[str, str] = {}  # digest to the node that computes it
        self._followers: dict[str, list[Todo]] = {}
        self._results: dict[str, Entry] = {}
        self._uses: dict[str, int] = {}
        self._keepers = 0
        self._deciders = 0
        self._undecided: set[str] = set()  # digests of all that lazy inputs of pending nodes may lead to
        self._kept: set[str] = set()

    def begin(self) -> None:
        """Take the nodes that have a digest now for those of the submitted graph."""
        self._submitted = frozenset(self._digests)
        self._lasting = frozenset(self._digests.values())

    @property
    def pending(self) -> tuple[str, ...]:
        """The nodes that have no result yet, in the order in which they were found to be needed."""
        return tuple(self._pending)

    def type_of(self, name: str) -> NodeType:
        """Return the type of a node."""
        return self._types[self._nodes[name].class_type]

    def want(self, names: Iterable[str]) -> dict[str, Entry]:
        """Make nodes and all they need pending; return those met on the way whose result is known already.

        The walk goes from user to source, the last link first, and stops at known results and lazy inputs.
        That is also the order in which ready nodes of equal rank are taken.
        """
        known: dict[str, Entry] = {}
        added: list[Todo] = []
        pending, digests = self._pending, self._digests
        for first in names:
            stack = [first]
            while stack:
                name = stack.pop()
                if name in pending or name in known:
                    continue
                digest = digests[name]
                entry = self._known(digest)
                if entry is not None:
                    known[name] = entry
                    continue
                node_type = self.type_of(name)
                todo = pending[name] = Todo(name, digest, self._places, node_type)
                self._places += 1
                added.append(todo)
                todo.held = self._sources(name, node_type)
                stack += todo.held
                self._hold(digest)
                for used in todo.held:
                    self._hold(digests[used])
                self._keepers += self._keeps(todo)
                if node_type.needs is not None:
                    self._deciders += 1
                    self._may_ask(name)
        for name, entry in known.items():
            self._results[digests[name]] = entry
            self._forget_unused(digests[name])
        for todo in added:
            self._await(todo, todo.held)
        return known

    def take(self, lane: str) -> str | None:
        """Return the node of a lane that should run next, or None when none is ready.

        A node equal to one that is being computed is not ready before that has its result.
        """
        ready = self._ready[lane]
        while ready:
            name = heapq.heappop(ready)[2]
            todo = self._pending.get(name)
            if todo is None or todo.waits or todo.taken or todo.lane != lane:
                continue  # entered more than once
            leader = self._leaders.setdefault(todo.digest, name)
            if leader != name and todo.digest not in self._results:
                self._followers.setdefault(leader, []).append(todo)
                todo.lane = SETTLED
                continue
            todo.taken = True
            return name
        return None

    def has(self, *lanes: str) -> bool:
        """Tell whether something is ready in one of these lanes."""
        for lane in lanes:
            ready = self._ready[lane]
            while ready:
                todo = self._pending.get(ready[0][2])
                if todo is not None and not todo.waits and not todo.taken and todo.lane == lane:
                    return True
                heapq.heappop(ready)
        return False

    def count(self, lane: str) -> int:
        """Return how many nodes may be ready in a lane, or a few more."""
        return len(self._ready[lane])

    def result(self, name: str) -> Entry | None:
        """Return the result of a node or of one equal to it, when it is at hand."""
        return self._results.get(self._digests[name])

    def defer(self, name: str, sources: Sequence[str], outputs: Sequence[str]) -> dict[str, Entry]:
        """Make a taken node wait for those it expanded into, and want `outputs` besides.

        When it is taken again, nothing is left to call. Returns what `want` returns.
        """
        todo = self._pending[name]
        todo.lane = SETTLED
        before, todo.held = todo.held, list(sources)
        for source in sources:
            self._hold(self._digests[source])
        known = self.want([*sources, *outputs])
        self._await(todo, sources)
        for source in before:
            self._release(self._digests[source])
        return known

    def ask(self, name: str, sources: Sequence[str]) -> dict[str, Entry]:
        """Make a taken node wait for lazy sources and then be ready again; returns what `want` returns."""
        self.keep(name, sources)
        known = self.want(sources)
        self._await(self._pending[name], sources)
        return known

    def keep(self, name: str, sources: Iterable[str]) -> None:
        """Hold on to the results of more nodes until this one is done, without waiting for them."""
        todo = self._pending[name]
        for source in dict.fromkeys(sources):
            if source not in todo.held:
                todo.held.append(source)
                self._hold(self._digests[source])

    def gather(self, name: str, sources: Sequence[str]) -> dict[str, Entry]:
        """Make something pending that is no node and waits for `sources`; returns what `want` returns."""
        todo = self._pending[name] = Todo(name, self._digests[name], self._places, None)
        self._places += 1
        self._hold(todo.digest)
        todo.held = list(sources)
        for source in sources:
            self._hold(self._digests[source])
        known = self.want(sources)
        self._await(todo, sources)
        return known

    def finish(self, name: str, entry: Entry) -> None:
        """Give a pending node its result: its users may become ready, what only it needed is let go."""
        todo = self._pending.pop(name)
        digest = todo.digest
        self._results[digest] = entry
        if self._leaders.get(digest) == name:
            del self._leaders[digest]
        for user in todo.users:
            user.waits -= 1
            self._enter(user)
        for follower in self._followers.pop(name, ()):
            self._enter(follower)
        self._release(digest)
        for source in todo.held:
            self._release(self._digests[source])
        if todo.type is not None and (todo.type.expands or todo.type.needs is not None):
            self._let_go(todo, todo.type)

    def _let_go(self, todo: Todo, node_type: NodeType) -> None:
        """Forget what was kept in case a node should need it, when that was the last such node."""
        keepers, deciders = self._keepers, self._deciders
        self._keepers -= self._keeps(todo)
        self._deciders -= node_type.needs is not None
        if deciders and not self._deciders:
            self._undecided.clear()
        if (keepers and not self._keepers) or (deciders and not self._deciders):
            kept, self._kept = self._kept, set()
            for digest in kept:
                self._forget_unused(digest)

    def waits(self) -> dict[str, list[str]]:
        """Return for each pending node the pending nodes it waits for, when nothing can run any more."""
        waits = {
            name: [source for source in todo.held if source in self._pending]
            for name, todo in self._pending.items()
        }
        for leader, followers in self._followers.items():
            for follower in followers:
                waits[follower.name].append(leader)
        return waits

    def _known(self, digest: str) -> Entry | None:
        if digest in self._unshared:
            return None
        return self._results.get(digest) or self._lookup(digest)

    def _sources(self, name: str, node_type: NodeType) -> list[str]:
        """Return the nodes whose results a node needs at first, each once, in the order of the JSON."""
        declared = node_type.inputs
        found: dict[str, None] = {}
        for key, given in self._nodes[name].inputs.items():
            if isinstance(given, Link):
                spec = declared.get(key)
                if spec is not None and not spec.raw_link and not spec.lazy:
                    found[given.node] = None
        return list(found)

    def _may_ask(self, name: str) -> None:
        """Note all that a node with lazy inputs may come to need."""
        waiting = [name]
        while waiting:
            user = waiting.pop()
            declared = self.type_of(user).inputs
            for key, link in self._nodes[user].links():
                digest = self._digests.get(link.node)
                if digest is None or digest in self._undecided or key not in declared:
                    continue
                if user != name or declared[key].lazy:
                    self._undecided.add(digest)
                    waiting.append(link.node)

    def _await(self, todo: Todo, sources: Iterable[str]) -> None:
        todo.taken = False
        for name in sources:
            source = self._pending.get(name)
            if source is not None:
                todo.waits += 1
                source.users.append(todo)
                if todo.rank < FEEDS_NEXT:
                    self._raise(source, todo.rank + 1)
        self._enter(todo)

    def _raise(self, todo: Todo, rank: int) -> None:
        """Improve the rank of a node, and of its sources as far as ranks reach."""
        rising = [(todo, rank)]
        while rising:
            todo, rank = rising.pop()
            if rank < todo.rank:
                todo.rank = rank
                self._enter(todo)
                if rank < FEEDS_NEXT:
                    sources = (self._pending.get(source) for source in todo.held)
                    rising += [(source, rank + 1) for source in sources if source is not None]

    def _enter(self, todo: Todo) -> None:
        if todo.waits or todo.taken:
            return
        rank, place = todo.rank, todo.place
        if todo.lane == FILES:  # in the order in which they get ready, so that files are numbered alike
            rank, place = OUTPUT, self._entered
            self._entered += 1
        heapq.heappush(self._ready[todo.lane], (rank, place, todo.name))

    def _hold(self, digest: str) -> None:
        self._uses[digest] = self._uses.get(digest, 0) + 1

    def _release(self, digest: str) -> None:
        uses = self._uses[digest] = self._uses[digest] - 1
        if not uses:
            self._forget_unused(digest)

    def _forget_unused(self, digest: str) -> None:
        if self._uses.get(digest):
            return
        self._uses.pop(digest, None)
        if (self._keepers and digest in self._lasting) or digest in self._undecided:
            self._kept.add(digest)
        else:
            self._results.pop(digest, None)

    def _keeps(self, todo: Todo) -> bool:
        # A node of the submitted graph that may still expand can link to any other one: what the body of a
        # loop uses in every turn must not go between two turns. What the turns make is free to go.
        return todo.type is not None and todo.type.expands and todo.name in self._submitted
