"""What every sampler is: two pure functions over a state that is a value."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeAlias, TypeVar, runtime_checkable

from torch import Tensor

from ..noise.random_noise import Noise
from ..schedules.prediction import Prediction
from ..schedules.schedule import NoiseSchedule, discrete_schedule


class Both(NamedTuple):
    """Two estimates of x0: the guided one, which a run aims at, and the unconditional one under it."""

    guided: Tensor
    uncond: Tensor


class Denoise(Protocol):
    """The model as a sampler sees it, with guidance and everything else inside."""

    def __call__(self, x: Tensor, sigma: float, /) -> Tensor:
        """Return the estimate of x0 for x at noise level `sigma`; same shape and dtype."""
        ...


@runtime_checkable
class DenoiseBoth(Denoise, Protocol):
    """A `Denoise` that can also tell the unconditional estimate, for samplers with `needs_uncond`."""

    def both(self, x: Tensor, sigma: float, /) -> Both:
        """Return the guided and the unconditional estimate of x0 for x at noise level `sigma`."""
        ...


def both(denoise: Denoise, x: Tensor, sigma: float) -> Both:
    """Return the guided and the unconditional estimate of x0.

    Raises ValueError where `denoise` knows only the guided one.
    """
    if not isinstance(denoise, DenoiseBoth):
        raise ValueError(
            "this sampler (CFG++) needs the unconditional estimate beside the guided one; "
            "give it the model, or use a sampler without cfg_pp in its name"
        )
    return denoise.both(x, sigma)


@dataclass(frozen=True)
class Noising:
    """What a sampler may have to know of how a model mixes picture and noise.

    `flow` says that x = (1 - sigma) x0 + sigma noise, with levels in 0..1, and not x0 + sigma noise;
    `percent_to_sigma(percent)` is the level when that share (0..1) of a full run is done.
    """

    flow: bool
    percent_to_sigma: Callable[[float], float]


def noising_of(prediction: Prediction, schedule: NoiseSchedule) -> Noising:
    """Return what a sampler may have to know of a model with this prediction and schedule."""
    return Noising(prediction.flow, schedule.percent_to_sigma)


STABLE_DIFFUSION = Noising(flow=False, percent_to_sigma=discrete_schedule().percent_to_sigma)


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """Where a run stands: all that the next step needs besides model and noise.

    `x` [B, C, h, w] is at level `sigmas[index]`; `denoised` is the last step's first
    estimate of x0, None before any step. `draws` counts the noise drawn so far, `flow` is
    that of `Noising`. A state and its subclasses hold tensors, numbers and tuples of them only.
    """

    x: Tensor
    sigmas: tuple[float, ...]
    index: int = 0
    denoised: Tensor | None = None
    draws: int = 0
    flow: bool = False

    @property
    def steps(self) -> int:
        """How many steps the whole run has; an estimate where the sampler chooses them on the way."""
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

    @property
    def level(self) -> float:
        """The noise level that x is at; 0 in a run of no levels."""
        return self.sigmas[self.index] if self.sigmas else 0.0

    @property
    def result(self) -> Tensor:
        """The picture that x is: a flow model's at full strength, as if no noise were left in it."""
        return self.x / (1 - self.level) if self.flow and 0 < self.level < 1 else self.x

    @property
    def turns(self) -> bool:
        """Whether the next step goes up after one down or down after one up: multistep methods begin anew."""
        if self.index == 0:
            return False
        before, sigma, after = self.sigmas[self.index - 1 : self.index + 2]
        return (sigma - before) * (after - sigma) < 0


S = TypeVar("S", bound=State)

Option: TypeAlias = float | int | bool | str | tuple[float, ...]


def start(kind: type[S], x: Tensor, sigmas: tuple[float, ...], noising: Noising) -> S:
    """Return the first state of a sampler that begins with no memory."""
    return kind(x=x, sigmas=sigmas, flow=noising.flow)


@dataclass(frozen=True, kw_only=True)
class Sampler(Generic[S]):
    """A row of the table of samplers, or one of them with other options.

    `begin(state, x, sigmas, noising, ...)` and `advance(state, denoise, noise, ...)` are pure functions: the
    first makes a first state, the second the next state; `advance` takes the `options` as keywords. Two
    samplers of the same name and options are equal and give the same states.
    """

    name: str
    paper: str = field(compare=False)
    state: type[S] = field(compare=False)  # what `init` makes and `step` takes
    advance: Callable[..., S] = field(compare=False)
    begin: Callable[[type[S], Tensor, tuple[float, ...], Noising], S] = field(default=start, compare=False)
    options: tuple[tuple[str, Option], ...] = ()
    calls_per_step: int = field(default=1, compare=False)  # of the model, in a usual step
    stochastic: bool = field(default=False, compare=False)  # whether steps ask for noise
    noise: Literal["simple", "brownian"] = field(default="simple", compare=False)  # see `step_noise_for`
    needs_uncond: bool = field(default=False, compare=False)  # whether `denoise` must be a `DenoiseBoth`
    # Whether a step depends on more of the schedule than the levels up to where it goes: on later levels, the
    # number of steps, the least level. Only where it does not, two runs may share their steps up to where
    # the schedules part.
    looks_ahead: bool = field(default=False, compare=False)
    discard_penultimate: bool = False  # whether the schedule should leave out its smallest level above 0
    kept_noise_offset: int = 0  # added to the seed for the noise of what an inpainting mask keeps

    def init(self, x: Tensor, sigmas: Tensor, noising: Noising = STABLE_DIFFUSION) -> S:
        """Return the first state of a run from x [B, C, h, w] at level sigmas[0].

        `sigmas` are the levels to visit, 1-D, of which only the last may be 0.
        Raises ValueError for levels that no run can visit.
        """
        return self.begin(self.state, x, levels(sigmas), noising)

    def step(self, state: S, denoise: Denoise, noise: Noise) -> S:
        """Return the next state; changes nothing.

        Raises ValueError when the run is done, or when `denoise` cannot tell what the sampler needs.
        """
        options: dict[str, Any] = dict(self.options)
        return self.advance(state, denoise, noise, **options)


def levels(sigmas: Tensor) -> tuple[float, ...]:
    """Return the levels of a run as numbers, one that comes twice in a row once: there is no step between.

    They may rise, which brings a picture back to its noise.
    Raises ValueError unless `sigmas` is 1-D, finite and above 0 everywhere but at its end.
    """
    if sigmas.ndim != 1:
        raise ValueError(f"sigmas must have one dimension, not the shape {list(sigmas.shape)}")
    values = tuple(float(value) for value in sigmas)
    if not all(math.isfinite(value) for value in values):
        raise ValueError(f"sigmas must be finite, not {list(values)}")
    if any(value <= 0 for value in values[:-1]) or any(value < 0 for value in values[-1:]):
        raise ValueError(f"sigmas must be above 0 (only the last may be 0), not {list(values)}")
    return values[:1] + tuple(after for before, after in pairwise(values) if after != before)
