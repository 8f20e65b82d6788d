"""Jobs as resources: /v1/jobs."""

import asyncio
import hashlib
import json
import uuid
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from ...client.values import Asked, Change, Job, JobPage, NewJob, State
from ...executor import Validation
from ...executor.ui_format import is_ui_format
from .. import store
from ..access.guard import identity_of
from ..jobs.room import no_room
from ..routing import Route
from ..state import SERVER, Server
from ..store import Accepted, Found, altering, lookup
from .asking import aside, problem_of, runnable, size_of
from .routing import NotDoneError, answer, body_of, errors, query_of
from .showing import place_of, shown

MOST = 1000
"""Jobs of one page."""

TRIES, PAUSE = 50, 0.02
"""How often, and after how many seconds, a job is asked for again that another server is just changing."""


class Page(Asked, frozen=True, kw_only=True):
    """Which jobs: of one state or of all, newest first, behind the page whose `next` is `before`."""

    state: State | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 100
    before: Annotated[str, Meta(pattern=r"^[0-9]{1,18}$")] | None = None


async def post_job(request: web.Request) -> web.Response:
    """Queue a workflow; asked again with the same id and content, answer with the job that there is."""
    asked = await body_of(request, NewJob)
    return await queued(request, asked)


async def queued(request: web.Request, asked: NewJob, size: int | None = None) -> web.Response:
    """Queue what is asked for, and answer with the job: 201, or 200 for one that was queued before.

    `size` are the bytes of its workflow where that did not come with the request.
    """
    server, user = request.app[SERVER], identity_of(request).name
    large = size_of(request, size)
    digest = None if asked.id is None else await aside(large, _digest, asked)
    if asked.id is not None and (before := await _find(server, asked.id, user)):
        return await _again(server, before, digest)
    await _room(server, user, (request.content_length or 0) + (size or 0))
    validation = await runnable(request, asked, size)
    new = await aside(large, _new_job, asked, user, validation, digest)
    if not isinstance(await server.jobs.put(new), Accepted):
        before = await _find(server, new.id, user)
        if before is None:
            raise NotDoneError(409, "id_taken", f"the id {new.id!r} belongs to another job; choose another")
        return await _again(server, before, digest)
    wrong = [problem_of(problem) for problem in (*validation.problems, *validation.warnings)]
    return await _made(server, new.id, user, wrong)


async def get_jobs(request: web.Request) -> web.Response:
    """List jobs, newest first."""
    server, page = request.app[SERVER], query_of(request, Page)
    before = None if page.before is None else int(page.before)
    scope = identity_of(request).scope
    found = await server.jobs.store.read(lookup.page, page.state, before, page.limit + 1, scope)
    few = found[: page.limit]
    there = await _shown(server, few)
    return answer(JobPage(jobs=there, next=str(few[-1].ticket) if len(found) > len(few) else None))


async def get_job(request: web.Request) -> web.Response:
    """Tell how a job stands."""
    server = request.app[SERVER]
    return answer(await shown_now(server, await job_of(request)))


async def delete_job(request: web.Request) -> web.Response:
    """Forget a job that waits or has ended, with its events; its files stay."""
    server, found = request.app[SERVER], await job_of(request)
    if found.state == "waiting":
        await server.jobs.drop({found.id}, user=found.user)
    else:
        await server.jobs.forget({found.id}, user=found.user)
    left = await _find(server, found.id, found.user)
    if left is not None and left.ticket == found.ticket:
        raise NotDoneError(409, "job_runs", f"the job {found.id!r} runs; cancel it before you delete it")
    return web.Response(status=204)


async def patch_job(request: web.Request) -> web.Response:
    """Give a waiting job another place in the queue."""
    server, change, found = request.app[SERVER], await body_of(request, Change), await job_of(request)
    number = None if change.priority == "front" else change.priority
    wish = altering.Reorder(id=found.id, user=found.user, number=number)
    for _ in range(TRIES):
        state = await server.jobs.store.change(altering.REORDER, wish)
        found = await job_of(request)
        if state == "waiting":
            return answer(await shown_now(server, found))
        if state is not None or found.state != "waiting":
            break
        await asyncio.sleep(PAUSE)
    told = f"only a waiting job has a place in the queue; the job {found.id!r} is {found.state}"
    raise NotDoneError(409, "job_not_waiting", told)


async def post_cancel(request: web.Request) -> web.Response:
    """Cancel a job that waits or runs, within one step; one that has ended stays as it is."""
    server, found = request.app[SERVER], await job_of(request)
    for _ in range(TRIES):
        if await server.jobs.cancel(found.id, user=found.user) is not None:
            break
        found = await job_of(request)
        if found.ended is not None:
            break
        await asyncio.sleep(PAUSE)
    return answer(await shown_now(server, await job_of(request)))


async def post_retry(request: web.Request) -> web.Response:
    """Queue a job's workflow again, as a new job."""
    server, user, found = request.app[SERVER], identity_of(request).name, await job_of(request)
    given = await server.jobs.store.read(lookup.given, found.ticket)
    if given is None:
        raise _unknown(found.id)
    await _room(server, user, len(given.prompt) + len(given.extra_data))
    new = store.NewJob(
        id=str(uuid.uuid4()),
        prompt=given.prompt,
        extra_data=given.extra_data,
        targets=given.targets,
        created=store.now(),
        client=given.client,
        user=found.user,
        retry_of=found.id,
    )
    await server.jobs.put(new)
    return await _made(server, new.id, found.user, [])


async def get_workflow(request: web.Request) -> web.Response:
    """Give a job's workflow as it runs, in API format."""
    server, found = request.app[SERVER], await job_of(request)
    given = await server.jobs.store.read(lookup.given, found.ticket)
    if given is None:
        raise _unknown(found.id)
    return web.Response(text=given.prompt, content_type="application/json")


async def job_of(request: web.Request) -> Found:
    """Return the job that a request names; refuses one that is not there for who asks (404)."""
    name = request.match_info["id"]
    found = await _find(request.app[SERVER], name, identity_of(request).scope)
    if found is None:
        raise _unknown(name)
    return found


async def shown_now(server: Server, found: Found) -> Job:
    """Return a job as it is told now."""
    [job] = await _shown(server, [found])
    return job


async def _shown(server: Server, found: list[Found]) -> list[Job]:
    waiting = [one.ticket for one in found if one.state == "waiting"]
    places = await server.jobs.store.read(lookup.places, waiting) if waiting else {}
    progress = server.jobs.progress_of
    return [shown(one, position=places.get(one.ticket), progress=progress(one.ticket)) for one in found]


async def _made(server: Server, name: str, user: str, warnings: list[Any]) -> web.Response:
    found = await _find(server, name, user)
    if found is None:  # deleted already, by another request
        raise _unknown(name)
    job = await shown_now(server, found)
    job = msgspec.structs.replace(job, warnings=warnings)
    return answer(job, 201, {"Location": place_of(name)})


async def _again(server: Server, before: Found, digest: str | None) -> web.Response:
    if before.asked is None or before.asked != digest:
        told = f"there is a job {before.id!r} already, of another content; choose another id"
        raise NotDoneError(409, "id_taken", told)
    return answer(await shown_now(server, before), 200, {"Location": place_of(before.id)})


async def _room(server: Server, user: str, size: int) -> None:
    if full := await no_room(server.jobs, user, size, server.limits):
        raise NotDoneError(429, "queue_full", f"The queue is full: {full}", headers={"Retry-After": "10"})


async def _find(server: Server, name: str, user: str | None) -> Found | None:
    return await server.jobs.store.read(lookup.find, name, user)


def _unknown(name: str) -> NotDoneError:
    return NotDoneError(404, "unknown_job", f"there is no job {name!r}; GET /v1/jobs lists those there are")


def _digest(asked: NewJob) -> str:
    """Return what two requests have in common that ask for the same."""
    said = msgspec.json.encode(asked, order="deterministic")
    return hashlib.blake2b(said, digest_size=20).hexdigest()


def _new_job(asked: NewJob, user: str, validation: Validation, digest: str | None) -> store.NewJob:
    if asked.id is not None and (not asked.id.isprintable() or asked.id in (".", "..")):
        raise NotDoneError(400, "invalid_body", f"the id {asked.id!r} can't be part of an address")
    extra: dict[str, Any] = {}
    if asked.metadata:
        extra["extra_pnginfo"] = asked.metadata
    if is_ui_format(asked.workflow):  # as the browser does: pictures carry the workflow they are of
        extra["extra_pnginfo"] = {"workflow": asked.workflow, **asked.metadata}
    if asked.client_id is not None:
        extra["client_id"] = asked.client_id
    number = asked.priority if isinstance(asked.priority, float | int) else None
    return store.NewJob(
        id=asked.id or str(uuid.uuid4()),
        prompt=json.dumps(validation.graph.to_api()),
        extra_data=json.dumps(extra),
        targets=json.dumps(validation.outputs_good),
        created=store.now(),
        number=number,
        front=asked.priority == "front",
        client=asked.client_id,
        user=user,
        once=asked.id is not None,
        asked=digest,
    )


ONE = {200: Job} | errors(404, 503)

ROUTES = (
    Route(
        "POST",
        "/v1/jobs",
        post_job,
        tag="jobs",
        body=NewJob,
        answers={201: Job, 200: Job} | errors(400, 409, 413, 415, 422, 429, 503),
    ),
    Route("GET", "/v1/jobs", get_jobs, tag="jobs", query=Page, answers={200: JobPage} | errors(400, 503)),
    Route("GET", "/v1/jobs/{id}", get_job, tag="jobs", answers=ONE),
    Route("DELETE", "/v1/jobs/{id}", delete_job, tag="jobs", answers={204: None} | errors(404, 409, 503)),
    Route(
        "PATCH",
        "/v1/jobs/{id}",
        patch_job,
        tag="jobs",
        body=Change,
        answers=ONE | errors(400, 409, 413, 415),
    ),
    Route(
        "GET",
        "/v1/jobs/{id}/workflow",
        get_workflow,
        tag="jobs",
        answers={200: dict[str, Any]} | errors(404, 503),
    ),
    Route("POST", "/v1/jobs/{id}/cancel", post_cancel, tag="jobs", answers=ONE),
    Route(
        "POST",
        "/v1/jobs/{id}/retry",
        post_retry,
        tag="jobs",
        answers={201: Job} | errors(404, 429, 503),
    ),
)
"""What can be done with jobs."""
