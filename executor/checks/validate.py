"""Everything that is wrong with a workflow, found before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from ..files.folders import Folders
from ..graphs.graph import Graph, Link, Node
from ..graphs.order import knots, marked_sources, sources_first, way_around
from ..node_types.declaration import NodeTable
from ..node_types.node_type import NodeType
from ..problems import Problem, WorkflowError, listing, pointer
from .node import NodeCheck


@dataclass(frozen=True, kw_only=True)
class Validation:
    """What is wrong with a workflow, and what of it can run all the same.

    `outputs_bad` gives for each wanted output that can't run the nodes with problems that it depends on.
    `warnings` are what is odd and harms nothing. `graph` is the workflow with its values converted to the
    types of their inputs, `order` what the good outputs need, each node after those it links to.
    """

    graph: Graph
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    outputs_good: tuple[str, ...] = ()
    outputs_bad: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])
    order: tuple[str, ...] = ()

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
    nodes, types = graph.nodes, table.types
    check = NodeCheck(nodes, table, folders)
    problems: list[Problem] = []
    outputs: list[str] = []
    for node in nodes.values():
        node_type = types.get(node.class_type)
        if node_type is None:
            problems.append(check.unknown_class(node))
        elif node_type.output_node:
            outputs.append(node.id)
    refused = frozenset(problem.node for problem in problems)
    chosen = frozenset(outputs if targets is None else targets)
    wanted = [name for name in outputs if name in chosen]
    unknown = not refused.isdisjoint(nodes if targets is None else chosen)
    if not wanted and not unknown:  # a node of unknown class may well be the output
        problems.append(_no_outputs(outputs, chosen))

    def sources(name: str) -> list[str]:
        return declared_sources(nodes[name], nodes, types)

    order, cyclic = sources_first(wanted, sources)
    reached = set(order)
    changed: dict[str, Node] = {}
    strays: list[tuple[Node, str]] = []
    for name, node in nodes.items():  # in the order of the file, in which problems are read best
        if name in reached and node.class_type in types:
            found, values = check.inputs(node)
            if found:
                problems += found
            if values:
                changed[name] = node._replace(inputs=MappingProxyType({**node.inputs, **values}))
            if not node.inputs.keys() <= types[node.class_type].inputs.keys():
                strays += [(node, stray) for stray in check.strays(node)]
    found_knots = knots({name: sources(name) for name in order}) if cyclic else []
    problems += (_cycle_problem(cycle) for cycle, _ in found_knots)

    bad = {problem.node for problem in problems if problem.node}
    bad.update(*(cycle for cycle, _ in found_knots))
    members = [members for _, members in found_knots]
    causes = marked_sources(wanted, order, sources, bad, members) if problems else {}
    good = () if refused else tuple(name for name in wanted if name not in causes)
    return Validation(
        graph=Graph({**nodes, **changed}) if changed else graph,
        problems=tuple(problems),
        warnings=tuple(_warnings(strays, check)),
        outputs_good=good,
        outputs_bad={name: causes.get(name, ()) for name in wanted if refused or name in causes},
        order=tuple(order if len(good) == len(wanted) else sources_first(good, sources)[0]),
    )


WARNINGS = 1000
"""Inputs that are not used are told one by one up to this many; the rest is counted."""


def _warnings(strays: Sequence[tuple[Node, str]], check: NodeCheck) -> Iterator[Problem]:
    for node, name in strays[:WARNINGS]:
        yield check.undeclared(node, name)
    if len(strays) > WARNINGS:
        more = len(strays) - WARNINGS
        node, _ = strays[WARNINGS]
        text = f"{more} more inputs, from node {node.id!r} on, are not used: their nodes have no such inputs"
        yield Problem(code="undeclared_input", message=text, node=node.id, pointer=pointer(node.id))


def declared_sources(node: Node, nodes: Mapping[str, Node], types: Mapping[str, NodeType]) -> list[str]:
    """Return the existing nodes that a node's inputs link to, in the order of the JSON.

    Inputs that the class does not declare are no inputs.
    """
    node_type, inputs = types.get(node.class_type), node.inputs
    declared = inputs if node_type is None else node_type.inputs
    found: list[str] = []
    for name, given in inputs.items():  # no comprehension: that is a call, for one link or two
        if isinstance(given, Link) and name in declared and given.node in nodes:
            found.append(given.node)
    return found


def _no_outputs(outputs: Sequence[str], chosen: Collection[str]) -> Problem:
    if not outputs:
        message = "the workflow has no output node: add one, such as SaveImage, and link a result to it"
    elif not chosen:
        message = f"no output was chosen to be run; there are: {listing(outputs)}"
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
