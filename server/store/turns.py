"""What many ask of a thread in one turn of an event loop, handed over at once.

To wake a thread takes longer than most of what it is woken for, and it gets little done before the turn ends.
"""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Turns(Generic[Item]):
    """Gathers items until the turn ends, then gives them away in their order; one loop at a time may add."""

    def __init__(self, give: Callable[[list[Item]], object]) -> None:
        self._give = give
        self._items: list[Item] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, item: Item) -> None:
        """Give an item away when this turn ends."""
        loop = asyncio.get_running_loop()
        if not self._items or loop is not self._loop:  # the other one may have been closed in its turn
            self._loop = loop
            loop.call_soon(self.end)
        self._items.append(item)

    def end(self) -> None:
        """Give away now what there is."""
        items, self._items = self._items, []
        if items:
            self._give(items)
