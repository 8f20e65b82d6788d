"""A user's data folder: its files, what ships with inkloom beside them, and where runs are remembered."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..executor import Folders
from ..executor.files.hashes import FILE as HASHES_FILE
from .model_folders import ALIASES, EXTRA_PATHS, KINDS, extra_folders

PACKAGE = Path(__file__).resolve().parent.parent

BUNDLED = {"checkpoints": (PACKAGE / "diffusion" / "inklet",), "input": (PACKAGE / "workflows" / "input",)}
"""What ships with inkloom and is found beside the user's files: a model, a picture to start from."""


def open_folders(root: Path, output: Path | None = None, extra_paths: Sequence[Path] = ()) -> Folders:
    """Return the data folder `root` with what ships with inkloom; pictures go to `output` if given.

    Models are also looked for where the file `extra_model_paths.yaml` in `root` and the files `extra_paths`
    say. Raises ExtraPathsError when one of them can't be used.
    """
    own = root / EXTRA_PATHS
    files = (*([own] if os.path.isfile(own) else []), *extra_paths)
    return Folders(
        root,
        bundled=BUNDLED,
        places={} if output is None else {"output": output},
        kinds=KINDS,
        aliases=ALIASES,
        extra=tuple(folder for file in files for folder in extra_folders(file)),
        hashes=cache_folder(root) / HASHES_FILE,
    )


def cache_folder(root: Path) -> Path:
    """Return where a data folder has what is remembered of earlier runs; all of it may be deleted."""
    return root / "cache"
