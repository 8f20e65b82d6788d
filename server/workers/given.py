"""A job that was given to a worker, and what the worker says of it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping

from .protocol import Finished, Run, Told


class WorkerDiedError(Exception):
    """The worker process ended in the middle of a job, or can't be started; the message says how."""


class NoWorkerError(WorkerDiedError):
    """No worker process can be started, so that the job was not even begun."""


class Given:
    """A job in a worker's hands, until it is finished or the worker has died."""

    def __init__(self, order: Run) -> None:
        self.order = order
        self.sent = False
        """Whether the present process has it; it may be in the middle of its start."""
        self.cancelled = False
        self._inbox: asyncio.Queue[Told | Finished | WorkerDiedError] = asyncio.Queue()

    def hear(self, message: Told | Finished | WorkerDiedError) -> None:
        """Take what the worker says, or that it will say no more."""
        self._inbox.put_nowait(message)

    async def events(self) -> AsyncGenerator[Mapping[str, object]]:
        """Yield the executor's events (JSON form) up to the job's end; raises `WorkerDiedError`."""
        while True:
            match await self._inbox.get():
                case Told(events=events):
                    for event in events:
                        yield event
                    await asyncio.sleep(0)  # others come in between, also when there is more already
                case Finished():
                    return
                case WorkerDiedError() as died:
                    raise died
