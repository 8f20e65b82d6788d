"""Rows of the store as the wire shows them: JSON put together from JSON, without reading it."""

import json
from collections.abc import Iterable

from ..store import Ended, Job, Queue


def item(job: Job) -> str:
    """Return a job as the queue and the history show it: number, id, prompt, extra data, outputs."""
    return f"[{json.dumps(job.number)}, {json.dumps(job.id)}, {job.prompt}, {job.extra_data}, {job.targets}]"


def queue(jobs: Queue) -> str:
    """Return the answer of GET /queue."""
    running, waiting = (", ".join(map(item, part)) for part in (jobs.running, jobs.waiting))
    return f'{{"queue_running": [{running}], "queue_pending": [{waiting}]}}'


def history(ended: Iterable[Ended]) -> str:
    """Return the answer of GET /history."""
    return "{" + ", ".join(f"{json.dumps(one.job.id)}: {entry(one)}" for one in ended) + "}"


def entry(ended: Ended) -> str:
    """Return a job of the history."""
    outcome = ended.outcome
    success = outcome.state == "done"
    status = json.dumps({"status_str": "success" if success else "error", "completed": success})
    return (
        f'{{"prompt": {item(ended.job)}, "outputs": {outcome.outputs}, '
        f'"status": {status[:-1]}, "messages": {outcome.messages}}}, "meta": {outcome.meta}}}'
    )
