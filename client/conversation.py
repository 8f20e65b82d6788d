"""What is said to a server and when, as generators that open no connection and know no clock.

They yield a `Sending`, are sent what came of it, and return the result. Whoever has a connection drives them,
waiting or not waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from .errors import ConnectionLostError, JobFailedError, TimedOutError, refusal
from .exchange import Answer, Call, Lost, Request
from .scheme import other_url
from .values import Job

T = TypeVar("T")

Clock: TypeAlias = Callable[[], float]
"""Seconds; only their differences count."""

FIRST, LONGEST = 0.1, 2.0
"""Seconds between two attempts: at first, and at most."""

SOONEST, LATEST, SHARE = 0.02, 1.0, 0.1
"""Seconds between two looks at a job that runs: a share of how long it has been waited for, within limits."""

COME_AGAIN = (429, 503)
"""Statuses that may say when to come again."""

ENDED = frozenset({"done", "failed", "cancelled"})
"""The states of jobs that no more happens to."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A request, and how many seconds to let pass before it is sent."""

    request: Request
    after: float = 0.0


Sends: TypeAlias = Generator[Sending, Answer | Lost, T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a client behaves towards one server.

    `patience` is for how many seconds a server is waited for that went away; one that never answered is not.
    """

    url: str
    patience: float
    clock: Clock


def ask(call: Call[T], manner: Manner, after: float = 0.0) -> Sends[T]:
    """Ask, `after` some seconds, until there is an answer, for as long as patience lasts, and read it.

    What the server may have heard is asked again only if it is repeatable, or if the server says when.
    Raises RefusedError, ConnectionLostError.
    """
    began = manner.clock() + after
    for pause in pauses():
        reply = yield Sending(call.request, after)
        left = began + manner.patience - manner.clock()
        if isinstance(reply, Lost):
            after = pause
            if after > left or not reply.known or (reply.heard and not call.request.repeatable):
                raise lost(reply, manner.url, repeatable=call.request.repeatable)
        elif reply.status >= 400:
            asked = _come_again(reply)
            if asked is None or asked > left:
                raise refusal(reply)
            after = max(asked, pause)
        else:
            return call.read(reply)
    raise AssertionError("there are always further pauses")


def wait(call: Call[Job], timeout: float | None, manner: Manner) -> Sends[Job]:
    """Look at a job until it has ended; raises TimedOutError after so many seconds."""
    began, after = manner.clock(), 0.0
    while True:
        job = yield from ask(call, manner, after)
        if job.state in ENDED:
            return job
        waited = manner.clock() - began
        after = min(max(waited * SHARE, SOONEST), LATEST)
        if timeout is not None:
            if waited >= timeout:
                raise TimedOutError(f"job {job.id} is still {job.state} after {waited:.1f} s; it goes on")
            after = min(after, timeout - waited)


def run(
    submit: Call[Job], look: Callable[[str], Call[Job]], timeout: float | None, manner: Manner
) -> Sends[Job]:
    """Queue a job and wait for its end; raises JobFailedError where that is not done."""
    job = yield from ask(submit, manner)
    job = yield from wait(look(job.id), timeout, manner)
    if job.state != "done":
        raise JobFailedError(job)
    return job


def pauses() -> Iterator[float]:
    """Give the seconds before each new attempt."""
    pause = FIRST
    while True:
        yield pause
        pause = min(2 * pause, LONGEST)


@dataclass(slots=True)
class Losses:
    """How often, and since when, a connection was lost with nothing heard in between."""

    manner: Manner
    _pauses: Iterator[float] = field(default_factory=lambda: pauses())
    _since: float | None = None

    def none(self) -> None:
        """Take note that something was heard."""
        self._pauses, self._since = pauses(), None

    def pause(self, reply: Lost) -> float:
        """Return how many seconds to wait before asking again; raises ConnectionLostError after too many."""
        now = self.manner.clock()
        self._since = now if self._since is None else self._since
        pause = next(self._pauses)
        if not reply.known or now + pause - self._since > self.manner.patience:
            raise lost(reply, self.manner.url, repeatable=True)
        return pause


def lost(reply: Lost, url: str, *, repeatable: bool) -> ConnectionLostError:
    """Return the error that tells of a lost connection."""
    if reply.speaks is not None:
        how = "speaks TLS" if reply.speaks == "https" else "does not speak TLS"
        what, advice = f"the server at {url} {how}", f"use {other_url(url, reply.speaks)}"
    elif reply.untrusted:
        what = f"the server at {url} can't be trusted: {reply.reason}"
        advice = "if it is the right one, name the file of its certificate (PEM) as $SSL_CERT_FILE"
    elif not reply.heard:
        what = f"can't reach a server at {url}: {reply.reason}"
        advice = "start one with `inkloom serve`, or name another with --url or $INKLOOM_URL"
    elif repeatable:
        what, advice = f"the server at {url} went away: {reply.reason}", "try again once it runs"
    else:
        what = f"the server at {url} went away before it answered: {reply.reason}"
        advice = "it may have heard what was asked: look before you ask again"
    return ConnectionLostError(f"{what}\n  {advice}")


def _come_again(answer: Answer) -> float | None:
    """Return after how many seconds the server wants to be asked again; None where it does not say."""
    given = answer.headers.get("retry-after", "")
    return float(given) if answer.status in COME_AGAIN and given.isascii() and given.isdigit() else None
