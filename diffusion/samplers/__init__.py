"""Samplers: pure `init` and `step` over a state that is a value. `SAMPLERS` lists them all.

Names ending in `_gpu` are of those who also make the noise on the device; here all noise is made on the CPU,
so that a seed gives the same picture everywhere, and each is the sampler without that ending.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..names import row
from .adams import DEIS as DEIS
from .adams import IPNDM as IPNDM
from .adams import IPNDM_V as IPNDM_V
from .ancestral import DDPM as DDPM
from .ancestral import EULER_ANCESTRAL as EULER_ANCESTRAL
from .ancestral import EULER_ANCESTRAL_CFG_PP as EULER_ANCESTRAL_CFG_PP
from .ancestral import euler_ancestral as euler_ancestral
from .ancestral import euler_ancestral_cfg_pp as euler_ancestral_cfg_pp
from .base import Both as Both
from .base import Denoise as Denoise
from .base import DenoiseBoth as DenoiseBoth
from .base import Noising as Noising
from .base import Sampler as Sampler
from .base import State as State
from .base import noising_of as noising_of
from .dpm_2 import DPM_2 as DPM_2
from .dpm_2 import DPM_2_ANCESTRAL as DPM_2_ANCESTRAL
from .dpm_adaptive import DPM_ADAPTIVE as DPM_ADAPTIVE
from .dpm_solver import DPM_FAST as DPM_FAST
from .dpmpp_2m import DPMPP_2M as DPMPP_2M
from .dpmpp_2m import DPMPP_2M_CFG_PP as DPMPP_2M_CFG_PP
from .dpmpp_2m_sde import DPMPP_2M_SDE as DPMPP_2M_SDE
from .dpmpp_2m_sde import DPMPP_2M_SDE_HEUN as DPMPP_2M_SDE_HEUN
from .dpmpp_2m_sde import DPMPP_3M_SDE as DPMPP_3M_SDE
from .dpmpp_2s import DPMPP_2S_ANCESTRAL as DPMPP_2S_ANCESTRAL
from .dpmpp_2s import DPMPP_2S_ANCESTRAL_CFG_PP as DPMPP_2S_ANCESTRAL_CFG_PP
from .dpmpp_sde import DPMPP_SDE as DPMPP_SDE
from .er_sde import ER_SDE as ER_SDE
from .euler import DDIM as DDIM
from .euler import EULER as EULER
from .euler import EULER_CFG_PP as EULER_CFG_PP
from .gradient_estimation import GRADIENT_ESTIMATION as GRADIENT_ESTIMATION
from .gradient_estimation import GRADIENT_ESTIMATION_CFG_PP as GRADIENT_ESTIMATION_CFG_PP
from .heun import HEUN as HEUN
from .heun import HEUNPP2 as HEUNPP2
from .lcm import LCM as LCM
from .lms import LMS as LMS
from .res_multistep import RES_MULTISTEP as RES_MULTISTEP
from .res_multistep import RES_MULTISTEP_ANCESTRAL as RES_MULTISTEP_ANCESTRAL
from .res_multistep import RES_MULTISTEP_ANCESTRAL_CFG_PP as RES_MULTISTEP_ANCESTRAL_CFG_PP
from .res_multistep import RES_MULTISTEP_CFG_PP as RES_MULTISTEP_CFG_PP
from .sa_solver import SA_SOLVER as SA_SOLVER
from .sa_solver import SA_SOLVER_PECE as SA_SOLVER_PECE
from .seeds import SEEDS_2 as SEEDS_2
from .seeds import SEEDS_3 as SEEDS_3
from .uni_pc import UNI_PC as UNI_PC
from .uni_pc import UNI_PC_BH2 as UNI_PC_BH2

SAMPLERS: Mapping[str, Sampler[Any]] = {
    sampler.name: sampler
    for sampler in (
        EULER,
        EULER_CFG_PP,
        EULER_ANCESTRAL,
        EULER_ANCESTRAL_CFG_PP,
        HEUN,
        HEUNPP2,
        DPM_2,
        DPM_2_ANCESTRAL,
        LMS,
        DPM_FAST,
        DPM_ADAPTIVE,
        DPMPP_2S_ANCESTRAL,
        DPMPP_2S_ANCESTRAL_CFG_PP,
        DPMPP_SDE,
        replace(DPMPP_SDE, name="dpmpp_sde_gpu"),
        DPMPP_2M,
        DPMPP_2M_CFG_PP,
        DPMPP_2M_SDE,
        replace(DPMPP_2M_SDE, name="dpmpp_2m_sde_gpu"),
        DPMPP_2M_SDE_HEUN,
        replace(DPMPP_2M_SDE_HEUN, name="dpmpp_2m_sde_heun_gpu"),
        DPMPP_3M_SDE,
        replace(DPMPP_3M_SDE, name="dpmpp_3m_sde_gpu"),
        DDPM,
        LCM,
        IPNDM,
        IPNDM_V,
        DEIS,
        RES_MULTISTEP,
        RES_MULTISTEP_CFG_PP,
        RES_MULTISTEP_ANCESTRAL,
        RES_MULTISTEP_ANCESTRAL_CFG_PP,
        GRADIENT_ESTIMATION,
        GRADIENT_ESTIMATION_CFG_PP,
        ER_SDE,
        SEEDS_2,
        SEEDS_3,
        SA_SOLVER,
        SA_SOLVER_PECE,
        DDIM,
        UNI_PC,
        UNI_PC_BH2,
    )
}


def sampler_by_name(name: str) -> Sampler[Any]:
    """Return the sampler of that name.

    Raises UnknownNameError.
    """
    return row(SAMPLERS, name, "sampler")
