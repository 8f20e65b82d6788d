"""The names that users choose by, and looking them up with an error that helps. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import TypeVar

Row = TypeVar("Row")

# The rows of `samplers.SAMPLERS` and of `sigmas.SCHEDULES`, for those who list them without loading torch;
# tests hold them equal.
SAMPLER_NAMES = (
    "euler",
    "euler_cfg_pp",
    "euler_ancestral",
    "euler_ancestral_cfg_pp",
    "heun",
    "heunpp2",
    "dpm_2",
    "dpm_2_ancestral",
    "lms",
    "dpm_fast",
    "dpm_adaptive",
    "dpmpp_2s_ancestral",
    "dpmpp_2s_ancestral_cfg_pp",
    "dpmpp_sde",
    "dpmpp_sde_gpu",
    "dpmpp_2m",
    "dpmpp_2m_cfg_pp",
    "dpmpp_2m_sde",
    "dpmpp_2m_sde_gpu",
    "dpmpp_2m_sde_heun",
    "dpmpp_2m_sde_heun_gpu",
    "dpmpp_3m_sde",
    "dpmpp_3m_sde_gpu",
    "ddpm",
    "lcm",
    "ipndm",
    "ipndm_v",
    "deis",
    "res_multistep",
    "res_multistep_cfg_pp",
    "res_multistep_ancestral",
    "res_multistep_ancestral_cfg_pp",
    "gradient_estimation",
    "gradient_estimation_cfg_pp",
    "er_sde",
    "seeds_2",
    "seeds_3",
    "sa_solver",
    "sa_solver_pece",
    "ddim",
    "uni_pc",
    "uni_pc_bh2",
)
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

SYNTAX_NAMES = ("comfyui", "a1111")
"""The rows of `prompt.SYNTAXES`, as above."""

EMBEDDING_PATTERN = r"embedding:([^\s,:()\[\]\\]*[^\s,:()\[\]\\.;!?])"
"""How a prompt names a textual inversion; names have no spaces, commas, colons, brackets or backslashes."""


class UnknownNameError(ValueError):
    """A name that is in no table; `given` is that name and `known` the right ones, nearest first."""

    def __init__(self, kind: str, given: str, known: tuple[str, ...]) -> None:
        self.kind = kind
        self.given = given
        self.known = known
        listed = f"known, nearest first: {', '.join(known)}" if known else "there are none"
        super().__init__(f"unknown {kind} {given!r}; {listed}")


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
