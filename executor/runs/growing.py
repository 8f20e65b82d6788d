"""Nodes that wait for what they expanded into: for a few nodes, or for the items of a collection one by one.

An item stands in the agenda under a name of its own. When everything that it expanded into is done, its
outputs are taken, its nodes are forgotten, and the next item is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ..caches.memory_cache import Entry
from ..graphs.graph import Link
from ..node_types.results import Blocked, Each, Expansion, held_as, values_of
from .agenda import Agenda
from .calls import Result, expect_outputs
from .lists import has_failed, merged
from .running_graph import Running, UnkeyedError
from .telling import Failure, Teller, failure_of


class AllItemsFailedError(Exception):
    """Of a collection no single item could be worked through."""


class CollectionError(Exception):
    """The node `node` can't go on with its collection; `__cause__` says why."""

    def __init__(self, node: str) -> None:
        self.node = node
        super().__init__(node)


EQUAL_FAILED = Failure("", "what it shares with another item failed there", (), {})


class _Waiting:
    """A node that waits: what each of its calls gave, an Entry once it is known, and the seconds it took."""

    __slots__ = ("partial", "parts", "seconds")

    def __init__(self, parts: Sequence[Result], seconds: float) -> None:
        self.parts, self.seconds = list(parts), seconds
        self.partial = False
        """Whether something lacks in the result: items that failed shall be tried again."""


class _Collection:
    """The items of one `Each`, as far as they were drawn."""

    __slots__ = ("active", "drawn", "each", "failed", "items", "name", "over", "part", "partial", "values")

    def __init__(self, name: str, part: int, each: Each) -> None:
        self.name, self.part, self.each = name, part, each
        self.items: Iterator[Expansion] | None = iter(each.items)
        self.drawn = self.active = 0
        self.failed: dict[int, Failure] = {}
        self.values: dict[int, tuple[object, ...]] = {}
        self.partial = False
        self.over = False
        """Whether the node failed: items in hand come to their end, and no more are drawn."""


class Growing:
    """What the nodes of a run expanded into and still wait for."""

    def __init__(
        self,
        running: Running,
        agenda: Agenda,
        teller: Teller,
        value: Callable[[Link], object],
        check: Callable[[], None],
    ) -> None:
        self._running, self._agenda, self._teller = running, agenda, teller
        self._value, self._check = value, check
        self._waiting: dict[str, _Waiting] = {}
        self._items: dict[str, tuple[_Collection, int, Sequence[object]]] = {}
        self.failed = 0
        """How many items were left out, since a node failed."""

    def is_waiting(self, name: str) -> bool:
        """Tell whether this is a node that has expanded, or an item."""
        return name in self._waiting or name in self._items

    def grow(self, name: str, results: Sequence[Result], seconds: float) -> None:
        """Make a taken node wait for what its calls expanded into; raises what `Running.grow` raises."""
        item = self._running.items.get(name)
        sources: list[str] = []
        outputs: list[str] = []
        for result in results:
            if isinstance(result, Expansion):
                made = self._running.grow(name, result, item)
                sources += _linked(result.outputs)
                outputs += self._outputs(made)
        self._waiting[name] = _Waiting(results, seconds)
        # An item is not done before everything in it is.
        waits = [*sources, *outputs] if item is not None else sources
        self._tell(self._agenda.defer(name, list(dict.fromkeys(waits)), outputs))

    def settle(self, name: str) -> tuple[Entry, bool] | None:
        """Go on with a node or item whose expansion is done; return its result, None while more is to come.

        Beside the result it says whether something lacks in that. Raises `CollectionError`.
        """
        if name in self._items:
            self._settle_item(name)
            return None
        waiting = self._waiting[name]
        for place, part in enumerate(waiting.parts):
            if isinstance(part, Expansion):
                waiting.parts[place] = Entry(outputs=self._values(part.outputs))
                waiting.partial = waiting.partial or self._running.is_partial(part.outputs)
        for place, part in enumerate(waiting.parts):
            if isinstance(part, Each):
                self._draw(_Collection(name, place, part))
                return None
        del self._waiting[name]
        entries = [part for part in waiting.parts if isinstance(part, Entry)]
        node_type = self._running.type_of(name)
        result = merged(node_type, entries)
        entry = Entry(
            outputs=result.outputs,
            ui=result.ui,
            files=result.files,
            seconds=waiting.seconds,
            class_type=node_type.name,
        )
        return entry, waiting.partial

    def drop(self, name: str) -> None:
        """Forget that a node waits, since it failed."""
        self._waiting.pop(name, None)

    def fail_item(self, item: str, failure: Failure) -> None:
        """Note that a node of an item failed."""
        collection, index, _ = self._items[item]
        collection.failed.setdefault(index, failure)

    def _draw(self, collection: _Collection) -> None:
        """Begin items until as many are in hand as may be, and end the collection when none is left."""
        try:
            while collection.items is not None and collection.active < collection.each.together:
                self._check()
                expansion = next(collection.items, None)
                if expansion is None:
                    collection.items = None
                else:
                    index, collection.drawn = collection.drawn, collection.drawn + 1
                    self._begin_item(collection, index, expansion)
            if not collection.active:
                self._end(collection)
        except Exception as error:
            collection.over = True
            raise CollectionError(collection.name) from error

    def _begin_item(self, collection: _Collection, index: int, expansion: Expansion) -> None:
        running, name = self._running, collection.name
        item = f"{name}[{index}]"
        running.add_item(name, item)
        try:
            expect_outputs(running.type_of(name), len(expansion.outputs))
            made = running.grow(name, expansion, item)
        except Exception as error:  # noqa: BLE001 -- a missing file, say: this item is wrong, not the node
            blamed = error.node if isinstance(error, UnkeyedError) else item
            collection.failed[index] = failure = failure_of(error.__cause__ or error)
            self._teller.failed(blamed, failure)
            running.forget_item(item)
            self._tell_progress(collection)
            return
        inside = set(made)
        links = (link.node for new in made for _, link in running.nodes[new].links())
        self._agenda.keep(name, [source for source in links if source not in inside])
        collection.active += 1
        self._items[item] = (collection, index, expansion.outputs)
        sources = dict.fromkeys([*_linked(expansion.outputs), *self._outputs(made)])
        self._tell(self._agenda.gather(item, list(sources)))

    def _settle_item(self, item: str) -> None:
        collection, index, outputs = self._items.pop(item)
        values = self._values(outputs)
        if has_failed(Entry(outputs=values)):
            collection.failed.setdefault(index, EQUAL_FAILED)
        collection.partial = collection.partial or self._running.is_partial(outputs)
        if index not in collection.failed and not any(isinstance(value, Blocked) for value in values):
            collection.values[index] = values
        self._agenda.finish(item, Entry())
        self._running.forget_item(item)
        collection.active -= 1
        if not collection.over:
            self._tell_progress(collection)
            self._draw(collection)

    def _end(self, collection: _Collection) -> None:
        """Give a node what the items of its collection gave."""
        name, failed = collection.name, collection.failed
        if failed and len(failed) == collection.drawn:
            first = failed[min(failed)]
            raise AllItemsFailedError(f"all {len(failed)} items failed, the first with: {first.message}")
        self.failed += len(failed)
        waiting = self._waiting[name]
        waiting.partial = waiting.partial or collection.partial or bool(failed)
        given = [values for _, values in sorted(collection.values.items())]
        slots = range(len(self._running.type_of(name).outputs))
        waiting.parts[collection.part] = Entry(
            outputs=tuple(
                held_as(
                    [
                        value
                        for values in given
                        for value in values_of(values[slot])
                        if not isinstance(value, Blocked)
                    ]
                )
                for slot in slots
            )
        )
        self._agenda.defer(name, [], [])

    def _outputs(self, made: Iterable[str]) -> list[str]:
        return [name for name in made if self._running.type_of(name).output_node]

    def _values(self, given: Sequence[object]) -> tuple[object, ...]:
        """Replace links by what the slots hold that they lead to."""
        return tuple(self._value(one) if isinstance(one, Link) else one for one in given)

    def _tell(self, known: Mapping[str, Entry]) -> None:
        for name, entry in known.items():
            if name in self._running.parents:
                self._teller.finished(name, entry, cached=True)

    def _tell_progress(self, collection: _Collection) -> None:
        done = collection.drawn - collection.active
        self._teller.progress(collection.name, done, max(collection.each.count, done))


def _linked(given: Iterable[object]) -> list[str]:
    return [one.node for one in given if isinstance(one, Link)]
