"""What all handlers under /v1 share: bodies and queries read as values, values answered, errors told.

A handler takes its body with `body_of` and its query with `query_of`, raises `NotDoneError` for what can't be
done, and answers with `answer`. Its row, a `Route` of `server/routing.py`, names the same types.
"""

import asyncio
import http
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from ...client.values import Error, Problem
from ..body import LARGE, TOO_DEEP, is_deep, read_json, refuse_many
from ..refusals import REFUSAL

Value = TypeVar("Value")
Query = TypeVar("Query", bound=msgspec.Struct)

JSON = "application/json"


class NotDoneError(Exception):
    """Something that is not done: the status and the body of the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        problems: Sequence[Problem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = Error(code=code, message=message, problems=list(problems))
        self.headers = headers


def errors(*statuses: int) -> dict[int, object]:
    """Return the answers of a route that are errors, besides those that any route may give."""
    return dict.fromkeys(statuses, Error)


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return an answer that holds a value."""
    return web.Response(body=encoded(value), status=status, content_type=JSON, headers=headers)


def encoded(value: object) -> bytes:
    """Return a value as JSON, in one line."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # half of a surrogate pair, which the other routes take: it leaves as it came
        return json.dumps(msgspec.to_builtins(value)).encode()


async def body_of(request: web.Request, kind: type[Value]) -> Value:
    """Return the value that a request's body holds.

    Refuses what is not sent as JSON (415), is larger than it may be (413), or is no such value (400).
    """
    if request.content_type != JSON:
        told = f"The body must be sent as {JSON}, not {request.content_type}"
        raise NotDoneError(415, "wrong_content_type", told)
    text = await request.read()
    if len(text) < LARGE:
        return _value_of(text, kind)
    return await asyncio.to_thread(_value_of, text, kind)


def _value_of(text: bytes, kind: type[Value]) -> Value:
    try:
        refuse_many(text)
        read = msgspec.json.decode(text)
    except RecursionError:
        raise _not_json(TOO_DEEP) from None
    except ValueError as error:
        raise _not_json(_where(text, error)) from error
    if is_deep(text, read):
        raise _not_json(TOO_DEEP)
    try:
        return msgspec.convert(read, kind)
    except msgspec.ValidationError as error:
        told = f"The body is not what is expected: {error}. It may have: {fields_of(kind)}"
        raise NotDoneError(400, "invalid_body", told) from error


def query_of(request: web.Request, kind: type[Query]) -> Query:
    """Return the value that a request's query holds; refuses what is no such value (400).

    `user`, by which an admin asks in the name of another, belongs to all routes and to no value.
    """
    given = {name: request.query[name] for name in request.query if name != "user"}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        told = f"The query is not what is expected: {error}. It may have: {fields_of(kind)}"
        raise NotDoneError(400, "invalid_query", told) from error


def fields_of(kind: type) -> str:
    """Say which fields a value may have, and of those that take certain words, which."""
    told: list[str] = []
    for field in msgspec.structs.fields(kind):
        words = ", ".join(_words(field.type))
        told.append(f"{field.encode_name} ({words})" if words else field.encode_name)
    return ", ".join(told)


def _words(kind: Any) -> list[str]:
    """Return what may be said where a type lists words one by one: those, and whether a number will do."""
    if get_origin(kind) is Literal:
        return [repr(word) for word in get_args(kind)]
    parts = get_args(kind)
    found = [word for part in parts for word in _words(part)]
    return ["a number", *found] if found and float in parts else found


@web.middleware
async def told_as_values(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error under /v1 with an `Error`, wherever it comes from."""
    if not request.path.removeprefix("/api").startswith("/v1/"):
        return await handler(request)
    try:
        given = await handler(request)
    except NotDoneError as error:
        return answer(error.error, error.status, error.headers)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kept = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return answer(_of_status(error, request), error.status, kept)
    refusal = given.get(REFUSAL)
    if refusal is None:
        return given
    told = f"{refusal.message}: {refusal.details}" if refusal.details else refusal.message
    kept = {name: text for name, text in given.headers.items() if not name.lower().startswith("content-")}
    made = answer(Error(code=refusal.kind, message=told), given.status, kept)
    if given.keep_alive is False:
        made.force_close()
    return made


def _not_json(why: str) -> NotDoneError:
    return NotDoneError(400, "not_json", f"The body can't be read as JSON: {why}")


def _where(text: bytes, error: ValueError) -> str:
    """Say what is wrong with JSON text, with line and column: the quick reader does not know them."""
    try:
        read_json(text)
    except json.JSONDecodeError as found:
        return f"{found.msg} at line {found.lineno}, column {found.colno}"
    except ValueError as found:
        return str(found)
    return f"{error}; perhaps it has half of a surrogate pair, or a number beyond any"


def _of_status(error: web.HTTPException, request: web.Request) -> Error:
    phrase = http.HTTPStatus(error.status).phrase
    said = (error.text or "").strip()
    if said in ("", f"{error.status}: {phrase}", f"{error.status}: {error.reason}"):
        said = phrase
    if request.match_info.route.resource is None and error.status == 404:
        said = f"there is nothing at {request.path}; /v1/openapi.json lists what there is"
    if isinstance(error, web.HTTPMethodNotAllowed):
        said = f"{request.path} takes {', '.join(sorted(error.allowed_methods))}, not {error.method}"
    return Error(code=phrase.lower().replace(" ", "_"), message=said)
