"""`python -m inkloom.nodes.page`: write docs/nodes.md anew from the declarations."""

from __future__ import annotations

from pathlib import Path

from ..executor.reference import reference
from . import NODES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "nodes.md"

if __name__ == "__main__":
    PAGE.write_text(reference(NODES), encoding="utf-8")
