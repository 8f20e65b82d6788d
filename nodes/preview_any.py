"""A node that shows whatever it is given."""

from __future__ import annotations

import json

from .. import diffusion
from ..executor import Ui, node
from .ports import Any_


@node("PreviewAny", category="utils", display_name="Preview Any", output=True)
def preview_any(*, source: Any_) -> Ui:
    """Show a value as text: texts and numbers as they are, tensors and models in a few words."""
    return Ui(shown={"text": [as_text(source)]})


def as_text(value: object) -> str:
    """Write a value for people to read; lists and dicts as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, indent=4, ensure_ascii=False, skipkeys=True, default=diffusion.described)
    plain = value is None or isinstance(value, bool | int | float)
    return str(value) if plain else diffusion.described(value)
