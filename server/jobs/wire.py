"""Rows of the store as the wire shows them: JSON put together from JSON, without reading it."""

import json
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sequence
from json.encoder import encode_basestring_ascii as quoted

from .. import store
from ..store import Ended, Job, Queue


def item(job: Job) -> str:
    """Return a job as the queue and the history show it: number, id, prompt, extra data, outputs."""
    # A number that is finite is written in Python as in JSON.
    return f"[{job.number!r}, {quoted(job.id)}, {job.prompt}, {job.extra_data}, {job.targets}]"


async def queue(pieces: AsyncIterable[Queue]) -> AsyncGenerator[str]:
    """Yield the answer of GET /queue in pieces, of which the running jobs come first."""
    text, begun = '{"queue_running": [', "queue_running"
    between = ""
    async for few in pieces:
        for part, found in (("queue_running", few.running), ("queue_pending", few.waiting)):
            if found and part != begun:
                text, begun, between = f'{text}], "{part}": [', part, ""
            if found:
                text += between + ", ".join(map(item, found))
                between = ", "
        yield text
        text = ""
    yield f"{text}]}}" if begun == "queue_pending" else f'{text}], "queue_pending": []}}'


async def history(pieces: AsyncIterable[Sequence[Ended]]) -> AsyncGenerator[str]:
    """Yield the answer of GET /history in pieces."""
    between = "{"
    async for few in pieces:
        if few:
            yield between + entries(few)
            between = ", "
    yield "{}" if between == "{" else "}"


def entries(ended: Iterable[Ended]) -> str:
    """Return jobs of the history by their ids, without the braces around them."""
    return ", ".join(f"{json.dumps(one.job.id)}: {entry(one)}" for one in ended)


def entry(ended: Ended) -> str:
    """Return a job of the history."""
    outcome = ended.outcome
    success = outcome.state == "done"
    status = json.dumps({"status_str": "success" if success else "error", "completed": success})
    return (
        f'{{"prompt": {item(ended.job)}, "outputs": {outcome.outputs}, '
        f'"status": {status[:-1]}, "messages": {outcome.messages}}}, "meta": {outcome.meta}}}'
    )


def never_begun(job: str) -> tuple[str, dict[str, object]]:
    """Return the message that the history keeps of a job which was cancelled while it waited."""
    where = {"node_id": None, "node_type": None, "executed": list[str]()}
    return ("execution_interrupted", {**where, "prompt_id": job, "timestamp": store.now()})
