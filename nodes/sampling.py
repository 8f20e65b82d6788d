"""Nodes that denoise a latent from the first step to the last, and the one run that is under them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

from .. import diffusion
from ..diffusion.names import SAMPLER_NAMES, SCHEDULE_NAMES
from ..executor import Choice, Context, Range, Seed, node
from .fitting import sampling
from .foreseeing import sampled, sampled_between
from .kept_steps import decided_by, kept_steps
from .live_previews import live_preview
from .ports import Conditioning, Guider, Latent, Model, Noise, Sampler, Sigmas

if TYPE_CHECKING:
    State = diffusion.State

Steps = Annotated[int, Range(1, 10_000)]
Cfg = Annotated[float, Range(0.0, 100.0, step=0.1, round=0.01)]
SamplerName = Annotated[str, Choice(SAMPLER_NAMES)]
SchedulerName = Annotated[str, Choice(SCHEDULE_NAMES)]
Denoise = Annotated[float, Range(0.0, 1.0, step=0.01)]
OnOff = Annotated[str, Choice(("enable", "disable"))]


def _steps(steps: int) -> int:
    return steps


@node("KSampler", category="sampling", display_name="KSampler", work=_steps, foresees=sampled)
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
    guider = diffusion.CfgGuider(model, positive, negative, cfg)
    noise = diffusion.RandomNoise(seed)
    decided = decided_by(ctx, "cfg", "model", "positive", "negative", cfg=cfg)
    return run_steps(ctx, guider, sampler, sigmas, latent_image, noise, decided).output


def _steps_between(steps: int, start_at_step: int, end_at_step: int) -> int:
    return max(min(steps, end_at_step) - start_at_step, 0)


@node(
    "KSamplerAdvanced",
    category="sampling",
    display_name="KSampler (Advanced)",
    work=_steps_between,
    foresees=sampled_between,
)
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
    guider = diffusion.CfgGuider(model, positive, negative, cfg)
    noise = diffusion.RandomNoise(noise_seed, silent=add_noise == "disable")
    decided = decided_by(ctx, "cfg", "model", "positive", "negative", cfg=cfg)
    return run_steps(ctx, guider, sampler, sigmas, latent_image, noise, decided).output


class Sampled(NamedTuple):
    """A run's latent, and the last estimate of it without noise; both keep what else the latent had."""

    output: Latent
    denoised_output: Latent


def run_steps(
    ctx: Context,
    guider: Guider,
    sampler: Sampler,
    sigmas: Sigmas,
    latent: Latent,
    noise: Noise,
    decided: Sequence[object] | None,
) -> Sampled:
    """Run all steps, telling of each; a latent that no step is left for comes back as it is.

    This is the one place where nodes run a sampler from its first step to its last. Steps that are known from
    another run are not made again: `decided` is what decides the guider (`decided_by`).
    """
    if len(sigmas) < 2:
        return Sampled(latent, latent)
    show = live_preview(ctx, guider.model)

    def last_state(call_bytes: int) -> State:
        kept = kept_steps(ctx, decided, sampler, noise, latent)
        states = diffusion.sample_states(
            guider,
            sampler,
            sigmas=sigmas,
            latent=latent,
            noise=noise,
            memory=kept.memory,
            go_on=kept.latest,
            call_bytes=call_bytes,
        )
        state = next(states)
        if state.index:
            ctx.progress(state.index, state.steps, show(state))
        for state in states:
            kept.keep(state)
            ctx.progress(state.index, state.steps, show(state))
        return state

    state = sampling(ctx, guider, latent["samples"], last_state)
    return Sampled(
        {**latent, "samples": diffusion.final_latent(guider.model, state)},
        {**latent, "samples": diffusion.final_estimate(guider.model, state)},
    )
