"""What happens in jobs, as server-sent events: /v1/jobs/{id}/events and /v1/events.

What is kept of a job is told from the database, so that nothing of it is lost or told twice, whichever server
runs the job and however slowly somebody reads.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from time import monotonic
from typing import Annotated, Any, cast

import msgspec
from aiohttp import web
from msgspec import Meta

from ...client.values import Asked, Event, EventPage
from .. import store
from ..access.guard import identity_of
from ..access.users import UsersError
from ..jobs.feed import Listener, Moment
from ..routing import Route
from ..state import SERVER, Server
from ..store import Found, StoredEvent, StoreError, lookup
from ..store.reading import events_behind
from ..workers.dispatch import FLEETING
from .jobs import job_of, shown_now
from .routing import JSON, NotDoneError, answer, encoded, errors, query_of
from .showing import SECOND

STREAM = "text/event-stream"

HEARTBEAT = 15.0
"""Seconds after which a client is told that there is still somebody, when nothing happens."""

LOOK = 1.0
"""Seconds between two looks at a job that this server does not run, or at all jobs."""

PAUSE = 0.02
"""Seconds at least between two looks: events, and jobs, may come by the hundred a second."""

MOST = 1000
"""Events, or jobs, that are read at once."""

OF_THE_MOMENT = FLEETING | {"state"}
"""Kinds of events that have no number of their own."""

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the second for a proxy in between


class Since(Asked, frozen=True, kw_only=True):
    """Which events: those behind the kept one of this number."""

    since: Annotated[int, Meta(ge=0, le=2**53)] = 0


async def get_events(request: web.Request) -> web.StreamResponse:
    """Tell what has happened in a job and what happens, until it has ended; as JSON, what has happened."""
    since, found = _since(request), await job_of(request)
    if not _wants_stream(request):
        server = request.app[SERVER]
        kept = await server.jobs.store.read(events_behind, found.ticket, since, MOST + 1)
        events = [_of_kept(one) for one in kept[:MOST]]
        return answer(EventPage(events=events, more=len(kept) > MOST))
    _refuse_more(request)
    with request.app[SERVER].jobs.feed.listening(found.id) as listener:
        return await _streamed(request, _followed(request.app[SERVER], found.ticket, since, listener))


async def get_all_events(request: web.Request) -> web.StreamResponse:
    """Tell of each job that comes, begins, or ends: how it stands then; those that run are told at once."""
    server, user = request.app[SERVER], identity_of(request).scope
    _refuse_more(request)
    with server.jobs.feed.listening() as listener:
        return await _streamed(request, _states(server, user, listener))


def _refuse_more(request: web.Request) -> None:
    server = request.app[SERVER]
    if server.jobs.feed.size >= server.limits.event_streams:
        told = "There are too many streams of events open; close some"
        raise NotDoneError(503, "too_many_streams", told, headers={"Retry-After": "10"})


def _since(request: web.Request) -> int:
    """Return after which event to begin: the query says so, or the header with which browsers come back."""
    since = query_of(request, Since).since
    last = request.headers.get("Last-Event-ID", "").strip()
    if not last:
        return since
    if not (last.isascii() and last.isdecimal() and len(last) < 16):
        raise NotDoneError(400, "invalid_event_id", f"Last-Event-ID must be a number, not {last!r}")
    return max(since, int(last))


def _wants_stream(request: web.Request) -> bool:
    accepted = request.headers.get("Accept", "")
    return STREAM in accepted or JSON not in accepted


async def _streamed(request: web.Request, told: AsyncGenerator[Event | None]) -> web.StreamResponse:
    """Answer with events as they come; None is a sign of life."""
    proof = _proof(request)
    response = web.StreamResponse(headers={"Content-Type": STREAM, **HEADERS})
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    spoke = monotonic()
    try:
        async with aclosing(told):
            async for event in told:
                if not _may_listen(request, proof):
                    break
                if event is not None:
                    await response.write(_frame(event))
                    spoke = monotonic()
                elif monotonic() - spoke > HEARTBEAT:
                    await response.write(b":\n\n")
                    spoke = monotonic()
        await response.write_eof()
    except ConnectionError:  # the client has gone
        pass
    except StoreError as error:  # too late for a status; who comes back gets one
        await response.write(b": " + str(error).encode() + b"\n\n")
    return response


def _may_listen(request: web.Request, proof: str | None) -> bool:
    """Tell whether somebody is still there, and still let in by the same proof."""
    gone = request.transport is None or request.transport.is_closing()
    if gone or request.app[SERVER].jobs.feed.closed:
        return False
    try:
        return _proof(request) == proof
    except UsersError:  # those who are in stay: they were let in
        return True


def _proof(request: web.Request) -> str | None:
    return request.app[SERVER].door.proof_of(identity_of(request).asker)


def _frame(event: Event) -> bytes:
    number = b"" if event.type in OF_THE_MOMENT else b"id: %d\n" % event.seq
    return b"%sevent: %s\ndata: %s\n\n" % (number, event.type.encode(), encoded(event))


async def _followed(
    server: Server, ticket: int, since: int, listener: Listener
) -> AsyncGenerator[Event | None]:
    """Yield what happens in a job behind an event, and what has, until it has ended or is deleted."""
    last, before = since, None
    while (found := await server.jobs.store.read(lookup.find_again, ticket)) is not None:
        now = (found.state, found.attempt, found.number)
        if found.ended is None and now != before:
            yield await _of_state(server, found, last)
        while kept := await server.jobs.store.read(events_behind, ticket, last, MOST):
            for one in kept:
                yield _of_kept(one)
                last = one.seq
        for moment in listener.moments(last):
            yield _of_moment(moment)
        if found.ended is not None:
            yield await _of_state(server, found, last)
            return
        before = now
        yield None
        here = server.jobs.progress_of(ticket) is not None
        await asyncio.sleep(PAUSE)
        await listener.wait(HEARTBEAT if here else LOOK)


async def _states(server: Server, user: str | None, listener: Listener) -> AsyncGenerator[Event | None]:
    """Yield how jobs stand, of a user or all, whenever that changes."""
    mark = await server.jobs.store.read(lookup.mark)
    running: dict[int, object] = {}
    while True:
        found, mark = await server.jobs.store.read(lookup.moved, mark, tuple(running), MOST, user)
        for one in found:
            now = (one.state, one.attempt)
            if running.get(one.ticket) != now:
                yield await _of_state(server, one, 0)
            if one.state == "running":
                running[one.ticket] = now
        still = {one.ticket for one in found if one.state == "running"}
        running = {ticket: now for ticket, now in running.items() if ticket in still}
        yield None
        await asyncio.sleep(PAUSE)
        await listener.wait(LOOK)


def _of_kept(kept: StoredEvent) -> Event:
    return _told(json.loads(kept.body), kept.seq, kept.attempt, kept.at)


def _of_moment(moment: Moment) -> Event:
    return _told(moment.event, moment.seq, moment.attempt, moment.at)


def _told(event: Mapping[str, object], seq: int, attempt: int, at: int) -> Event:
    data = {name: value for name, value in event.items() if name not in ("type", "seq")}
    return Event(seq=seq, type=cast(str, event["type"]), at=at / SECOND, attempt=attempt, data=data)


async def _of_state(server: Server, found: Found, last: int) -> Event:
    job: Any = msgspec.to_builtins(await shown_now(server, found))
    return Event(seq=last, type="state", at=store.now() / SECOND, attempt=found.attempt, data=job)


ROUTES = (
    Route(
        "GET",
        "/v1/jobs/{id}/events",
        get_events,
        tag="events",
        query=Since,
        answers={200: (EventPage, STREAM)} | errors(400, 404, 503),
    ),
    Route("GET", "/v1/events", get_all_events, tag="events", answers={200: STREAM} | errors(503)),
)
"""What tells what happens."""
