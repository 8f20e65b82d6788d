"""Jobs of the store as `Job`s: what is told of them under /v1."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import quote, urlencode

from ...client.values import Failure, File, Job, Problem
from ..store import Found

SECOND = 1000
"""Milliseconds: what the store counts in."""


def shown(
    found: Found,
    *,
    position: int | None = None,
    progress: float | None = None,
    warnings: list[Problem] | None = None,
) -> Job:
    """Return a job as it is told."""
    outputs: dict[str, Any] = {} if found.outputs is None else json.loads(found.outputs)
    return Job(
        id=found.id,
        state=found.state,
        priority=found.number,
        created=found.created / SECOND,
        started=None if found.started is None else found.started / SECOND,
        ended=None if found.ended is None else found.ended / SECOND,
        attempt=found.attempt,
        position=position,
        progress=progress if found.state == "running" else None,
        files=files_of(outputs),
        outputs=outputs,
        failure=_failure(found.messages) if found.state == "failed" else None,
        retry_of=found.retry_of,
        warnings=warnings or [],
    )


def files_of(outputs: Mapping[str, Any]) -> dict[str, list[File]]:
    """Return the files that output nodes say they have written."""
    found = {node: list(_files(ui)) for node, ui in outputs.items()}
    return {node: files for node, files in found.items() if files}


def _files(ui: Any) -> Iterator[File]:
    held = cast("Mapping[str, Any]", ui).values() if isinstance(ui, Mapping) else ()
    for entries in held:
        for entry in cast("list[Any]", entries) if isinstance(entries, list) else ():
            match entry:
                case {"filename": str() as name, "subfolder": str() as folder, "type": str() as kind}:
                    asked = urlencode(
                        {"filename": name, "subfolder": folder, "type": kind}, errors="surrogateescape"
                    )
                    yield File(filename=name, subfolder=folder, type=kind, url=f"/view?{asked}")
                case _:
                    pass  # not everything that is shown is a file


def _failure(messages: str | None) -> Failure | None:
    """Return why a job failed: the last of its messages says it."""
    if messages is None:
        return None
    errors = [said for kind, said in json.loads(messages) if kind == "execution_error"]
    if not errors:
        return None
    said = errors[-1]
    return Failure(
        message=str(said["exception_message"]).strip(),
        exception_type=said["exception_type"],
        node=said["node_id"] or None,
        class_type=said["node_type"] or None,
        traceback=said["traceback"],
    )


def place_of(job: str) -> str:
    """Return the path where a job is found."""
    return f"/v1/jobs/{quote(job, safe='')}"
