"""The editor's own file format, versions 0.4 and 1.0: to a `Graph`, and back."""

from .converting import convert
from .drawing import to_ui
from .recognising import is_ui_format, load_whole, read_graph

__all__ = ["convert", "is_ui_format", "load_whole", "read_graph", "to_ui"]
