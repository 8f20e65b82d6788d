"""`inkloom`: the command line, and where every failure becomes a sentence and an exit status."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from .. import __version__
from . import list_nodes, run, serve, validate
from .root import VARIABLE, default_root
from .usage import UsageError

COMMANDS = (run, validate, list_nodes, serve)
"""The modules of the subcommands, in the order of the help."""

DONE, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130


def main() -> None:
    """Run the command line of this process."""
    if "--debug" not in sys.argv:
        sys.excepthook = _own_fault
    sys.exit(command_line(sys.argv[1:]))


def command_line(argv: Sequence[str]) -> int:
    """Run one command; return its exit status: 0 done, 1 failed, 2 wrong input, 130 stopped by Ctrl-C."""
    arguments = parser().parse_args(argv)
    if arguments.command is None:
        parser().print_help()
        return WRONG
    try:
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
        # `inkloom nodes | head` has what it wanted. Point stdout away, or Python complains at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    whole = argparse.ArgumentParser(
        prog="inkloom",
        description="Weave diffusion models into workflows that never compute the same thing twice.",
        epilog="exit status: 0 done, 1 the run failed, 2 the input is wrong, 130 stopped by Ctrl-C",
    )
    whole.add_argument("--version", action="version", version=f"inkloom {__version__}")
    whole.set_defaults(command=None)
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")
    for module in COMMANDS:
        one = commands.add_parser(module.NAME, help=module.SUMMARY, description=module.DESCRIPTION)
        module.arguments(one)
        one.add_argument(
            "--root",
            metavar="DIR",
            type=Path,
            default=default_root(os.environ, sys.platform, Path.home()),
            help=f"folder with models/, input/, output/ and temp/ (default: ${VARIABLE}, else %(default)s)",
        )
        one.add_argument("--debug", action="store_true", help="show where in the program an error arose")
        one.set_defaults(command=module.command)
    return whole


def _own_fault(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """Tell of an error that nobody foresaw, without its traceback."""
    print(
        f"inkloom: an error of inkloom itself, not of your input: {kind.__name__}: {error}\n"
        "  run the same command with --debug to see where it arose",
        file=sys.stderr,
    )
