"""Nodes that denoise a latent from the first step to the last."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..diffusion.names import SAMPLER_NAMES, SCHEDULE_NAMES
from ..executor import Choice, Context, Range, Seed, node
from .ports import Conditioning, Latent, Model, Sampler, Sigmas

Steps = Annotated[int, Range(1, 10_000)]
Cfg = Annotated[float, Range(0.0, 100.0, step=0.1, round=0.01)]
SamplerName = Annotated[str, Choice(SAMPLER_NAMES)]
SchedulerName = Annotated[str, Choice(SCHEDULE_NAMES)]
Denoise = Annotated[float, Range(0.0, 1.0, step=0.01)]
OnOff = Annotated[str, Choice(("enable", "disable"))]


@node("KSampler", category="sampling", display_name="KSampler")
def ksampler(
    ctx: Context,
    *,
    model: Model,
    seed: Annotated[int, Seed()] = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: SamplerName,
    scheduler: SchedulerName,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: Denoise = 1.0,
) -> Latent:
    """Denoise a latent: from pure noise at `denoise` 1, from a lightly noised picture at less."""
    sampler = diffusion.sampler_by_name(sampler_name)
    sigmas = diffusion.sigmas_for(
        model.schedule, scheduler, steps, denoise, discard_penultimate=sampler.discard_penultimate
    )
    return _sampled(ctx, model, seed, cfg, sampler, sigmas, positive, negative, latent_image)


@node("KSamplerAdvanced", category="sampling", display_name="KSampler (Advanced)")
def ksampler_advanced(
    ctx: Context,
    *,
    model: Model,
    add_noise: OnOff,
    noise_seed: Annotated[int, Seed()] = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: SamplerName,
    scheduler: SchedulerName,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    start_at_step: Annotated[int, Range(0, 10_000)] = 0,
    end_at_step: Annotated[int, Range(0, 10_000)] = 10_000,
    return_with_leftover_noise: Annotated[str, Choice(("disable", "enable"))],
) -> Latent:
    """Denoise from one step of a run to another; a second sampler can go on from leftover noise."""
    sampler = diffusion.sampler_by_name(sampler_name)
    whole = diffusion.sigmas_for(
        model.schedule, scheduler, steps, discard_penultimate=sampler.discard_penultimate
    )
    sigmas = diffusion.part_of(
        whole, start_at_step, end_at_step, force_full_denoise=return_with_leftover_noise == "disable"
    )
    return _sampled(
        ctx,
        model,
        noise_seed,
        cfg,
        sampler,
        sigmas,
        positive,
        negative,
        latent_image,
        add_noise=add_noise == "enable",
    )


def _sampled(
    ctx: Context,
    model: Model,
    seed: int,
    cfg: float,
    sampler: Sampler,
    sigmas: Sigmas,
    positive: Conditioning,
    negative: Conditioning,
    latent: Latent,
    *,
    add_noise: bool = True,
) -> Latent:
    """Run all steps, telling of each; a latent that no step is left for comes back as it is."""
    if len(sigmas) < 2:
        return latent
    states = diffusion.sample_states(
        model,
        sampler,
        sigmas=sigmas,
        latent=latent,
        positive=positive,
        negative=negative,
        cfg=cfg,
        seed=seed,
        add_noise=add_noise,
    )
    state = next(states)
    for state in states:
        ctx.progress(state.index, state.steps)
    return {**latent, "samples": diffusion.final_latent(model, state)}
