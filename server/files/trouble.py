"""What the file system says, as an answer to whoever asked for it."""

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager

from aiohttp import web

from ...executor import UnsafeNameError

NO_NAME = (
    errno.ENAMETOOLONG,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENOTEMPTY,
    errno.EINVAL,
    errno.EILSEQ,
    errno.ELOOP,
)
"""Errors that are the fault of the name that was asked for."""


class StorageError(web.HTTPException):
    """507: the server has no room for this, or may not write it."""

    status_code = 507


@contextmanager
def told_over_http() -> Generator[None]:
    """Turn errors of writing files into the HTTP errors that say what is wrong."""
    try:
        yield
    except UnsafeNameError as error:
        raise web.HTTPBadRequest(text=f"{error}\n") from error
    except UnicodeEncodeError as error:  # half of a surrogate pair has no place in a file's name
        raise web.HTTPBadRequest(text="the name has characters that no file can have\n") from error
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else str(error)
        if error.errno in NO_NAME:
            raise web.HTTPBadRequest(text=f"no file can have this name here: {said}\n") from error
        raise StorageError(text=f"the file can't be written: {said}\n") from error
