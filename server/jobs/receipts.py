"""Notes of what the attempts at a job have written: a file for each job, gone when the job has ended."""

import hashlib
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

FOLDER = "jobs/receipts"
"""Where a data folder has these files."""


def name_of(ticket: int, created: int, job: str) -> str:
    """Return the name of a job's file.

    Not made of the id alone, which a later job may have again, nor of a ticket that another database has too.
    """
    digest = hashlib.blake2b(f"{ticket} {created} {job!r}".encode(), digest_size=16).hexdigest()
    return f"{ticket}-{digest}"


def left(base: Path, most: int = 500) -> set[int]:
    """Return the tickets of the jobs that a data folder has files of: so many files at most."""
    found = islice((base / FOLDER).glob("*-*"), most)
    tickets = (path.name.partition("-")[0] for path in found)
    return {int(ticket) for ticket in tickets if ticket.isascii() and ticket.isdecimal() and len(ticket) < 19}


def sweep(base: Path, ended: Iterable[tuple[int, int, str]]) -> None:
    """Delete the files of jobs that have ended, when a server is killed just then; see `name_of`."""
    for ticket, created, job in ended:
        (base / FOLDER / name_of(ticket, created, job)).unlink(missing_ok=True)
