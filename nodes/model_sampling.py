"""Nodes that overrule what a model's file says of it: prediction, noise levels, precision."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Choice, Range, node
from .ports import Model

CATEGORY = "advanced/model"
Level = Annotated[float, Range(0.0, 1000.0, step=0.001, round=False)]


@node("ModelSamplingDiscrete", category=CATEGORY)
def model_sampling_discrete(
    *,
    model: Model,
    sampling: Annotated[str, Choice(("eps", "v_prediction", "lcm", "x0", "img_to_img"))],
    zsnr: bool = False,
) -> Model:
    """Say what a model predicts: noise, velocity, a consistency model's noise, or the picture itself.

    With `zsnr` its noise levels end in pure noise (zero terminal signal-to-noise ratio).
    """
    return diffusion.with_discrete_sampling(model, sampling, zero_terminal_snr=zsnr)


@node("ModelSamplingContinuousEDM", category=CATEGORY)
def model_sampling_continuous_edm(
    *,
    model: Model,
    sampling: Annotated[str, Choice(("v_prediction", "edm", "edm_playground_v2.5", "eps"))],
    sigma_max: Level = 120.0,
    sigma_min: Level = 0.002,
) -> Model:
    """Say that a model knows all noise levels between two, told to it by their logarithm (EDM)."""
    return diffusion.with_continuous_sampling(model, sampling, sigma_min, sigma_max)


@node("ModelSamplingContinuousV", category=CATEGORY)
def model_sampling_continuous_v(
    *,
    model: Model,
    sampling: Annotated[str, Choice(("v_prediction",))],
    sigma_max: Level = 500.0,
    sigma_min: Level = 0.03,
) -> Model:
    """Say that a model predicts velocity on all noise levels between two, told to it as an angle."""
    del sampling
    return diffusion.with_angular_sampling(model, sigma_min, sigma_max)


@node("ModelComputeDtype", category="advanced/debug/model")
def model_compute_dtype(
    *, model: Model, dtype: Annotated[str, Choice(("default", "fp32", "fp16", "bf16"))]
) -> Model:
    """Choose the precision that a model computes in; its file stays as it is."""
    return diffusion.with_compute_dtype(model, dtype)
