"""The outbox: facts keep their order, states only their latest value, heavy states their distance."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

import pytest

from inkloom.executor import NodeFinished, NodeStarted, Progress, RunDone, RunStarted
from inkloom.server.jobs.job import Job
from inkloom.server.sockets.messages import Message
from inkloom.server.sockets.outbox import LIGHT, SECONDS_PER_NODE, Outbox
from inkloom.server.sockets.story import Story


def fact(name: str, ends: str | None = None) -> Message:
    return Message(type=name, data={}, ends=ends)


def state(name: str, weight: int = 1) -> Message:
    return Message(type=name, data={"nodes": {}}, slot="run", weight=weight)


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
                found += [message.type for message in await outbox.take()]
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
    await outbox.take()
    outbox.put(state("s2", LIGHT + 1))
    async with asyncio.timeout(10):
        assert [message.type for message in await outbox.take()] == ["s2"]


NODES = 1000
MOST_BYTES = 2 * 10**6


def told_of(*, steps: int) -> Iterator[Message]:
    """Yield the messages of a run of many nodes that each take so many steps."""
    story = Story(Job(id="j" * 36, number=0, prompt="{}", extra_data={}, outputs=()))
    names = [str(number) for number in range(NODES)]
    yield from story.tell(RunStarted(nodes=tuple(names), cached=(), outputs=()))
    for name in names:
        yield from story.tell(NodeStarted(node=name, display_node=name, class_type="K"))
        for done in range(1, steps + 1):
            yield from story.tell(Progress(node=name, display_node=name, done=done, total=steps))
        ended = NodeFinished(node=name, display_node=name, class_type="K", ui=None, cached=False)
        yield from story.tell(ended)
    story.tell(RunDone(seconds=1.0))
    assert story.ending is not None
    yield story.ending


@pytest.mark.parametrize("seconds", [0.0, 0.0003, 0.1, 10.0])
@pytest.mark.parametrize("steps", [0, 1])
async def test_a_large_run_is_told_in_few_bytes_and_every_last_state_arrives(
    seconds: float, steps: int
) -> None:
    clock = Clock()
    outbox = Outbox(clock=clock)
    sent: list[Message] = []
    for message in told_of(steps=steps):
        clock.now += seconds
        assert outbox.put(message)
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(0):
                    sent += await outbox.take()
    assert sum(len(message.to_json()) for message in sent) <= MOST_BYTES
    states = [message for message in sent if message.type == "progress_state"]
    last: dict[str, Any] = {}
    for message in states:
        last |= cast(dict[str, Any], message.data["nodes"])
    assert {node["state"] for node in last.values()} == {"finished"}
    assert len(last) == NODES
    assert states[-1].data["nodes"] == last, "the last one has every node"
    assert sent[-1].type == "execution_success"


async def test_an_end_that_does_not_concern_it_wakes_nobody() -> None:
    looks: list[int] = []

    def clock() -> float:
        looks.append(1)
        return 0.0

    outbox = Outbox(clock=clock)
    taking = asyncio.create_task(outbox.take())
    await asyncio.sleep(0)
    before = len(looks)
    outbox.end("run of another")
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(looks) == before
    outbox.put(fact("a"))
    assert [message.type for message in await taking] == ["a"]


async def test_an_end_lets_go_what_a_client_waits_for() -> None:
    outbox = Outbox(clock=Clock())  # whose time does not pass: nothing else lets go what is held
    heavy = 10**6
    outbox.put(state("s1", heavy))
    await outbox.take()
    outbox.put(state("s2", heavy))
    taking = asyncio.create_task(outbox.take())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not taking.done()
    outbox.end("run")
    async with asyncio.timeout(10):
        assert [message.type for message in await taking] == ["s2"]
