"""Tasks that nobody awaits while they work: a failure of one is told at once, not when the server stops."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

Got = TypeVar("Got")

log = logging.getLogger(__name__)


def start(work: Coroutine[Any, Any, Got], name: str) -> asyncio.Task[Got]:
    """Start work that goes on until it has ended or is stopped; the log has the reason if it fails."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_report)
    return task


async def stop(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has ended, however it does: its failure was told before."""
    task.cancel()
    await asyncio.wait([task])


def _report(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("the %s has failed", task.get_name(), exc_info=error)
