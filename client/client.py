"""The client that waits: `Client`."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Unpack

import httpx2

from . import requests
from .address import address
from .conversation import Losses, run, wait
from .errors import UnavailableError
from .following import CLOSED, LONGEST_EVENT, SILENCE, Following
from .line import Line
from .requests import Object, Priority, Wanted, Wishes
from .saving import saving
from .source import Given, Source, workflow_of, workflow_or_name
from .trust import trust
from .values import (
    Estimate,
    Event,
    Explanation,
    File,
    Job,
    JobPage,
    NamedWorkflow,
    Notation,
    Residency,
    State,
    TokenCount,
    Validity,
    WorkflowInfo,
)


class Client:
    """A server of jobs, as one user; to be closed, or used in a `with`.

    `url` and `token` are by default `$INKLOOM_URL` and `$INKLOOM_TOKEN`, and without these a server of this
    machine. `timeout` is in seconds, for each step of an exchange; `patience` for how many of them a
    server is waited for that went away and had answered before. A certificate is checked by what
    `$SSL_CERT_FILE` names, else by well-known authorities; `verify` is a context of one's own, or False.
    Methods raise ClientError.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        patience: float = 30.0,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        place = address(url, token, os.environ)
        self._line = Line(place, timeout, patience, trust(verify, place, os.environ))
        self.jobs = Jobs(self._line)
        self.files = Files(self._line)
        self.workflows = Workflows(self._line, self.jobs)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._line.address.url

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._line.close()

    def validate(self, workflow: Given, **wanted: Unpack[Wanted]) -> Validity:
        """Tell everything that is wrong with a workflow."""
        call = requests.validate(workflow_of(workflow), wanted)
        return self._line.ask(call)

    def explain(self, workflow: Given, **wanted: Unpack[Wanted]) -> Explanation:
        """Tell what of a workflow would run now, and why."""
        call = requests.explain(workflow_of(workflow), wanted)
        return self._line.ask(call)

    def estimate(self, workflow: Given, **wanted: Unpack[Wanted]) -> Estimate:
        """Tell what time and memory a workflow would take now."""
        call = requests.estimate(workflow_of(workflow), wanted)
        return self._line.ask(call)

    def tokens(
        self, text: str, *, syntax: Notation = "comfyui", loader: Mapping[str, Any] | None = None
    ) -> TokenCount:
        """Count the tokens of a prompt; `loader` is the node whose text encoders read it, in API format."""
        return self._line.ask(requests.tokens(text, syntax, loader))

    def residency(self) -> Residency:
        """Tell what the server has in memory."""
        return self._line.ask(requests.residency())

    def nodes(self) -> Object:
        """Describe every node that the server knows, by class."""
        return self._line.ask(requests.nodes())

    def system(self) -> Object:
        """Tell of the server's machine, versions and devices."""
        return self._line.ask(requests.system())


class Jobs:
    """The jobs of a server: `client.jobs`."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def submit(self, workflow: Source, **wishes: Unpack[Wishes]) -> Job:
        """Queue a workflow, one in a file (a Path), or one that the server has (its name)."""
        call = requests.submit(workflow_or_name(workflow), wishes)
        return self._line.ask(call)

    def run(self, workflow: Source, *, timeout: float | None = None, **wishes: Unpack[Wishes]) -> Job:
        """Queue a workflow and return its job when it is done.

        Raises JobFailedError when it ends otherwise, TimedOutError after `timeout` seconds; then it goes on.
        """
        call = requests.submit(workflow_or_name(workflow), wishes)
        return self._line.hold(run(call, requests.job, timeout, self._line.manner))

    def get(self, id: str) -> Job:
        """Tell how a job is."""
        return self._line.ask(requests.job(id))

    def workflow(self, id: str) -> Object:
        """Give the workflow of a job, in API format."""
        return self._line.ask(requests.job_workflow(id))

    def page(
        self, *, state: State | None = None, limit: int | None = None, before: str | None = None
    ) -> JobPage:
        """List some jobs, newest first."""
        return self._line.ask(requests.jobs(state, limit, before))

    def list(self, *, state: State | None = None, limit: int | None = None) -> Iterator[Job]:
        """List all jobs, or so many, newest first; they are asked for a page at a time."""
        before: str | None = None
        left = requests.PAGE if limit is None else limit
        while left > 0:
            page = self.page(state=state, limit=min(left, requests.PAGE), before=before)
            yield from page.jobs
            before = page.next
            if before is None:
                return
            left = left if limit is None else left - len(page.jobs)

    def wait(self, id: str, *, timeout: float | None = None) -> Job:
        """Return a job when it has ended, however it did; raises TimedOutError after so many seconds."""
        return self._line.hold(wait(requests.job(id), timeout, self._line.manner))

    def cancel(self, id: str) -> Job:
        """Stop a job, whether it waits or runs; one that has ended stays as it is."""
        return self._line.ask(requests.cancel(id))

    def retry(self, id: str) -> Job:
        """Queue the workflow of a job again, as a new job."""
        return self._line.ask(requests.retry(id))

    def prioritise(self, id: str, priority: Priority) -> Job:
        """Change when a waiting job comes up; raises ConflictError when it waits no more."""
        return self._line.ask(requests.prioritise(id, priority))

    def forget(self, id: str) -> None:
        """Delete a job that has ended from the history; its files stay."""
        self._line.ask(requests.forget(id))

    def events(self, id: str, since: int = 0) -> Iterator[Event]:
        """Tell what happens in a job, from after event `since` to its end, also when the server restarts."""
        following = Following(id, Losses(self._line.manner), since)
        while True:
            try:
                with self._line.stream(following.request(), SILENCE) as response:
                    for told in httpx2.EventSource(response, LONGEST_EVENT):
                        yield following.take(told.data)
                        if following.over:
                            return
                lost = CLOSED
            except (httpx2.RequestError, UnavailableError) as error:
                lost = self._line.loss(error)
            time.sleep(following.losses.pause(lost))


class Files:
    """The files of a server: `client.files`."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def download(self, file: File, to: Path | str) -> Path:
        """Keep a file that a job has written in a folder, and return its path.

        It is there whole or not at all, never outside of the folder, and replaces none: one with the same
        bytes stays, and beside another one of its name this becomes `name (1).png`. Raises LocalFileError.
        """
        losses = Losses(self._line.manner)
        with saving(file, Path(to)) as kept:
            while True:
                try:
                    with self._line.stream(requests.content(file)) as response:
                        for piece in response.iter_bytes():
                            kept.write(piece)
                            losses.none()
                    return kept.finish()
                except (httpx2.RequestError, UnavailableError) as error:
                    time.sleep(losses.pause(self._line.loss(error)))
                    kept.begin()

    def upload(self, path: Path | str, *, subfolder: str = "", overwrite: bool = False) -> str:
        """Send a file to the server's input folder, and return the name that nodes know it by there."""
        call = requests.upload(Path(path), subfolder=subfolder, overwrite=overwrite)
        return self._line.ask(call)


class Workflows:
    """The workflows that a server has: `client.workflows`."""

    def __init__(self, line: Line, jobs: Jobs) -> None:
        self._line = line
        self._jobs = jobs

    def list(self) -> Sequence[WorkflowInfo]:
        """List the workflows that can be run by name."""
        return self._line.ask(requests.workflows())

    def get(self, name: str) -> NamedWorkflow:
        """Tell what a workflow takes, and give the workflow itself."""
        return self._line.ask(requests.workflow(name))

    def schema(self, name: str) -> Object:
        """Give the JSON Schema of a workflow's inputs."""
        return self._line.ask(requests.workflow_schema(name))

    def run(self, name: str, *, timeout: float | None = None, **wishes: Unpack[Wishes]) -> Job:
        """Run a workflow as a function of its inputs; as `client.jobs.run` otherwise."""
        return self._jobs.run(name, timeout=timeout, **wishes)
