"""Nodes that make the noise levels (sigmas) of a run, and that cut and change them."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from .. import diffusion
from ..executor import Choice, Range, node
from .ports import Model, Sigmas
from .sampling import Denoise, SchedulerName, Steps

SCHEDULERS = "sampling/custom_sampling/schedulers"
SIGMAS = "sampling/custom_sampling/sigmas"

Sigma = Annotated[float, Range(0.0, 5000.0, step=0.01, round=False)]
Above0 = Annotated[float, Range(0.0, 5000.0, step=0.01, round=False, above=True)]
Rho = Annotated[float, Range(0.0, 100.0, step=0.01, round=False)]
RhoAbove0 = Annotated[float, Range(0.0, 100.0, step=0.01, round=False, above=True)]
SIGMA_MAX, SIGMA_MIN = 14.614642, 0.0291675


@node("BasicScheduler", category=SCHEDULERS, display_name="BasicScheduler")
def basic_scheduler(
    *, model: Model, scheduler: SchedulerName, steps: Steps = 20, denoise: Denoise = 1.0
) -> Sigmas:
    """Choose the noise levels (sigmas) that a run with this model visits."""
    return diffusion.sigmas_for(model.schedule, scheduler, steps, denoise)


@node("KarrasScheduler", category=SCHEDULERS, display_name="KarrasScheduler")
def karras_scheduler(
    *, steps: Steps = 20, sigma_max: Sigma = SIGMA_MAX, sigma_min: Sigma = SIGMA_MIN, rho: RhoAbove0 = 7.0
) -> Sigmas:
    """Choose levels even in the `rho`-th root of sigma: higher `rho`, more low levels."""
    return diffusion.karras_sigmas(steps, sigma_min, sigma_max, rho)


@node("ExponentialScheduler", category=SCHEDULERS, display_name="ExponentialScheduler")
def exponential_scheduler(
    *, steps: Steps = 20, sigma_max: Above0 = SIGMA_MAX, sigma_min: Above0 = SIGMA_MIN
) -> Sigmas:
    """Choose levels of which each is the same share of the one before."""
    return diffusion.exponential_sigmas(steps, sigma_min, sigma_max)


@node("PolyexponentialScheduler", category=SCHEDULERS, display_name="PolyexponentialScheduler")
def polyexponential_scheduler(
    *, steps: Steps = 20, sigma_max: Above0 = SIGMA_MAX, sigma_min: Above0 = SIGMA_MIN, rho: Rho = 1.0
) -> Sigmas:
    """Do as ExponentialScheduler with `rho` 1; above 1 more of the levels are low, below 1 more are high."""
    return diffusion.polyexponential_sigmas(steps, sigma_min, sigma_max, rho)


@node("LaplaceScheduler", category=SCHEDULERS, display_name="LaplaceScheduler")
def laplace_scheduler(
    *,
    steps: Steps = 20,
    sigma_max: Sigma = SIGMA_MAX,
    sigma_min: Sigma = SIGMA_MIN,
    mu: Annotated[float, Range(-10.0, 10.0, step=0.1, round=False)] = 0.0,
    beta: Annotated[float, Range(0.0, 10.0, step=0.1, round=False)] = 0.5,
) -> Sigmas:
    """Choose levels crowded around e^`mu`, the more the smaller `beta` is."""
    return diffusion.laplace_sigmas(steps, sigma_min, sigma_max, mu, beta)


@node("VPScheduler", category=SCHEDULERS, display_name="VPScheduler")
def vp_scheduler(
    *,
    steps: Steps = 20,
    beta_d: Sigma = 19.9,
    beta_min: Sigma = 0.1,
    eps_s: Annotated[float, Range(0.0, 1.0, step=0.0001, round=False)] = 0.001,
) -> Sigmas:
    """Choose levels at even times from 1 to `eps_s`; noise comes in at the rate `beta_min` + `beta_d` t."""
    return diffusion.vp_sigmas(steps, beta_d, beta_min, eps_s)


@node("BetaSamplingScheduler", category=SCHEDULERS, display_name="BetaSamplingScheduler")
def beta_sampling_scheduler(
    *,
    model: Model,
    steps: Steps = 20,
    alpha: Annotated[float, Range(0.0, 50.0, step=0.01, round=False, above=True)] = 0.6,
    beta: Annotated[float, Range(0.0, 50.0, step=0.01, round=False, above=True)] = 0.6,
) -> Sigmas:
    """Choose levels at quantiles of a beta distribution of time; numbers below 1 favour both ends.

    Levels that would come twice are left out, so there may be fewer steps.
    """
    return diffusion.beta_sigmas(model.schedule, steps, alpha, beta)


@node("SDTurboScheduler", category=SCHEDULERS, display_name="SDTurboScheduler")
def sd_turbo_scheduler(
    *,
    model: Model,
    steps: Annotated[int, Range(1, 10)] = 1,
    denoise: Annotated[float, Range(0, 1.0, step=0.01)] = 1.0,
) -> Sigmas:
    """Choose the levels that SD-Turbo and SDXL-Turbo were distilled for."""
    return diffusion.turbo(model.schedule, steps, denoise)


@node("AlignYourStepsScheduler", category=SCHEDULERS)
def align_your_steps_scheduler(
    *,
    model_type: Annotated[str, Choice(("SD1", "SDXL", "SVD"))],
    steps: Steps = 10,
    denoise: Denoise = 1.0,
) -> Sigmas:
    """Choose the levels found to be best for ten steps of a kind of model, or levels between them."""
    return diffusion.align_your_steps(model_type, steps, denoise)


class Halves(NamedTuple):
    """The levels of two runs, of which the second goes on where the first ends."""

    high_sigmas: Sigmas
    low_sigmas: Sigmas


@node("SplitSigmas", category=SIGMAS, display_name="SplitSigmas")
def split_sigmas(*, sigmas: Sigmas, step: Annotated[int, Range(0, 10_000)] = 0) -> Halves:
    """Cut a run in two after `step` steps."""
    return Halves(*diffusion.split_at(sigmas, step))


@node("SplitSigmasDenoise", category=SIGMAS, display_name="SplitSigmasDenoise")
def split_sigmas_denoise(*, sigmas: Sigmas, denoise: Denoise = 1.0) -> Halves:
    """Cut a run in two, of which the second has the share `denoise` of the steps."""
    return Halves(*diffusion.split_denoise(sigmas, denoise))


@node("FlipSigmas", category=SIGMAS, display_name="FlipSigmas")
def flip_sigmas(*, sigmas: Sigmas) -> Sigmas:
    """Turn a run round, so that it brings a picture back to its noise; sample it without adding noise."""
    return diffusion.flipped(sigmas)


@node("SetFirstSigma", category=SIGMAS, display_name="SetFirstSigma")
def set_first_sigma(
    *, sigmas: Sigmas, sigma: Annotated[float, Range(0.0, 20_000.0, step=0.001, round=False)] = 136.0
) -> Sigmas:
    """Give a run another first level."""
    return diffusion.with_first(sigmas, sigma)


@node("ExtendIntermediateSigmas", category=SIGMAS, display_name="ExtendIntermediateSigmas")
def extend_intermediate_sigmas(
    *,
    sigmas: Sigmas,
    steps: Annotated[int, Range(1, 100)] = 2,
    start_at_sigma: Annotated[float, Range(-1.0, 20_000.0, step=0.01, round=False)] = -1.0,
    end_at_sigma: Annotated[float, Range(0.0, 20_000.0, step=0.01, round=False)] = 12.0,
    spacing: Annotated[str, Choice(("linear", "cosine", "sine"))],
) -> Sigmas:
    """Divide each step into `steps` that begins between `start_at_sigma` (-1: any) and `end_at_sigma`."""
    start = math.inf if start_at_sigma < 0 else start_at_sigma
    return diffusion.extended(sigmas, steps, start, end_at_sigma, spacing)


class SigmaValue(NamedTuple):
    """A noise level."""

    sigma_value: float


@node("SamplingPercentToSigma", category=SIGMAS, display_name="SamplingPercentToSigma")
def sampling_percent_to_sigma(
    *,
    model: Model,
    sampling_percent: Annotated[float, Range(0.0, 1.0, step=0.0001)] = 0.0,
    return_actual_sigma: bool = False,
) -> SigmaValue:
    """Tell the noise level when a share of a run is done.

    At 0 and 1 that is beyond all levels, as ranges need it, or the highest and lowest with
    `return_actual_sigma`.
    """
    return SigmaValue(
        diffusion.percent_to_sigma(model.schedule, sampling_percent, actual=return_actual_sigma)
    )
