"""Questions that the worker answers, as handlers ask them."""

from collections.abc import Awaitable
from typing import TypeVar

from ..workers.given import WorkerDiedError
from ..workers.process import NoAnswerError
from .routing import NotDoneError

Got = TypeVar("Got")

SOON = {"Retry-After": "5"}
"""Seconds after which a worker that is being started should be there."""


async def answered(asked: Awaitable[Got]) -> Got:
    """Return a worker's answer; refuses when there is no worker now (503), or it can't tell (500)."""
    try:
        return await asked
    except WorkerDiedError as error:
        raise NotDoneError(503, "no_worker", str(error), headers=SOON) from error
    except NoAnswerError as error:
        raise NotDoneError(500, "not_answered", str(error)) from error
