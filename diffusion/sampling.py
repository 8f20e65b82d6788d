"""One run of a sampler: from latent and noise to the first state, from state to state, and back to a latent.

`sample_states` is the whole of it. The functions it is made of are public, so that a run
put together by hand from the same ones is equal to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from .guidance import Guided
from .model import Model
from .noise import SEEDS, Noise, StepNoise, start_noise
from .prediction import Prediction
from .samplers.base import Denoise, Sampler, State
from .schedule import NoiseSchedule
from .values import Conditioning, Latent

S = TypeVar("S", bound=State)


def sample_states(
    model: Model,
    sampler: Sampler[S],
    *,
    sigmas: Tensor,
    latent: Latent,
    positive: Conditioning,
    negative: Conditioning,
    cfg: float,
    seed: int,
    add_noise: bool = True,
) -> Iterator[S]:
    """Yield the first state of a run and the state after each of its steps.

    Without `add_noise` the latent is taken to be at level sigmas[0] already. One with a
    `noise_mask` is repainted where that is 1 and kept where it is 0.
    Raises ValueError for sigmas, a seed, a mask or a conditioning that does not fit.
    """
    samples = latent["samples"]
    index = latent.get("batch_index")
    noise = start_noise_for(latent, seed) if add_noise else torch.zeros(samples.shape)
    state = start_state(model, sampler, samples, noise, sigmas)
    denoise: Denoise = Guided(model, positive, negative, cfg)
    mask = latent.get("noise_mask")
    if mask is not None:
        if sampler.kept_noise_offset:
            noise = start_noise_for(latent, (seed + sampler.kept_noise_offset) % SEEDS)
        denoise = inpaint(model, denoise, samples, noise, mask)
    yield state
    yield from advance(sampler, state, denoise, StepNoise(state.x, seed, index))


def start_noise_for(latent: Latent, seed: int) -> Tensor:
    """Return the start noise for a latent's items: see `start_noise`."""
    return start_noise(latent["samples"].shape, seed, latent.get("batch_index"), latent.get("batch_size"))


def start_state(model: Model, sampler: Sampler[S], samples: Tensor, noise: Tensor, sigmas: Tensor) -> S:
    """Return the first state of a run: `sampler.init` of the noised latent.

    Raises ValueError for sigmas that no run can visit and latents that are not the model's.
    """
    return sampler.init(noised_latent(model, samples, noise, sigmas), sigmas)


def noised_latent(model: Model, samples: Tensor, noise: Tensor, sigmas: Tensor) -> Tensor:
    """Return unscaled latents [B, C, h, w] with unit noise of that shape brought to sigmas[0].

    In the model's scale, float32 on its device. Fewer than two sigmas are a run of no steps and add no noise.
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
    """Yield the state after each step that is left, the last one done."""
    while not state.done:
        state = sampler.step(state, denoise, noise)
        yield state


def final_latent(model: Model, state: State) -> Tensor:
    """Return the unscaled latents [B, C, h, w] of a state, float32 on the CPU."""
    return model.latent_format.to_autoencoder(state.x).to("cpu", torch.float32)


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


@dataclass(frozen=True, eq=False)
class Inpaint:
    """A `denoise` that repaints where `mask` is 1 and holds on to `kept` where it is 0.

    `kept` [B, C, h, w] is in the model's scale, `noise` is unit noise of its shape and
    `mask` [B, 1, h, w].
    """

    denoise: Denoise
    prediction: Prediction
    mask: Tensor
    kept: Tensor
    noise: Tensor

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        """Return the estimate of x0, `kept` outside of the mask."""
        around = self.prediction.noised(self.kept, self.noise, sigma, False)
        seen = x * self.mask + around * (1 - self.mask)
        return self.denoise(seen, sigma) * self.mask + self.kept * (1 - self.mask)


def inpaint(model: Model, denoise: Denoise, samples: Tensor, noise: Tensor, mask: Tensor) -> Inpaint:
    """Return `denoise` held to the unscaled latents [B, C, h, w] where `mask` is 0.

    `mask` [1 or B, 1, H, W] or [1 or B, H, W] in 0..1 is resized to the latents; `noise` is unit noise
    of their shape. Raises ValueError for a mask of another batch.
    """
    kept = to_model(model, samples)
    mask = mask.reshape(-1, 1, *mask.shape[-2:]).to(kept)
    if len(mask) not in (1, len(kept)):
        raise ValueError(
            f"a noise mask for {len(kept)} latents must have 1 or {len(kept)} items, not {len(mask)}"
        )
    mask = F.interpolate(mask, size=kept.shape[-2:], mode="bilinear")
    return Inpaint(denoise, model.prediction, mask, kept, noise.to(kept))


def to_model(model: Model, samples: Tensor) -> Tensor:
    """Return unscaled latents [B, C, h, w] in the model's scale, float32 on its device.

    Raises ValueError for latents that are not the model's.
    """
    channels = model.latent_format.channels
    if samples.ndim != 4 or samples.shape[1] != channels:
        raise ValueError(f"this model needs latents [B, {channels}, h, w], not {list(samples.shape)}")
    x = samples.to(next(model.unet.parameters()).device, torch.float32)
    # An empty latent stands for "nothing yet", not for the picture that zeros decode to.
    return model.latent_format.to_model(x) if bool(x.any()) else x
