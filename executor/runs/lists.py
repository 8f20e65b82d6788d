"""Lists of values: what each call of a node gets, and how the results of several calls become one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from ..caches.memory_cache import Entry
from ..node_types.node_type import NodeType
from ..node_types.results import Blocked, Many, held_as, values_of
from ..problems import Json


def calls_for(node_type: NodeType, held: dict[str, object]) -> list[dict[str, object]]:
    """Return the arguments of each call of a node, given what its inputs hold.

    A node without list inputs is called for each value of the longest list; a shorter one goes on with its
    last value, and an empty one makes no call at all. A node with list inputs is called once; its other
    inputs get the first value. It is not called when one of those has none.
    """
    if node_type.is_input_list:
        inputs = node_type.inputs
        lists = {name: name in inputs and inputs[name].is_list for name in held}
        if any(not values_of(value) for name, value in held.items() if not lists[name]):
            return []
        return [
            {name: _listed(value) if lists[name] else values_of(value)[0] for name, value in held.items()}
        ]
    counts = [len(value.values) for value in held.values() if isinstance(value, Many)]
    if not counts:
        return [held]
    if not all(counts):
        return []
    return [{name: _at(value, index) for name, value in held.items()} for index in range(max(counts))]


def _listed(value: object) -> list[object] | None:
    # None is what an input gets that was left out, or lazy and not asked for.
    return None if value is None else list(values_of(value))


def _at(value: object, index: int) -> object:
    return value.values[min(index, len(value.values) - 1)] if isinstance(value, Many) else value


def blocker(arguments: Mapping[str, object]) -> Blocked | None:
    """Return what keeps a call from being made: with a message if any input has one, and with any failure."""
    found: list[Blocked] = []
    for value in arguments.values():
        if isinstance(value, list):
            found += (one for one in cast("list[object]", value) if isinstance(one, Blocked))
        elif isinstance(value, Blocked):
            found.append(value)
    if not found:
        return None
    message = next((one.message for one in found if one.message is not None), None)
    return Blocked(message, failed=any(one.failed for one in found))


def has_failed(entry: Entry) -> bool:
    """Tell whether something in a result stands for a failure."""
    return any(
        isinstance(value, Blocked) and value.failed for held in entry.outputs for value in values_of(held)
    )


def merged(node_type: NodeType, results: Sequence[Entry]) -> Entry:
    """Return the results of a node's calls as one.

    Values of each output are strung together, and so are the lists that the calls show. Raises TypeError
    when several calls show something else than lists.
    """
    if len(results) == 1:
        return results[0]
    slots = range(len(node_type.outputs))
    return Entry(
        outputs=tuple(
            held_as([value for result in results for value in values_of(result.outputs[slot])])
            for slot in slots
        ),
        ui=_shown(node_type, [result.ui for result in results if result.ui is not None]),
        files=tuple(file for result in results for file in result.files),
        seconds=sum(result.seconds for result in results),
    )


def _shown(node_type: NodeType, shown: Sequence[Mapping[str, Json]]) -> Mapping[str, Json] | None:
    if not shown:
        return None
    together: dict[str, Json] = {}
    for key in shown[0]:
        together[key] = joined = list[Json]()
        for one in shown:
            values = one.get(key, [])
            if not isinstance(values, list):
                kind = type(values).__name__
                why = "a node that is called for each value of a list must show lists"
                raise TypeError(f"{node_type.name} shows {key!r} as {kind}; {why}")
            joined += values
    return together
