"""The folders that a command works with, as its arguments say."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .root import folder
from .usage import UsageError

if TYPE_CHECKING:
    from ..executor import Folders


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that every command has for it, besides `--root`."""
    parser.add_argument(
        "--extra-model-paths-config",
        metavar="FILE",
        nargs="+",
        type=_file,
        default=[],
        help="look for models also where these files in the form of extra_model_paths.yaml say",
    )


def _file(text: str) -> Path:
    return folder(text).absolute()


def data_folders(given: argparse.Namespace, output: Path | None = None) -> Folders:
    """Return a command's folders; raises UsageError when a file of extra model paths can't be used."""
    from ..nodes import ExtraPathsError, open_folders

    try:
        return open_folders(given.root, output, given.extra_model_paths_config)
    except ExtraPathsError as error:
        raise UsageError(str(error)) from error
