"""Tasks that nobody awaits while they work: a failure of one is told at once, not when the server stops."""

import asyncio
import logging
from collections.abc import Coroutine

log = logging.getLogger(__name__)


def start(work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
    """Start work that goes on until it is stopped; the log has the reason if it fails."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_report)
    return task


async def stop(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has ended, however it does: its failure was told before."""
    task.cancel()
    await asyncio.wait([task])


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("the %s has failed", task.get_name(), exc_info=error)
