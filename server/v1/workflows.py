"""Workflows as functions: what there are, what each takes, and running one by its name."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from ...client.values import Job, NamedWorkflow, NewJob, RunWorkflow, WorkflowInfo, WorkflowList
from ...executor import Folders, NodeTable
from ...executor.checks.function import inputs_schema
from ..limits import Limits
from ..routing import Route
from ..state import SERVER
from ..users.who import folders_of, user_folder
from .jobs import queued
from .library import Entry, NoWorkflowError, entries, entry_of, function_of, workflow_of
from .routing import NotDoneError, answer, body_of, errors

Object = dict[str, Any]


async def get_workflows(request: web.Request) -> web.Response:
    """List the workflows that can be run by name, with the inputs that each exposes."""
    server = request.app[SERVER]
    found = await asyncio.to_thread(_all, user_folder(request), server.table, server.limits)
    return answer(WorkflowList(workflows=found))


async def get_workflow(request: web.Request) -> web.Response:
    """Tell what a workflow takes, and give the workflow itself."""
    server, name = request.app[SERVER], request.match_info["name"]
    try:
        return answer(await asyncio.to_thread(_one, name, user_folder(request), server.table, server.limits))
    except NoWorkflowError as error:
        raise _not_found(error) from error


async def get_schema(request: web.Request) -> web.Response:
    """Give the JSON Schema of the inputs that a workflow exposes; its defaults are the workflow's values."""
    server, name = request.app[SERVER], request.match_info["name"]
    given = (name, user_folder(request), folders_of(request), server.table, server.limits)
    try:
        return answer(await asyncio.to_thread(_schema, *given))
    except NoWorkflowError as error:
        raise _not_found(error) from error


async def post_run(request: web.Request) -> web.Response:
    """Run a workflow with values for its inputs: a job is queued; otherwise as POST /v1/jobs."""
    server, name = request.app[SERVER], request.match_info["name"]
    asked = await body_of(request, RunWorkflow)
    try:
        workflow, size = await asyncio.to_thread(_workflow, name, user_folder(request), server.limits)
    except NoWorkflowError as error:
        raise _not_found(error) from error
    return await queued(
        request,
        NewJob(
            workflow=workflow,
            inputs=asked.inputs,
            targets=asked.targets,
            id=asked.id,
            client_id=asked.client_id,
            priority=asked.priority,
        ),
        size,
    )


def _workflow(name: str, home: Path, limits: Limits) -> tuple[Object, int]:
    return workflow_of(entry_of(name, home), limits)


def _all(home: Path, table: NodeTable, limits: Limits) -> list[WorkflowInfo]:
    found: list[WorkflowInfo] = []
    for entry in entries(home).values():
        try:
            workflow, _ = workflow_of(entry, limits)
            _, inputs = function_of(entry, workflow, table, limits)
            found.append(_info(entry, inputs))
        except NoWorkflowError as error:  # it is there, so it is listed: with what is wrong with it
            found.append(_info(entry, [], str(error)))
    return found


def _one(name: str, home: Path, table: NodeTable, limits: Limits) -> NamedWorkflow:
    entry = entry_of(name, home)
    workflow, _ = workflow_of(entry, limits)
    _, inputs = function_of(entry, workflow, table, limits)
    return NamedWorkflow(
        name=entry.name,
        title=entry.title,
        description=entry.description,
        origin=entry.origin,
        inputs=inputs,
        workflow=workflow,
    )


def _schema(name: str, home: Path, folders: Folders, table: NodeTable, limits: Limits) -> Object:
    entry = entry_of(name, home)
    workflow, _ = workflow_of(entry, limits)
    graph, _ = function_of(entry, workflow, table, limits)
    return inputs_schema(graph, table, folders, title=entry.title, description=entry.description)


def _info(entry: Entry, inputs: list[str], trouble: str = "") -> WorkflowInfo:
    return WorkflowInfo(
        name=entry.name,
        title=entry.title,
        description=trouble or entry.description,
        origin=entry.origin,
        inputs=inputs,
    )


def _not_found(error: NoWorkflowError) -> NotDoneError:
    return NotDoneError(404, "no_such_workflow", str(error))


ROUTES = (
    Route("GET", "/v1/workflows", get_workflows, tag="workflows", answers={200: WorkflowList}),
    Route(
        "GET",
        "/v1/workflows/{name}",
        get_workflow,
        tag="workflows",
        answers={200: NamedWorkflow} | errors(404),
    ),
    Route(
        "GET", "/v1/workflows/{name}/schema", get_schema, tag="workflows", answers={200: Object} | errors(404)
    ),
    Route(
        "POST",
        "/v1/workflows/{name}/run",
        post_run,
        tag="workflows",
        body=RunWorkflow,
        answers={201: Job, 200: Job} | errors(400, 404, 409, 413, 415, 422, 429, 503),
    ),
)
"""Workflows by name."""
