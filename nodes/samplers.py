"""Nodes that choose a sampling method, by its name or with options of its own."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from .. import diffusion
from ..executor import Choice, Range, node
from .ports import Model, Sampler
from .sampling import SamplerName

CATEGORY = "sampling/custom_sampling/samplers"

Amount = Annotated[float, Range(0.0, 100.0, step=0.01, round=False)]
NoiseDevice = Annotated[str, Choice(("gpu", "cpu"))]
Percent = Annotated[float, Range(0.0, 1.0, step=0.001)]


@node("KSamplerSelect", category=CATEGORY, display_name="KSamplerSelect")
def ksampler_select(*, sampler_name: SamplerName) -> Sampler:
    """Choose a sampling method by its name."""
    return diffusion.sampler_by_name(sampler_name)


@node("SamplerEulerAncestral", category=CATEGORY, display_name="SamplerEulerAncestral")
def sampler_euler_ancestral(*, eta: Amount = 1.0, s_noise: Amount = 1.0) -> Sampler:
    """Euler's method with fresh noise at every step: `eta` is its share (0 none), `s_noise` multiplies it."""
    return diffusion.euler_ancestral(eta, s_noise)


@node("SamplerEulerAncestralCFGPP", category=CATEGORY, display_name="SamplerEulerAncestralCFG++")
def sampler_euler_ancestral_cfg_pp(
    *,
    eta: Annotated[float, Range(0.0, 1.0, step=0.01, round=False)] = 1.0,
    s_noise: Annotated[float, Range(0.0, 10.0, step=0.01, round=False)] = 1.0,
) -> Sampler:
    """Follow CFG++ with fresh noise at every step; use it with a cfg of about 1.

    `eta` is the share of noise (0 none), `s_noise` multiplies it.
    """
    return diffusion.euler_ancestral_cfg_pp(eta, s_noise)


@node("SamplerEulerCFGpp", category="_for_testing", display_name="SamplerEulerCFG++")
def sampler_euler_cfg_pp(*, version: Annotated[str, Choice(("regular", "alternative"))]) -> Sampler:
    """Follow CFG++, which takes its noise from the negative prompt alone; use it with a cfg of about 1.

    "alternative" is Euler's method with the guidance counted twice.
    """
    return diffusion.euler_cfg_pp(alternative=version == "alternative")


@node("SamplerLMS", category=CATEGORY, display_name="SamplerLMS")
def sampler_lms(*, order: Annotated[int, Range(1, 100)] = 4) -> Sampler:
    """Linear multistep: go on along a curve through the slopes of the last `order` steps."""
    return diffusion.lms(order)


@node("SamplerDPMPP_3M_SDE", category=CATEGORY, display_name="SamplerDPMPP_3M_SDE")
def sampler_dpmpp_3m_sde(*, eta: Amount = 1.0, s_noise: Amount = 1.0, noise_device: NoiseDevice) -> Sampler:
    """DPM-Solver++(3M) SDE: `eta` is the share of fresh noise (0 none), `s_noise` multiplies it.

    Noise is always made on the CPU, so both devices give the same picture.
    """
    return diffusion.dpmpp_3m_sde(eta, s_noise)


@node("SamplerDPMPP_2M_SDE", category=CATEGORY, display_name="SamplerDPMPP_2M_SDE")
def sampler_dpmpp_2m_sde(
    *,
    solver_type: Annotated[str, Choice(("midpoint", "heun"))],
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
    noise_device: NoiseDevice,
) -> Sampler:
    """DPM-Solver++(2M) SDE: `eta` is the share of fresh noise (0 none), `s_noise` multiplies it.

    Noise is always made on the CPU, so both devices give the same picture.
    """
    return diffusion.dpmpp_2m_sde(cast('Literal["midpoint", "heun"]', solver_type), eta, s_noise)


@node("SamplerDPMPP_SDE", category=CATEGORY, display_name="SamplerDPMPP_SDE")
def sampler_dpmpp_sde(
    *, eta: Amount = 1.0, s_noise: Amount = 1.0, r: Amount = 0.5, noise_device: NoiseDevice
) -> Sampler:
    """DPM-Solver++ SDE: two looks at the model a step, the second at the share `r` of the way.

    `eta` is the share of fresh noise (0 none), `s_noise` multiplies it. Noise is always made on the CPU, so
    both devices give the same picture.
    """
    return diffusion.dpmpp_sde(eta, s_noise, r)


@node("SamplerDPMPP_2S_Ancestral", category=CATEGORY, display_name="SamplerDPMPP_2S_Ancestral")
def sampler_dpmpp_2s_ancestral(*, eta: Amount = 1.0, s_noise: Amount = 1.0) -> Sampler:
    """DPM-Solver++(2S) with fresh noise: `eta` is its share (0 none), `s_noise` multiplies it."""
    return diffusion.dpmpp_2s_ancestral(eta, s_noise)


@node("SamplerDPMAdaptative", category=CATEGORY, display_name="SamplerDPMAdaptative")
def sampler_dpm_adaptive(
    *,
    order: Annotated[int, Range(2, 3)] = 3,
    rtol: Amount = 0.05,
    atol: Amount = 0.0078,
    h_init: Amount = 0.05,
    pcoeff: Amount = 0.0,
    icoeff: Amount = 1.0,
    dcoeff: Amount = 0.0,
    accept_safety: Amount = 0.81,
    eta: Amount = 0.0,
    s_noise: Amount = 1.0,
) -> Sampler:
    """DPM-Solver with steps as long as its error allows; only the first and last sigma of a schedule count.

    `rtol` and `atol` are the error allowed, relative and absolute; `h_init` is the first step's length.
    """
    return diffusion.dpm_adaptive(
        order, rtol, atol, h_init, pcoeff, icoeff, dcoeff, accept_safety, eta, s_noise
    )


@node("SamplerER_SDE", category=CATEGORY, display_name="SamplerER_SDE")
def sampler_er_sde(
    *,
    solver_type: Annotated[str, Choice(("ER-SDE", "Reverse-time SDE", "ODE"))],
    max_stage: Annotated[int, Range(1, 3)] = 3,
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
) -> Sampler:
    """ER-SDE of order `max_stage`.

    `eta` is the share of noise of "Reverse-time SDE" alone; "ODE" has none. `s_noise` multiplies the noise.
    """
    kind = cast('Literal["ER-SDE", "Reverse-time SDE", "ODE"]', solver_type)
    return diffusion.er_sde(kind, max_stage, eta, s_noise)


@node("SamplerSASolver", category=CATEGORY, display_name="SamplerSASolver")
def sampler_sa_solver(
    *,
    model: Model,
    eta: Annotated[float, Range(0.0, 10.0, step=0.01, round=False)] = 1.0,
    sde_start_percent: Percent = 0.2,
    sde_end_percent: Percent = 0.8,
    s_noise: Amount = 1.0,
    predictor_order: Annotated[int, Range(1, 6)] = 3,
    corrector_order: Annotated[int, Range(0, 6)] = 4,
    use_pece: bool,
    simple_order_2: bool,
) -> Sampler:
    """SA-Solver, with fresh noise between two shares of the run.

    `eta` is the share of noise (0 none), `s_noise` multiplies it. The orders say how many steps it looks back
    over; `use_pece` asks the model twice a step.
    """
    return diffusion.sa_solver(
        (sde_start_percent, sde_end_percent),
        eta,
        s_noise,
        predictor_order,
        corrector_order,
        use_pece=use_pece,
        simple_order_2=simple_order_2,
    )


@node("SamplerLCMUpscale", category=CATEGORY)
def sampler_lcm_upscale(
    *,
    scale_ratio: Annotated[float, Range(0.1, 20.0, step=0.01)] = 1.0,
    scale_steps: Annotated[int, Range(-1, 1000, step=1)] = -1,
    upscale_method: Annotated[str, Choice(("bislerp", "nearest-exact", "bilinear", "area", "bicubic"))],
) -> Sampler:
    """LCM that enlarges the picture to `scale_ratio` over its first `scale_steps` steps (-1: half of all)."""
    return diffusion.lcm_upscale(scale_ratio, scale_steps, upscale_method)
