"""Jobs as rows of a database: what waits, what runs and what has ended outlives every process.

Values go in and values come out; what clients and workers are is not known here.
"""

from .database import sqlite_url, url_of
from .errors import StoreError
from .store import Store, now
from .values import (
    Accepted,
    Counts,
    Ended,
    Found,
    IdTaken,
    Job,
    Lease,
    Leased,
    Load,
    NewJob,
    Outcome,
    Queue,
    State,
    StoredEvent,
)

__all__ = [
    "Accepted",
    "Counts",
    "Ended",
    "Found",
    "IdTaken",
    "Job",
    "Lease",
    "Leased",
    "Load",
    "NewJob",
    "Outcome",
    "Queue",
    "State",
    "Store",
    "StoreError",
    "StoredEvent",
    "now",
    "sqlite_url",
    "url_of",
]
