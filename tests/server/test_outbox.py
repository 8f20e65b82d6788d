"""The outbox: facts keep their order, states only their latest value, heavy states their distance."""

import asyncio

import pytest

from inkloom.server.messages import Message
from inkloom.server.outbox import LIGHT, SECONDS_PER_NODE, Outbox


def fact(name: str, ends: str | None = None) -> Message:
    return Message(type=name, data={}, ends=ends)


def state(name: str, weight: int = 1) -> Message:
    return Message(type=name, data={}, slot="run", weight=weight)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def taken(outbox: Outbox) -> list[str]:
    """Take what may go out now."""
    found: list[str] = []
    while True:
        try:
            async with asyncio.timeout(0):
                found.append((await outbox.get()).type)
        except TimeoutError:
            return found


@pytest.mark.parametrize(
    ("put", "expected"),
    [
        ([fact("a"), fact("b")], ["a", "b"]),
        ([fact("a"), fact("a")], ["a", "a"]),
        ([state("s1"), state("s2")], ["s2"]),
        ([state("s1"), fact("a"), state("s2"), fact("b")], ["a", "s2", "b"]),
    ],
)
async def test_order_for_a_client_that_is_behind(put: list[Message], expected: list[str]) -> None:
    outbox = Outbox(behind=0)
    for message in put:
        assert outbox.put(message)
    assert await taken(outbox) == expected


async def test_a_client_that_keeps_up_sees_every_light_state() -> None:
    outbox = Outbox(behind=3)
    for name in "abcdef":
        outbox.put(state(name))
    assert await taken(outbox) == ["a", "b", "c", "f"]


async def test_a_client_that_does_not_read_is_given_up() -> None:
    outbox = Outbox(limit=3)
    assert [outbox.put(fact(str(i))) for i in range(4)] == [True, True, True, False]


async def test_states_alone_never_fill_it() -> None:
    outbox = Outbox(limit=3, behind=2)
    assert all(outbox.put(state(str(i))) for i in range(100))


async def test_heavy_states_are_paced_and_the_last_one_arrives() -> None:
    clock = Clock()
    outbox = Outbox(clock=clock)
    heavy = LIGHT + 1
    outbox.put(state("s1", heavy))
    assert await taken(outbox) == ["s1"]
    outbox.put(state("s2", heavy))
    outbox.put(fact("a"))
    assert await taken(outbox) == ["a"], "s2 comes too soon after s1"
    clock.now += heavy * SECONDS_PER_NODE
    assert await taken(outbox) == ["s2"]
    outbox.put(state("s3", heavy))
    outbox.put(fact("end", ends="run"))
    assert await taken(outbox) == ["s3", "end"]


async def test_get_waits_for_a_held_state() -> None:
    outbox = Outbox()
    outbox.put(state("s1", LIGHT + 1))
    await outbox.get()
    outbox.put(state("s2", LIGHT + 1))
    async with asyncio.timeout(10):
        assert (await outbox.get()).type == "s2"
