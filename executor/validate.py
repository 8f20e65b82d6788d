"""Everything that is wrong with a workflow, found before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from .check import NodeCheck
from .declaration import NodeTable
from .folders import Folders
from .graph import Graph, Node
from .order import knots, sources_first, way_around
from .problems import Problem, WorkflowError, listing, pointer


@dataclass(frozen=True, kw_only=True)
class Validation:
    """What is wrong with a workflow, and what of it can run all the same.

    `outputs_bad` gives for each wanted output that can't run the nodes with problems that it depends on.
    `warnings` are what is odd and harms nothing. `graph` is the workflow with its values converted to the
    types of their inputs.
    """

    graph: Graph
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    outputs_good: tuple[str, ...] = ()
    outputs_bad: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])

    @property
    def ok(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.problems

    def raise_if_nothing_runs(self) -> None:
        """Raise `WorkflowError` with all problems when no wanted output can run."""
        if not self.outputs_good:
            raise WorkflowError(self.problems)


def validate(
    graph: Graph, table: NodeTable, folders: Folders, targets: Iterable[str] | None = None
) -> Validation:
    """Find every problem of a workflow, and inputs that are not used; the workflow itself is not changed.

    Wanted are the output nodes, or those of them that `targets` names; only what they need is looked at,
    except that every node's class must be known: else no output is good.
    """
    check = NodeCheck(graph.nodes, table, folders)
    nodes = graph.nodes.values()
    problems = [problem for node in nodes if (problem := check.class_problem(node))]
    refused = frozenset(problem.node for problem in problems)
    outputs = [node.id for node in nodes if node.class_type in table and table[node.class_type].output_node]
    chosen = frozenset(outputs if targets is None else targets)
    wanted = [name for name in outputs if name in chosen]
    unknown = not refused.isdisjoint(graph.nodes if targets is None else chosen)
    if not wanted and not unknown:  # a node of unknown class may well be the output
        problems.append(_no_outputs(outputs, chosen))

    def sources(name: str) -> list[str]:
        return declared_sources(graph.nodes[name], graph.nodes, table)

    order, cyclic = sources_first(wanted, sources)
    reached = set(order)
    changed: dict[str, Node] = {}
    warnings: list[Problem] = []
    for node in nodes:  # in the order of the file, in which problems are read best
        if node.id in reached and node.class_type in table:
            found, values = check.inputs(node)
            problems += found
            warnings += check.undeclared(node)
            if values:
                changed[node.id] = replace(node, inputs=MappingProxyType({**node.inputs, **values}))
    found_knots = knots({name: sources(name) for name in order}) if cyclic else []
    problems += (_cycle_problem(cycle) for cycle, _ in found_knots)

    bad = {problem.node for problem in problems} | {name for cycle, _ in found_knots for name in cycle}
    broken = bad.union(*(members for _, members in found_knots))
    tainted: set[str] = set()
    for name in order if broken else ():
        if name in broken or not tainted.isdisjoint(sources(name)):
            tainted.add(name)
    return Validation(
        graph=Graph({**graph.nodes, **changed}) if changed else graph,
        problems=tuple(problems),
        warnings=tuple(warnings),
        outputs_good=() if refused else tuple(name for name in wanted if name not in tainted),
        outputs_bad={
            name: tuple(found for found in sources_first([name], sources)[0] if found in bad)
            for name in wanted
            if refused or name in tainted
        },
    )


def needed(graph: Graph, table: NodeTable, wanted: Iterable[str]) -> tuple[list[str], bool]:
    """Return `wanted` nodes and all they need, each after its sources, and whether a cycle was met."""
    return sources_first(wanted, lambda name: declared_sources(graph.nodes[name], graph.nodes, table))


def declared_sources(node: Node, nodes: Mapping[str, Node], table: NodeTable) -> list[str]:
    """Return the existing nodes that a node's inputs link to, in the order of the JSON.

    Inputs that the class does not declare are no inputs.
    """
    declared = table[node.class_type].inputs if node.class_type in table else node.inputs
    return [link.node for name, link in node.links() if name in declared and link.node in nodes]


def _no_outputs(outputs: Sequence[str], chosen: Iterable[str]) -> Problem:
    if not outputs:
        message = "the workflow has no output node: add one, such as SaveImage, and link a result to it"
    else:
        message = (
            f"none of the wanted nodes ({listing(chosen)}) is an output; outputs are: {listing(outputs)}"
        )
    return Problem(code="no_outputs", message=message, allowed=list(outputs))


def _cycle_problem(cycle: list[str]) -> Problem:
    message = f"nodes wait for each other in a cycle: {way_around(cycle)}; remove one of these links"
    return Problem(
        code="cycle", message=message, node=cycle[0], pointer=pointer(cycle[0]), facts={"nodes": cycle}
    )
