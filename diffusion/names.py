"""The names that users choose by, and looking them up with an error that helps. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import TypeVar

Row = TypeVar("Row")

# The rows of `samplers.SAMPLERS` and of `sigmas.SCHEDULES`, for those who list them without loading torch;
# tests hold them equal.
SAMPLER_NAMES = ("euler", "euler_ancestral", "heun", "lms", "dpmpp_2m", "ddpm", "ddim")
SCHEDULE_NAMES = (
    "simple",
    "sgm_uniform",
    "karras",
    "exponential",
    "ddim_uniform",
    "beta",
    "normal",
    "linear_quadratic",
    "kl_optimal",
)


class UnknownNameError(ValueError):
    """A name that is in no table; `given` is that name and `known` the right ones, nearest first."""

    def __init__(self, kind: str, given: str, known: tuple[str, ...]) -> None:
        self.kind = kind
        self.given = given
        self.known = known
        super().__init__(f"unknown {kind} {given!r}; known, nearest first: {', '.join(known)}")


def row(table: Mapping[str, Row], name: str, kind: str) -> Row:
    """Return `table[name]`; `kind` says in the error what the table lists ("sampler").

    Raises UnknownNameError.
    """
    if name not in table:
        raise UnknownNameError(kind, name, nearest_first(name, table))
    return table[name]


def nearest_first(name: str, known: Mapping[str, object]) -> tuple[str, ...]:
    """Return the keys of `known`, those most like `name` first, equals in the table's order."""

    def unlikeness(other: str) -> float:
        return -SequenceMatcher(None, name.lower(), other.lower()).ratio()

    return tuple(sorted(known, key=unlikeness))
