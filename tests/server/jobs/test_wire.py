"""The queue and the history as JSON in pieces: however they are cut, they say the same."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

import pytest

from inkloom.server.jobs import wire
from inkloom.server.store import Ended, Job, Outcome, Queue

Piece = TypeVar("Piece")


def job(ticket: int) -> Job:
    return Job(
        ticket=ticket,
        id=f"j{ticket}",
        number=ticket,
        client=None,
        user="",
        created=0,
        prompt="{}",
        extra_data="{}",
        targets="[]",
    )


def ended(ticket: int) -> Ended:
    outcome = Outcome(state="done", outputs='{"9": {}}', meta="{}", messages="[]")
    return Ended(job=job(ticket), outcome=outcome, attempt=1, started=0, ended=0)


async def each(pieces: Sequence[Piece]) -> AsyncIterator[Piece]:
    for piece in pieces:
        yield piece


def queue(running: Sequence[int], waiting: Sequence[int]) -> Queue:
    return Queue(running=tuple(map(job, running)), waiting=tuple(map(job, waiting)))


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [queue([], [])],
        [queue([1], [])],
        [queue([], [2])],
        [queue([1], [2])],
        [queue([1, 2], [3, 4])],
        [queue([1], []), queue([2], []), queue([], [3]), queue([], []), queue([], [4])],
        [queue([1], []), queue([], []), queue([2], [3]), queue([], [4])],
    ],
)
async def test_the_queue(pieces: list[Queue]) -> None:
    told = json.loads("".join([text async for text in wire.queue(each(pieces))]))
    running = [json.loads(wire.item(one)) for piece in pieces for one in piece.running]
    waiting = [json.loads(wire.item(one)) for piece in pieces for one in piece.waiting]
    assert told == {"queue_running": running, "queue_pending": waiting}


@pytest.mark.parametrize("cuts", [[], [[]], [[1]], [[1, 2, 3]], [[1], [2], [3]], [[], [1], [], [2, 3], []]])
async def test_the_history(cuts: list[list[int]]) -> None:
    pieces = [[ended(ticket) for ticket in piece] for piece in cuts]
    told = json.loads("".join([text async for text in wire.history(each(pieces))]))
    assert told == {one.job.id: json.loads(wire.entry(one)) for piece in pieces for one in piece}
    assert list(told) == [f"j{ticket}" for piece in cuts for ticket in piece]
