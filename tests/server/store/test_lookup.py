"""Jobs one by one: found, moved in the queue, cancelled; on every database."""

import asyncio
from dataclasses import replace

import pytest

from inkloom.server.store import Accepted, IdTaken, NewJob, Outcome, State, Store, StoredEvent
from inkloom.server.store.altering import CANCEL, REORDER, Cancel, Reorder
from inkloom.server.store.lookup import (
    are_unwanted,
    find,
    find_again,
    given,
    mark,
    moved,
    page,
    places,
)
from inkloom.server.store.reading import events_behind
from inkloom.server.store.values import Mark

from .conftest import Clock

DONE = Outcome(state="done", outputs='{"9": {"text": ["4"]}}', meta="{}", messages="[]")
FAILED = replace(DONE, state="failed")


def job(name: str, user: str = "me", **more: object) -> NewJob:
    fields = {"prompt": f'{{"{name}": 1}}', "extra_data": "{}", "targets": "[]", "created": 5, **more}
    return NewJob(id=name, user=user, **fields)  # pyright: ignore[reportArgumentType] -- of many types


async def queued(store: Store, names: str, user: str = "me") -> list[int]:
    answers = [await store.accept(job(name, user)) for name in names]
    return [answer.ticket for answer in answers if isinstance(answer, Accepted)]


async def run(store: Store, outcome: Outcome = DONE) -> None:
    """End the first of those that wait."""
    [leased] = await store.lease("server")
    assert await store.finish(leased.lease, outcome)


async def line(store: Store) -> str:
    return "".join(one.id for one in (await store.queue()).waiting)


async def cancel(store: Store, name: str, user: str | None = "me") -> State | None:
    return await store.change(CANCEL, Cancel(id=name, user=user, at=7, messages='[["stopped", {}]]'))


async def reorder(store: Store, name: str, number: float | None, user: str | None = "me") -> State | None:
    return await store.change(REORDER, Reorder(id=name, user=user, number=number))


async def test_a_job_is_found_in_each_state(store: Store) -> None:
    await store.accept(job("a", asked="digest", retry_of="before", client="c"))
    found = await store.read(find, "a", "me")
    assert found is not None
    assert (found.state, found.asked, found.retry_of, found.attempt) == ("waiting", "digest", "before", 0)
    assert await store.read(find, "a", "you") is None
    assert await store.read(find, "a", None) == found == await store.read(find_again, found.ticket)
    assert await store.read(find, "b", None) is None
    text = await store.read(given, found.ticket)
    assert text is not None
    assert (text.prompt, text.client) == ('{"a": 1}', "c")
    [leased] = await store.lease("server")
    running = await store.read(find, "a", "me")
    assert running is not None
    assert (running.state, running.attempt, running.ended, running.outputs) == ("running", 1, None, None)
    await store.finish(leased.lease, FAILED)
    failed = await store.read(find, "a", "me")
    assert failed is not None
    assert (failed.state, failed.outputs, failed.messages) == ("failed", DONE.outputs, "[]")
    assert failed.ended is not None
    await queued(store, "a")  # another of that id: it comes first
    again = await store.read(find, "a", "me")
    assert again is not None
    assert again.ticket > found.ticket
    assert await store.forget({"a"}) == 1
    assert await store.read(find_again, found.ticket) is None
    assert await store.read(given, found.ticket) is None


async def test_only_once(store: Store) -> None:
    """An id that is not to be used twice is not, also after its job has ended; others' jobs don't count."""
    await store.accept(job("a", "you"))
    assert await store.accept(job("a", once=True)) == IdTaken(id="a")
    await run(store)
    assert isinstance(await store.accept(job("a", once=True)), Accepted)
    assert await store.accept(job("a", once=True)) == IdTaken(id="a")
    await run(store)
    assert await store.accept(job("a", once=True)) == IdTaken(id="a")
    many = await asyncio.gather(*(store.accept(job("b", once=True)) for _ in range(8)))
    assert [isinstance(answer, Accepted) for answer in many].count(True) == 1
    assert isinstance(await store.accept(job("a")), Accepted), "who does not ask for that may do it again"


async def test_pages(store: Store) -> None:
    tickets = await queued(store, "abc") + await queued(store, "de", "you")
    for outcome in (DONE, FAILED):
        await run(store, outcome)
    await store.lease("server")

    async def ids(state: State | None, before: int | None, most: int, user: str | None) -> str:
        return "".join(one.id for one in await store.read(page, state, before, most, user))

    assert await ids(None, None, 10, None) == "edcba"
    assert await ids(None, tickets[3], 2, None) == "cb"
    assert await ids(None, None, 10, "me") == "cba"
    assert await ids(None, tickets[2], 10, "you") == ""
    for state, expected in {
        "waiting": "ed",
        "running": "c",
        "done": "a",
        "failed": "b",
        "cancelled": "",
    }.items():
        assert await ids(state, None, 10, None) == expected  # pyright: ignore[reportArgumentType]


async def test_places_in_the_queue(store: Store) -> None:
    a, b, c, d = await queued(store, "abcd")
    assert await store.read(places, [a, c, d]) == {a: 0, c: 2, d: 3}
    assert await reorder(store, "c", None) == "waiting"
    assert await reorder(store, "a", 10.5) == "waiting"
    assert await line(store) == "cbda"
    assert await reorder(store, "d", None) == "waiting"
    assert await line(store) == "dcba", "front is before whatever was in front before"
    assert await store.read(places, [a, b, c, d]) == {d: 0, c: 1, b: 2, a: 3}
    [next_one] = await queued(store, "e")
    assert (await store.read(places, [next_one]))[next_one] == 3, "later ones come behind, before 10.5"
    assert await reorder(store, "b", 1, "you") is None
    assert await reorder(store, "nobody", 1) is None
    [leased] = await store.lease("server")
    assert leased.job.id == "d"
    assert await reorder(store, "d", 1) == "running"
    assert await store.read(places, [d]) == {}


async def test_cancelling_what_waits(store: Store) -> None:
    await queued(store, "ab")
    assert await cancel(store, "a", "you") is None
    assert await cancel(store, "a") == "waiting"
    assert await cancel(store, "a") is None
    found = await store.read(find, "a", "me")
    assert found is not None
    assert (found.state, found.ended, found.started, found.messages) == (
        "cancelled",
        7,
        None,
        '[["stopped", {}]]',
    )
    [entry] = await store.history()
    assert (entry.job.id, entry.outcome.state) == ("a", "cancelled")
    assert await line(store) == "b"
    assert isinstance(await store.accept(job("a")), Accepted)
    assert await cancel(store, "a", None) == "waiting"
    assert len(await store.history()) == 1, "of two ended jobs of one id the later one is kept"


async def test_cancelling_what_runs(store: Store, clock: Clock) -> None:
    """Its server hears of it, and so does the next one when that one is gone."""
    [ticket] = await queued(store, "a")
    [leased] = await store.lease("server")
    assert (leased.unwanted, await store.read(are_unwanted, [ticket])) == (False, [])
    assert await cancel(store, "a") == "running"
    assert await cancel(store, "a") == "running"
    assert await store.read(are_unwanted, [ticket]) == [ticket]
    clock.now += 60_000
    assert await store.reclaim() == 1
    [leased] = await store.lease("another")
    assert leased.unwanted
    assert await store.finish(leased.lease, replace(DONE, state="cancelled"))
    assert await cancel(store, "a") is None


async def test_events_of_one_job(store: Store) -> None:
    """They are told by the job, not by its id, which another may have."""
    seen: list[int] = []
    for user in ("me", "you"):
        [ticket] = await queued(store, "a", user)
        seen.append(ticket)
        [leased] = await store.lease("server")
        for first in (1, 4):
            few = [
                StoredEvent(seq=seq, attempt=1, at=9, body=f'"{user} {seq}"')
                for seq in range(first, first + 3)
            ]
            assert await store.note(leased.lease, few)
        await store.finish(leased.lease, DONE)
    for user, ticket in zip(("me", "you"), seen, strict=True):
        for after in range(8):
            found = await store.read(events_behind, ticket, after, 3)
            assert [one.seq for one in found] == [1, 2, 3, 4, 5, 6][after : after + 3]
            assert all(one.body.startswith(f'"{user}') for one in found)


async def test_what_has_moved(store: Store) -> None:
    begin = await store.read(mark)
    assert begin == Mark(ticket=0, ending=0)
    await queued(store, "ab")
    await queued(store, "c", "you")

    async def look(
        since: Mark, *tickets: int, most: int = 10, user: str | None = None
    ) -> tuple[list[tuple[str, State]], Mark]:
        found, behind = await store.read(moved, since, tickets, most, user)
        return [(one.id, one.state) for one in found], behind

    three = [("a", "waiting"), ("b", "waiting"), ("c", "waiting")]
    assert await look(begin) == (three, Mark(ticket=3, ending=0))
    assert await look(begin, user="you") == (three[2:], Mark(ticket=3, ending=0))
    assert await look(begin, most=2) == (three[:2], Mark(ticket=2, ending=0))
    assert await look(Mark(ticket=2, ending=0), most=2) == (three[2:], Mark(ticket=3, ending=0))
    seen = Mark(ticket=3, ending=0)
    assert await look(seen) == ([], seen)
    [leased] = await store.lease("server")
    assert await look(seen) == ([("a", "running")], seen)
    await store.give_back(leased.lease)
    assert await look(seen) == ([], seen)
    assert await look(seen, leased.lease.ticket) == ([("a", "waiting")], seen)
    await run(store)
    await cancel(store, "c", "you")
    assert await look(seen) == ([("a", "done"), ("c", "cancelled")], Mark(ticket=3, ending=2))
    assert await look(seen, most=1) == ([("a", "done")], Mark(ticket=3, ending=1))
    assert await look(Mark(ticket=3, ending=1)) == ([("c", "cancelled")], Mark(ticket=3, ending=2))
    assert await store.read(mark) == Mark(ticket=3, ending=2)


@pytest.mark.parametrize("names", ["abcdefgh"])
async def test_cancelling_and_leasing_at_once(store: Store, names: str) -> None:
    """Every job ends in one way: what was leased is told to be unwanted, what was not never begins."""
    await queued(store, names)
    before, leased = await asyncio.gather(
        asyncio.gather(*(cancel(store, name) for name in names)),
        asyncio.gather(*(store.lease("server") for _ in names)),
    )
    begun = {one.job.id for few in leased for one in few}
    for name, state in zip(names, before, strict=True):
        found = await store.read(find, name, "me")
        assert found is not None
        assert (found.state, name in begun) == (
            ("running", True) if state == "running" else ("cancelled", False)
        )
