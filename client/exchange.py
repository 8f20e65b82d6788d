"""What goes over the wire, as values: a request, what came of it, and a request that knows how to be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Literal, TypeAlias, TypeVar

T = TypeVar("T")

JSON = "application/json"

Scheme: TypeAlias = Literal["http", "https"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file to send in a form, and the form's other fields."""

    path: Path
    name: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked. `path` begins with a slash, and is escaped.

    A `repeatable` request may be sent again when it is not known whether the server has heard it.
    """

    method: str
    path: str
    body: bytes | None = None
    upload: Upload | None = None
    accept: str = JSON
    repeatable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server said; the names of headers are in lower case."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """No answer: why, whether the server may have heard the request, whether it ever answered any before.

    `untrusted`: there is a server, but nobody vouches for its certificate. `speaks` is the scheme that it
    speaks, where that is known to be another than its URL's.
    """

    reason: str
    heard: bool
    known: bool
    untrusted: bool = False
    speaks: Scheme | None = None


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, and how to read the answer to it once it is known to be none of an error."""

    request: Request
    read: Callable[[Answer], T]
