"""How much of anything one client may ask for: one table, which docs/security.md prints."""

from dataclasses import dataclass, field, fields
from typing import Any

KIB, MIB, GIB = 2**10, 2**20, 2**30


def _of(most: Any, says: str) -> Any:
    return field(default=most, metadata={"says": says})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most of each thing; whatever is more is refused with a reason, and nothing of it is kept."""

    upload_bytes: int = _of(100 * MIB, "bytes of a file that is uploaded or saved (`--max-upload-size`): 413")
    json_bytes: int = _of(32 * MIB, "bytes of any other body, unpacked: 413")
    bodies_bytes: int = _of(512 * MIB, "bytes of such bodies that are read at the same time: 503")
    json_depth: int = _of(200, "lists and objects of a JSON value inside of each other: 400")
    json_values: int = _of(125_000, "values of a JSON text, by the commas in it: 400 before it is read")
    nodes: int = _of(100_000, "nodes of a workflow: 400")
    id_length: int = _of(256, "characters of an id that a client chooses for a job or for itself: 400")
    waiting_jobs: int = _of(100_000, "jobs of one user that wait or run (`--max-queue`): 429")
    waiting_bytes: int = _of(1 * GIB, "bytes of one user's jobs that wait or run: 429")
    waiting_bytes_of_all: int = _of(8 * GIB, "bytes of all jobs that wait or run: 429")
    form_parts: int = _of(64, "parts of a form: 400")
    form_field_bytes: int = _of(64 * KIB, "bytes of a field of a form that is no file: 400")
    userdata_bytes: int = _of(1 * GIB, "bytes of all files that a user has saved: 413")
    settings_bytes: int = _of(4 * MIB, "bytes of a user's settings: 413")
    pixels: int = _of(2**26, "pixels of a picture that is decoded to be shown or masked: 400")
    pictures: int = _of(2, "pictures that are decoded at the same time; the others wait")
    notes_bytes: int = _of(1 * MIB, "bytes of a model's header whose notes are shown: 404")
    covers_bytes: int = _of(16 * MIB, "bytes of a model's header that is searched for a picture: 404")
    header_bytes: int = _of(8190, "bytes of the first line or of a header of a request: 400")
    headers: int = _of(128, "headers of a request: 400")
    header_seconds: float = _of(20.0, "seconds until the first request of a connection is there: closed")
    idle_seconds: float = _of(75.0, "seconds that a connection waits for its next request: closed")
    body_seconds: float = _of(30.0, "seconds that a body may be slow in coming: 408")
    body_rate: int = _of(16 * KIB, "bytes a second that it comes in at least, from then on: 408")
    lingering_seconds: float = _of(10.0, "seconds that the rest of a refused body is read: closed")
    stalled_seconds: float = _of(60.0, "seconds that a client may leave an answer unread: closed")
    wrong_tokens: int = _of(30, "tokens that are nobody's from one address in a minute: 429")
    wrong_addresses: int = _of(10_000, "addresses whose wrong tokens are counted; the oldest is forgotten")
    connections: int = _of(4096, "open connections: closed")
    connections_of_address: int = _of(2048, "open connections of one address: closed")
    websockets: int = _of(2000, "open websockets: 503")
    websockets_of_address: int = _of(1000, "open websockets of one address: 429")
    event_streams: int = _of(1000, "open streams of server-sent events: 503")
    frame_bytes: int = _of(64 * KIB, "bytes of a message that a websocket client sends: closed with 1009")
    frames: int = _of(100, "messages that a websocket client sends in ten seconds: closed with 1008")
    outbox: int = _of(4096, "messages that wait for a websocket client to read them: closed")


FRAMES_SECONDS = 10.0
"""The time in which so many `frames` may come."""

LIMITS = Limits()
"""What holds unless the command line says otherwise."""


def rows() -> list[tuple[str, str, str]]:
    """Return the table: name, value and meaning of each limit."""
    return [(one.name, f"{one.default:,}".removesuffix(".0"), one.metadata["says"]) for one in fields(Limits)]
