"""`--token` and the like: how a server is kept from those it is not for."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from .root import folder
from .usage import UsageError

if TYPE_CHECKING:
    from ..server.access.protection import Protection
    from ..server.access.sharing import Shared

VARIABLE = "INKLOOM_TOKEN"

MIB = 2**20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    tokens = parser.add_mutually_exclusive_group()
    tokens.add_argument(
        "--token-file",
        metavar="FILE",
        type=folder,
        help=f"let in only who shows the token in this file (default: that of ${VARIABLE}, if there is one)",
    )
    tokens.add_argument(
        "--token",
        metavar="TOKEN",
        help="the same, but every user of this machine can read a command line: a file is better",
    )
    parser.add_argument("--tls-cert", metavar="FILE", type=folder, help="certificate (PEM), with its chain")
    parser.add_argument("--tls-key", metavar="FILE", type=folder, help="its key (PEM), without a password")
    parser.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="a name that browsers may reach this server by, besides localhost and --listen; may be repeated",
    )
    parser.add_argument(
        "--enable-cors-header",
        metavar="ORIGIN",
        nargs="?",
        const="*",
        help="let pages of another origin ask this server, such as https://editor.example; without ORIGIN "
        "those of every site: whoever you visit may then do here what you may",
    )
    parser.add_argument(
        "--max-upload-size",
        metavar="MIB",
        type=_positive,
        help="MiB that a file may have which is sent to the server (default: 100)",
    )
    parser.add_argument(
        "--max-queue", metavar="N", type=_positive, help="jobs of one user that may wait (default: 100000)"
    )


def asked(given: argparse.Namespace) -> Protection:
    """Return what a command line asks for; raises UsageError for a file of a token that can't be read."""
    from dataclasses import replace

    from ..server.access.protection import Protection
    from ..server.limits import LIMITS

    sizes = {
        "upload_bytes": given.max_upload_size and given.max_upload_size * MIB,
        "waiting_jobs": given.max_queue,
    }
    return Protection(
        token=_token(given),
        hosts=tuple(given.allow_host),
        certificate=given.tls_cert,
        key=given.tls_key,
        shared=_shared(given.enable_cors_header),
        limits=replace(LIMITS, **{name: size for name, size in sizes.items() if size}),
    )


def _token(given: argparse.Namespace) -> str | None:
    inherited = os.environ.pop(VARIABLE, None)  # so that no process that this one starts has it
    if given.token is not None:
        return given.token
    if given.token_file is None:
        return inherited
    path: Path = given.token_file
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(f"--token-file {path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--token-file {path} is no text") from error


def _shared(origin: str | None) -> Shared | None:
    from ..server.access.sharing import ANY, Shared, place_of

    if origin is None:
        return None
    if origin != ANY and place_of(origin) is None:
        raise UsageError(
            f"--enable-cors-header takes an origin such as https://editor.example:8443, without a path, "
            f"or nothing for every site; not {origin!r}"
        )
    return Shared(origin)


def _positive(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 2**31:
        return int(text)
    raise argparse.ArgumentTypeError(f"a whole number above 0, not {text!r}")
