"""The precision that networks compute in, chosen for a whole process. Loads no torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from .. import diffusion
from ..executor import NodeTable
from ..executor.node_types.node_type import Helper, NodeType

PARTS = frozenset({"MODEL", "VAE"})
"""The types of what computes in a precision."""

PRECISIONS = ("auto", "float32", "bfloat16", "float16")

MULTIPLIES_BFLOAT16 = (8, 0)
"""From this capability on (Ampere, 2020) cards multiply bfloat16 as quickly as float16."""

QUICK_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""What Linux calls the instructions that multiply bfloat16 (x86-64: two of them, ARM)."""

CPUINFO = Path("/proc/cpuinfo")


def chosen_precision(
    setting: str = "auto", cpuinfo: Path = CPUINFO, *, card: tuple[int, int] | None = None
) -> str:
    """Return what large networks compute in: what the setting says, or for "auto" what is quick and exact.

    That is for a graphics card of the capability `card` bfloat16, or float16 where it lacks that; for the
    processor bfloat16 where it multiplies that, or else float32. On this bfloat16 takes about 0.6 of the time
    and half the memory, and differs by a few grey levels of 255 (docs/performance.md). Where the processor's
    flags can't be read it is float32. Raises ValueError for an unknown setting, and for float16 on a
    processor.
    """
    if setting not in PRECISIONS:
        raise ValueError(f"there is no precision {setting!r}; known: {', '.join(PRECISIONS)}")
    if setting == "float16" and card is None:
        raise ValueError(
            "processors don't multiply float16 quickly; it is for graphics cards (--device cuda). "
            "Use bfloat16 or float32, or leave --precision out"
        )
    if setting != "auto":
        return setting
    if card is not None:
        return "bfloat16" if card >= MULTIPLIES_BFLOAT16 else "float16"
    return "bfloat16" if _flags(cpuinfo) & QUICK_FLAGS else "float32"


def _flags(cpuinfo: Path) -> set[str]:
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        return set()
    named = (line.partition(":") for line in lines)
    return {
        flag for name, _, found in named if name.strip() in ("flags", "Features") for flag in found.split()
    }


def with_precision(table: NodeTable, precision: str) -> NodeTable:
    """Return the table with loaders whose large networks compute in a precision: any but "auto".

    What is not float32 enters the loaders' content keys, and so those of all that is made with them.
    """
    if precision == "float32":
        return table
    return NodeTable({name: _loading(found, precision) for name, found in table.types.items()})


def _loading(node_type: NodeType, precision: str) -> NodeType:
    """Return a node type as it is, or with its models and VAEs in a precision where it loads some."""
    made = {output.type for output in node_type.outputs}
    given = {spec.type for spec in node_type.inputs.values()}
    if not made & PARTS or given & PARTS:
        return node_type

    def load(*args: Any, **inputs: Any) -> object:
        loaded = node_type.function(*args, **inputs)
        if node_type.returns_tuple:
            parts = cast("tuple[object, ...]", loaded)
            return tuple(diffusion.in_precision(part, precision) for part in parts)
        return diffusion.in_precision(loaded, precision)

    fingerprint = Helper(lambda: precision, takes=())
    return replace(node_type, function=load, fingerprint=fingerprint)
