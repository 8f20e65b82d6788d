"""What every sampler is: two pure functions over a state that is a value."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from torch import Tensor

from ..noise import Noise


class Denoise(Protocol):
    """The model as a sampler sees it, with guidance and everything else inside."""

    def __call__(self, x: Tensor, sigma: float, /) -> Tensor:
        """Return the estimate of x0 for x at noise level `sigma`; same shape and dtype."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """Where a run stands: all that the next step needs besides model and noise.

    `x` [B, C, h, w] is at level `sigmas[index]`; `denoised` is the last step's first
    estimate of x0, None before any step.
    """

    x: Tensor
    sigmas: tuple[float, ...]
    index: int = 0
    denoised: Tensor | None = None

    @property
    def steps(self) -> int:
        """How many steps the whole run has."""
        return max(len(self.sigmas) - 1, 0)

    @property
    def done(self) -> bool:
        """Whether no step is left."""
        return self.index >= self.steps

    @property
    def interval(self) -> tuple[float, float]:
        """The noise levels at the start and the end of the next step.

        Raises ValueError when the run is done.
        """
        if self.done:
            raise ValueError(f"the run is done after {self.steps} steps; there is no next one")
        return self.sigmas[self.index], self.sigmas[self.index + 1]


S = TypeVar("S", bound=State)


@dataclass(frozen=True, kw_only=True)
class Sampler(Generic[S]):
    """A row of the table of samplers.

    `init(x, sigmas)` makes the first state of a run from x [B, C, h, w] at level
    sigmas[0] and the levels to visit, 1-D, of which only the last may be 0.
    `step(state, denoise, noise)` returns the next state and changes nothing.
    """

    name: str
    init: Callable[[Tensor, Tensor], S]
    step: Callable[[S, Denoise, Noise], S]
    calls_per_step: int  # of the model, in a usual step
    stochastic: bool  # whether `step` asks for noise
    paper: str
    discard_penultimate: bool = False  # whether the schedule should leave out its smallest level above 0
    kept_noise_offset: int = 0  # added to the seed for the noise of what an inpainting mask keeps
    state: type[State] = State  # what `init` makes and `step` takes


def levels(sigmas: Tensor) -> tuple[float, ...]:
    """Return the levels of a run as numbers.

    Raises ValueError unless `sigmas` is 1-D, finite and above 0 everywhere but at its end.
    """
    if sigmas.ndim != 1:
        raise ValueError(f"sigmas must have one dimension, not the shape {list(sigmas.shape)}")
    values = tuple(float(value) for value in sigmas)
    if not all(math.isfinite(value) for value in values):
        raise ValueError(f"sigmas must be finite, not {list(values)}")
    if any(value <= 0 for value in values[:-1]) or any(value < 0 for value in values[-1:]):
        raise ValueError(f"sigmas must be above 0 (only the last may be 0), not {list(values)}")
    return values


def start(x: Tensor, sigmas: Tensor) -> State:
    """Return the first state of a sampler that remembers nothing but the last estimate."""
    return State(x=x, sigmas=levels(sigmas))
