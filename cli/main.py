"""`inkloom`: the command line, and where every failure becomes a sentence and an exit status."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from types import TracebackType

from .. import __version__
from . import cache, convert, data_folders, doctor, explain, list_nodes, run, serve, user, validate
from .remote import cancel, jobs, submit, watch
from .root import VARIABLE, default_root, folder, home, require_folder
from .usage import UsageError

REMOTE = (submit, jobs, watch, cancel)
"""The modules of the subcommands that ask a server, and need no root folder here."""

COMMANDS = (run, validate, convert, explain, list_nodes, cache, serve, user, doctor, *REMOTE)
"""The modules of the subcommands, in the order of the help."""

DONE, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""How writing to an open stream fails; other errors of the system name a file."""


def main() -> None:
    """Run the command line of this process."""
    if "--debug" not in sys.argv:
        sys.excepthook = _own_fault
    sys.exit(command_line(sys.argv[1:]))


def command_line(argv: Sequence[str]) -> int:
    """Run one command; return its exit status: 0 done, 1 failed, 2 wrong input, 130 stopped by Ctrl-C."""
    arguments = argparse.Namespace(command=None)
    try:
        parser().parse_args(argv, arguments)
        if arguments.command is None:
            parser().print_help()
            return WRONG
        if arguments.has_root:
            arguments.root = arguments.root or default_root(os.environ, sys.platform, home())
            require_folder(arguments.root)
        status = arguments.command(arguments)
        sys.stdout.flush()  # here, where a reader that went away is no error
        return status
    except UsageError as error:
        print("inkloom: " + "\n  ".join(error.lines()), file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _point_stdout_away()
        if arguments.command not in (run.command, validate.command):
            return DONE  # `inkloom nodes | head` has what it wanted
        print("inkloom: nobody reads standard output any more; broken off", file=sys.stderr)
        return FAILED
    except OSError as error:
        if error.filename is not None or error.errno not in UNWRITABLE:
            raise
        _point_stdout_away()
        print(f"inkloom: can't write to standard output: {error.strerror}", file=sys.stderr)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    whole = argparse.ArgumentParser(
        prog="inkloom",
        description="Weave diffusion models into workflows that never compute the same thing twice.",
        epilog="exit status: 0 done, 1 the run failed, 2 the input is wrong, 130 stopped by Ctrl-C",
    )
    whole.add_argument("--version", action="version", version=f"inkloom {__version__}")
    whole.set_defaults(command=None)
    shown = _shown_default()
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")
    for module in COMMANDS:
        one = commands.add_parser(module.NAME, help=module.SUMMARY, description=module.DESCRIPTION)
        module.arguments(one)
        if module not in REMOTE:
            one.add_argument(
                "--root",
                metavar="DIR",
                type=folder,
                help=f"folder with models/, input/, output/ and temp/ (default: {shown})",
            )
            data_folders.arguments(one)
        one.add_argument("--debug", action="store_true", help="show where in the program an error arose")
        one.set_defaults(command=module.command, has_root=module not in REMOTE)
    return whole


def _shown_default() -> str:
    try:
        return f"${VARIABLE}, else {default_root(os.environ, sys.platform, home())}".replace("%", "%%")
    except UsageError:
        return f"${VARIABLE}"


def _point_stdout_away() -> None:
    """Drop what was not written yet: Python would complain of it at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _own_fault(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """Tell of an error that nobody foresaw, without its traceback."""
    print(
        f"inkloom: an error of inkloom itself, not of your input: {kind.__name__}: {error}\n"
        "  run the same command with --debug to see where it arose",
        file=sys.stderr,
    )
