"""Databases for the tests: a SQLite file, and a real PostgreSQL that is started for them."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from glob import glob
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import URL

from inkloom.server.store import Store, sqlite_url, url_of

SERVER = "listen_addresses='' unix_socket_directories='{folder}' fsync=off"
"""No port, which may be taken; and what these tests end by kill is never the database server."""

PLACES = count()


def _program(name: str) -> str:
    places = [os.environ.get("PATH", ""), *sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True)]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        pytest.skip(f"PostgreSQL is not installed here: there is no {name}")
    return found


def _as_somebody(folder: Path) -> list[str]:
    """Return what to put before a command so that root does not run it: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return []
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    if (setpriv := shutil.which("setpriv")) is None:
        pytest.skip("PostgreSQL does not run as root, and there is no setpriv to run it as another user")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[], URL]]:
    """Start a PostgreSQL; give what makes an empty place for tables in it."""
    psycopg = pytest.importorskip("psycopg", reason="pip install psycopg[binary]")
    initdb, pg_ctl = map(_program, ("initdb", "pg_ctl"))
    # Not pytest's own folder: nobody else may enter that, and the name of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="ink") as name:
        folder = Path(name)
        somebody = _as_somebody(folder)

        def run(*command: str) -> None:
            subprocess.run([*somebody, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)

        data = str(folder / "data")
        run(initdb, "-D", data, "-U", "inkloom", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = " ".join(f"-c {one}" for one in SERVER.format(folder=folder).split())
        run(pg_ctl, "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")

        def make() -> URL:
            place = f"jobs{next(PLACES)}"
            with psycopg.connect(
                f"host={folder} user=inkloom dbname=postgres", autocommit=True
            ) as connection:
                connection.execute(f"CREATE SCHEMA {place}")
            return url_of(f"postgresql://inkloom@/postgres?host={folder}&options=-csearch_path%3D{place}")

        try:
            yield make
        finally:
            run(pg_ctl, "-D", data, "-m", "immediate", "stop")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """Return the address of an empty database of each kind."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql")()
    return sqlite_url(tmp_path / "jobs.sqlite")


class Clock:
    """Time that goes on when it is told to, in milliseconds."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return the clock of `store`."""
    return Clock()


@pytest_asyncio.fixture
async def store(url: URL, clock: Clock) -> AsyncIterator[Store]:
    """Yield an empty store whose leases last ten seconds of `clock`."""
    found = Store.open(url, clock=clock, lease_seconds=10)
    yield found
    await found.close()
