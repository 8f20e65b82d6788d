"""The folders that workflows name files in, and a resolver that can't be led out of them."""

from __future__ import annotations

import copy
import errno
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..problems import listing, nearest
from .hashes import FileHashes
from .listing import Found, Listing
from .names import UnsafeNameError, inside, is_safe, refuse_unsafe

PLACES = ("input", "output", "temp")
"""The folders of pictures; every other folder name is a kind of model, below `models/`."""

MODEL_SUFFIXES = (".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of model: where its files lie and which they are.

    `folders` are names below `models/`, searched in order (by default the kind's own name), and `outputs`
    names below `output/`, searched last. `suffixes` are the endings of files; None takes every file. With
    `marker` a model is not a file but a folder that holds a file of that name.
    """

    folders: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    suffixes: tuple[str, ...] | None = MODEL_SUFFIXES
    marker: str | None = None


@dataclass(frozen=True, kw_only=True)
class ExtraFolder:
    """A folder elsewhere with models of a kind; `first` ones are searched before the user's own."""

    kind: str
    path: Path
    first: bool = False


Guess = Callable[[str, Sequence[str]], str | None]
"""Finds among names the one most like a name, as `nearest` does."""


class MissingFileError(FileNotFoundError):
    """A file that is not there; the message says where it was looked for and what is there instead.

    `looked` are the folders that were searched, `known` the names they have, `nearest` the one most alike, as
    `guess` finds it.
    """

    def __init__(
        self, folder: str, name: str, looked: Sequence[Path], known: Sequence[str], guess: Guess = nearest
    ) -> None:
        self.folder, self.name, self.looked, self.known = folder, name, tuple(looked), tuple(known)
        self.nearest = guess(name, known)
        places = " or ".join(map(str, looked))
        hint = f"did you mean {self.nearest!r}? " if self.nearest else ""
        there = f"there: {listing(known, self.nearest)}" if known else f"{folder} has no files yet"
        super().__init__(f"no file {name!r} in {places}; {hint}{there}")


class Folders:
    """A user's data folder: `models/<kind>/`, `input/`, `output/`, `temp/`, and models that lie elsewhere.

    `kinds` says where the files of each kind of model lie, and `aliases` gives older names of kinds; a kind
    that is not in it has the folder of its name. `bundled` maps a kind to folders that come with a package,
    searched last. `places` maps "output" and the like to other folders than those in `base`. A name may be
    followed by " [input]", " [output]" or " [temp]", which then says the folder. Listings and file hashes are
    remembered until a folder or a file changes, so that a big file is read once; hashes in the file `hashes`
    too, for later processes.
    """

    def __init__(
        self,
        base: Path,
        bundled: Mapping[str, Sequence[Path]] | None = None,
        places: Mapping[str, Path] | None = None,
        *,
        kinds: Mapping[str, Kind] | None = None,
        aliases: Mapping[str, str] | None = None,
        extra: Sequence[ExtraFolder] = (),
        hashes: Path | None = None,
    ) -> None:
        self.base = Path(base)
        self._places = dict(places or {})
        self._bundled = {kind: tuple(map(Path, found)) for kind, found in (bundled or {}).items()}
        self._kinds = dict(kinds or {})
        self._aliases = dict(aliases or {})
        self._extra = tuple(extra)
        self._listing = Listing()
        self._hashes = FileHashes(hashes)

    def placed(self, places: Mapping[str, Path]) -> Folders:
        """Return the same with other places for "input", "output" or "temp"; what is remembered is shared."""
        others = copy.copy(self)
        others._places = {**self._places, **places}
        return others

    def root(self, folder: str) -> Path:
        """Return where the user's own files of this folder lie; it may not exist yet."""
        refuse_unsafe(folder)
        if folder in PLACES:
            return self._places.get(folder, self.base / folder)
        kind, folder = self._kind(folder)
        return self.base / "models" / (kind.folders[0] if kind.folders else folder)

    def roots(self, folder: str) -> tuple[Path, ...]:
        """Return every place where files of this folder are looked for, in order."""
        if folder in PLACES:
            return (self.root(folder), *self._bundled.get(folder, ()))
        refuse_unsafe(folder)
        kind, folder = self._kind(folder)
        extra = [found for found in self._extra if self._aliases.get(found.kind, found.kind) == folder]
        every = (
            *(found.path for found in extra if found.first),
            *(self.base / "models" / name for name in kind.folders or (folder,)),
            *(found.path for found in extra if not found.first),
            *self._bundled.get(folder, ()),
            *(self.root("output") / name for name in kind.outputs),
        )
        return tuple(dict.fromkeys(every))

    def kinds(self) -> tuple[str, ...]:
        """Name the kinds of models there are folders for."""
        own = (found.name for found in self._listing.below(self.base / "models", deep=False) if found.folder)
        names = (*own, *self._bundled, *(found.kind for found in self._extra))
        parts = {name: kind for kind, row in self._kinds.items() for name in row.folders} | self._aliases
        return tuple(sorted({*self._kinds, *(parts.get(name, name) for name in names)} - {*PLACES}))

    def names(self, folder: str) -> tuple[str, ...]:
        """Name the files of a folder, sorted, as relative paths with forward slashes.

        Pictures are those directly in the folder; models may lie in folders of their own, and links to them
        are followed. Hidden files are left out, and pictures that a link would take from elsewhere.
        """
        if folder in PLACES:
            return tuple(sorted({name for root in self.roots(folder) for name in self._pictures(root)}))
        kind, _ = self._kind(folder)
        return tuple(sorted({name for root in self.roots(folder) for name in self._models(root, kind)}))

    def located(self, folder: str) -> tuple[tuple[int, str], ...]:
        """Return each model of a kind as the place of its root among `roots` and its name there, in order."""
        kind, _ = self._kind(folder)
        roots = enumerate(self.roots(folder))
        return tuple((place, name) for place, root in roots for name in sorted(self._models(root, kind)))

    def path(self, folder: str, name: str, guess: Guess = nearest) -> Path:
        """Return the path of an existing file, or of a folder where models of this kind are folders.

        Raises `UnsafeNameError` for a name that would lead out of the folder, `MissingFileError` for one that
        is not there, with what `guess` finds for it.
        """
        folder, name = annotated(folder, name)
        refuse_unsafe(name)
        roots = self.roots(folder)
        marker = None if folder in PLACES else self._kind(folder)[0].marker
        for root in roots:
            found = root / name
            if _is_file(found / marker if marker else found):
                if folder in PLACES and not inside(found, root):
                    raise UnsafeNameError(f"{name!r} is a link that leads out of {root}")
                return found
        raise MissingFileError(folder, name, roots, self.names(folder), guess)

    def _kind(self, folder: str) -> tuple[Kind, str]:
        folder = self._aliases.get(folder, folder)
        return self._kinds.get(folder, Kind()), folder

    def _pictures(self, root: Path) -> Iterator[str]:
        for found in self._listing.below(root, deep=False):
            away = found.link and not inside(root / found.name, root)
            if not found.folder and not away and is_safe(found.name):
                yield found.name

    def _models(self, root: Path, kind: Kind) -> Iterator[str]:
        for found in self._listing.below(root, deep=True):
            if _is_model(found, root, kind) and is_safe(found.name):
                yield found.name

    def fingerprint(self, folder: str, name: str, check: Callable[[], None] = lambda: None) -> str:
        """Return the `content_hash` of a file, or a digest of those of all files of a folder.

        `check` is called before each block that is read and may raise to end that. Raises what `path` raises.
        """
        path = self.path(folder, name)
        if not path.is_dir():
            return self._hashes.of(path, check)
        digest = hashlib.blake2b(digest_size=20)
        files = sorted(found.name for found in self._listing.below(path, deep=True) if not found.folder)
        for name in files:
            digest.update(f"{len(name)} {name} {self._hashes.of(path / name, check)}\n".encode())
        return digest.hexdigest()

    def named(self, folder: str, name: str) -> str | None:
        """Return the file that has this name, or this name and an ending; None if there is none."""
        names = self.names(folder)
        return name if name in names else next((found for found in names if _stem(found) == name), None)

    def state(self, folder: str) -> str:
        """Return a digest of the names, sizes and times of all files of a folder, without reading them."""
        digest = hashlib.blake2b(digest_size=20)
        for name in self.names(folder):
            status = self.path(folder, name).stat()
            digest.update(f"{len(name)} {name} {status.st_size} {status.st_mtime_ns}\n".encode())
        return digest.hexdigest()


def annotated(folder: str, name: str) -> tuple[str, str]:
    """Split "name [output]" into folder and name; a name without such an ending stays in `folder`."""
    for place in PLACES:
        if folder in PLACES and name.endswith(f" [{place}]"):
            return place, name.removesuffix(f" [{place}]")
    return folder, name


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _is_model(found: Found, root: Path, kind: Kind) -> bool:
    if kind.marker is not None:
        return found.folder and _is_file(root / found.name / kind.marker)
    return not found.folder and (kind.suffixes is None or found.name.lower().endswith(kind.suffixes))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False  # no such name can be there
        raise
