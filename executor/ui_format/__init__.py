"""The editor's own file format, versions 0.4 and 1.0: to a `Graph`, and back."""

from importlib import import_module
from typing import TYPE_CHECKING

from .recognising import is_ui_format, load_whole, read_graph

if TYPE_CHECKING:
    from .converting import convert
    from .drawing import to_ui

__all__ = ["convert", "is_ui_format", "load_whole", "read_graph", "to_ui"]

LATER = {"convert": "converting", "to_ui": "drawing"}
"""What is loaded when it is asked for, and where it is: most workflows that are run come in API format."""

if not TYPE_CHECKING:  # which would take it for a leave to ask for any name

    def __getattr__(name: str) -> object:
        """Return what `LATER` names."""
        if name not in LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f".{LATER[name]}", __name__), name)
