"""GET /v1/openapi.json: every route, as an OpenAPI 3.1 document made from the table that answers them."""

import asyncio
import http
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec
from aiohttp import web

from ... import __version__
from ...client.values import Error, Event
from ..access.guard import cookie_name
from ..access.origin import CHANGING
from ..routing import ROUTES as TABLE
from ..routing import Content, Form, Route, plain
from ..wire_types import WRONG
from .routing import JSON, answer, errors

Object = dict[str, Any]

REFERENCE = "#/components/schemas/{name}"

DESCRIPTION = """What this server can be asked for.

Paths under /v1 are inkloom's own; the others are ComfyUI's, and as loose as its clients know them.
Whatever can be asked for with GET can be asked for with HEAD. An admin may add `?user=NAME` to ask in the
name of a user."""

SERVERS = [{"url": "/"}, {"url": "/api", "description": "The same, where an editor looks for it."}]

SECURITY: list[dict[str, list[str]]] = [{}, {"token": []}, {"cookie": []}]
"""None is needed on this machine alone, until there are users."""

BYTES = {"type": "string", "format": "binary"}

PARTS = re.compile(r"\{(\w+)\}")

Schema = Callable[[Content], Object]


def document(routes: Sequence[Route], version: str, cookie: str) -> Object:
    """Return the document of a table of routes; `cookie` is the name of the one that /login gives."""
    kinds = [Event, *(kind for route in routes for kind in _types(route))]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=REFERENCE)
    by_type = {_name(kind): schema for kind, schema in zip(kinds, schemas, strict=True)}

    def schema_of(kind: Content) -> Object:
        return by_type[_name(kind)]

    paths: dict[str, Object] = {}
    for route in routes:
        entry = paths.setdefault(plain(route.path), {})
        if route.bare:
            entry["servers"] = SERVERS[:1]
        entry[route.method.lower()] = _operation(route, schema_of, components)
    for route in routes:  # parameters stand for themselves
        if route.query is not None:
            components.pop(_named(schema_of(route.query)), None)
    tags = sorted({route.tag for route in routes})
    return {
        "openapi": "3.1.0",
        "info": {"title": "inkloom", "version": version, "description": DESCRIPTION},
        "servers": SERVERS,
        "security": SECURITY,
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {"schemas": dict(sorted(components.items())), "securitySchemes": _schemes(cookie)},
    }


def _schemes(cookie: str) -> Object:
    """Return the ways in which somebody may say who they are."""
    return {
        "token": {"type": "http", "scheme": "bearer", "description": "A token of `inkloom user add`."},
        "cookie": {"type": "apiKey", "in": "cookie", "name": cookie, "description": "From /login."},
    }


def _operation(route: Route, schema_of: Schema, components: Mapping[str, Any]) -> Object:
    words = re.findall(r"\w+", plain(route.path))
    operation: Object = {
        "operationId": "_".join([route.method.lower(), *words]),
        "summary": _summary(route),
        "tags": [route.tag],
    }
    parameters = [*_path_parameters(route), *_query_parameters(route, schema_of, components)]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        required = not _may_be_left_out(route)
        operation["requestBody"] = {"required": required, "content": _content([route.body], schema_of)}
    if route.right == "anybody":
        operation["security"] = []
    if route.right == "admin":
        operation["description"] = "For admins."
    operation["responses"] = {
        str(status): _response(status, contents, schema_of) for status, contents in _answers(route).items()
    }
    return operation


def _named(reference: Object) -> str:
    return reference["$ref"].rpartition("/")[2]


def _summary(route: Route) -> str:
    return (route.handler.__doc__ or "").partition("\n")[0]


def _may_be_left_out(route: Route) -> bool:
    """Tell whether ComfyUI's routes do something without a body, too."""
    return not isinstance(route.body, Form) and not route.path.startswith("/v1/") and route.path != "/prompt"


def _path_parameters(route: Route) -> Iterator[Object]:
    for name in PARTS.findall(plain(route.path)):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query_parameters(route: Route, schema_of: Schema, components: Mapping[str, Any]) -> Iterator[Object]:
    if route.query is None:
        return
    told = cast(Object, components[_named(schema_of(route.query))])
    for name, schema in told["properties"].items():
        required = name in told.get("required", ())
        yield {"name": name, "in": "query", "required": required, "schema": _without_null(schema)}


def _without_null(schema: Object) -> Object:
    """Return the schema of a value in a query, which is there or is not."""
    kept = {name: value for name, value in schema.items() if name != "default" or value is not None}
    options = [one for one in kept.pop("anyOf", ()) if one != {"type": "null"}]
    if "enum" in kept:
        kept["enum"] = [value for value in kept["enum"] if value is not None]
    return {**kept, **(options[0] if len(options) == 1 else {"anyOf": options} if options else {})}


def _answers(route: Route) -> dict[int, list[Content]]:
    """Return everything that a route may answer: its own answers, and those that any such route gives."""
    found = {status: _alternatives(content) for status, content in route.answers.items()}
    for status, content in _common(route).items():
        held = found.setdefault(status, [])
        held += [one for one in _alternatives(content) if one not in held]
    return dict(sorted(found.items()))


def _common(route: Route) -> dict[int, Content]:
    """Return what is answered before a handler is asked, or by what all of them read with."""
    statuses = [400, 403]
    if route.right != "anybody":
        statuses += [401, 404, 429, 503]  # 404: an admin asks in the name of somebody who is nobody
    if route.method in CHANGING:
        statuses += [408, 413, 415]
    if PARTS.search(plain(route.path)):
        statuses += [404]
    wrong = Error if route.path.startswith("/v1/") else WRONG
    others: dict[int, Content] = {303: None} if route.method == "GET" and route.right != "anybody" else {}
    return others | dict.fromkeys(statuses, wrong)


def _response(status: int, contents: Sequence[Content], schema_of: Schema) -> Object:
    response: Object = {"description": http.HTTPStatus(status).phrase}
    if content := _content(contents, schema_of):
        response["content"] = content
    return response


def _content(contents: Sequence[Content], schema_of: Schema) -> Object:
    """Return contents by their media types; of several values that are sent as JSON, any."""
    found: Object = {}
    values: list[Object] = []
    for one in contents:
        match one:
            case None:
                pass
            case "text/event-stream":
                found["text/event-stream"] = {"schema": _streamed(schema_of(Event))}
            case str() as media:
                found[media] = {"schema": {"type": "string"} if media.startswith("text/") else {}}
            case Form(media=media, fields=fields):
                found[media] = {"schema": _fields(fields, schema_of)}
            case kind:
                values.append(schema_of(kind))
    if values:
        found = {JSON: {"schema": values[0] if len(values) == 1 else {"anyOf": values}}, **found}
    return found


def _streamed(event: Object) -> Object:
    """Return the schema of each event of a stream."""
    data = {"type": "string", "contentMediaType": JSON, "contentSchema": event}
    fields = {"event": {"type": "string"}, "id": {"type": "string"}, "data": data}
    return {"type": "object", "properties": fields, "required": ["event", "data"]}


def _fields(form: type[msgspec.Struct], schema_of: Schema) -> Object:
    """Return the schema of a form: its files are bytes, the rest is text."""
    fields = msgspec.structs.fields(form)
    properties = {
        field.encode_name: BYTES if field.type is bytes else _without_null(schema_of(field.type))
        for field in fields
    }
    required = [field.encode_name for field in fields if field.required]
    return {"type": "object", "properties": properties, "required": required}


def _types(route: Route) -> Iterator[Content]:
    """Yield all types that a route speaks of."""
    for content in (route.body, route.query, *route.answers.values(), *_common(route).values()):
        for one in _alternatives(content):
            if isinstance(one, Form):
                yield from (field.type for field in msgspec.structs.fields(one.fields))
            elif one is not None and not isinstance(one, str):
                yield one


def _alternatives(content: Content) -> list[Content]:
    return list(cast("tuple[Content, ...]", content)) if isinstance(content, tuple) else [content]


def _name(kind: Content) -> str:
    """Return what a type is found by: generic ones are made anew wherever they are written."""
    return f"{kind.__module__}.{kind.__qualname__}" if isinstance(kind, type) else repr(kind)


async def get_document(request: web.Request) -> web.Response:
    """Describe every route of this server, as an OpenAPI 3.1 document."""
    made = await asyncio.to_thread(document, request.app[TABLE], __version__, cookie_name(request))
    return answer(made)


ROUTES = (
    Route("GET", "/v1/openapi.json", get_document, tag="server", answers={200: dict[str, Any]} | errors(503)),
)
"""What tells what there is."""
