"""The notes in a node's signature, `Annotated[type, note]`: small frozen facts about one input or output."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Port:
    """A value that only links carry, by its wire type: "IMAGE"; several as "IMAGE,MASK"; "*" is anything."""

    type: str


@dataclass(frozen=True, slots=True)
class Range:
    """The least and greatest number, both allowed.

    `step` is how far the editor's arrows move, `round` what it rounds to; `multiple` makes every value that
    is no multiple of `step` an error, `above` the least number itself, which editors can't be told.
    """

    min: float
    max: float
    step: float | None = None
    round: float | Literal[False] | None = None
    multiple: bool = False
    above: bool = False

    def __str__(self) -> str:
        """Say it in words: `1 to 64, a multiple of 8`."""
        multiple = f", a multiple of {self.step}" if self.multiple else ""
        return f"{'above ' * self.above}{self.min} to {self.max}{multiple}"

    def __contains__(self, value: float) -> bool:
        """Tell whether a number lies within the limits, whatever it is a multiple of."""
        return self.min <= value <= self.max and not (self.above and value == self.min)


@dataclass(frozen=True, slots=True)
class Seed:
    """A random seed that the editor may change after each run: 0..2^64-1, or within a `Range` beside it."""


SEED_MAX = 2**64 - 1


@dataclass(frozen=True, slots=True, init=False)
class Choice:
    """One of a few names, in the order in which they are offered."""

    options: tuple[str | int | float | bool, ...]

    def __init__(self, options: Iterable[str | int | float | bool]) -> None:
        object.__setattr__(self, "options", tuple(options))


@dataclass(frozen=True, slots=True)
class FileSet:
    """A name that stands for files of another folder: for each of `stems` one of that name, whatever its end.

    It is offered where all of them are there. Their content decides what is cached, and the name.
    """

    name: str
    folder: str = ""
    stems: tuple[str, ...] = ()

    def found(self, names_of: Callable[[str], Iterable[str]]) -> dict[str, str]:
        """Return the file of each stem that has one, given what names the files of a folder."""
        names = list(names_of(self.folder)) if self.stems else []
        files = {
            stem: next((name for name in names if name.rpartition("/")[2].startswith(f"{stem}.")), None)
            for stem in self.stems
        }
        return {stem: name for stem, name in files.items() if name is not None}


@dataclass(frozen=True, slots=True)
class Remote:
    """Where the editor asks for the choices of an input, and what it selects after it asked again."""

    route: str
    refresh_button: bool = False
    control_after_refresh: Literal["first", "last"] = "first"


@dataclass(frozen=True, slots=True)
class Files:
    """The name of a file in a folder; the file's content, never its name, decides what is cached.

    `also` are names that are no files, offered before them, and `sets` such that stand for files elsewhere,
    offered behind them. `upload` lets the editor send a new picture; with `suffixes` only files that end so
    are offered; with `remote` the editor asks for the names itself.
    """

    folder: str
    upload: bool = False
    also: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    sets: tuple[FileSet, ...] = ()
    remote: Remote | None = None

    def offered(self, names_of: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
        """Return the choices, given what names the files of a folder."""
        names = names_of(self.folder)
        fitting = (name for name in names if not self.suffixes or name.lower().endswith(self.suffixes))
        whole = (one.name for one in self.sets if len(one.found(names_of)) == len(one.stems))
        return (*self.also, *fitting, *whole)

    def set_of(self, name: object) -> FileSet | None:
        """Return the set of files that a name stands for; None for the name of a file."""
        return next((one for one in self.sets if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Text:
    """How the editor treats a text: a large field, and choices like {red|blue} drawn anew for each run."""

    multiline: bool = False
    dynamic_prompts: bool = False
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Mentions:
    """A text that may name files of a folder: what the first group of `pattern` matches, endings left out.

    The content of the files it names decides what is cached. Where the text is linked, and so not known
    beforehand, every file of the folder does.
    """

    folder: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Display:
    """How the editor shows a number: as "number", "slider" or "color"."""

    kind: Literal["number", "slider", "color"]


@dataclass(frozen=True, slots=True)
class Hidden:
    """An input that the engine fills: the workflow, metadata for images, the running graph, the node's id."""

    kind: Literal["PROMPT", "EXTRA_PNGINFO", "DYNPROMPT", "UNIQUE_ID"]


@dataclass(frozen=True, slots=True)
class Optional:
    """An input that a workflow may leave out; the function's default then holds."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """An input that the editor shows only when asked for more."""


@dataclass(frozen=True, slots=True)
class Names:
    """The inputs that a `**` parameter stands for, alike in all but their names; each may have a `default`.

    For inputs whose names are no names of Python, like "out.".
    """

    names: tuple[str, ...]
    default: str | int | float | bool


@dataclass(frozen=True, slots=True)
class RawLink:
    """An input that gets the `Link` itself; what it leads to is not computed for it."""


@dataclass(frozen=True, slots=True)
class Lazy:
    """An input that is computed only when the node's `needs` function asks for it; else it is None."""


@dataclass(frozen=True, slots=True)
class Tooltip:
    """A sentence that the editor shows for an input or an output."""

    text: str
