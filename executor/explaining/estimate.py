"""What a run would take: seconds from what its nodes took before, memory also from what they foresee."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..caches.memory_cache import Entry
from ..checks.validate import Validation
from ..memory.fitting import Memory
from ..node_types.declaration import NodeTable
from ..runs.foreseeing import Foresight
from .explain import Explanation, NodeExplanation, Status

DOES: frozenset[Status] = frozenset({"run", "maybe"})
"""What is said of a node that is computed, or may be."""


class Results(Protocol):
    """A cache that can be looked into without a trace."""

    def peek(self, key: str) -> Entry | None:
        """Return an entry that is at hand, without counting it as used."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEstimate:
    """What one node is expected to take, in seconds and bytes; None where nothing is known or runs."""

    node: str
    class_type: str
    status: Status
    seconds: float | None
    peak_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run is expected to take now.

    `seconds` and `unmeasured` are about the nodes that run in any case. `fits` says whether the memory of
    those of which it is known is within the budget of the device, None where none is or there is no budget.
    """

    nodes: tuple[NodeEstimate, ...]
    seconds: float | None
    peak_bytes: int | None
    cached: int
    run: int
    unmeasured: int
    fits: bool | None
    budget_bytes: int | None


def estimate(
    explanation: Explanation,
    checked: Validation,
    table: NodeTable,
    results: Results,
    memory: Memory,
    device: str = "cpu",
) -> Estimate:
    """Tell what the run of an explanation would take; nothing is computed.

    What was measured of a node with just these inputs holds. Of others what they foresee does, as far as the
    `results` have what that depends on; and last what they took with other inputs.
    """
    known = {one.node: one for one in explanation.nodes}

    def result(name: str) -> Entry | None:
        key = known[name].key if name in known else None
        return None if key is None else results.peek(key)

    doing = [one.node for one in explanation.nodes if one.status in DOES]
    foresight = Foresight(table.types, checked.graph.nodes, memory, device, result)
    foresight.begin(doing, doing)
    budget = memory.manager.usage(device).budget
    nodes = tuple(_told(one, foresight.needs.get(one.node)) for one in explanation.nodes)
    peaks = {one.node: one.peak_bytes for one in nodes if one.peak_bytes is not None}
    run, unmeasured = explanation.count("run"), explanation.unmeasured
    # What was measured in a larger budget may be possible in this one too, so what is foreseen decides.
    decisive = [foresight.needs.get(name, peak) for name, peak in peaks.items()]
    return Estimate(
        nodes=nodes,
        seconds=None if run and unmeasured == run else explanation.seconds,
        peak_bytes=max(peaks.values(), default=None),
        cached=explanation.count("cached"),
        run=run,
        unmeasured=unmeasured,
        fits=max(decisive) <= budget if decisive and budget is not None else None,
        budget_bytes=budget,
    )


def _told(one: NodeExplanation, foreseen: int | None) -> NodeEstimate:
    does = one.status in DOES
    best = (one.peak_bytes, foreseen) if one.measured == "same" else (foreseen, one.peak_bytes)
    return NodeEstimate(
        node=one.node,
        class_type=one.class_type,
        status=one.status,
        seconds=one.seconds if does else None,
        peak_bytes=next((peak for peak in best if peak is not None), None) if does else None,
    )
