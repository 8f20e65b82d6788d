"""Between our values and those of the HTTP library."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, BinaryIO, TypedDict

import httpx2

from .address import Address
from .errors import LocalFileError, UnavailableError
from .exchange import JSON, Answer, Lost, Request
from .scheme import speaks_plainly

UNHEARD = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
"""How a request fails that was never sent."""

FILE = "image"
"""The field of an upload's form that carries the file, whatever kind it is."""


class Arguments(TypedDict, total=False):
    """What the library is given for a request."""

    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None
    data: dict[str, Any]
    files: dict[str, tuple[str, BinaryIO]]


def arguments(request: Request, address: Address, files: ExitStack) -> Arguments:
    """Return what to give to the library; the file of an upload is open until `files` is closed."""
    headers = address.headers(request.accept)
    given = Arguments(method=request.method, url=address.at(request.path), headers=headers)
    if request.upload is not None:
        form = request.upload
        try:
            opened = files.enter_context(form.path.open("rb"))
        except OSError as error:
            raise LocalFileError(f"{form.path} can't be read: {error.strerror}") from error
        return {**given, "data": dict(form.fields), "files": {FILE: (form.name, opened)}}
    if request.method in ("POST", "PATCH"):  # the server takes JSON alone there, also where it needs none
        headers["Content-Type"] = JSON
    return {**given, "content": request.body}


def answer_of(response: httpx2.Response) -> Answer:
    """Return an answer that was read whole."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status_code, content=response.content, headers=headers)


def loss(error: httpx2.RequestError | UnavailableError, *, known: bool) -> Lost:
    """Return why there is no answer, or none but that the server can't answer now."""
    return Lost(
        reason=str(error) or type(error).__name__,
        heard=not isinstance(error, UNHEARD),
        known=known,
        untrusted=any(isinstance(one, ssl.SSLCertVerificationError) for one in _causes(error)),
        speaks="http" if speaks_plainly(_causes(error)) else None,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came of: the library wraps those of the connection."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
