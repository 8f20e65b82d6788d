"""Connections that end in the middle, on real sockets: nothing is missed, told twice, or half kept."""

import json
from pathlib import Path

import pytest

from inkloom.client import (
    AddressError,
    AsyncClient,
    Client,
    ConnectionLostError,
    File,
    NotFoundError,
)

from .conftest import Script, stream, whole


def event(seq: int, type: str = "node_started", **data: object) -> str:
    told = {"seq": seq, "type": type, "at": 1.0, "attempt": 1, "data": {"type": type, **data}}
    return f"event: {type}\nid: {seq}\ndata: {json.dumps(told)}\n\n"


def job(state: str) -> dict[str, object]:
    return {"id": "j", "state": state, "priority": 0, "created": 0}


END = event(4, "state", **job("done"))
PULSE = ": still here\n\n"
"""A comment, as a server sends it so that the connection is not taken for dead."""

COURSES: dict[str, tuple[list[bytes], list[int]]] = {
    "at once": ([stream(event(1), PULSE, event(2), event(3), END)], [0]),
    "cut between two events": ([stream(event(1), event(2), cut=True), stream(event(3), END)], [0, 2]),
    "cut in the middle of an event": (
        [stream(event(1), event(2)[:20], cut=True), stream(event(2), event(3), END)],
        [0, 1],
    ),
    "cut before any answer": ([stream(event(1), cut=True), b"", stream(event(2), event(3), END)], [0, 1, 1]),
    "the server can't answer yet": (
        [
            stream(event(1), cut=True),
            whole({"code": "starting", "message": "wait"}, "503 Service Unavailable"),
            stream(event(2), event(3), END),
        ],
        [0, 1, 1],
    ),
    "ended early": ([stream(event(1), event(2)), stream(event(3), END)], [0, 2]),
}
"""What a server says, and since when it is asked each time."""


def since(heard: list[str]) -> list[int]:
    return [int(line.split("since=")[1].split(" ")[0]) for line in heard if "/events" in line]


@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize("waits", [True, False], ids=["sync", "async"])
async def test_every_event_comes_once(course: str, waits: bool, script: Script) -> None:
    replies, asked = COURSES[course]
    server = script(*replies)
    if waits:
        with Client(server.url) as client:
            told = list(client.jobs.events("j"))
    else:
        async with AsyncClient(server.url) as other:
            told = [event async for event in other.jobs.events("j")]
    assert [event.seq for event in told] == [1, 2, 3, 4]
    assert told[-1].data["state"] == "done"
    assert since(server.heard) == asked


def test_a_job_that_is_deleted_meanwhile(script: Script) -> None:
    gone = whole({"code": "unknown_job", "message": "there is no job j"}, "404 Not Found")
    server = script(stream(event(1)), gone)
    with Client(server.url) as client:
        told = client.jobs.events("j")
        assert next(told).seq == 1
        with pytest.raises(NotFoundError, match="no job j"):
            next(told)


def test_a_server_that_stays_away_is_told(script: Script) -> None:
    server = script(stream(event(1), cut=True))
    with Client(server.url, patience=0.3) as client:
        told = client.jobs.events("j")
        assert next(told).seq == 1
        with pytest.raises(ConnectionLostError, match=server.url):
            next(told)


def test_a_server_that_was_never_there() -> None:
    with Client("http://127.0.0.1:1") as client, pytest.raises(ConnectionLostError, match="inkloom serve"):
        client.jobs.get("j")


def test_no_such_job(script: Script) -> None:
    server = script(whole({"code": "no_job", "message": "no job j"}, "404 Not Found"))
    with Client(server.url) as client, pytest.raises(NotFoundError, match="no job j"):
        list(client.jobs.events("j"))


def test_the_token_is_sent(script: Script) -> None:
    server = script(whole(job("done")))
    with Client(server.url, "secret") as client:
        client.jobs.get("j")
    assert b"authorization: bearer secret\r\n" in server.headers[0].lower()


def file(url: str = "/view?filename=a.png") -> File:
    return File(filename="a.png", subfolder="", type="output", url=url)


CONTENT = bytes(range(256)) * 100


def content(length: int = len(CONTENT)) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(CONTENT)}\r\n\r\n"
    return head.encode() + CONTENT[:length]


@pytest.mark.parametrize("waits", [True, False], ids=["sync", "async"])
async def test_a_download_that_is_cut_begins_again(waits: bool, script: Script, tmp_path: Path) -> None:
    server = script(content(1000), b"", content())
    if waits:
        with Client(server.url) as client:
            path = client.files.download(file(), tmp_path)
    else:
        async with AsyncClient(server.url) as other:
            path = await other.files.download(file(), tmp_path)
    assert path.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [path]
    assert server.heard == ["GET /view?filename=a.png HTTP/1.1"] * 3


@pytest.mark.parametrize("replies", [[content(1000)], [whole({}, "404 Not Found")]])
def test_a_download_that_fails_leaves_nothing(replies: list[bytes], script: Script, tmp_path: Path) -> None:
    server = script(*replies)
    with Client(server.url, patience=0.3) as client, pytest.raises((ConnectionLostError, NotFoundError)):
        client.files.download(file(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_other_server_is_asked_for_a_file(script: Script, tmp_path: Path) -> None:
    server, other = script(content()), script(content())
    with Client(server.url, "secret") as client, pytest.raises(AddressError):
        client.files.download(file(f"{other.url}/view"), tmp_path)
    assert other.heard == []
