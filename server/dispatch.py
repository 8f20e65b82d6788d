"""The loop that gives jobs to the worker and tells the clients what becomes of them."""

import logging
from contextlib import aclosing

from ..executor.events import from_json
from .clients import Clients
from .jobs import Job, Jobs
from .messages import Message, end_of_run, status
from .protocol import Run
from .story import TOLD_TO_ALL, Story
from .worker_process import WorkerDiedError, WorkerProcess

log = logging.getLogger(__name__)


class Dispatcher:
    """Runs the jobs of a queue on one worker, one after the other."""

    def __init__(
        self, jobs: Jobs, clients: Clients, worker: WorkerProcess, previews: str | None = None
    ) -> None:
        self._jobs = jobs
        self._clients = clients
        self._worker = worker
        self._previews = previews
        self._story: Story | None = None

    async def run_for_ever(self) -> None:
        """Take the next job, run it, keep its record, tell of its end; then the next."""
        while True:
            job = await self._jobs.take()
            self._story = story = Story(job)
            log.info("job %s starts", job.id)
            await self._run(story)
            self._story = None
            self._jobs.finish(story.record())
            log.info(
                "job %s has ended: %s", job.id, story.ending.type if story.ending else "nobody knows how"
            )
            self._clients.end(job.id)  # also to those who hear of its progress and not of its end
            if story.ending is not None:
                self._tell(job, story.ending)
            self._clients.broadcast(status(self._jobs.remaining))
            self._tell(job, end_of_run(job.id))

    async def interrupt(self, job: str | None = None) -> None:
        """Stop the running job within one step; with `job`, only if it is that one."""
        running = self._jobs.running
        if running is not None and job in (None, running.id):
            await self._worker.cancel(running.id)

    def current_node(self, client_id: str) -> str | None:
        """Return the node that runs now, if its job belongs to this client."""
        story = self._story
        return story.current if story is not None and story.job.client_id == client_id else None

    async def _run(self, story: Story) -> None:
        job = story.job
        order = Run(
            job=job.id,
            prompt=job.prompt,
            targets=job.outputs,
            extra_pnginfo=job.extra_pnginfo,
            previews=self._previews,
        )
        async with aclosing(self._worker.run(order)) as events:
            try:
                async for event in events:
                    for message in story.tell(from_json(event)):
                        self._tell(job, message)
            except WorkerDiedError as died:
                log.error("job %s failed: %s", job.id, died)
                story.break_off(died)
            except Exception as error:  # whatever it is, it ends this job only: the queue goes on
                log.exception("job %s failed in the server itself", job.id)
                await self._worker.cancel(job.id)
                story.break_off(error)
            else:
                if story.ending is None:  # never call a run that nobody saw end a success
                    story.break_off(WorkerDiedError("The worker left this job without saying how it ended."))

    def _tell(self, job: Job, message: Message) -> None:
        if job.client_id is None and message.type in TOLD_TO_ALL:
            self._clients.broadcast(message)
        else:
            self._clients.send(message, job.client_id)
