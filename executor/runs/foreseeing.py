"""What the nodes of a run will need and give, as far as it can be told before they are reached."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import cast

from ..caches.memory_cache import Entry
from ..graphs.graph import Link, Node
from ..memory.fitting import Memory
from ..memory.manager import NoRoomError
from ..node_types.node_type import NodeType
from ..node_types.results import Blocked, Foreseen, Many


class Foresight:
    """Asks pending nodes what they will need, each as soon as its sources' results, or sizes, are known.

    A node whose type has no `foresees=` is not asked, and what depends on its result waits for that. `result`
    gives what is known of a node.
    """

    def __init__(
        self,
        types: Mapping[str, NodeType],
        nodes: Mapping[str, Node],
        memory: Memory,
        device: str,
        result: Callable[[str], Entry | None],
    ) -> None:
        self._types, self._nodes, self._memory = types, nodes, memory
        self._device, self._result = device, result
        self.needs: dict[str, int] = {}
        """The bytes that each node will compute in of which that is known; of one without room the least."""
        self._open: dict[str, NodeType] = {}
        self._foreseen: dict[str, tuple[object, ...]] = {}
        self._waiting: dict[str, list[str]] = {}  # by the node that they wait for

    def begin(self, order: Iterable[str], pending: Collection[str]) -> tuple[str, Exception] | None:
        """Ask those of a run's pending nodes that can be asked; `order` has each after its sources.

        Return one that can't be computed, and why: of those without room the one that needs most, so that
        what is told is enough for all.
        """
        types, nodes = self._types, self._nodes
        asked = {name for name in pending if types[nodes[name].class_type].foresees is not None}
        if not asked:
            return None
        self._open = {name: types[nodes[name].class_type] for name in order if name in asked}
        for name in self._open:
            links = [link for key, link in nodes[name].links() if self._takes(name, key)]
            for source in dict.fromkeys(link.node for link in links):
                self._waiting.setdefault(source, []).append(name)
        return self._look(list(self._open))

    def go_on(self, finished: str) -> tuple[str, Exception] | None:
        """Ask those that can be asked now that a node has its result, and return what `begin` does."""
        names = self._waiting.pop(finished, None)
        return None if names is None else self._look(names)

    def _look(self, names: list[str]) -> tuple[str, Exception] | None:
        largest: tuple[str, NoRoomError] | None = None
        for name in names:  # it grows: what a node foresees lets others be asked
            kind = self._open.get(name)
            known = None if kind is None else self._known(name, kind)
            if kind is None or kind.foresees is None or known is None:
                continue
            del self._open[name]
            try:
                foreseen = cast("Foreseen | None", kind.foresees.ask(known))
                if foreseen is not None:
                    self._foreseen[name] = foreseen.outputs
                    needed = self._memory.foresee(foreseen.weights, foreseen.ways, self._device)
                    if foreseen.ways:
                        self.needs[name] = needed
            except NoRoomError as error:
                self.needs[name] = error.needed
                if largest is None or error.needed > largest[1].needed:
                    largest = name, error
            except Exception as error:  # noqa: BLE001 -- it would come to the same when the node is called
                return name, error
            names += self._waiting.get(name, ())
        return largest

    def _known(self, name: str, kind: NodeType) -> dict[str, object] | None:
        """Return what a node's function is asked with, None while something of it is not known."""
        node, known = self._nodes[name], dict(kind.defaults)
        for key in node.inputs.keys() & kind.inputs.keys():
            if not self._takes(name, key):
                continue
            given = node.inputs[key]
            if isinstance(given, Link):
                values = self._outputs(given.node)
                if given.slot >= len(values) or isinstance(values[given.slot], Many | Blocked):
                    return None
                given = values[given.slot]
            known[key] = given
        return known

    def _outputs(self, name: str) -> tuple[object, ...]:
        entry = self._result(name)
        return self._foreseen.get(name, ()) if entry is None else entry.outputs

    def _takes(self, name: str, key: str) -> bool:
        helper = self._open[name].foresees if name in self._open else None
        return helper is not None and (helper.takes is None or key in helper.takes)
