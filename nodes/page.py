"""`python -m inkloom.nodes.page`: write the pages on nodes anew from the declarations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..executor.node_types.reference import reference
from . import NODES
from .absent import ABSENT
from .compatibility import compatibility

DOCS = Path(__file__).resolve().parent.parent / "docs"


def pages() -> Mapping[str, str]:
    """Return the text of each page by its name in docs/."""
    page = (DOCS / "compatibility.md").read_text(encoding="utf-8")
    return {"nodes.md": reference(NODES), "compatibility.md": compatibility(NODES, ABSENT, page)}


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
