"""inkloom's client: what a server of jobs takes and gives, as typed values, and how to ask for it.

    from inkloom.client import Client

    with Client() as client:
        job = client.workflows.run("text_to_image", seed=11)

Names are imported when they are first asked for: the server shares the values, and needs no HTTP client.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .async_client import AsyncClient as AsyncClient
    from .client import Client as Client
    from .errors import AddressError as AddressError
    from .errors import BusyError as BusyError
    from .errors import ClientError as ClientError
    from .errors import ConflictError as ConflictError
    from .errors import ConnectionLostError as ConnectionLostError
    from .errors import ForbiddenError as ForbiddenError
    from .errors import InvalidError as InvalidError
    from .errors import JobFailedError as JobFailedError
    from .errors import LocalFileError as LocalFileError
    from .errors import NotFoundError as NotFoundError
    from .errors import NotUnderstoodError as NotUnderstoodError
    from .errors import RefusedError as RefusedError
    from .errors import TimedOutError as TimedOutError
    from .errors import UnauthorisedError as UnauthorisedError
    from .errors import UnavailableError as UnavailableError
    from .errors import WorkflowFileError as WorkflowFileError
    from .values import Event as Event
    from .values import File as File
    from .values import Job as Job

EXPORTS = {
    "AsyncClient": "async_client",
    "Client": "client",
    "AddressError": "errors",
    "BusyError": "errors",
    "ClientError": "errors",
    "ConflictError": "errors",
    "ConnectionLostError": "errors",
    "ForbiddenError": "errors",
    "InvalidError": "errors",
    "JobFailedError": "errors",
    "LocalFileError": "errors",
    "NotFoundError": "errors",
    "NotUnderstoodError": "errors",
    "RefusedError": "errors",
    "TimedOutError": "errors",
    "UnauthorisedError": "errors",
    "UnavailableError": "errors",
    "WorkflowFileError": "errors",
    "Event": "values",
    "File": "values",
    "Job": "values",
}
"""Where each name comes from."""


def __getattr__(name: str) -> Any:
    if name not in EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{EXPORTS[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(EXPORTS)
