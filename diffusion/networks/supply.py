"""Where the layers of a network get their weights from while it computes: each is asked for in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeAlias

from torch import nn

Lend: TypeAlias = Callable[[nn.Module], AbstractContextManager[object]]
"""Gives a layer what it computes with, for as long as the context lasts."""


def lent_in_place(layer: nn.Module) -> AbstractContextManager[object]:
    """Lend to a layer what it has."""
    del layer
    return nullcontext()


class Supply(Protocol):
    """Lends the layers of a network their weights."""

    def in_turn(self, layers: Sequence[nn.Module]) -> AbstractContextManager[Lend]:
        """Begin to lend to these layers, in about this order; some of them may be left out."""
        ...


class InPlace:
    """The supply of a network whose weights all lie where they compute."""

    def in_turn(self, layers: Sequence[nn.Module]) -> AbstractContextManager[Lend]:
        """Lend what is there."""
        del layers
        return nullcontext(lent_in_place)


IN_PLACE = InPlace()


class Streamable(nn.Module):
    """A network that asks its supply for each layer before it computes with it."""

    supply: Supply = IN_PLACE

    def layers(self) -> Sequence[nn.Module]:
        """Return the layers that it asks for, in the order in which it does; they hold all its weights."""
        raise NotImplementedError
