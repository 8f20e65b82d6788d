"""The workers of a server, one for each device: what is asked of all of them, or of any."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from ...client.values import Device, Residency, Tier
from .. import tasks
from ..access.identity import ONLY
from ..jobs.queue import Jobs
from ..sockets.clients import Clients, Session
from .dispatch import Dispatcher
from .given import WorkerDiedError
from .process import NoAnswerError, WorkerProcess
from .protocol import Ready


class Crew:
    """Workers that take jobs from one queue, each as soon as it is free; of several, the first one."""

    def __init__(
        self, commands: Sequence[Sequence[str]], jobs: Jobs, clients: Clients, previews: str | None = None
    ) -> None:
        self._workers = tuple(WorkerProcess(argv) for argv in commands)
        self._dispatchers = tuple(
            Dispatcher(jobs, clients, worker, previews, place, partial(self._others_ready, worker))
            for place, worker in enumerate(self._workers)
        )
        self._dispatching: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start the processes, and have them run what waits."""
        for worker in self._workers:
            await worker.start()
        for dispatcher in self._dispatchers:
            self._dispatching.append(tasks.start(dispatcher.run_for_ever(), "dispatcher"))

    async def stop(self) -> None:
        """End the processes, also in the middle of their jobs, and wait until they are gone."""
        for dispatching in self._dispatching:
            await tasks.stop(dispatching)
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        await asyncio.gather(*(dispatcher.end() for dispatcher in self._dispatchers))

    @property
    def workers(self) -> tuple[WorkerProcess, ...]:
        """The workers, in the order of their devices."""
        return self._workers

    @property
    def restarts(self) -> int:
        """How many processes have ended by themselves, or could not be started."""
        return sum(worker.restarts for worker in self._workers)

    @property
    def told(self) -> tuple[Ready, ...]:
        """What the processes have said that are ready."""
        return tuple(worker.told for worker in self._workers if worker.told is not None)

    def interrupt(self, job: str | None = None, *, user: str | None = None) -> None:
        """Stop what runs within one step; with `job`, only that one, with `user` only theirs."""
        for dispatcher in self._dispatchers:
            dispatcher.interrupt(job, user=user)

    def current_node(self, session: Session) -> str | None:
        """Return the node that runs now in a job of this client, None when none does."""
        nodes = (dispatcher.current_node(session) for dispatcher in self._dispatchers)
        return next((node for node in nodes if node is not None), None)

    def free(self, *, results: bool) -> None:
        """Have memory given back once the running jobs have ended: weights, with `results` those too."""
        for worker in self._workers:
            worker.free(results=results)

    async def explain(
        self, prompt: Mapping[str, object], targets: Sequence[str], user: str = ONLY
    ) -> Mapping[str, object]:
        """Return what a user's run of these outputs would do, in the executor's own JSON form.

        Raises `WorkerDiedError` when there is no worker to answer, `NoAnswerError` when it can't.
        """
        return await self._next.explain(prompt, targets, user)

    async def estimate(
        self, prompt: Mapping[str, object], targets: Sequence[str], user: str = ONLY
    ) -> Mapping[str, object]:
        """Return what a user's run of these outputs would take; raises what `explain` does."""
        return await self._next.estimate(prompt, targets, user)

    async def look(self) -> Residency:
        """Return what is in memory and in the caches of the workers that are there.

        Raises what `explain` does when none of them answers; waits for no start.
        """
        looks = (worker.look() for worker in self._workers)
        found = await asyncio.gather(*looks, return_exceptions=True)
        seen = [msgspec.convert(one, Residency) for one in found if not isinstance(one, BaseException)]
        for error in (one for one in found if isinstance(one, BaseException)):
            if not seen or not isinstance(error, WorkerDiedError | NoAnswerError):
                raise error
        return merged(seen)

    def _others_ready(self, worker: WorkerProcess) -> bool:
        return any(one.told is not None for one in self._workers if one is not worker)

    @property
    def _next(self) -> WorkerProcess:
        """The worker that would run what comes next."""
        both = zip(self._workers, self._dispatchers, strict=True)
        ready = [(worker, one.is_idle) for worker, one in both if worker.told is not None]
        return next((worker for worker, idle in ready if idle), ready[0][0] if ready else self._workers[0])


def merged(seen: Sequence[Residency]) -> Residency:
    """Return what several workers have as what one would: what has the same name is added up."""
    devices: dict[str, Device] = {}
    tiers: dict[str, Tier] = {}
    for device in (device for one in seen for device in one.devices):
        before = devices.get(device.name)
        devices[device.name] = device if before is None else _both(before, device)
    for tier in (tier for one in seen for tier in one.cache):
        known = tiers.get(tier.name)
        tiers[tier.name] = tier if known is None else _together(known, tier)
    models = [model for one in seen for model in one.models]
    return Residency(devices=list(devices.values()), models=models, cache=list(tiers.values()))


def _both(one: Device, other: Device) -> Device:
    """Return the processor, which workers of several devices use: each in a budget of its own."""
    return msgspec.structs.replace(
        one,
        budget_bytes=_sum(one.budget_bytes, other.budget_bytes),
        used_bytes=one.used_bytes + other.used_bytes,
    )


def _together(one: Tier, other: Tier) -> Tier:
    hits, misses = one.hits + other.hits, one.misses + other.misses
    if one.name == "disk":  # they have it together, and one may have looked later than the other
        newer = one if one.entries >= other.entries else other
        return msgspec.structs.replace(newer, hits=hits, misses=misses)
    return msgspec.structs.replace(
        one,
        entries=one.entries + other.entries,
        bytes=one.bytes + other.bytes,
        budget_bytes=_sum(one.budget_bytes, other.budget_bytes),
        hits=hits,
        misses=misses,
    )


def _sum(one: int | None, other: int | None) -> int | None:
    """Add two budgets up; None stands for no limit."""
    return None if one is None or other is None else one + other
