"""Telling of models that are loaded from files: which, how much of them, and for how long."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ..executor import Context


@contextmanager
def loading(ctx: Context, folder: str, *names: str) -> Generator[list[Path]]:
    """Give the paths of files in a kind of folder, and tell how long what is done with them takes ("load").

    The bytes told are those of the files; of weights that stay mapped few of them are read yet. Raises
    MissingFileError.
    """
    paths = [ctx.folders.path(folder, name) for name in names]
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    nbytes = sum(file.stat().st_size for file in files if file.is_file())
    with ctx.span(" and ".join(names), "load", bytes=nbytes):
        yield paths
