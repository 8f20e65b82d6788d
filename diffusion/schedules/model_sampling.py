"""Overruling what a model's file says of it: its prediction, its noise levels, its precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from ..latents.latent_format import PLAYGROUND
from ..model import Model
from ..names import row
from ..networks.weights import converted
from .continuous_schedule import ContinuousSchedule
from .prediction import EPS, IMG_TO_IMG, X0, Prediction, V, edm, lcm
from .schedule import DistilledSchedule, discrete_schedule

DISCRETE: Mapping[str, Prediction] = {"eps": EPS, "v_prediction": V, "x0": X0, "img_to_img": IMG_TO_IMG}
"""What networks predict that know a table of noise levels, as the wire names it; "lcm" has its own."""

CONTINUOUS: Mapping[str, Callable[[], Prediction]] = {
    "v_prediction": lambda: V,
    "edm": edm,
    "edm_playground_v2.5": edm,
    "eps": lambda: EPS,
}
"""What networks predict that know every noise level, as the wire names it."""


def with_discrete_sampling(model: Model, kind: str, *, zero_terminal_snr: bool = False) -> Model:
    """Return a model that predicts `kind`, "lcm" or a key of DISCRETE, on Stable Diffusion's schedule.

    With `zero_terminal_snr` the schedule ends in pure noise. Raises UnknownNameError.
    """
    schedule = discrete_schedule(zero_terminal_snr=zero_terminal_snr)
    if kind == "lcm":
        distilled = DistilledSchedule(schedule)
        return replace(model, prediction=lcm(distilled), schedule=distilled)
    return replace(model, prediction=row(DISCRETE, kind, "prediction"), schedule=schedule)


def with_continuous_sampling(model: Model, kind: str, low: float, high: float) -> Model:
    """Return a model that predicts `kind`, a key of CONTINUOUS, on all levels between `low` and `high`.

    "edm_playground_v2.5" also has the latents of that family. Raises UnknownNameError for an unknown kind,
    ValueError unless 0 < low < high.
    """
    prediction = row(CONTINUOUS, kind, "prediction")()
    form = PLAYGROUND if kind == "edm_playground_v2.5" else model.latent_format
    return replace(model, prediction=prediction, schedule=ContinuousSchedule(low, high), latent_format=form)


def with_angular_sampling(model: Model, low: float, high: float) -> Model:
    """Return a model that predicts velocity and is told the angle of the noise level, `low` to `high`.

    Raises ValueError unless 0 < low < high.
    """
    return replace(model, prediction=V, schedule=ContinuousSchedule(low, high, tangent=True))


COMPUTE_DTYPES: Mapping[str, torch.dtype] = {
    "default": torch.float32,
    "fp32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}
"""In what a network may compute, as the wire names it."""


def with_compute_dtype(model: Model, name: str) -> Model:
    """Return a model that computes in a dtype, a key of COMPUTE_DTYPES. Raises UnknownNameError."""
    return replace(model, dtype=row(COMPUTE_DTYPES, name, "dtype"))


WEIGHT_DTYPES: Mapping[str, torch.dtype | None] = {
    "default": None,
    "fp8_e4m3fn": torch.float8_e4m3fn,
    "fp8_e4m3fn_fast": torch.float8_e4m3fn,
    "fp8_e5m2": torch.float8_e5m2,
}
"""To what weights may be rounded, as the wire names it; by default they stay as in their file."""


def with_weight_dtype(model: Model, name: str) -> Model:
    """Return a model with weights rounded to a dtype, a key of WEIGHT_DTYPES. Raises UnknownNameError."""
    dtype = row(WEIGHT_DTYPES, name, "dtype of weights")
    return model if dtype is None else replace(model, unet=converted(model.unet, dtype))
