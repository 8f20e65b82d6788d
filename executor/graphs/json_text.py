"""JSON text as a value, with all that is wrong with the text at once."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping

from ..problems import Problem, WorkflowError

TOO_DEEP = Problem(code="not_json", message="not a workflow: values are nested too deeply to be read")


def load(text: str | bytes) -> tuple[object, list[Problem]]:
    """Return what JSON text says, and what is wrong with it: names given twice, numbers beyond all bounds.

    Raises `WorkflowError` for text that is not JSON, with line and column.
    """
    if not text.strip():
        message = "the text is empty; a workflow is a JSON object {id: node}"
        raise WorkflowError([Problem(code="not_json", message=message)])
    problems: list[Problem] = []

    def refuse(number: str, why: str = "is not a JSON number") -> None:
        shown = number if len(number) <= 40 else f"{number[:37]}..."
        problems.append(Problem(code="not_json", message=f"{shown} {why}", given=shown))

    def whole(digits: str) -> int | None:
        try:
            return int(digits)
        except ValueError:  # Python reads no more than some thousand digits
            return refuse(digits, f"has too many digits ({len(digits)}) for a number")

    def fraction(digits: str) -> float | None:
        number = float(digits)
        return number if math.isfinite(number) else refuse(digits, "is too big for a number")

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            problems.extend(_twice(pairs))
        return found

    try:
        loaded = json.loads(
            text, object_pairs_hook=unique, parse_constant=refuse, parse_int=whole, parse_float=fraction
        )
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno}
        said = error.msg.removesuffix(" at")
        message = f"not JSON: {said} at line {error.lineno}, column {error.colno}" + _looks(text)
        raise WorkflowError([Problem(code="not_json", message=message, facts=where)]) from None
    except UnicodeDecodeError as error:
        message = f"not JSON: byte {error.start} is not valid {error.encoding} text" + _looks(text)
        raise WorkflowError(
            [Problem(code="not_json", message=message, facts={"byte": error.start})]
        ) from None
    except RecursionError:
        raise WorkflowError([TOO_DEEP]) from None
    return loaded, problems


def _twice(pairs: list[tuple[str, object]]) -> list[Problem]:
    counts = Counter(name for name, _ in pairs)
    return [
        Problem(
            code="duplicate_name",
            message=f"{name!r} is given {count} times in one JSON object; keep one of them",
            given=name,
        )
        for name, count in counts.items()
        if count > 1
    ]


_BINARY: Mapping[bytes, str] = {
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
    b"GIF8": "a GIF picture",
    b"RIFF": "a WebP picture or a sound",
    b"PK": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
}
"""First bytes of files that are taken for workflows now and then."""


def _looks(text: str | bytes) -> str:
    """Say what bytes that are no text are, as the end of a message."""
    if isinstance(text, str):
        return ""
    kind = next((kind for start, kind in _BINARY.items() if text.startswith(start)), None)
    if kind is None and b"\0" in text[:64]:
        kind = "a binary file"
    return f"; it looks like {kind}, and a workflow is JSON text" if kind else ""
