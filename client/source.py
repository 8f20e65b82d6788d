"""What stands for a workflow: the workflow itself, a file with it, or a name that the server knows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

import msgspec

from .errors import WorkflowFileError

Given: TypeAlias = Mapping[str, Any] | Path
"""A workflow in either format, or a JSON file with one."""

Source: TypeAlias = Given | str
"""A workflow, a file with one, or the name of one that the server has: text is never a path."""


def workflow_of(given: Given) -> Mapping[str, Any]:
    """Return a workflow, read from its file if need be; raises WorkflowFileError."""
    if not isinstance(given, Path):
        return given
    try:
        read: object = msgspec.json.decode(given.read_bytes())
    except OSError as error:
        raise WorkflowFileError(f"{given} can't be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WorkflowFileError(f"{given} is not JSON: {error}") from error
    if not isinstance(read, dict):
        raise WorkflowFileError(f"{given} is no workflow: it must hold a JSON object")
    return cast("dict[str, Any]", read)


def workflow_or_name(source: Source) -> Mapping[str, Any] | str:
    """Return what a source stands for; a name as it is. Raises WorkflowFileError."""
    return source if isinstance(source, str) else workflow_of(source)
