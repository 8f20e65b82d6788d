"""Samplers: pure `init` and `step` over a state that is a value. `SAMPLERS` lists them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..names import row
from .ancestral import DDPM as DDPM
from .ancestral import EULER_ANCESTRAL as EULER_ANCESTRAL
from .ancestral import euler_ancestral as euler_ancestral
from .base import Denoise as Denoise
from .base import Sampler as Sampler
from .base import State as State
from .dpmpp_2m import DPMPP_2M as DPMPP_2M
from .euler import DDIM as DDIM
from .euler import EULER as EULER
from .heun import HEUN as HEUN
from .lms import LMS as LMS

SAMPLERS: Mapping[str, Sampler[Any]] = {
    sampler.name: sampler for sampler in (EULER, EULER_ANCESTRAL, HEUN, LMS, DPMPP_2M, DDPM, DDIM)
}


def sampler_by_name(name: str) -> Sampler[Any]:
    """Return the sampler of that name.

    Raises UnknownNameError.
    """
    return row(SAMPLERS, name, "sampler")
