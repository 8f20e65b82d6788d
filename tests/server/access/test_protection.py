"""How a server starts that others reach: with a token or users, with TLS, or not at all."""

import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inkloom.cli.main import parser
from inkloom.cli.protection import VARIABLE, asked
from inkloom.cli.usage import UsageError
from inkloom.executor import Folders
from inkloom.server.access.protection import Protection, ProtectionError, door_for, tls_of
from inkloom.server.access.users import add, path_of
from inkloom.server.limits import LIMITS

MAIN = "from inkloom.cli.main import main; main()"
TLS = Path(__file__).resolve().parent.parent.parent / "data" / "tls"
TOKEN = "a token of sixteen"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
def test_this_machine_alone_needs_no_token(tmp_path: Path, address: str) -> None:
    assert door_for(Folders(tmp_path), address, 8188, Protection()).is_open()
    assert not door_for(Folders(tmp_path), address, 8188, Protection(token=TOKEN)).is_open()
    add(tmp_path, "alice")
    assert not door_for(Folders(tmp_path), address, 8188, Protection()).is_open()


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.2", "box.example", "::ffff:192.168.1.2"])
def test_others_need_one(tmp_path: Path, address: str) -> None:
    folders = Folders(tmp_path)
    with pytest.raises(ProtectionError, match=r"inkloom user add NAME --root .*--token-file FILE.*ssh -L"):
        door_for(folders, address, 8188, Protection())
    assert not door_for(folders, address, 8188, Protection(token=TOKEN)).is_open()
    add(tmp_path, "alice")
    assert not door_for(folders, address, 8188, Protection()).is_open()
    path_of(tmp_path).write_text("{}")
    with pytest.raises(ProtectionError, match="not a file of users"):
        door_for(folders, address, 8188, Protection())


@pytest.mark.parametrize(("port", "shown"), [(8188, "8188"), (9000, "9000"), (0, "PORT")])
def test_the_tunnel_leads_to_the_port_of_the_server(tmp_path: Path, port: int, shown: str) -> None:
    with pytest.raises(ProtectionError, match=f"ssh -L {shown}:127.0.0.1:{shown} THIS-MACHINE"):
        door_for(Folders(tmp_path), "0.0.0.0", port, Protection())


@pytest.mark.parametrize("token", ["", "short", "x" * 15, "sixteen letters\n and more"])
def test_tokens_that_are_too_weak(tmp_path: Path, token: str) -> None:
    with pytest.raises(ProtectionError, match="16 characters"):
        door_for(Folders(tmp_path), "127.0.0.1", 8188, Protection(token=token))


@pytest.mark.parametrize(
    ("certificate", "key", "told"),
    [
        ("one.cert.pem", None, "--tls-key is missing"),
        (None, "one.key.pem", "--tls-cert is missing"),
        ("none.pem", "one.key.pem", "--tls-cert .*none.pem can't be read: No such file"),
        ("one.cert.pem", "none.pem", "--tls-key .*none.pem can't be read: No such file"),
        (".", "one.key.pem", "can't be read: Is a directory"),
        ("one.cert.pem", "two.key.pem", "two.key.pem is not the key of --tls-cert .*one.cert.pem"),
        ("one.key.pem", "one.key.pem", "--tls-cert .* a PEM file with '-----BEGIN CERTIFICATE-----'"),
        ("one.cert.pem", "one.cert.pem", "--tls-key .* a PEM file with 'PRIVATE KEY-----'"),
        ("one.cert.pem", "locked.key.pem", "has a password"),
    ],
)
def test_certificates_that_can_not_be_used(certificate: str | None, key: str | None, told: str) -> None:
    given = Protection(
        certificate=None if certificate is None else TLS / certificate,
        key=None if key is None else TLS / key,
    )
    with pytest.raises(ProtectionError, match=told) as refused:
        tls_of(given)
    assert "\n" not in str(refused.value)


def test_no_certificate_no_tls() -> None:
    assert tls_of(Protection()) is None


def given(*argv: str) -> Protection:
    return asked(parser().parse_args(["serve", *argv]))


def test_where_a_token_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN} of a file\n")
    assert given().token is None
    assert given("--token", TOKEN).token == TOKEN
    assert given("--token-file", str(file)).token == f"{TOKEN} of a file"
    monkeypatch.setenv(VARIABLE, "from outside")
    assert given().token == "from outside"
    assert VARIABLE not in os.environ, "processes that are started have it not"
    with pytest.raises(UsageError, match="can't be read"):
        given("--token-file", str(tmp_path / "none"))
    with pytest.raises(SystemExit):
        given("--token", TOKEN, "--token-file", str(file))


def test_limits_and_names() -> None:
    found = given("--max-upload-size", "7", "--max-queue", "9", "--allow-host", "a", "--allow-host", "b")
    assert (found.limits.upload_bytes, found.limits.waiting_jobs) == (7 * 2**20, 9)
    assert found.hosts == ("a", "b")
    assert given().limits == LIMITS
    for wrong in ("0", "-1", "x", "1.5"):
        with pytest.raises(SystemExit):
            given("--max-upload-size", wrong)


@contextmanager
def served(root: Path, *argv: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command and yield it with its URL."""
    command = [sys.executable, "-c", MAIN, "serve", "--root", str(root), "--port", "0", *argv]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().split()[2]
        finally:
            process.terminate()
            process.communicate(timeout=30)


def test_a_server_for_others_with_tls(tmp_path: Path) -> None:
    files = ("--tls-cert", str(TLS / "one.cert.pem"), "--tls-key", str(TLS / "one.key.pem"))
    with served(tmp_path, "--listen", "0.0.0.0", *files, **{VARIABLE: TOKEN}) as (_, url):
        assert url.startswith("https://0.0.0.0:")
        place = f"localhost:{url.rpartition(':')[2]}/queue"
        trusting = ssl.create_default_context(cafile=TLS / "one.cert.pem")

        def asked_with(token: str, scheme: str = "https") -> object:
            request = urllib.request.Request(
                f"{scheme}://{place}", headers={"Authorization": f"Bearer {token}"}
            )
            with urllib.request.urlopen(request, timeout=20, context=trusting) as answer:
                return json.load(answer)

        assert asked_with(TOKEN) == {"queue_running": [], "queue_pending": []}
        with pytest.raises(urllib.error.HTTPError, match="401") as refused:
            asked_with("wrong")
        refused.value.close()
        with pytest.raises(OSError, match=r"."):  # in the clear nothing answers
            asked_with(TOKEN, "http")


def test_a_server_for_others_with_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAIN, "serve", "--root", str(tmp_path), "--listen", "0.0.0.0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("inkloom: --listen 0.0.0.0 would let other machines in")
    assert len(done.stderr.splitlines()) == 1
