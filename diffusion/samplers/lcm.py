"""Latent consistency models: jump to the estimate, add fresh noise, again; also growing on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from torch import Tensor

from ..noise.random_noise import Noise
from ..pictures.images import scale
from .base import Denoise, Noising, S, Sampler, State


def step(state: State, denoise: Denoise, noise: Noise) -> State:
    """Take the estimate of x0 and noise it to the next level."""
    denoised = denoise(state.x, state.interval[0])
    return noised(replace(state, denoised=denoised), denoised, noise)


def noised(state: S, x0: Tensor, noise: Noise) -> S:
    """Return the state after the step: `x0` with fresh noise of the next level; at the end without."""
    sigma, sigma_next = state.interval
    if sigma_next == 0:
        return replace(state, x=x0, index=state.index + 1)
    kept = 1 - sigma_next if state.flow else 1.0
    x = x0 * kept + noise(state.draws, sigma, sigma_next) * sigma_next
    return replace(state, x=x, index=state.index + 1, draws=state.draws + 1)


LCM = Sampler(
    name="lcm",
    state=State,
    advance=step,
    stochastic=True,
    paper="Luo et al. 2023, arXiv 2310.04378, algorithm 3",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class GrowingState(State):
    """`height` and `width` are those that x began with, in cells."""

    height: int
    width: int


@runtime_checkable
class SizedNoise(Noise, Protocol):
    """A `Noise` that can be had for x of another size."""

    def of_size(self, height: int, width: int) -> Noise:
        """Return the noise for x of `height` by `width` cells."""
        ...


def begin(kind: type[GrowingState], x: Tensor, sigmas: tuple[float, ...], noising: Noising) -> GrowingState:
    """Return the first state, which remembers the size of x."""
    return kind(x=x, sigmas=sigmas, flow=noising.flow, height=x.shape[-2], width=x.shape[-1])


def step_growing(
    state: GrowingState,
    denoise: Denoise,
    noise: Noise,
    *,
    scale_ratio: float = 1.0,
    scale_steps: int = -1,
    upscale_method: str = "bislerp",
) -> GrowingState:
    """Take the estimate of x0, enlarge it, and noise it to the next level.

    Raises ValueError where `noise` cannot be had for the new size.
    """
    denoised = denoise(state.x, state.interval[0])
    x0 = denoised
    times = scale_steps if scale_steps >= 0 else max((state.steps + 1) // 2, 1)
    if state.index < times:
        ratio = 1 + (scale_ratio - 1) * (state.index + 1) / times
        width, height = (max(round(side * ratio), 1) for side in (state.width, state.height))
        x0 = scale(x0, upscale_method, width, height, "disabled")
    if x0.shape[-2:] != (state.height, state.width):
        if not isinstance(noise, SizedNoise):
            raise ValueError("this noise cannot be had for a picture that grows while it is sampled")
        noise = noise.of_size(*x0.shape[-2:])
    return noised(replace(state, denoised=denoised), x0, noise)


def lcm_upscale(
    scale_ratio: float = 1.0, scale_steps: int = -1, upscale_method: str = "bislerp"
) -> Sampler[GrowingState]:
    """Return the sampler whose picture grows evenly to `scale_ratio` over its first `scale_steps` steps.

    -1 stands for the first half of the steps; the method is one of `images.scale`.
    """
    return Sampler(
        name="lcm_upscale",
        state=GrowingState,
        begin=begin,
        advance=step_growing,
        options=(
            ("scale_ratio", scale_ratio),
            ("scale_steps", scale_steps),
            ("upscale_method", upscale_method),
        ),
        stochastic=True,
        looks_ahead=scale_steps < 0,
        paper="Luo et al. 2023, arXiv 2310.04378, algorithm 3, enlarging the estimates",
    )
