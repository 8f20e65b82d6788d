"""Values given from outside, put into a workflow by the names that it exposes, or by node and input."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..graphs.exposed import Place, exposed_inputs
from ..graphs.graph import Graph, Link, link_or_value
from ..node_types.declaration import NodeTable
from ..problems import Problem, WorkflowError, listing, nearest


def with_inputs(graph: Graph, given: Mapping[str, object], table: NodeTable) -> Graph:
    """Return a workflow with some inputs set, which may have been linked; `validate` judges the values.

    A name is one that the workflow exposes, or else `node.input`. Raises WorkflowError with all names that
    are neither.
    """
    if not given:
        return graph
    exposed = exposed_inputs(graph)
    values: dict[str, dict[str, object]] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        places = exposed.get(name) or _by_node(graph, name, table)
        if not places:
            problems.append(_unknown(name, exposed, graph))
            continue
        try:
            own = link_or_value({"__value__": value})  # a list is a value here, not a link
        except RecursionError:
            message = f"the value for {name!r} is nested too deeply"
            problems.append(Problem(code="invalid_input_type", message=message))
            continue
        for node, key in places:
            values.setdefault(node, {})[key] = own
    if problems:
        raise WorkflowError(problems)
    changed = {
        name: graph.nodes[name]._replace(inputs=MappingProxyType({**graph.nodes[name].inputs, **more}))
        for name, more in values.items()
    }
    return Graph({**graph.nodes, **changed})


def _by_node(graph: Graph, name: str, table: NodeTable) -> tuple[Place, ...]:
    """Return the input that `node.input` means, if there is one; both may have dots in them."""
    parts = name.split(".")
    for count in range(1, len(parts)):
        node, key = graph.nodes.get(".".join(parts[:count])), ".".join(parts[count:])
        if node is None:
            continue
        declared = table.types.get(node.class_type)
        if key in node.inputs or (declared is not None and key in declared.inputs):
            return (Place(node.id, key),)
    return ()


def _unknown(name: str, exposed: Mapping[str, object], graph: Graph) -> Problem:
    others = [
        f"{node.id}.{key}"
        for node in graph.nodes.values()
        for key, value in node.inputs.items()
        if not isinstance(value, Link)
    ]
    closest = nearest(name, [*exposed, *others])
    known = f"it exposes: {listing(exposed, closest)}" if exposed else "it exposes none"
    guess = f"; did you mean {closest!r}?" if closest else ""
    return Problem(
        code="unknown_input_name",
        message=f"the workflow has no input called {name!r}{guess} ({known}; any other is NODE.INPUT)",
        given=name,
        allowed=[*exposed, *others],
        nearest=closest,
    )
