"""A server with a certificate that no authority vouches for, over a real socket."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from inkloom.client import AddressError, AsyncClient, Client, ConnectionLostError
from inkloom.client.address import Address
from inkloom.client.trust import trust

from ..served import Served

TLS = Path(__file__).resolve().parent.parent / "data" / "tls"

TOLD = json.dumps({"system": {}}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(TOLD), TOLD)


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the URL of a server that vouches for itself."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "one.cert.pem", TLS / "one.key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(target=_answer, args=(listening, context), daemon=True)
        answering.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        answering.join(10)


def _answer(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:  # the test is over
            return
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as stream:
            while (piece := stream.recv(65536)) and not piece.endswith(b"\r\n\r\n"):
                pass
            stream.sendall(ANSWER)


async def test_one_that_nobody_vouches_for_is_told_with_what_to_do(url: str) -> None:
    with Client(url) as client, pytest.raises(ConnectionLostError, match=r"trusted.*\n.*\$SSL_CERT_FILE"):
        client.system()
    async with AsyncClient(url) as waiting:
        with pytest.raises(ConnectionLostError, match=r"trusted.*\n.*\$SSL_CERT_FILE"):
            await waiting.system()


@pytest.mark.parametrize("speaks", ["https", "http"])
async def test_a_server_of_the_other_scheme_is_told(speaks: str, url: str, served: Served) -> None:
    right = url if speaks == "https" else served.url
    _, _, place = right.partition(":")
    wrong = f"{'http' if speaks == 'https' else 'https'}:{place}"
    message = (
        rf"^the server at {wrong} {'speaks' if speaks == 'https' else 'does not speak'} TLS\n  use {right}$"
    )
    with Client(wrong) as client:
        with pytest.raises(ConnectionLostError, match=message):
            client.system()
        with pytest.raises(ConnectionLostError, match=message):
            next(client.jobs.events("j"))
    async with AsyncClient(wrong) as waiting:
        with pytest.raises(ConnectionLostError, match=message):
            await waiting.system()
        with pytest.raises(ConnectionLostError, match=message):
            await anext(waiting.jobs.events("j"))


async def test_the_environment_names_whom_to_trust(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "one.cert.pem"))
    with Client(url) as client:
        assert client.system() == {"system": {}}
    async with AsyncClient(url) as waiting:
        assert await waiting.system() == {"system": {}}
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "two.cert.pem"))
    with Client(url) as client, pytest.raises(ConnectionLostError, match="trusted"):
        client.system()


def test_what_is_given_goes_before_the_environment(url: str) -> None:
    environ = {"SSL_CERT_FILE": "/nowhere"}
    assert trust(False, Address(url), environ) is False
    own = ssl.create_default_context()
    assert trust(own, Address(url), environ) is own
    assert trust(True, Address("http://127.0.0.1"), environ) is True
    assert trust(True, Address(url), {"SSL_CERT_FILE": ""}) is True


def test_a_file_without_certificates_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no certificate")
    for name, why in (("nothing", "No such file"), ("a.txt", "PEM")):
        with pytest.raises(AddressError, match=rf"SSL_CERT_FILE.*{name}.*{why}"):
            trust(True, Address("https://box.example"), {"SSL_CERT_FILE": str(tmp_path / name)})
