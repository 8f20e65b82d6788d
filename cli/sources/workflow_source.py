"""Where a workflow comes from: a file, a picture, standard input, or those that ship with inkloom."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..shown.plain import plain
from ..usage import UsageError
from .png_text import SIGNATURE, png_text
from .webp_text import is_webp, webp_text

BUNDLED = Path(__file__).parent.parent.parent / "workflows"
"""The folder of the workflows that ship with inkloom."""


@dataclass(frozen=True, slots=True)
class Source:
    """A workflow's text, and the name to speak of it by."""

    name: str
    text: bytes


def bundled_names() -> tuple[str, ...]:
    """Return the names of the workflows that ship with inkloom, sorted."""
    return tuple(sorted(path.stem for path in BUNDLED.glob("*.json")))


def read_workflow(argument: str) -> Source:
    """Read what the command line names: `-`, a file, or a bundled workflow.

    Raises UsageError when there is no such thing, or a picture carries no workflow.
    """
    if argument == "-":
        return _source("standard input", sys.stdin.buffer.read())
    path, name = _find(argument), plain(argument)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{name} can't be read: {error.strerror}") from error
    return _source(name, content)


def _source(name: str, content: bytes) -> Source:
    if content.startswith(SIGNATURE):
        return Source(name, _workflow_in("PNG", name, content, png_text))
    if is_webp(content):
        return Source(name, _workflow_in("WebP", name, content, webp_text))
    return Source(name, content)


def _find(argument: str) -> Path:
    if not argument:
        raise UsageError(
            "the name of the workflow is empty", advice="name a file, or one of `inkloom run --help`"
        )
    path = Path(argument)
    # Of os.path: those of Path raise OSError for names that are too long. A pipe is no file and can be read.
    if os.path.exists(path) and not os.path.isdir(path):
        return path
    # A bundled workflow by its name, also where a README spells it as a path of the repository.
    name = path.stem if path.suffix == ".json" else path.name
    bundled = BUNDLED / f"{name}.json"
    known = bundled_names()
    if path.parent in (Path(), Path("workflows")) and name in known:
        return bundled
    if os.path.isdir(path):
        raise UsageError(
            f"{plain(argument)} is a folder, not a workflow", advice="name a .json file or a .png in it"
        )
    from ...executor.problems import nearest

    raise UsageError(
        f"there is no workflow {plain(argument)}",
        looked=(plain(str(path.absolute())), f"the workflows that ship with inkloom: {', '.join(known)}"),
        nearest=nearest(name, known),
    )


CARRIED = ("prompt", "workflow")
"""The names of a picture's texts: what made it, and the editor's file that this came from."""


def _workflow_in(kind: str, name: str, content: bytes, text_of: Callable[[bytes, str], str | None]) -> bytes:
    try:
        text = next((text for key in CARRIED if (text := text_of(content, key)) is not None), None)
    except ValueError as error:
        raise UsageError(f"{name} is not a whole {kind} picture: {error}") from error
    if text is None:
        raise UsageError(
            f"{name} carries no workflow: it has no text named 'prompt' or 'workflow'",
            advice="pictures that inkloom saved carry one, unless another program has saved them again",
        )
    return text.encode()
