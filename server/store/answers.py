"""Answers from a thread to those who wait in event loops."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

Waiting = asyncio.Future[Any]


def answer(waiting: Sequence[Waiting], answers: Sequence[Any]) -> None:
    """Give each of those who wait its answer, in their own loops; an exception is raised there."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Waiting, Any]]] = {}
    for future, value in zip(waiting, answers, strict=True):
        by_loop.setdefault(future.get_loop(), []).append((future, value))
    for loop, told in by_loop.items():
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_give, told)


def _give(told: Sequence[tuple[Waiting, Any]]) -> None:
    for future, value in told:
        if future.done():  # who asked has gone
            continue
        if isinstance(value, Exception):
            future.set_exception(value)
        else:
            future.set_result(value)
