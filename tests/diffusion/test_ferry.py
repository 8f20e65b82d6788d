"""Weights that pass by on a device that computes later: none goes, and none comes, before its turn."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from inkloom.diffusion.networks.ferry import AT_ONCE, Marked, ferry_to
from inkloom.diffusion.networks.placing import Placed
from inkloom.diffusion.networks.streaming import LayerSize, Stream, least_room, room_ahead
from inkloom.diffusion.networks.supply import Lend
from inkloom.diffusion.networks.twin import Twin, converted
from inkloom.diffusion.networks.weights import CPU, Copies

SIZES = (7, 90, 33, 12, 64, 5)
DTYPE = torch.float64


class Card:
    """A device that does what it is asked for when somebody waits for it, and not before."""

    def __init__(self) -> None:
        self.queue: list[str] = []
        self.done = 0

    def ask(self, what: str) -> None:
        self.queue.append(what)

    def reach(self, place: int) -> None:
        self.done = max(self.done, place)


class Place:
    """A mark in the card's queue."""

    def __init__(self, card: Card) -> None:
        self.card, self.place = card, len(card.queue)

    def synchronize(self) -> None:
        self.card.reach(self.place)


class Late:
    """Carries to such a card."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.followed: list[Marked] = []

    def carry(self, tensor: Tensor, dtype: torch.dtype, device: torch.device) -> Tensor:
        return converted(tensor, dtype, device)

    def carried(self) -> Marked:
        return Place(self.card)

    def follow(self, carried: Marked) -> None:
        self.followed.append(carried)

    def computed(self) -> Marked:
        return Place(self.card)


class Layers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.ModuleList(nn.Linear(1, size, bias=False) for size in SIZES)
        self.requires_grad_(False)


@pytest.fixture
def twin() -> Twin:
    return Twin(Layers(), DTYPE, CPU)


def sizes() -> list[LayerSize]:
    return [LayerSize(size * DTYPE.itemsize) for size in SIZES]


def rows(twin: Twin) -> list[nn.Module]:
    return list(twin.network.get_submodule("rows").children())


def present(twin: Twin) -> list[int]:
    return [place for place, row in enumerate(rows(twin)) if twin.present(row)]


def rooms() -> dict[str, int]:
    return {"one layer": least_room(sizes()), "the next too": room_ahead(sizes())}


@pytest.mark.parametrize("room", rooms().values(), ids=rooms().keys())
def test_a_layer_stays_until_it_is_computed_and_its_room_is_free_before_another_comes(twin: Twin, room: int):
    card = Card()
    stream = Stream(twin, rows(twin), sizes(), room, ferry=Late(card))
    held = {place: size.held for place, size in enumerate(sizes())}
    with stream.in_turn(rows(twin)) as lend:
        for place, row in enumerate(rows(twin)):
            with lend(row):
                card.ask(f"compute {place}")
                # What the card has not computed yet must lie there still.
                assert set(range(card.done, place + 1)) <= set(present(twin))
                assert sum(held[there] for there in present(twin)) <= room
    assert card.done == len(SIZES)
    assert not present(twin)


@pytest.mark.parametrize("room", rooms().values(), ids=rooms().keys())
def test_every_layer_is_waited_for_before_it_computes(twin: Twin, room: int):
    ferry = Late(Card())
    stream = Stream(twin, rows(twin), sizes(), room, ferry=ferry)
    with stream.in_turn(rows(twin)) as lend:
        for place, row in enumerate(rows(twin)):
            with lend(row):
                assert len(ferry.followed) == place + 1
                assert isinstance(ferry.followed[-1], Place)


@pytest.mark.parametrize("order", [(0, 0, 1, 1), (3, 1, 4), (5, 4, 3, 2, 1, 0), (0, 1, 0, 1)])
@pytest.mark.parametrize("room", rooms().values(), ids=rooms().keys())
def test_layers_may_come_in_another_order_and_again(twin: Twin, room: int, order: tuple[int, ...]):
    card = Card()
    stream = Stream(twin, rows(twin), sizes(), room, ferry=Late(card))
    with stream.in_turn(rows(twin)) as lend:
        for place in order:
            with lend(rows(twin)[place]):
                assert place in present(twin)
                card.ask(f"compute {place}")
    assert not present(twin)


class StopError(Exception):
    pass


@pytest.mark.parametrize("last", range(len(SIZES)))
def test_a_call_that_fails_leaves_nothing(twin: Twin, last: int):
    card = Card()
    stream = Stream(twin, rows(twin), sizes(), room_ahead(sizes()), ferry=Late(card))

    def compute(lend: Lend, place: int) -> None:
        with lend(rows(twin)[place]):
            card.ask(f"compute {place}")
            if place == last:
                raise StopError

    def computed_all() -> None:
        with stream.in_turn(rows(twin)) as lend:
            for place in range(len(SIZES)):
                compute(lend, place)

    with pytest.raises(StopError):
        computed_all()
    assert not present(twin)


def test_one_layer_ahead_is_what_the_room_is_for():
    pairs = [one.held + other.held for one, other in pairwise(sizes())]
    assert room_ahead(sizes()) == max(pairs) > least_room(sizes())


def test_only_cards_have_streams_of_their_own():
    assert ferry_to(CPU) is AT_ONCE
    assert ferry_to(torch.device("meta")) is AT_ONCE


def test_copies_are_known_by_their_device():
    network, copies = Layers(), Copies()
    here, there = (copies.placed(network, DTYPE, device) for device in (CPU, torch.device("meta")))
    assert isinstance(here, Placed)
    assert (here.device, there.device) == ("cpu", "meta")
    assert copies.placed(network, DTYPE, CPU) is not here  # the last copy is kept, no other
