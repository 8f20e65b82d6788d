"""A disk that is full, a file that may only be read, a server that is not there: what is said and kept."""

import asyncio
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from inkloom.server.store import Accepted, NewJob, Store, StoreError, sqlite_url, url_of

BIG = "x" * 1_000_000
NO_DRIVER = "the driver is not installed: pip install psycopg[binary]"


def job(name: str, prompt: str = "{}") -> NewJob:
    return NewJob(id=name, prompt=prompt, extra_data="{}", targets="[]", created=0)


@contextmanager
def on_connect(statement: str) -> Iterator[None]:
    """Run a statement on each connection that is opened."""

    def run(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(statement)

    event.listen(Engine, "connect", run)
    try:
        yield
    finally:
        event.remove(Engine, "connect", run)


async def refused(url: str) -> str:
    with pytest.raises(StoreError) as caught:
        Store.open(url_of(url))
    return str(caught.value)


async def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    with on_connect("PRAGMA max_page_count = 100"):  # so says SQLite what it says when a disk is full
        store = Store.open(sqlite_url(tmp_path / "jobs.sqlite"))
        await store.accept(job("kept"))
        both = await asyncio.gather(
            store.accept(job("big", BIG)), store.accept(job("late")), return_exceptions=True
        )
        for answer in both:
            assert isinstance(answer, StoreError)
            told = f"{tmp_path}/jobs.sqlite: the disk is full; free some space on the disk of {tmp_path}, "
            assert re.search(re.escape(told) + r"which has \d+ bytes left$", str(answer))
        assert [found.id for found in (await store.queue()).waiting] == ["kept"]
        accepted = await store.accept(job("after"))
        assert isinstance(accepted, Accepted)
        assert accepted.ticket == 2, "nothing of the others was written"
        await store.close()


async def test_a_database_that_may_only_be_read(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    store = Store.open(sqlite_url(path))
    await store.accept(job("kept"))
    await store.close()
    assert "may only be read; change the rights" in await refused(f"sqlite:///file:{path}?mode=ro&uri=true")
    store = Store.open(sqlite_url(path))
    assert [found.id for found in (await store.queue()).waiting] == ["kept"]
    await store.close()


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    path.write_bytes(b"something else " * 100)
    assert "it is no SQLite database; move that file away" in await refused(f"sqlite:///{path}")
    assert path.read_bytes() == b"something else " * 100


async def test_a_damaged_database(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    store = Store.open(sqlite_url(path))
    await asyncio.gather(*(store.accept(job(str(number), "x" * 1000)) for number in range(200)))
    await store.close()
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    assert "it is damaged; move it away" in await refused(f"sqlite:///{path}")


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    told = await refused(f"sqlite:///{tmp_path}/nowhere/jobs.sqlite")
    assert f"there is no folder {tmp_path}/nowhere; make it (mkdir -p {tmp_path}/nowhere), or" in told


def unreadable(jobs: Path) -> None:
    (jobs / "jobs.sqlite").chmod(0)


def unwritable(jobs: Path) -> None:
    (jobs / "jobs.sqlite").chmod(0o444)


def folder_unwritable(jobs: Path) -> None:
    jobs.chmod(0o555)


def folder_unwritable_and_empty(jobs: Path) -> None:
    (jobs / "jobs.sqlite").unlink()
    jobs.chmod(0o555)


def folder_closed(jobs: Path) -> None:
    jobs.chmod(0)


def folder_gone(jobs: Path) -> None:
    shutil.rmtree(jobs)


def folder_is_a_file(jobs: Path) -> None:
    shutil.rmtree(jobs)
    jobs.touch()


def database_is_a_folder(jobs: Path) -> None:
    (jobs / "jobs.sqlite").unlink()
    (jobs / "jobs.sqlite").mkdir()


PLACES: dict[Callable[[Path], None], str] = {
    unreadable: "may not write that file; change its rights (chmod u+rw {jobs}/jobs.sqlite), or choose",
    unwritable: "may not write that file; change its rights (chmod u+rw {jobs}/jobs.sqlite), or choose",
    folder_unwritable: "may not write in the folder {jobs}; change its rights (chmod u+rwx {jobs}), or",
    folder_unwritable_and_empty: "may not write in the folder {jobs}; change its rights (chmod u+rwx",
    folder_closed: "change its rights (chmod u+rwx {jobs}), or choose another place with --database",
    folder_gone: "there is no folder {jobs}; make it (mkdir -p {jobs}), or choose",
    folder_is_a_file: "{jobs} is a file; move it away, or choose",
    database_is_a_folder: "it is a folder; move it away, or choose",
}
"""What can be wrong with where a database lies, and what is said of it."""

OPENING = """
import sys
from pathlib import Path
from inkloom.server.jobs.presence import Presence
from inkloom.server.store import Store, StoreError, sqlite_url
for place in map(Path, sys.argv[1:]):
    for use in (lambda: Store.open(sqlite_url(place / "jobs.sqlite")), lambda: Presence(place / "servers")):
        try:
            use()
            print("it could be used")
        except StoreError as error:
            print(error)
"""


def without_privileges() -> list[str]:
    """Return what to put before a command so that rights count for it, also where root runs it."""
    if os.geteuid() != 0:
        return []
    if (setpriv := shutil.which("setpriv")) is None:
        pytest.skip("root may write everywhere, and there is no setpriv to run it without that")
    return [setpriv, "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]


async def test_where_a_database_lies_is_told_as_it_is(tmp_path: Path) -> None:
    places: list[Path] = []
    try:
        for spoil in PLACES:
            jobs = tmp_path / spoil.__name__
            jobs.mkdir()
            store = Store.open(sqlite_url(jobs / "jobs.sqlite"))
            await store.close()
            spoil(jobs)
            places.append(jobs)
        argv = [*without_privileges(), sys.executable, "-c", OPENING, *map(str, places)]
        told = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    finally:
        for jobs in places:
            if jobs.exists():
                jobs.chmod(0o700)
    for jobs, wanted, of_database, of_presence in zip(
        places, PLACES.values(), told[::2], told[1::2], strict=True
    ):
        assert of_database.startswith(f"can't use the database sqlite:///{jobs}/jobs.sqlite: ")
        assert wanted.format(jobs=jobs) in of_database, jobs.name
        if jobs.name.startswith("folder_") and jobs.name != "folder_gone":
            assert of_presence.startswith(f"can't keep jobs in {jobs}/servers: ")
            assert f"{jobs}" in of_presence.partition(": ")[2]


async def test_a_database_that_another_program_keeps_locked(
    tmp_path: Path,
) -> None:
    path = tmp_path / "jobs.sqlite"
    store = Store.open(sqlite_url(path), patience=0.1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program has kept it locked"):
        await store.accept(job("a"))
    other.execute("ROLLBACK")
    other.close()
    assert isinstance(await store.accept(job("a")), Accepted)
    await store.close()


async def test_two_may_make_the_same_database_at_once(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path\n"
        "from inkloom.server.store import Store, sqlite_url\n"
        "print(flush=True); input()\n"
        "async def main(): await (Store.open(sqlite_url(Path(sys.argv[1])))).close()\n"
        "asyncio.run(main())"
    )
    argv = [sys.executable, "-c", program, str(tmp_path / "jobs.sqlite")]
    started = [
        subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    for process in started:  # none of them has opened it yet
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("jobs.sqlite", "no such address"),
        ("", "no such address"),
        ("mysql://secret@host/name", "there is no 'mysql'"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("postgresql://me:secret@host:port/name", "no such address"),
    ],
)
def test_what_is_no_address(address: str, words: str) -> None:
    with pytest.raises(StoreError) as caught:
        url_of(address)
    assert words in str(caught.value)
    assert "postgresql://USER:PASSWORD@HOST/NAME" in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_a_server_that_is_not_there() -> None:
    pytest.importorskip("psycopg", reason=NO_DRIVER)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    told = await refused(f"postgresql://me:secret@127.0.0.1:{port}/jobs")
    assert f"postgresql://me:***@127.0.0.1:{port}/jobs: is the server there" in told
    assert "refused" in told


async def test_a_server_that_does_not_speak_its_language() -> None:
    pytest.importorskip("psycopg", reason=NO_DRIVER)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        closing = threading.Thread(target=lambda: listening.accept()[0].close(), daemon=True)
        closing.start()
        told = await refused(f"postgresql://me@127.0.0.1:{listening.getsockname()[1]}/jobs")
        closing.join()
    assert "is the server there" in told
