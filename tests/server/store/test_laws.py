"""What the store promises, on every database."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import URL, create_engine, update

from inkloom.server.store import (
    Accepted,
    Counts,
    IdTaken,
    Lease,
    Load,
    NewJob,
    Outcome,
    Store,
    StoredEvent,
    StoreError,
)
from inkloom.server.store.database import DRIVERS
from inkloom.server.store.tables import VERSION, schema

from .conftest import Clock

DONE = Outcome(state="done", outputs='{"9": {"text": ["4"]}}', meta="{}", messages="[]")
NASTY = "t\ud800\0ä\U0001f58b'\"\\"


def job(name: str, number: float | None = None, *, front: bool = False) -> NewJob:
    return NewJob(
        id=name,
        prompt=f'{{"{name}": 1}}',
        extra_data="{}",
        targets="[]",
        created=5,
        number=number,
        front=front,
    )


async def queue(store: Store, names: str) -> None:
    for name in names:
        await store.accept(job(name))


async def one(store: Store, owner: str = "me") -> Lease:
    [leased] = await store.lease(owner)
    return leased.lease


async def end(store: Store, names: str) -> None:
    """Queue jobs and end each."""
    for name in names:
        await store.accept(job(name, -1e9))
        assert await store.finish(await one(store), DONE)


async def ended(store: Store) -> list[str]:
    return [found.job.id for found in await store.history()]


async def test_a_job_comes_back_as_it_went(store: Store) -> None:
    given = NewJob(
        id=NASTY,
        prompt='{"1": "ä\\ud800\\u0000"}',
        extra_data='{"client_id": 3}',
        targets='["9"]',
        created=2**41,
        number=0.5,
        client=NASTY,
        user="me",
    )
    accepted = await store.accept(given)
    assert accepted == Accepted(number=0.5, ticket=1)
    [waiting] = (await store.queue()).waiting
    for name in ("id", "prompt", "extra_data", "targets", "created", "number", "client", "user"):
        assert getattr(waiting, name) == getattr(given, name)
    [leased] = await store.lease("me")
    assert leased.job == waiting == (await store.queue()).running[0]
    assert await store.finish(leased.lease, DONE)
    found = await store.record(NASTY)
    assert found is not None
    assert (found.job, found.outcome, found.attempt) == (waiting, DONE, 1)
    assert (found.started, found.ended) == (1_000_000, 1_000_000)


async def test_numbers_count_up_and_front_is_negative(store: Store) -> None:
    numbers: list[float] = []
    for index, front in enumerate((False, False, True, True)):
        accepted = await store.accept(job(str(index), front=front))
        assert isinstance(accepted, Accepted)
        numbers.append(accepted.number)
    await store.accept(job("named", 7))  # takes no number
    await store.skip_number()  # as a refused prompt does
    accepted = await store.accept(job("last"))
    assert isinstance(accepted, Accepted)
    assert [*numbers, accepted.number] == [0, 1, -2, -3, 5]


async def test_order_is_by_number_then_by_arrival(store: Store) -> None:
    for name, number in (("a", 1), ("b", 0), ("c", 1), ("d", -2), ("e", 0.5)):
        await store.accept(job(name, number))
    assert [found.id for found in (await store.queue()).waiting] == ["d", "b", "e", "a", "c"]
    two = await store.lease("me", most=2)
    assert [leased.job.id for leased in two] == ["d", "b"]
    assert [leased.job.id for leased in await store.lease("me", most=9)] == ["e", "a", "c"]
    assert await store.lease("me") == ()
    assert await store.counts() == Counts(waiting=0, running=5, ended=0)


async def test_an_id_is_free_again_when_its_job_has_ended(store: Store) -> None:
    await store.accept(job("a"))
    assert await store.accept(job("a")) == IdTaken(id="a")
    lease = await one(store)
    assert await store.accept(job("a")) == IdTaken(id="a")
    await store.finish(lease, DONE)
    await end(store, "b")
    assert isinstance(await store.accept(job("a")), Accepted)
    assert (await store.state("a"), await ended(store)) == ("waiting", ["a", "b"]), "the old one stays until"
    await store.finish(await one(store), DONE)
    assert await ended(store) == ["b", "a"], "the new one has ended"


async def test_of_many_at_once_one_gets_the_id(store: Store) -> None:
    answers = await asyncio.gather(*(store.accept(job("a")) for _ in range(20)))
    assert [type(answer) for answer in answers] == [Accepted] + [IdTaken] * 19


async def test_what_was_accepted_outlives_the_store(url: URL) -> None:
    store = Store.open(url)
    await queue(store, "abc")
    lease = await one(store)
    await store.close()
    store = Store.open(url)
    assert await store.counts() == Counts(waiting=2, running=1, ended=0)
    assert await store.finish(lease, DONE)
    accepted = await store.accept(job("d"))
    assert isinstance(accepted, Accepted)
    assert accepted.number == 3, "the numbers go on"
    await store.close()


EVENT = StoredEvent(seq=1, attempt=1, at=1, body="{}")


LATE: list[Callable[[Store, Lease], Awaitable[bool]]] = [
    lambda store, lease: store.finish(lease, DONE, [EVENT]),
    lambda store, lease: store.note(lease, [EVENT]),
    lambda store, lease: store.heartbeat(lease),
    lambda store, lease: store.give_back(lease),
    lambda store, lease: store.give_back(lease, died="oh"),
]


@pytest.mark.parametrize("write", LATE)
async def test_a_late_attempt_writes_nothing(
    store: Store, clock: Clock, write: Callable[[Store, Lease], Awaitable[bool]]
) -> None:
    await queue(store, "a")
    late = await one(store)
    assert await store.reclaim() == 0
    clock.now += 10_001
    assert await store.reclaim() == 1
    assert not await write(store, late), "it waits again"
    [again] = await store.lease("me")
    assert again.lease.attempt == 2
    assert not await write(store, late), "the same owner runs it again"
    assert await store.events_since("a") == []
    assert (await store.state("a"), again.deaths) == ("running", 0)
    assert await store.finish(again.lease, DONE)
    assert not await write(store, again.lease), "it has ended"
    assert await ended(store) == ["a"]


async def test_a_heartbeat_prolongs_a_lease(store: Store, clock: Clock) -> None:
    await queue(store, "a")
    lease = await one(store)
    for _ in range(3):
        clock.now += 9_000
        assert await store.heartbeat(lease)
        assert await store.reclaim() == 0
    clock.now += 10_001
    assert await store.reclaim() == 1


async def test_the_jobs_of_a_dead_owner_wait_at_once(store: Store) -> None:
    await queue(store, "abc")
    await one(store, "dead")
    alive = await one(store, "alive")
    assert await store.owners() == {"dead", "alive"}
    assert await store.reclaim({"dead", "nobody"}) == 1
    assert [found.id for found in (await store.queue()).waiting] == ["a", "c"], "in its old place"
    assert await store.heartbeat(alive)


async def test_who_ends_a_job_gets_the_next_one(store: Store) -> None:
    await queue(store, "abc")
    await store.accept(job("front", front=True))
    first = await one(store)
    held, [second] = await store.hand_over(first, DONE, [EVENT])
    assert (held, second.job.id, second.lease.attempt, second.lease.owner) == (True, "a", 1, "me")
    assert await store.events_since("front") == [EVENT]
    held, [third] = await store.hand_over(first, DONE)
    assert (held, third.job.id) == (False, "b"), "of what it has lost it ends nothing"
    held, [last] = await store.hand_over(second.lease, DONE)
    assert (held, last.job.id) == (True, "c")
    assert await store.hand_over(last.lease, DONE) == (True, ()), "nothing waits"
    assert await ended(store) == ["front", "a", "c"]


async def test_deaths_are_counted_and_their_reason_kept(store: Store) -> None:
    await queue(store, "a")
    for deaths in range(3):
        [leased] = await store.lease("me")
        assert leased.deaths == deaths
        assert leased.trouble == (None if deaths == 0 else f"death {deaths - 1}")
        assert await store.give_back(leased.lease, died=f"death {deaths}")
    [leased] = await store.lease("me")
    assert await store.give_back(leased.lease), "given back without a death"
    [leased] = await store.lease("me")
    assert (leased.deaths, leased.lease.attempt) == (3, 5)


async def test_losses_of_servers_are_counted_beside_deaths(store: Store, clock: Clock) -> None:
    await queue(store, "a")
    for losses in range(3):
        [leased] = await store.lease("me")
        assert (leased.losses, leased.deaths) == (losses, 0)
        if losses == 1:  # not heard of in time
            clock.now += 10_001
            assert await store.reclaim() == 1
        else:
            assert await store.reclaim({"me"}) == 1
    assert await store.give_back(await one(store)), "a server that stops is no loss"
    [leased] = await store.lease("me")
    assert leased.losses == 3


async def test_the_load_is_what_unfinished_jobs_were_given(store: Store) -> None:
    assert await store.load() == Load(jobs=0, bytes=0)
    await end(store, "e")
    for user, name in (("a", "x"), ("a", "longer"), ("b", "y")):
        await store.accept(replace(job(name), user=user))
    sizes = {name: job(name).size for name in ("x", "longer", "y")}
    assert sizes["longer"] == sizes["x"] + 5
    assert await store.load(user="a") == Load(jobs=2, bytes=sizes["x"] + sizes["longer"])
    lease = await one(store)
    assert await store.load() == Load(jobs=3, bytes=sum(sizes.values())), "what runs counts"
    assert await store.finish(lease, DONE)
    assert await store.load() == Load(jobs=2, bytes=sizes["longer"] + sizes["y"])


async def test_events_count_on_over_attempts(store: Store) -> None:
    expected = [
        StoredEvent(seq=1, attempt=1, at=1, body='"x"'),
        StoredEvent(seq=2, attempt=1, at=2, body='{"y": "ä\\ud800\\u0000\U0001f58b"}'),
        StoredEvent(seq=3, attempt=2, at=2**41, body=" [\n1 ] "),
    ]
    await queue(store, "ab")
    [first] = await store.lease("me")
    assert first.last_event == 0
    assert await store.note(first.lease, expected[:1])
    assert await store.note(first.lease, expected[:2]), "nobody knew whether it was written"
    await store.give_back(first.lease)
    [second] = await store.lease("me")
    assert (second.last_event, second.lease.attempt) == (2, 2)
    assert await store.finish(second.lease, DONE, expected[2:])
    assert await store.events_since("a") == expected
    assert await store.events_since("a", after=1, most=1) == expected[1:2]
    assert await store.events_since("b") == await store.events_since("nobody") == []


async def test_events_are_found_whichever_were_written_together(store: Store) -> None:
    await queue(store, "a")
    lease = await one(store)
    expected = [StoredEvent(seq=seq, attempt=1, at=seq, body=f"{seq}") for seq in range(1, 1531)]
    begin = 0
    for size in (1, 1, 20, 0, *([1] * 8), 1500):
        assert await store.note(lease, expected[begin : begin + size])
        begin += size
    for after, most in ((0, 3000), (0, 1000), (1, 3), (5, 40), (700, 9), (1529, 5), (1530, 5), (9, 0)):
        found = await store.events_since("a", after, most)
        assert found == expected[after : after + most], (after, most)


async def test_what_cannot_be_written_fails_alone(store: Store) -> None:
    await queue(store, "ab")
    first, second = await store.lease("me", most=2)
    wrong = Outcome(state="odd", outputs="{}", meta="{}", messages="[]")  # type: ignore[arg-type]
    answers = await asyncio.gather(
        store.finish(first.lease, DONE),
        store.finish(second.lease, wrong),
        store.accept(job("c")),
        return_exceptions=True,
    )
    assert answers[0] is True
    assert isinstance(answers[1], StoreError)
    assert isinstance(answers[2], Accepted)
    assert (await ended(store), await store.state("b")) == (["a"], "running")


async def test_drop_forgets_what_waits_only(store: Store) -> None:
    await end(store, "e")
    await queue(store, "abcd")
    await one(store)
    assert await store.drop({"a", "b", "e", "nobody"}) == 1
    assert await store.drop() == 2
    assert await store.drop() == 0
    assert await store.counts() == Counts(waiting=0, running=1, ended=1)


WINDOWS = [
    (None, None, "abcde", "de"),
    (None, 2, "cde", "de"),
    (None, -2, "abcde", "de"),
    (None, 9, "", ""),
    (2, None, "de", "de"),
    (2, -1, "de", "de"),
    (9, None, "abcde", "de"),
    (2, 1, "bc", "bc"),
    (3, 1, "bcd", "bc"),
    (2, 4, "e", "e"),
    (0, None, "", ""),
    (0, 1, "", ""),
    (-1, None, "", ""),
    (-1, 1, "", ""),
]
"""max_items, offset, the entries, and those when there may be no more than two."""


async def test_history_windows(store: Store) -> None:
    await end(store, "abcde")
    await queue(store, "x")
    for max_items, offset, all_of_them, two_at_most in WINDOWS:
        for most, expected in ((9, all_of_them), (2, two_at_most)):
            found = await store.history(max_items, offset, most=most)
            assert [entry.job.id for entry in found] == list(expected), (max_items, offset, most)


async def test_jobs_of_users_do_not_mix(store: Store) -> None:
    for user in ("a", "b"):
        for name in ("same", f"{user}1"):
            await store.accept(replace(job(name, -1 if name == "same" else 0), user=user))
            if name == "same":
                assert await store.finish(await one(store), DONE)
    for user, other in ("ab", "ba"):
        assert [found.id for found in (await store.queue(user=user)).waiting] == [f"{user}1"]
        assert (await store.load(user=user)).jobs == 1
        for window in ((None, None), (5, None), (5, 0)):
            [entry] = await store.history(*window, user=user)
            assert (entry.job.id, entry.job.user) == ("same", user), "no other user's job made it room"
        record = await store.record("same", user=user)
        assert record is not None
        assert record.job.user == user
        assert await store.record(f"{other}1", user=user) is None
        assert await store.drop({f"{other}1"}, user=user) == await store.forget({"nobody"}, user=user) == 0
    assert [found.id for found in (await store.queue()).waiting] == ["a1", "b1"]
    assert len(await store.history()) == 2
    assert await store.drop(user="a") == await store.forget(user="b") == 1
    assert [found.id for found in (await store.queue()).waiting] == ["b1"]
    assert [entry.job.user for entry in await store.history()] == ["a"]


async def test_forget(store: Store) -> None:
    await end(store, "abcd")
    await queue(store, "x")
    assert await store.forget(["b", "nobody", "x"]) == 1
    assert await ended(store) == ["a", "c", "d"]
    assert await store.record("b") is None
    assert await store.forget() == 3
    assert await store.counts() == Counts(waiting=1, running=0, ended=0)


async def test_many_names_at_once(store: Store) -> None:
    names = [str(number) for number in range(1500)]
    await asyncio.gather(*(store.accept(job(name)) for name in names))
    assert await store.drop(names[:1400]) == 1400
    assert [found.id for found in (await store.queue()).waiting] == names[1400:]


async def test_two_servers_share_the_jobs_and_each_is_leased_once(url: URL) -> None:
    stores = [Store.open(url) for _ in range(3)]
    names = [str(number) for number in range(40)]
    await asyncio.gather(*(stores[n % 3].accept(job(name)) for n, name in enumerate(names)))

    async def work(number: int) -> list[str]:
        mine: list[str] = []
        while leased := await stores[number].lease(f"server {number}"):
            mine.append(leased[0].job.id)
            assert await stores[number].finish(leased[0].lease, DONE)
        return mine

    async def race(number: int) -> object:
        return await stores[number].accept(job("same"))

    shares = await asyncio.gather(*map(work, range(3)))
    assert sorted(name for share in shares for name in share) == sorted(names)
    assert len(await stores[0].history()) == 40
    answers = await asyncio.gather(*map(race, range(3)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Accepted", "IdTaken", "IdTaken"]
    for store in stores:
        await store.close()


async def test_tables_of_a_newer_version_are_refused(url: URL) -> None:
    await Store.open(url).close()
    engine = create_engine(url.set(drivername=DRIVERS[url.drivername]))
    with engine.begin() as connection:
        connection.execute(update(schema).values(version=VERSION + 1))
    engine.dispose()
    with pytest.raises(
        StoreError, match=rf"version {VERSION + 1}, and this inkloom knows version {VERSION};"
    ):
        Store.open(url)


async def test_a_closed_store_says_so(url: URL) -> None:
    store = Store.open(url)
    accepting = asyncio.gather(*(store.accept(job(str(number))) for number in range(5)))
    await asyncio.sleep(0)
    await store.close()
    assert len(await accepting) == 5, "what was asked for before is done"
    with pytest.raises(StoreError, match="was closed"):
        await store.accept(job("late"))
