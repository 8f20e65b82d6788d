"""One run of a sampler: from latent and noise to the first state, from state to state, and back to a latent.

`sample_states` is the whole of it. The functions it is made of are public, so that a run
put together by hand from the same ones is equal to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isclose
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from .errors import NotFiniteError
from .guidance.base import Rule
from .guidance.canvas import canvas_of, to_model
from .guidance.estimate import CALL_BYTES
from .guidance.guiders import Guider
from .guidance.inpaint import inpaint
from .model import Model
from .noise.brownian import step_noise_for
from .noise.random_noise import SEEDS, Noise, RandomNoise
from .samplers.base import Denoise, Sampler, State, noising_of
from .schedules.schedule import NoiseSchedule
from .values import Latent

S = TypeVar("S", bound=State)


def sample_states(
    guider: Guider,
    sampler: Sampler[S],
    *,
    sigmas: Tensor,
    latent: Latent,
    noise: RandomNoise,
    memory: dict[Rule, Any] | None = None,
    go_on: Callable[[S], S] | None = None,
    call_bytes: int = CALL_BYTES,
) -> Iterator[S]:
    """Yield the first state of a run and the state after each of its steps.

    `go_on`, given the first state, may return a later one of the same run to start from; `memory`, which the
    run changes with every step, must then hold what rules of guidance remembered there. `call_bytes` is what
    a call of the network may take beside its weights.

    With silent noise the latent is taken to be at level sigmas[0] already. One with a `noise_mask` is
    repainted where that is 1 and kept where it is 0. Raises ValueError for sigmas, a seed, a latent or a
    conditioning that does not fit, NotFiniteError.
    """
    model, canvas = guider.model, canvas_of(guider.model, latent)
    shape, index = latent["samples"].shape, latent.get("batch_index")
    begin = noise.at_start(shape, index, latent.get("batch_size"))
    state = start_state(model, sampler, latent["samples"], begin, sigmas)
    around = begin
    if canvas.mask is not None and sampler.kept_noise_offset:
        other = RandomNoise((noise.seed + sampler.kept_noise_offset) % SEEDS)
        around = other.at_start(shape, index, latent.get("batch_size"))
    denoise = inpaint(model, guider.begin(canvas, memory, call_bytes), canvas, around, state.sigmas)
    state = state if go_on is None else go_on(state)
    yield state
    steps = step_noise_for(sampler, state.x, noise.seed, sigmas, index)
    try:
        yield from advance(sampler, state, denoise, steps)
    except NotFiniteError as error:
        weight = not_finite(model.unet)
        raise error if weight is None else error.because_of(weight) from None


def not_finite(network: nn.Module) -> str | None:
    """Return the name of the first weight that is not finite, None where all are; reads all of them."""
    for name, weight in network.state_dict().items():
        # The 8-bit kinds of floats know no such question.
        if weight.is_floating_point() and not bool(weight.float().isfinite().all()):
            return name
    return None


def start_state(model: Model, sampler: Sampler[S], samples: Tensor, noise: Tensor, sigmas: Tensor) -> S:
    """Return the first state of a run: `sampler.init` of the noised latent.

    Raises ValueError for sigmas that no run can visit and latents that are not the model's.
    """
    noising = noising_of(model.prediction, model.schedule)
    return sampler.init(noised_latent(model, samples, noise, sigmas), sigmas, noising)


def noised_latent(model: Model, samples: Tensor, noise: Tensor, sigmas: Tensor) -> Tensor:
    """Return unscaled latents [B,C,h,w] with unit noise of that shape brought to sigmas[0].

    In the model's scale, float32 on the CPU. Fewer than two sigmas are a run of no steps and add no noise.
    Raises ValueError for latents that are not the model's.
    """
    x = to_model(model, samples)
    if len(sigmas) < 2:
        return x
    sigma = float(sigmas[0])
    return model.prediction.noised(x, noise.to(x), sigma, is_full(model.schedule, sigma))


def is_full(schedule: NoiseSchedule, sigma: float) -> bool:
    """Return whether a run that starts at `sigma` starts from pure noise."""
    largest = schedule.sigmas[-1].item()
    return sigma > largest or isclose(sigma, largest, rel_tol=1e-5)


def advance(sampler: Sampler[S], state: S, denoise: Denoise, noise: Noise) -> Iterator[S]:
    """Yield the state after each step that is left, the last one done.

    Raises NotFiniteError where a step gives NaN or infinity.
    """
    while not state.done:
        reached, (sigma, sigma_next) = state.index, state.interval
        state = sampler.step(state, denoise, noise)
        if not bool(state.x.isfinite().all()):
            raise NotFiniteError(reached + 1, state.steps, sigma, sigma_next)
        yield state


def final_latent(model: Model, state: State) -> Tensor:
    """Return the unscaled latents [B,C,h,w] of a state, float32 on the CPU."""
    return to_latent(model, state.result)


def final_estimate(model: Model, state: State) -> Tensor:
    """Return the last estimate of x0 as unscaled latents, float32 on the CPU; before any step the latent."""
    return final_latent(model, state) if state.denoised is None else to_latent(model, state.denoised)


def to_latent(model: Model, x: Tensor) -> Tensor:
    """Return latents of the model's scale as unscaled ones, float32 on the CPU."""
    return model.latent_format.to_autoencoder(x).to("cpu", torch.float32)


def known_estimate(x: Tensor, sigma: float, denoised: Tensor) -> Denoise:
    """Return a `denoise` that knows one answer: `denoised` is the estimate of x0 for x at level `sigma`.

    So a step can be taken with an estimate made elsewhere. Asked anything else it raises
    ValueError: the sampler needs more than one estimate a step.
    """

    def denoise(asked: Tensor, level: float) -> Tensor:
        if level != sigma or not torch.equal(asked, x):
            raise ValueError(
                f"the estimate given is for sigma {sigma}, but the sampler also asks at sigma {level}; "
                "use a sampler with one model call a step, or give it the model"
            )
        return denoised

    return denoise
