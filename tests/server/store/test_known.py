"""Jobs that are kept to be shown again: the ones that were meant, and not too many."""

from dataclasses import replace
from pathlib import Path

import pytest

from inkloom.server.store import Job, NewJob, Store, sqlite_url
from inkloom.server.store.altering import REORDER, Reorder
from inkloom.server.store.known import Known
from inkloom.server.store.pages import FEW
from inkloom.server.store.values import Place

ONE = Job(
    ticket=1, id="a", number=1, client=None, user="", created=0, prompt="xxxx", extra_data="", targets=""
)


def place(job: Job) -> Place:
    return Place(ticket=job.ticket, size=0, number=float(job.number))


def test_the_oldest_go_when_there_is_no_room() -> None:
    jobs = [replace(ONE, ticket=ticket) for ticket in range(5)]
    known = Known(most=12)
    known.add(jobs)
    known.add(jobs[3:])
    assert [known.get(place(job)) for job in jobs] == [None, None, *jobs[2:]]
    known.add([replace(ONE, ticket=9, prompt="x" * 13)])
    assert known.get(place(jobs[2])) == jobs[2], "what has no room at all takes none"


def test_a_job_of_another_number_is_another() -> None:
    known = Known()
    known.add([ONE])
    assert known.get(place(replace(ONE, number=2))) is None


@pytest.mark.parametrize("count", [1, FEW, 2 * FEW + 5])
async def test_a_queue_that_is_looked_at_again_and_again_is_the_one_there_is(
    tmp_path: Path, count: int
) -> None:
    store = Store.open(sqlite_url(tmp_path / "jobs.sqlite"))

    async def queue() -> list[Job]:
        pieces = [piece async for piece in store.queue_in_pieces()]
        return [job for piece in pieces for job in (*piece.running, *piece.waiting)]

    async def seen_twice() -> None:
        now = await store.queue()
        assert await queue() == await queue() == [*now.running, *now.waiting]

    for number in range(count):
        await store.accept(NewJob(id=f"{number}", prompt="1", extra_data="2", targets="3", created=0))
    await seen_twice()
    await store.accept(NewJob(id="late", prompt="1", extra_data="2", targets="3", created=0))
    await seen_twice()
    await store.change(REORDER, Reorder(id="late", user=None, number=None))
    await seen_twice()
    assert (await queue())[0].id == "late"
    await store.lease("me", most=1)
    await seen_twice()
    await store.drop({"0"})
    await seen_twice()
    await store.close()


async def test_what_was_just_queued_is_shown_as_it_was_stored(tmp_path: Path) -> None:
    store = Store.open(sqlite_url(tmp_path / "jobs.sqlite"))
    for name, number in (("a", None), ("é", 7.0), ("b", 2.5), ("\ud800", -0.0), ("c", 1e300)):
        job = NewJob(id=name, prompt='"é"', extra_data='"ü"', targets="[]", created=5, number=number)
        await store.accept(replace(job, client=name, user="u", front=name == "a"))
    shown = [job async for piece in store.queue_in_pieces() for job in piece.waiting]
    stored = (await store.queue()).waiting
    assert repr(shown) == repr([*stored]), "7 is not 7.0"
    await store.close()
