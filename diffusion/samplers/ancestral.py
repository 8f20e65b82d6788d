"""Ancestral sampling: step below the next level, then add fresh noise up to it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, TypeVar

from torch import Tensor

from ..noise.random_noise import Noise
from .base import Denoise, Sampler, State, both
from .snr import ratio

S = TypeVar("S", bound=State)


class Split(NamedTuple):
    """A step in two parts: down to the level `down`, then x times `keep` plus unit noise times `up`."""

    down: float
    up: float
    keep: float = 1.0


def split(sigma: float, sigma_next: float, eta: float = 1.0, *, flow: bool = False) -> Split:
    """Return how a step from `sigma` to `sigma_next` is split, with `eta` as the share of fresh noise.

    At eta 1 it is DDPM's posterior, at eta 0 no noise is added; towards higher noise none is either.
    """
    if sigma_next >= sigma:
        return Split(sigma_next, 0.0)
    if flow:
        down = max(sigma_next * (1 + (sigma_next / sigma - 1) * eta), 0.0)
        keep = (1 - sigma_next) / (1 - down)
        return Split(down, max(sigma_next**2 - (down * keep) ** 2, 0.0) ** 0.5, keep)
    up = min(sigma_next, eta * sigma_next * (1 - (sigma_next / sigma) ** 2) ** 0.5)
    return Split(max(sigma_next**2 - up**2, 0.0) ** 0.5, up)


def refreshed(state: S, x: Tensor, noise: Noise, parts: Split, s_noise: float = 1.0) -> S:
    """Return `state` with x brought from the level `parts.down` to the end of the step by fresh noise."""
    if parts.up <= 0:
        return replace(state, x=x)
    fresh = noise(state.draws, *state.interval) * (parts.up * s_noise)
    return replace(state, x=x * parts.keep + fresh, draws=state.draws + 1)


def step(state: State, denoise: Denoise, noise: Noise, *, eta: float = 1.0, s_noise: float = 1.0) -> State:
    """Take Euler's step to below the next level and add noise."""
    sigma, sigma_next = state.interval
    parts = split(sigma, sigma_next, eta, flow=state.flow)
    denoised = denoise(state.x, sigma)
    x = denoised + (state.x - denoised) * (parts.down / sigma)
    state = refreshed(state, x, noise, parts, s_noise)
    return replace(state, index=state.index + 1, denoised=denoised)


def euler_ancestral(eta: float = 1.0, s_noise: float = 1.0) -> Sampler[State]:
    """Return Euler's method with fresh noise: `eta` (0..1) is its share, `s_noise` multiplies it."""
    return Sampler(
        name="euler_ancestral",
        state=State,
        advance=step,
        options=(("eta", eta), ("s_noise", s_noise)),
        stochastic=True,
        paper="Song et al. 2020, arXiv 2010.02502, with eta; named so in k-diffusion",
    )


EULER_ANCESTRAL = euler_ancestral()


def step_ddpm(state: State, denoise: Denoise, noise: Noise) -> State:
    """Draw from the posterior of the next level; at the end take the estimate of x0.

    With x = x0 + sigma noise the mean of the paper's equation 7 is x0 + (s'/s)² (x - x0) and the variance
    s'² (1 - (s'/s)²): the split at eta 1. Flow models are stepped by the same formula, as they are elsewhere.
    """
    after = step(replace(state, flow=False), denoise, noise)
    return replace(after, flow=state.flow)


DDPM = Sampler(
    name="ddpm",
    state=State,
    advance=step_ddpm,
    stochastic=True,
    paper="Ho et al. 2020, arXiv 2006.11239, algorithm 2 with the posterior's own variance",
)


def step_cfg_pp(
    state: State, denoise: Denoise, noise: Noise, *, eta: float = 1.0, s_noise: float = 1.0
) -> State:
    """Step from the guided estimate up the unconditional slope to below the next level and add noise."""
    sigma, sigma_next = state.interval
    here, there = (1 - sigma, 1 - sigma_next) if state.flow else (1.0, 1.0)
    guided, uncond = both(denoise, state.x, sigma)
    parts = split(ratio(sigma), ratio(sigma_next), eta) if state.flow else split(sigma, sigma_next, eta)
    parts = Split(parts.down * there, parts.up * there)
    x = guided * there + (state.x - uncond * here) * (parts.down / sigma)
    state = refreshed(state, x, noise, parts, s_noise)
    return replace(state, index=state.index + 1, denoised=guided)


def euler_ancestral_cfg_pp(eta: float = 1.0, s_noise: float = 1.0) -> Sampler[State]:
    """Return CFG++ with fresh noise: `eta` (0..1) is its share, `s_noise` multiplies it."""
    return Sampler(
        name="euler_ancestral_cfg_pp",
        state=State,
        advance=step_cfg_pp,
        options=(("eta", eta), ("s_noise", s_noise)),
        stochastic=True,
        needs_uncond=True,
        paper="Chung et al. 2024, arXiv 2406.08070, with the noise of euler_ancestral",
    )


EULER_ANCESTRAL_CFG_PP = euler_ancestral_cfg_pp()
