"""Custom sampling: what guides a run as a value of its own, and runs put together from their parts."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Choice, Context, Range, Seed, node
from .foreseeing import sampled_by_guider, sampled_over
from .kept_steps import decided_by
from .ports import Conditioning, Guider, Latent, Model, Noise, Sampler, Sigmas
from .sampling import Cfg, Sampled, run_steps

GUIDERS = "sampling/custom_sampling/guiders"


@node("BasicGuider", category=GUIDERS, display_name="BasicGuider")
def basic_guider(*, model: Model, conditioning: Conditioning) -> Guider:
    """Follow one prompt and nothing else: guidance of 1, for models that were distilled to need no more."""
    return diffusion.CfgGuider(model, conditioning)


@node("CFGGuider", category=GUIDERS, display_name="CFGGuider")
def cfg_guider(*, model: Model, positive: Conditioning, negative: Conditioning, cfg: Cfg = 8.0) -> Guider:
    """Go from the negative prompt through the positive one, `cfg` times as far, as KSampler does."""
    return diffusion.CfgGuider(model, positive, negative, cfg)


@node("DualCFGGuider", category=GUIDERS, display_name="DualCFGGuider")
def dual_cfg_guider(
    *,
    model: Model,
    cond1: Conditioning,
    cond2: Conditioning,
    negative: Conditioning,
    cfg_conds: Cfg = 8.0,
    cfg_cond2_negative: Cfg = 8.0,
    style: Annotated[str, Choice(("regular", "nested"))],
) -> Guider:
    """Guide by two prompts: `cfg_cond2_negative` times from negative to cond2, `cfg_conds` times on to cond1.

    For InstructPix2Pix cond1 is text with the picture and cond2 the picture without text. Nested, guidance
    from cond2 to cond1 comes first, and `cfg_cond2_negative` is how far it goes from negative to what that
    gives.
    """
    return diffusion.DualCfgGuider(
        model, cond1, cond2, negative, cfg_conds, cfg_cond2_negative, nested=style == "nested"
    )


@node(
    "PerpNegGuider",
    category="_for_testing",
    display_name="PerpNegGuider",
    experimental=True,
)
def perp_neg_guider(
    *,
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    empty_conditioning: Conditioning,
    cfg: Cfg = 8.0,
    neg_scale: Annotated[float, Range(0.0, 100.0, step=0.01)] = 1.0,
) -> Guider:
    """Push away from the negative prompt only where it doesn't pull against the positive one (Perp-Neg).

    `empty_conditioning` is the encoding of an empty prompt, `neg_scale` how strongly to push away.
    """
    rule = diffusion.PerpNeg(empty_conditioning, neg_scale)
    return diffusion.CfgGuider(model.with_rules(rule), positive, negative, cfg)


@node(
    "SamplerCustom",
    category="sampling/custom_sampling",
    display_name="SamplerCustom",
    foresees=sampled_over,
)
def sampler_custom(
    ctx: Context,
    *,
    model: Model,
    add_noise: bool = True,
    noise_seed: Annotated[int, Seed()] = 0,
    cfg: Cfg = 8.0,
    positive: Conditioning,
    negative: Conditioning,
    sampler: Sampler,
    sigmas: Sigmas,
    latent_image: Latent,
) -> Sampled:
    """Denoise a latent over the noise levels given.

    The second output is the last estimate of the picture without noise, for runs that end before level 0.
    """
    guider = diffusion.CfgGuider(model, positive, negative, cfg)
    noise = diffusion.RandomNoise(noise_seed, silent=not add_noise)
    decided = decided_by(ctx, "cfg", "model", "positive", "negative", cfg=cfg)
    return run_steps(ctx, guider, sampler, sigmas, latent_image, noise, decided)


@node(
    "SamplerCustomAdvanced",
    category="sampling/custom_sampling",
    display_name="SamplerCustomAdvanced",
    foresees=sampled_by_guider,
)
def sampler_custom_advanced(
    ctx: Context, *, noise: Noise, guider: Guider, sampler: Sampler, sigmas: Sigmas, latent_image: Latent
) -> Sampled:
    """Denoise a latent with noise, guidance, method and noise levels each from a node of its own.

    The second output is the last estimate of the picture without noise, for runs that end before level 0.
    """
    decided = decided_by(ctx, "guider", "guider")
    return run_steps(ctx, guider, sampler, sigmas, latent_image, noise, decided)
