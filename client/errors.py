"""What goes wrong between a client and its server: a class for each thing to do about it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from .exchange import Answer
from .values import Error, Job, Problem


class ClientError(Exception):
    """Something that was asked was not done; the text says what and what to do."""


class AddressError(ClientError):
    """The server's address, or its token, is none."""


class ConnectionLostError(ClientError):
    """The server can't be reached, or went away before it answered."""


class TimedOutError(ClientError):
    """A job had not ended in the time that it was waited for; it goes on."""


class NotUnderstoodError(ClientError):
    """What answered is not what was expected: another program, or another version of this one."""


class WorkflowFileError(ClientError):
    """A file can't be read as a workflow."""


class LocalFileError(ClientError):
    """A file can't be sent, or can't be kept: its name is unsafe, or this machine refuses."""


class JobFailedError(ClientError):
    """A job that was to be run ended otherwise than done."""

    def __init__(self, job: Job) -> None:
        why = f": {job.failure.message}" if job.failure else ""
        node = f" in node {job.failure.node}" if job.failure and job.failure.node else ""
        super().__init__(f"job {job.id} {ENDS.get(job.state, job.state)}{node}{why}")
        self.job = job


ENDS = {"failed": "failed", "cancelled": "was cancelled"}
"""How a job ends that is not done."""


class RefusedError(ClientError):
    """The server answered that it does not do it.

    `status` is HTTP's, `code` names the reason, `problems` are what is wrong with a workflow.
    """

    def __init__(self, status: int, code: str, message: str, problems: list[Problem] | None = None) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.problems = problems or []
        others = [one.message for one in self.problems if one.message not in message]
        super().__init__("\n  ".join([message, *others, *self._advice()]))

    def _advice(self) -> list[str]:
        return [ADVICE[self.status]] if self.status in ADVICE else []


class InvalidError(RefusedError):
    """What was sent is wrong: 400, 413, 415, 422."""


class UnauthorisedError(RefusedError):
    """The server wants a token, and this is none of its own: 401."""


class ForbiddenError(RefusedError):
    """Somebody else may do it, this user not: 403."""


class NotFoundError(RefusedError):
    """There is no such thing: 404."""


class ConflictError(RefusedError):
    """It is not in the state for that: 409."""


class BusyError(RefusedError):
    """The server has too much to do: 429."""


class UnavailableError(RefusedError):
    """The server can't do it now: 503."""


KINDS: Mapping[int, type[RefusedError]] = {
    400: InvalidError,
    401: UnauthorisedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    413: InvalidError,
    415: InvalidError,
    422: InvalidError,
    429: BusyError,
    503: UnavailableError,
}
"""The class of each status; any other from 400 on is a `RefusedError`."""

ADVICE: Mapping[int, str] = {
    401: "give a token: token=…, --token, or $INKLOOM_TOKEN; `inkloom user add` on the server makes one",
    429: "wait until some of your jobs have ended",
    503: "try again in a moment",
}
"""What to do about a status."""


def refusal(answer: Answer) -> RefusedError:
    """Return the error that an answer from 400 on tells."""
    told = _told(answer)
    return KINDS.get(answer.status, RefusedError)(answer.status, told.code, told.message, told.problems)


def _told(answer: Answer) -> Error:
    try:
        return msgspec.json.decode(answer.content, type=Error)
    except (msgspec.DecodeError, UnicodeDecodeError):  # the routes outside of /v1 have shapes of their own
        text = answer.content[:500].decode(errors="replace").strip()
        return Error(code="refused", message=text or f"the server answered {answer.status}")
