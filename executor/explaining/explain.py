"""What a run of a workflow would do, and why: told from keys, caches and history, while nothing runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Literal, Protocol, get_args

from ..caches.keys import Key, node_key
from ..checks.validate import Validation, declared_sources
from ..files.folders import Folders
from ..files.snapshot import Snapshot
from ..graphs.graph import Graph, Node
from ..node_types.declaration import NodeTable
from ..node_types.node_type import NodeType
from .history import History
from .past import Past
from .reasons import Reason

Status = Literal["cached", "run", "same", "maybe", "unneeded", "unknown"]
"""What happens with a node: its result is known; it runs; it shares the result of an equal node that runs; a
node decides about it while it runs; all that use it are cached; what decides its result can't be read."""


class Peek(Protocol):
    """A cache that can be looked into without a trace."""

    def where(self, key: str) -> str | None:
        """Name the tier that has an entry ("memory", "disk"), None when none has; counts nothing as used."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeExplanation:
    """What happens with one node that a wanted output needs, and why.

    `where` is the tier of a cached result. `seconds` and `peak_bytes` are what the node took when it was last
    computed: with just these inputs if `measured` is "same", with other ones if it is "other", never if None.
    """

    node: str
    class_type: str
    status: Status
    where: str | None = None
    key: str | None = None
    reasons: tuple[Reason, ...] = ()
    seconds: float | None = None
    peak_bytes: int | None = None
    measured: Literal["same", "other"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a run would do: the nodes that the wanted `outputs` need, each after those it needs itself."""

    outputs: tuple[str, ...]
    nodes: tuple[NodeExplanation, ...]

    def count(self, status: Status, where: str | None = None) -> int:
        """Return how many nodes have a status, and are in a tier where one is named."""
        return sum(one.status == status and where in (None, one.where) for one in self.nodes)

    @property
    def seconds(self) -> float:
        """The sum of what the nodes that run took before; those that were never measured are left out."""
        return sum(one.seconds or 0.0 for one in self.nodes if one.status == "run")

    @property
    def unmeasured(self) -> int:
        """How many nodes run that were never measured."""
        return sum(one.status == "run" and one.seconds is None for one in self.nodes)

    @property
    def peak_bytes(self) -> int | None:
        """The most memory that one of the nodes that run took; None where none was measured."""
        peaks = [one.peak_bytes for one in self.nodes if one.status == "run" and one.peak_bytes is not None]
        return max(peaks, default=None)


def to_json(explanation: Explanation) -> dict[str, object]:
    """Return an explanation as a JSON object, totals first."""
    tiers = sorted({one.where for one in explanation.nodes if one.where})
    return {
        "type": "explanation",
        "outputs": list(explanation.outputs),
        "totals": {
            **{status: explanation.count(status) for status in get_args(Status)},
            "cached_in": {tier: explanation.count("cached", tier) for tier in tiers},
            "seconds": explanation.seconds,
            "unmeasured": explanation.unmeasured,
            "peak_bytes": explanation.peak_bytes,
        },
        "nodes": [
            {spec.name: getattr(one, spec.name) for spec in fields(one)}
            | {"reasons": [_reason_json(reason) for reason in one.reasons]}
            for one in explanation.nodes
        ],
    }


def _reason_json(reason: Reason) -> dict[str, object]:
    plain: dict[str, object] = {spec.name: getattr(reason, spec.name) for spec in fields(reason)}
    return plain | {"nodes": list(reason.nodes)}


def explain(
    checked: Validation,
    table: NodeTable,
    folders: Folders,
    cache: Peek,
    history: History | None = None,
    check: Callable[[], None] = lambda: None,
) -> Explanation:
    """Tell what a run of the good outputs of a validated workflow would do; no node is called.

    Neither the cache nor the history is changed. `check` is called while files are hashed and may raise to
    end that.
    """
    graph, outputs = checked.graph, checked.outputs_good
    order = checked.order
    keys, unreadable = _keys(graph, order, table, folders, check)
    where = {key.digest: cache.where(key.digest) for key in keys.values()}
    cached = {name: tier for name, key in keys.items() if (tier := where[key.digest])}
    runs, maybe = _reached(graph, outputs, cached, table)
    past = Past.of(graph, keys, history)
    shared = _shared(keys, order, runs, maybe)

    def told(name: str) -> NodeExplanation:
        class_type = graph.nodes[name].class_type
        reasons: list[Reason] = []
        status: Status = "unneeded"
        if name in unreadable:
            status, reasons = "unknown", [Reason(code="unreadable", text=unreadable[name])]
        elif name in cached:
            status = "cached"
        elif name in shared:
            status, reasons = "same", [_same(past.names(shared[name]), shared[name])]
        elif name in runs:
            status, reasons = "run", [*past.why(name), *_beforehand(table[class_type])]
        elif name in maybe:
            status, reasons = "maybe", [_undecided(past.names(maybe[name]), maybe[name]), *past.why(name)]
        cost, measured = past.cost(name, table[class_type].work)
        return NodeExplanation(
            node=name,
            class_type=class_type,
            status=status,
            where=cached.get(name),
            key=keys[name].digest if name in keys else None,
            reasons=tuple(reasons),
            seconds=cost and cost.seconds,
            peak_bytes=cost and cost.peak_bytes,
            measured=measured,
        )

    return Explanation(outputs=outputs, nodes=tuple(map(told, order)))


def _keys(
    graph: Graph,
    order: Iterable[str],
    table: NodeTable,
    folders: Folders,
    check: Callable[[], None],
) -> tuple[dict[str, Key], dict[str, str]]:
    """Return the key of every node, and for those that have none why, as a file that is gone by now."""
    keys: dict[str, Key] = {}
    digests: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    held = Snapshot(folders)
    for name in order:
        node = graph.nodes[name]
        sources = declared_sources(node, graph.nodes, table) if unreadable else ()
        if broken := next((source for source in sources if source in unreadable), None):
            unreadable[name] = unreadable[broken]
            continue
        try:
            keys[name] = node_key(node, table[node.class_type], digests, held, check)
        except (OSError, TypeError, ValueError) as error:
            unreadable[name] = str(error)
        else:
            digests[name] = keys[name].digest
    return keys, unreadable


def _reached(
    graph: Graph, outputs: Iterable[str], cached: Collection[str], table: NodeTable
) -> tuple[set[str], dict[str, str]]:
    """Return the nodes that run, and those about which another node, given with them, decides."""
    runs: set[str] = set()
    decided: list[tuple[str, str]] = []
    waiting = list(outputs)
    while waiting:
        name = waiting.pop()
        if name in runs or name in cached:
            continue
        runs.add(name)
        for source, sure in sources_of(graph.nodes[name], graph, table):
            waiting += [source] if sure else []
            decided += [] if sure else [(source, name)]
    maybe: dict[str, str] = {}
    while decided:
        name, decider = decided.pop()
        if name in runs or name in cached or name in maybe:
            continue
        maybe[name] = decider
        decided += [(source, decider) for source, _ in sources_of(graph.nodes[name], graph, table)]
    return runs, maybe


def sources_of(node: Node, graph: Graph, table: NodeTable) -> list[tuple[str, bool]]:
    """Return the nodes that a node links to, and whether it needs them in any case."""
    declared = table[node.class_type].inputs
    return [
        (link.node, not (declared[name].lazy or declared[name].raw_link))
        for name, link in node.links()
        if name in declared and link.node in graph.nodes
    ]


def _shared(
    keys: Mapping[str, Key], order: Iterable[str], runs: Collection[str], maybe: Collection[str]
) -> dict[str, str]:
    """Return the nodes that have the key of another one, given with them, which is computed for both."""
    leaders: dict[str, str] = {}
    shared: dict[str, str] = {}
    for some in (runs, maybe):
        for name in order:
            if name in some and name in keys:
                leader = leaders.setdefault(keys[name].digest, name)
                if leader != name:
                    shared[name] = leader
    return shared


def _same(leader: str, node: str) -> Reason:
    return Reason(code="same", text=f"the same as {leader}, which runs for both", nodes=(node,))


def _undecided(decider: str, node: str) -> Reason:
    return Reason(code="undecided", text=f"{decider} decides whether it is needed", nodes=(node,))


def _beforehand(node_type: NodeType) -> list[Reason]:
    text = "it makes nodes of its own, which are known when it runs"
    return [Reason(code="expands", text=text)] if node_type.expands else []
