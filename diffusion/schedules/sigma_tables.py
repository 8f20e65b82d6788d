"""Sigma schedules that were found for a model and not derived: align your steps, and SD-Turbo's own times."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from ..names import row
from .schedule import NoiseSchedule
from .sigma_curves import then_zero

# The levels of ten steps.
ALIGN_YOUR_STEPS: Mapping[str, tuple[float, ...]] = {
    "SD1": (
        *(14.6146412293, 6.4745760956, 3.8636745985, 2.6946151520, 1.8841921177, 1.3943805092),
        *(0.9642583904, 0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582),
    ),
    "SDXL": (
        *(14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141),
        *(0.5550693289, 0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582),
    ),
    "SVD": (700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002),
}

# SD-Turbo knows these times of a thousand.
TURBO_TIMES = tuple(range(999, 0, -100))


def align_your_steps(kind: str, steps: int, denoise: float = 1.0) -> Tensor:
    """Return the levels for a kind of model, float32, the last one 0; between those of ten steps by ln sigma.

    `denoise` below 1 keeps the last steps * denoise steps; 0 gives no levels.
    Sabour et al. 2024, arXiv 2404.14507. Raises UnknownNameError, ValueError for numbers that make no run.
    """
    table = row(ALIGN_YOUR_STEPS, kind, "model type")
    kept = _kept(steps, denoise)
    if kept == 0:
        return torch.empty(0)
    places = np.linspace(0, len(table) - 1, steps + 1)
    levels = torch.tensor(
        np.exp(np.interp(places, np.arange(len(table)), np.log(table))), dtype=torch.float32
    )
    levels[-1] = 0
    return levels[-(kept + 1) :]


def turbo(schedule: NoiseSchedule, steps: int, denoise: float = 1.0) -> Tensor:
    """Return the levels of the first `steps` times that SD-Turbo knows, float32, then 0.

    `denoise` below 1 leaves out the first tenths of the times; 0 gives no levels.
    Sauer et al. 2023, arXiv 2311.17042. Raises ValueError for numbers that make no run.
    """
    _kept(steps, denoise)
    first = len(TURBO_TIMES) - int(len(TURBO_TIMES) * denoise)
    times = TURBO_TIMES[first : first + steps]
    return then_zero(schedule.sigma(torch.tensor(times))) if times else torch.empty(0)


def _kept(steps: int, denoise: float) -> int:
    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    if not 0.0 <= denoise <= 1.0:
        raise ValueError(f"denoise must lie in 0..1, not {denoise}")
    return round(steps * denoise)
