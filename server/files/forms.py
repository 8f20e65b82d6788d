"""Forms with a file in them (multipart/form-data), read part by part: a file is never whole in memory."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from ..limits import LIMITS, Limits
from .incoming import Incoming, incoming
from .trouble import told_over_http

BAD = (ValueError, RuntimeError, LookupError, HttpProcessingError, web.RequestPayloadError)
"""What reading a form raises that is none, or that was cut short."""

MULTIPART = "multipart/form-data"

FILE = "image"
"""The field that carries the file."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form's fields, and its file with the name that the sender gave it; None where it has none."""

    fields: Mapping[str, str]
    filename: str | None
    file: Incoming


@asynccontextmanager
async def form_in(request: web.Request, folder: Path, limits: Limits = LIMITS) -> AsyncGenerator[Form]:
    """Read a form; its file lies in `folder` meanwhile, and is gone afterwards if it got no place.

    Answers 400 for what is no such form, 413 for too large a file, 507 where there is no room for it.
    """
    if request.content_type != MULTIPART:
        raise web.HTTPBadRequest(
            text=f"the body must be {MULTIPART} with a file {FILE!r}, not {request.content_type}\n"
        )
    most = limits.upload_bytes
    if (request.content_length or 0) > most + limits.form_field_bytes * limits.form_parts:
        raise too_large(most, request.content_length or 0)
    with told_over_http():
        async with incoming(folder) as file:
            try:
                form = await _read(request, file, limits)
            except BAD as error:
                raise web.HTTPBadRequest(text=f"the form can't be read: {error}\n") from error
            yield form


def too_large(limit: int, size: int) -> web.HTTPRequestEntityTooLarge:
    """Return the answer to more than may be sent."""
    text = f"a file may have {limit} bytes, no more\n"
    return web.HTTPRequestEntityTooLarge(max_size=limit, actual_size=size, text=text)


async def _read(request: web.Request, file: Incoming, limits: Limits) -> Form:
    fields: dict[str, str] = {}
    filename: str | None = None
    reader = MultipartReader(request.headers, request.content)
    for _ in range(limits.form_parts):
        part = await reader.next()
        if part is None:
            await file.flush()
            return Form(fields, filename, file)
        if not isinstance(part, BodyPartReader):
            raise ValueError("it has a form inside of it")
        if part.headers.get("Content-Transfer-Encoding", "binary").lower() not in ("binary", "8bit", "7bit"):
            raise ValueError("its parts must be sent as they are, without a Content-Transfer-Encoding")
        if part.name == FILE and filename is None:
            filename = part.filename or ""
            while piece := await part.read_chunk(2**16):
                if file.size + len(piece) > limits.upload_bytes:
                    raise too_large(limits.upload_bytes, file.size + len(piece))
                await file.write(piece)
        elif part.name is not None:
            fields[part.name] = await _text(part, limits.form_field_bytes)
    raise ValueError(f"it has more than {limits.form_parts} parts")


async def _text(part: BodyPartReader, most: int) -> str:
    found = bytearray()
    while piece := await part.read_chunk():
        found += piece
        if len(found) > most:
            raise ValueError(f"its field {part.name!r} is longer than {most} bytes")
    return found.decode()
