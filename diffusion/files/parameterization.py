"""What a file's network predicts and on which noise levels it was trained, read off its markers.

Most files say nothing, and then the network predicts noise on Stable Diffusion's schedule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from ..names import row
from ..schedules.continuous_schedule import ContinuousSchedule
from ..schedules.prediction import EPS, X0, Prediction, V, edm
from ..schedules.schedule import NoiseSchedule, discrete_schedule
from .families import Family
from .filling import Part

KINDS: Mapping[str, Prediction] = {
    "eps": EPS,
    "epsilon": EPS,
    "v": V,
    "v_prediction": V,
    "sample": X0,
    "edm": edm(),
}
"""What files and users call what a network predicts."""

EDM_LEVELS = (0.002, 80.0)
"""The noise levels of Playground 2.5 (arXiv 2402.17245)."""

COSXL_LEVELS = (0.002, 120.0)
"""Those of networks that predict velocity over continuous levels, where their file does not tell."""

VELOCITY_SPREAD = 0.09
"""The spread of a norm's biases above which a network of Stable Diffusion 2 predicts velocity.

Its two sisters differ in nothing else that a file shows; all published ones lie far on either side.
"""


@dataclass(frozen=True)
class Marks:
    """What is written down about a network's parameterization.

    `prediction` is a key of KINDS, where it is told. `zero_snr` says that the last step of training was pure
    noise. Networks that know every noise level have the least and the greatest in `continuous`.
    """

    prediction: str | None = None
    zero_snr: bool = False
    continuous: tuple[float, float] | None = None


class Parameterization(NamedTuple):
    """What a network's output means, and the noise levels it knows."""

    prediction: Prediction
    schedule: NoiseSchedule


def marks_of(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> Marks:
    """Return what the markers among a file's keys and its metadata say."""
    if "edm_mean" in tensors:
        return Marks("edm", continuous=EDM_LEVELS)
    if "edm_vpred.sigma_max" in tensors:
        levels = (tensors.get(f"edm_vpred.sigma_{end}") for end in ("min", "max"))
        low, high = (None if level is None else float(level) for level in levels)
        return Marks("v", continuous=(low or COSXL_LEVELS[0], high or COSXL_LEVELS[1]))
    told = metadata.get("modelspec.prediction_type")
    return Marks(
        prediction="v" if "v_pred" in tensors else told if told in KINDS else None,
        zero_snr="ztsnr" in tensors,
    )


def marks_of_scheduler(config: Mapping[str, Any]) -> Marks:
    """Return what a diffusers `scheduler_config.json` says."""
    told = config.get("prediction_type")
    told = told if told in KINDS else None
    if str(config.get("_class_name", "")).startswith("EDM"):
        low, high = config.get("sigma_min", EDM_LEVELS[0]), config.get("sigma_max", EDM_LEVELS[1])
        return Marks(told if told == "v_prediction" else "edm", continuous=(float(low), float(high)))
    return Marks(told, zero_snr=bool(config.get("rescale_betas_zero_snr")))


def parameterization(family: Family, unet: Part, marks: Marks, kind: str | None = None) -> Parameterization:
    """Return the parameterization of a U-Net; `kind`, a key of KINDS, overrules what is written down.

    Raises UnknownNameError for an unknown kind.
    """
    if kind is None and marks.prediction is None and family.velocity_by_norm:
        kind = "v" if _spread(unet) > VELOCITY_SPREAD else "eps"
    prediction = row(KINDS, kind or marks.prediction or family.predicts, "prediction")
    if marks.continuous:
        return Parameterization(prediction, ContinuousSchedule(*marks.continuous))
    return Parameterization(prediction, discrete_schedule(zero_terminal_snr=marks.zero_snr))


def _spread(unet: Part) -> float:
    """Return the spread of the biases of the finest level's last first norm; 0 where it has none."""
    name = r"output_blocks\.(\d+)\.1\.transformer_blocks\.0\.norm1\.bias"
    found = {int(match[1]): key for key in unet.tensors if (match := re.fullmatch(name, key))}
    return unet.tensors[found[max(found)]].float().std(correction=0).item() if found else 0.0
