"""Servers for the client: one that says what a test gives it to say, and a real one."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from ..served import Served


@dataclass
class Scripted:
    """A server that answers each request with the next of some bytes, and cuts the connection after each."""

    url: str
    replies: list[bytes]
    heard: list[str] = field(default_factory=list[str])
    """The first line of each request."""
    headers: list[bytes] = field(default_factory=list[bytes])


Script = Callable[..., Scripted]


@pytest.fixture
def script() -> Iterator[Script]:
    """Return a starter of scripted servers on real sockets."""
    with contextlib.ExitStack() as servers:

        def start(*replies: bytes) -> Scripted:
            listening = servers.enter_context(socket.create_server(("127.0.0.1", 0)))
            told = Scripted(f"http://127.0.0.1:{listening.getsockname()[1]}", list(replies))
            answering = threading.Thread(target=_answer, args=(listening, told), daemon=True)
            answering.start()
            servers.callback(answering.join, 10)
            servers.callback(_stop, listening)
            return told

        yield start


def _stop(listening: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has said all, and is closed
        listening.shutdown(socket.SHUT_RDWR)


def _answer(listening: socket.socket, told: Scripted) -> None:
    while told.replies:
        try:
            connection, _ = listening.accept()
        except OSError:  # the test is over
            return
        with connection, connection.makefile("rwb") as stream:
            told.heard.append(stream.readline().decode().strip())
            headers = b"".join(iter(stream.readline, b"\r\n"))
            told.headers.append(headers)
            length = [line for line in headers.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            stream.read(int(length[0].split(b":")[1]) if length else 0)
            stream.write(told.replies.pop(0))
    listening.close()  # who asks for more is refused


def whole(body: object, status: str = "200 OK", *headers: str) -> bytes:
    """Return an answer with a JSON body."""
    text = json.dumps(body)
    lines = [f"HTTP/1.1 {status}", "Connection: close", f"Content-Length: {len(text)}", *headers]
    return ("\r\n".join(lines) + f"\r\n\r\n{text}").encode()


def stream(*events: str, cut: bool = False) -> bytes:
    """Return a stream of events in one chunk each; one that is cut lacks its end."""
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = "".join(f"{len(event.encode()):x}\r\n{event}\r\n" for event in events)
    return (head + chunks + ("" if cut else "0\r\n\r\n")).encode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Yield a real server that knows the toy nodes, and runs."""
    server = Served(tmp_path_factory.mktemp("root"))
    server.start()
    try:
        yield server
    finally:
        server.kill()
