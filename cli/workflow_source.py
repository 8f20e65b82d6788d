"""Where a workflow comes from: a file, a picture, standard input, or those that ship with inkloom."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from .usage import UsageError

BUNDLED = Path(__file__).parent.parent / "workflows"
"""The folder of the workflows that ship with inkloom."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


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
        return Source("standard input", sys.stdin.buffer.read())
    path = _find(argument)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{argument} can't be read: {error.strerror}") from error
    return Source(argument, _workflow_in_png(path) if content.startswith(PNG_SIGNATURE) else content)


def _find(argument: str) -> Path:
    path = Path(argument)
    if path.is_file():
        return path
    # A bundled workflow by its name, also where a README spells it as a path of the repository.
    name = path.stem if path.suffix == ".json" else path.name
    bundled = BUNDLED / f"{name}.json"
    if path.parent in (Path(), Path("workflows")) and bundled.is_file():
        return bundled
    if path.is_dir():
        raise UsageError(
            f"{argument} is a folder, not a workflow", advice="name a .json file or a .png in it"
        )
    from ..executor.problems import nearest

    known = bundled_names()
    raise UsageError(
        f"there is no workflow {argument}",
        looked=(str(path.absolute()), f"the workflows that ship with inkloom: {', '.join(known)}"),
        nearest=nearest(name, known),
    )


def _workflow_in_png(path: Path) -> bytes:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            picture.load()  # text chunks may follow the pixels
            text: object = picture.info.get("prompt")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UsageError(f"{path} is not a whole PNG picture: {error}") from error
    if not isinstance(text, str):
        raise UsageError(
            f"{path} carries no workflow: it has no text chunk named 'prompt'",
            advice="pictures that inkloom saved carry one, unless another program has saved them again",
        )
    return text.encode()
