"""The folders that workflows name files in, and a resolver that can't be led out of them."""

from __future__ import annotations

import errno
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PureWindowsPath

from .problems import listing, nearest

PLACES = ("input", "output", "temp")
"""The folders of pictures; every other folder name is a kind of model, below `models/`."""

MODEL_SUFFIXES = (".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".bin")


class UnsafeNameError(ValueError):
    """A file name that would lead out of its folder."""


class MissingFileError(FileNotFoundError):
    """A file that is not there; the message says where it was looked for and what is there instead.

    `looked` are the folders that were searched, `known` the names they have, `nearest` the one most alike.
    """

    def __init__(self, folder: str, name: str, looked: Sequence[Path], known: Sequence[str]) -> None:
        self.folder, self.name, self.looked, self.known = folder, name, tuple(looked), tuple(known)
        self.nearest = nearest(name, known)
        places = " or ".join(map(str, looked))
        hint = f"did you mean {self.nearest!r}? " if self.nearest else ""
        there = f"there: {listing(known, self.nearest)}" if known else f"{folder} has no files yet"
        super().__init__(f"no file {name!r} in {places}; {hint}{there}")


class Folders:
    """A user's data folder: `models/<kind>/`, `input/`, `output/`, `temp/`, and models that ship with a
    package.

    `bundled` maps a kind of model to folders that are searched after the user's own; `places` maps "output"
    and the like to other folders than those in `base`. A name may be followed by " [input]", " [output]" or "
    [temp]", which then says the folder. File hashes are remembered by path, size, modification time and
    inode, so that a big file is read once.
    """

    def __init__(
        self,
        base: Path,
        bundled: Mapping[str, Sequence[Path]] | None = None,
        places: Mapping[str, Path] | None = None,
    ) -> None:
        self.base = Path(base)
        self._places = dict(places or {})
        self._bundled = {kind: tuple(map(Path, found)) for kind, found in (bundled or {}).items()}
        self._hashes: dict[tuple[str, int, int, int], str] = {}
        self._lock = threading.Lock()

    def root(self, folder: str) -> Path:
        """Return where the user's own files of this folder lie; it may not exist yet."""
        _refuse_unsafe(folder)
        if folder in self._places:
            return self._places[folder]
        return self.base / folder if folder in PLACES else self.base / "models" / folder

    def roots(self, folder: str) -> tuple[Path, ...]:
        """Return every place where files of this folder are looked for, in order."""
        return (self.root(folder), *self._bundled.get(folder, ()))

    def kinds(self) -> tuple[str, ...]:
        """Name the kinds of models there are folders for."""
        models = self.base / "models"
        own = (found.name for found in models.iterdir() if found.is_dir()) if models.is_dir() else ()
        return tuple(sorted({*own, *self._bundled}))

    def names(self, folder: str) -> tuple[str, ...]:
        """Name the files of a folder, sorted, as relative paths with forward slashes.

        Pictures are those directly in the folder, models may lie in folders of their own. Hidden files and
        symbolic links that lead out of the folder are left out.
        """
        return tuple(sorted({name for root in self.roots(folder) for name in _files(root, folder)}))

    def path(self, folder: str, name: str) -> Path:
        """Return the path of an existing file.

        Raises `UnsafeNameError` for a name that would lead out of the folder, `MissingFileError` for one that
        is not there.
        """
        folder, name = annotated(folder, name)
        _refuse_unsafe(name)
        roots = self.roots(folder)
        for root in roots:
            found = root / name
            if _is_file(found):
                if not _inside(found, root):
                    raise UnsafeNameError(f"{name!r} is a link that leads out of {root}")
                return found
        raise MissingFileError(folder, name, roots, self.names(folder))

    def fingerprint(self, folder: str, name: str, check: Callable[[], None] = lambda: None) -> str:
        """Return the hex BLAKE2b digest (160 bits) of a file's content.

        `check` is called before each block that is read and may raise to end that. Raises what `path` raises.
        """
        path = self.path(folder, name)
        status = path.stat()
        state = (str(path), status.st_size, status.st_mtime_ns, status.st_ino)
        with self._lock:
            known = self._hashes.get(state)
        if known is None:
            known = _digest(path, check)
            with self._lock:
                self._hashes[state] = known
        return known


def annotated(folder: str, name: str) -> tuple[str, str]:
    """Split "name [output]" into folder and name; a name without such an ending stays in `folder`."""
    for place in PLACES:
        if folder in PLACES and name.endswith(f" [{place}]"):
            return place, name.removesuffix(f" [{place}]")
    return folder, name


def _refuse_unsafe(name: str) -> None:
    parts = name.split("/")
    drive = PureWindowsPath(name).drive  # refused on every system: workflows move between them
    if drive or "\0" in name or "\\" in name or not all(parts) or ".." in parts or "." in parts:
        raise UnsafeNameError(
            f"{name!r} is not a name inside of a folder: use forward slashes, no '..', no drive"
        )


def _inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


def _files(root: Path, folder: str) -> Iterator[str]:
    if not root.is_dir():
        return
    deep = folder not in PLACES
    for found in root.rglob("*") if deep else root.iterdir():
        name = found.relative_to(root)
        hidden = any(part.startswith(".") for part in name.parts)
        wanted = found.suffix.lower() in MODEL_SUFFIXES or not deep
        if wanted and not hidden and found.is_file() and _inside(found, root):
            yield name.as_posix()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False  # no such name can be there
        raise


BLOCK = 2**22
"""Bytes of a file that are hashed at a time: a few milliseconds."""


def _digest(path: Path, check: Callable[[], None]) -> str:
    digest = hashlib.blake2b(digest_size=20)
    block = memoryview(bytearray(BLOCK))
    with path.open("rb", buffering=0) as file:
        check()
        while count := file.readinto(block):
            digest.update(block[:count])
            check()
    return digest.hexdigest()
