"""Deep shrink: compute the depths of a U-Net on a smaller map early in a run, for pictures above its size.

Kohya's "Deep Shrink", 2023: a network composes at the size that it was trained at, then details at the full.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..model import Model
from ..pictures.images import scale
from ..schedules.schedule import NoiseSchedule
from .hooks import Hooks, Place, Streams


@dataclass(frozen=True)
class Shrink:
    """Divide the sides of the map after one input row by `factor`, at noise levels in `lowest`..`highest`."""

    row: int
    factor: float
    schedule: NoiseSchedule
    highest: float
    lowest: float
    after_skip: bool
    method: str

    def __call__(self, place: Place, streams: Streams) -> Streams:
        """Scale what goes on to the next row; also what skips unless `after_skip`."""
        if place.row != self.row or not self._holds(place):
            return streams
        height, width = (max(1, round(side / self.factor)) for side in streams.hidden.shape[2:])
        small = scale(streams.hidden, self.method, width, height, "disabled")
        return Streams(small, streams.skip if self.after_skip else small)

    def _holds(self, place: Place) -> bool:
        sigma = self.schedule.sigma(place.call.timesteps[:1].cpu()).item()
        return self.lowest <= sigma <= self.highest


@dataclass(frozen=True)
class FitToSkip:
    """Bring the map before an output row to the size of what skipped to it."""

    method: str

    def __call__(self, place: Place, streams: Streams) -> Streams:
        """Scale where the sizes differ."""
        height, width = streams.skip.shape[2:]
        return Streams(scale(streams.hidden, self.method, width, height, "disabled"), streams.skip)


def with_deep_shrink(
    model: Model,
    block_number: int,
    downscale_factor: float,
    start_percent: float,
    end_percent: float,
    *,
    downscale_after_skip: bool,
    downscale_method: str,
    upscale_method: str,
) -> Model:
    """Return the model with the map after input row `block_number` made smaller in part of a run.

    Raises ValueError for a row that the network does not have.
    """
    rows = len(model.unet.input_blocks)
    if not 1 <= block_number < rows:
        raise ValueError(f"block_number is {block_number}, but this network has blocks 1 to {rows - 1}")
    if downscale_factor == 1:
        return model

    shrink = Shrink(
        block_number,
        downscale_factor,
        model.schedule,
        model.schedule.percent_to_sigma(start_percent),
        model.schedule.percent_to_sigma(end_percent),
        downscale_after_skip,
        downscale_method,
    )
    hooks = Hooks(after_input=(shrink,), before_output=(FitToSkip(upscale_method),))
    return replace(model, hooks=model.hooks + hooks)
