"""The store beside a plain model of it in memory: whatever is asked in whatever order, both say the same."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import URL

from inkloom.server.store import Accepted, Lease, Leased, NewJob, Outcome, Store, sqlite_url
from inkloom.server.store.values import EndState

from .conftest import Clock

IDS = st.sampled_from("abcd")
SOME = st.none() | st.frozensets(IDS, max_size=2)
NUMBERS = st.none() | st.sampled_from([-1.0, 0.0, 0.5, 2.0])


@dataclass
class Known:
    """A job that has not ended, as the model has it."""

    id: str
    number: float
    ticket: int
    attempt: int = 0
    deaths: int = 0
    owner: str | None = None
    until: int = 0


@dataclass
class Model:
    live: dict[str, Known] = field(default_factory=dict[str, Known])
    history: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])  # id and attempt
    numbers: int = 0
    tickets: int = 0

    def waiting(self) -> list[Known]:
        jobs = (job for job in self.live.values() if job.owner is None)
        return sorted(jobs, key=lambda job: (job.number, job.ticket))

    def held(self, lease: Lease) -> Known | None:
        for job in self.live.values():
            if (job.ticket, job.owner, job.attempt) == (lease.ticket, lease.owner, lease.attempt):
                return job
        return None


class Machine(RuleBasedStateMachine):
    def __init__(self, new_url: Callable[[], URL]) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.url = new_url()
        self.store = self.open()
        self.model = Model()
        self.leases: list[Lease] = []  # also those that are lost

    def open(self) -> Store:
        return Store.open(self.url, clock=self.clock, lease_seconds=10)

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()

    @rule(name=IDS, number=NUMBERS, front=st.booleans())
    def accept(self, name: str, number: float | None, front: bool) -> None:
        new = NewJob(id=name, prompt="1", extra_data="2", targets="3", created=0, number=number, front=front)
        accepted = self.runner.run(self.store.accept(new))
        assert isinstance(accepted, Accepted) == (name not in self.model.live)
        if not isinstance(accepted, Accepted):
            return
        if number is None:
            number = -self.model.numbers if front else self.model.numbers
            self.model.numbers += 1
        self.model.tickets += 1
        assert accepted == Accepted(number=number, ticket=self.model.tickets)
        self.model.live[name] = Known(name, number, self.model.tickets)

    @rule(owner=st.sampled_from(["x", "y"]), most=st.integers(1, 2))
    def lease(self, owner: str, most: int) -> None:
        self._lease(owner, most, self.runner.run(self.store.lease(owner, most)))

    def _lease(self, owner: str, most: int, given: tuple[Leased, ...]) -> None:
        expected = self.model.waiting()[:most]
        for job in expected:
            job.owner, job.attempt, job.until = owner, job.attempt + 1, self.clock.now + 10_000
        assert [(one.job.id, one.job.number, one.lease.attempt, one.deaths) for one in given] == [
            (job.id, job.number, job.attempt, job.deaths) for job in expected
        ]
        self.leases += [one.lease for one in given]

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), state=st.sampled_from(["done", "failed", "cancelled"]))
    def finish(self, data: st.DataObject, state: EndState) -> None:
        lease = data.draw(st.sampled_from(self.leases))
        outcome = Outcome(state=state, outputs="4", meta="5", messages="6")
        assert self.runner.run(self.store.finish(lease, outcome)) == self._end(lease)

    def _end(self, lease: Lease) -> bool:
        job = self.model.held(lease)
        if job is not None:
            del self.model.live[job.id]
            others = [entry for entry in self.model.history if entry[0] != job.id]
            self.model.history = [*others, (job.id, job.attempt)]
        return job is not None

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), state=st.sampled_from(["done", "failed", "cancelled"]))
    def hand_over(self, data: st.DataObject, state: EndState) -> None:
        lease = data.draw(st.sampled_from(self.leases))
        outcome = Outcome(state=state, outputs="4", meta="5", messages="6")
        held, given = self.runner.run(self.store.hand_over(lease, outcome))
        assert held == self._end(lease)
        self._lease(lease.owner, 1, given)

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), died=st.none() | st.just("oh"))
    def give_back(self, data: st.DataObject, died: str | None) -> None:
        lease = data.draw(st.sampled_from(self.leases))
        job = self.model.held(lease)
        assert self.runner.run(self.store.give_back(lease, died=died)) == (job is not None)
        if job is not None:
            job.owner = None
            job.deaths += died is not None

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def heartbeat(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(self.leases))
        job = self.model.held(lease)
        assert self.runner.run(self.store.heartbeat(lease)) == (job is not None)
        if job is not None:
            job.until = self.clock.now + 10_000

    @rule(passed=st.sampled_from([0, 6_000, 12_000]), dead=st.frozensets(st.sampled_from("xyz"), max_size=1))
    def reclaim(self, passed: int, dead: frozenset[str]) -> None:
        self.clock.now += passed
        gone = [
            job
            for job in self.model.live.values()
            if job.owner is not None and (job.until < self.clock.now or job.owner in dead)
        ]
        assert self.runner.run(self.store.reclaim(dead)) == len(gone)
        for job in gone:
            job.owner = None

    @rule(owner=st.sampled_from(["x", "y"]))
    def release(self, owner: str) -> None:
        held = [job for job in self.model.live.values() if job.owner == owner]
        assert self.runner.run(self.store.release(owner)) == len(held)
        for job in held:
            job.owner = None

    @rule(ids=SOME)
    def drop(self, ids: frozenset[str] | None) -> None:
        gone = [job.id for job in self.model.waiting() if ids is None or job.id in ids]
        assert self.runner.run(self.store.drop(ids)) == len(gone)
        for name in gone:
            del self.model.live[name]

    @rule(ids=SOME)
    def forget(self, ids: frozenset[str] | None) -> None:
        kept = [entry for entry in self.model.history if ids is not None and entry[0] not in ids]
        assert self.runner.run(self.store.forget(ids)) == len(self.model.history) - len(kept)
        self.model.history = kept

    @rule()
    def begin_again(self) -> None:
        self.runner.run(self.store.close())
        self.store = self.open()

    @invariant()
    def both_say_the_same(self) -> None:
        async def look() -> None:
            queue, history, counts = await asyncio.gather(
                self.store.queue(), self.store.history(), self.store.counts()
            )
            waiting = self.model.waiting()
            assert [(job.id, job.ticket) for job in queue.waiting] == [
                (job.id, job.ticket) for job in waiting
            ]
            held = {job.id for job in self.model.live.values() if job.owner is not None}
            assert {job.id for job in queue.running} == held
            assert [(entry.job.id, entry.attempt) for entry in history] == self.model.history
            assert (counts.waiting, counts.running, counts.ended) == (len(waiting), len(held), len(history))

        self.runner.run(look())


FEW = settings(max_examples=8, stateful_step_count=20, deadline=None)


def test_sqlite(tmp_path_factory: pytest.TempPathFactory) -> None:
    def new_url() -> URL:
        folder: Path = tmp_path_factory.mktemp("machine")
        return sqlite_url(folder / "jobs.sqlite")

    class OnSqlite(Machine):
        def __init__(self) -> None:
            super().__init__(new_url)

    run_state_machine_as_test(OnSqlite, settings=FEW)


def test_postgresql(postgresql: Callable[[], URL]) -> None:
    class OnPostgresql(Machine):
        def __init__(self) -> None:
            super().__init__(postgresql)

    run_state_machine_as_test(OnPostgresql, settings=FEW)
