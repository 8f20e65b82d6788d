"""Sampling by hand: every stage of a sampler as a node of its own, the finest grain there is.

Put together in a loop these give the picture of KSampler to the bit (workflows/sampling_by_hand.json), and
every step between is a value with a content key: to look at, to branch from, to go on from.
"""

from __future__ import annotations

from typing import NamedTuple

from .. import diffusion
from ..executor import Context, node
from .fitting import sampling
from .ports import (
    Conditioning,
    Guider,
    Latent,
    Model,
    ModelLatent,
    Noise,
    NoiseSchedule,
    Sampler,
    SamplerState,
    Sigmas,
)
from .sampling import Cfg, Denoise, SchedulerName, Steps

CATEGORY = "sampling/steps"


@node("ModelNoiseSchedule", category=CATEGORY, display_name="Model Noise Schedule")
def model_noise_schedule(*, model: Model) -> NoiseSchedule:
    """Take from a model the levels of noise that it was trained on."""
    return model.schedule


@node("ScheduleSigmas", category=CATEGORY, display_name="Schedule Sigmas")
def schedule_sigmas(
    *, schedule: NoiseSchedule, scheduler: SchedulerName, steps: Steps = 20, denoise: Denoise = 1.0
) -> Sigmas:
    """Choose the noise levels (sigmas) that a run visits, one more than it has steps."""
    return diffusion.sigmas_for(schedule, scheduler, steps, denoise)


@node("NoiseLatent", category=CATEGORY, display_name="Noise Latent")
def noise_latent(*, model: Model, noise: Noise, sigmas: Sigmas, latent_image: Latent) -> ModelLatent:
    """Bring a latent into the model's scale and add noise to it up to the first of the sigmas."""
    for name in ("noise_mask", "batch_index", "batch_size"):
        if name in latent_image:
            raise ValueError(f"this latent has a {name}, which only KSampler follows; use KSampler")
    samples = latent_image["samples"]
    return diffusion.noised_latent(model, samples, noise.at_start(samples.shape), sigmas)


class Started(NamedTuple):
    """The first state of a sampler and how many steps it has before it."""

    state: SamplerState
    steps: int


@node("SamplerStart", category=CATEGORY, display_name="Sampler Start")
def sampler_start(
    *, sampler: Sampler, noised: ModelLatent, sigmas: Sigmas, model: Model | None = None
) -> Started:
    """Start a sampler on a noised latent.

    Some samplers (sa_solver) ask how a model mixes picture and noise: without a model, as Stable Diffusion.
    """
    if model is None:
        state = sampler.init(noised, sigmas)
    else:
        state = sampler.init(noised, sigmas, diffusion.noising_of(model.prediction, model.schedule))
    return Started(state, state.steps)


class Predicted(NamedTuple):
    """Two estimates of the picture without noise."""

    positive: ModelLatent
    negative: ModelLatent


@node("Predict", category=CATEGORY, display_name="Predict (U-Net)")
def predict(
    ctx: Context, *, model: Model, state: SamplerState, positive: Conditioning, negative: Conditioning
) -> Predicted:
    """Estimate the picture without noise at the sampler's present step, under both prompts at once."""
    if model.guidance:
        names = ", ".join(type(rule).__name__ for rule in model.guidance)
        raise ValueError(f"this model's guidance has rules ({names}); use Predict Guided, which follows them")
    sigma, _ = state.interval
    asked = (positive, diffusion.as_negative(negative))
    guider = diffusion.CfgGuider(model, *asked)
    return Predicted(
        *sampling(
            ctx,
            guider,
            state.x,
            lambda call_bytes: diffusion.predict_each(model, state.x, sigma, asked, call_bytes),
        )
    )


@node("CFGCombine", category=CATEGORY, display_name="CFG Combine")
def cfg_combine(*, positive: ModelLatent, negative: ModelLatent, cfg: Cfg = 8.0) -> ModelLatent:
    """Go from the negative prompt's estimate through the positive one's and `cfg` times as far."""
    return diffusion.cfg_combine(positive, negative, cfg)


@node("PredictGuided", category=CATEGORY, display_name="Predict Guided (U-Net)")
def predict_guided(ctx: Context, *, guider: Guider, state: SamplerState) -> ModelLatent:
    """Estimate the picture without noise at the sampler's present step, with guidance and all its rules.

    What a rule remembers from step to step (momentum) begins anew with every node.
    """
    sigma, _ = state.interval
    canvas = diffusion.Canvas(state.x)
    return sampling(
        ctx,
        guider,
        state.x,
        lambda call_bytes: guider.begin(canvas, call_bytes=call_bytes)(state.x, sigma),
    )


@node("SamplerStep", category=CATEGORY, display_name="Sampler Step")
def sampler_step(
    *, sampler: Sampler, state: SamplerState, denoised: ModelLatent, noise: Noise
) -> SamplerState:
    """Take one step with an estimate of the picture; some samplers add noise at each step.

    A sampler that asks the model more than once a step (heun) can't be stepped with one estimate.
    """
    if not isinstance(state, sampler.state):
        raise ValueError(
            f"{sampler.name} can't go on from another sampler's state; start with {sampler.name} too"
        )
    sigma, _ = state.interval
    known = diffusion.known_estimate(state.x, sigma, denoised)
    return sampler.step(state, known, diffusion.step_noise_for(sampler, state.x, noise.seed, state.sigmas))


@node("SamplerResult", category=CATEGORY, display_name="Sampler Result")
def sampler_result(*, model: Model, state: SamplerState) -> Latent:
    """Take the latent out of a sampler's state, after the last step or before."""
    return {"samples": diffusion.final_latent(model, state)}
