"""Nodes that change how a model is guided; each gives a new MODEL with one more rule, kept in order."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from .. import diffusion
from ..executor import Display, Optional, Range, node
from .ports import Conditioning, LatentOperation, Model

GUIDANCE = "advanced/guidance"


class PatchedModel(NamedTuple):
    """A model with one more rule, under the name that this output has on the wire."""

    patched_model: Model


@node("RescaleCFG", category="advanced/model", display_name="RescaleCFG")
def rescale_cfg(*, model: Model, multiplier: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.7) -> Model:
    """Bring the contrast of strongly guided pictures back to the prompt's own, by this share (0 to 1)."""
    return model.with_rules(diffusion.Rescale(multiplier))


@node("RenormCFG", category="advanced/model")
def renorm_cfg(
    *,
    model: Model,
    cfg_trunc: Annotated[float, Range(0.0, 100.0, step=0.01)] = 100.0,
    renorm_cfg: Annotated[float, Range(0.0, 100.0, step=0.01)] = 1.0,
) -> Model:
    """Keep guidance from making a picture stronger than `renorm_cfg` times what the prompt alone gives.

    Guidance only sets in below the noise level (sigma) `cfg_trunc`; with `renorm_cfg` 0 nothing is limited.
    """
    return model.with_rules(diffusion.LimitNorm(cfg_trunc, renorm_cfg))


@node("CFGZeroStar", category=GUIDANCE)
def cfg_zero_star(*, model: Model) -> PatchedModel:
    """Scale the negative prompt's prediction to fit the positive one's before guidance (CFG-Zero*)."""
    return PatchedModel(model.with_rules(diffusion.ZeroStar()))


@node("CFGNorm", category=GUIDANCE, experimental=True)
def cfg_norm(*, model: Model, strength: Annotated[float, Range(0.0, 100.0, step=0.01)] = 1.0) -> PatchedModel:
    """Keep guidance from making any place stronger than the prompt alone does; `strength` multiplies that."""
    return PatchedModel(model.with_rules(diffusion.LimitEachCell(strength)))


@node("TCFG", category=GUIDANCE, display_name="Tangential Damping CFG")
def tangential_damping_cfg(*, model: Model) -> PatchedModel:
    """Leave out of the negative prompt's prediction what has nothing to do with the positive one's."""
    return PatchedModel(model.with_rules(diffusion.TangentialDamping()))


@node("APG", category="sampling/custom_sampling", display_name="Adaptive Projected Guidance")
def apg(
    *,
    model: Model,
    eta: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0,
    norm_threshold: Annotated[float, Range(0.0, 50.0, step=0.1)] = 5.0,
    momentum: Annotated[float, Range(-5.0, 1.0, step=0.01)] = 0.0,
) -> Model:
    """Guide strongly without garish colours (APG): `eta` weighs the part of guidance that only adds contrast.

    Guidance longer than `norm_threshold` is shortened to it (0: never); `momentum` times that of the last
    step is added to it, a negative one holds it back.
    """
    return model.with_rules(diffusion.ProjectedGuidance(eta, norm_threshold, momentum))


@node(
    "Mahiro",
    category="_for_testing",
    display_name="Mahiro is so cute that she deserves a better guidance function!! (。・ω・。)",
    experimental=True,
)
def mahiro(*, model: Model) -> PatchedModel:
    """Lean to the positive prompt where guidance has turned away from it."""
    return PatchedModel(model.with_rules(diffusion.FollowPrompt()))


@node(
    "PerpNeg",
    category="_for_testing",
    display_name="Perp-Neg (DEPRECATED by PerpNegGuider)",
    deprecated=True,
    experimental=True,
)
def perp_neg(
    *,
    model: Model,
    empty_conditioning: Conditioning,
    neg_scale: Annotated[float, Range(0.0, 100.0, step=0.01)] = 1.0,
) -> Model:
    """Push away from the negative prompt only where it doesn't pull against the positive one (Perp-Neg)."""
    return model.with_rules(diffusion.PerpNeg(empty_conditioning, neg_scale))


@node(
    "SelfAttentionGuidance",
    category="_for_testing",
    display_name="Self-Attention Guidance",
    experimental=True,
)
def self_attention_guidance(
    *,
    model: Model,
    scale: Annotated[float, Range(-2.0, 5.0, step=0.01)] = 0.5,
    blur_sigma: Annotated[float, Range(0.0, 10.0, step=0.1)] = 2.0,
) -> Model:
    """Make details clearer by pushing away from a picture blurred where the network looks most (SAG).

    `blur_sigma` is the blur in latent cells, `scale` how strongly to push. Each step takes one call more.
    """
    return model.with_rules(diffusion.SelfAttention(scale, blur_sigma))


@node("PerturbedAttentionGuidance", category="model_patches/unet")
def perturbed_attention_guidance(
    *, model: Model, scale: Annotated[float, Range(0.0, 100.0, step=0.01, round=0.01)] = 3.0
) -> Model:
    """Make composition clearer by pushing away from a picture whose parts don't see each other (PAG).

    `scale` is how strongly to push. Each step takes one call more.
    """
    return model.with_rules(diffusion.PerturbedAttention(scale))


@node("FreSca", category="_for_testing", display_name="FreSca", experimental=True)
def fresca(
    *,
    model: Model,
    scale_low: Annotated[float, Range(0.0, 10.0, step=0.01)] = 1.0,
    scale_high: Annotated[float, Range(0.0, 10.0, step=0.01)] = 1.25,
    freq_cutoff: Annotated[int, Range(1, 10_000, step=1)] = 20,
) -> Model:
    """Strengthen or weaken guidance on coarse (`scale_low`) and fine structure (`scale_high`) apart.

    Coarse is what repeats less than `freq_cutoff` times across the picture.
    """
    return model.with_rules(diffusion.FrequencyScaling(scale_low, scale_high, freq_cutoff))


@node(
    "DifferentialDiffusion", category="_for_testing", display_name="Differential Diffusion", experimental=True
)
def differential_diffusion(
    *, model: Model, strength: Annotated[float, Range(0.0, 1.0, step=0.01), Optional()] = 1.0
) -> Model:
    """Let a noise mask's greys say how much a place changes: white from the first step, black never.

    `strength` below 1 mixes this with the usual blending by the mask.
    """
    return model.with_rules(diffusion.RepaintByDegrees(strength))


@node("LatentApplyOperationCFG", category="latent/advanced/operations", experimental=True)
def latent_apply_operation_cfg(*, model: Model, operation: LatentOperation) -> Model:
    """Apply an operation, such as sharpening, to what guidance adds at every step."""
    return model.with_rules(diffusion.OperateOnGuidance(operation))


@node("Epsilon Scaling", category="model_patches/unet")
def epsilon_scaling(
    *,
    model: Model,
    scaling_factor: Annotated[float, Range(0.5, 1.5, step=0.001), Display("number")] = 1.005,
) -> Model:
    """Divide the predicted noise by a factor a little above 1, which keeps detail that sampling loses."""
    return model.with_rules(diffusion.ScaleNoise(scaling_factor))


@node("CFGSigmaRange", category=GUIDANCE, display_name="CFG Sigma Range")
def cfg_sigma_range(
    *,
    model: Model,
    start_sigma: Annotated[float, Range(0.0, 10_000.0, step=0.01)] = 10_000.0,
    end_sigma: Annotated[float, Range(0.0, 10_000.0, step=0.01)] = 0.0,
) -> Model:
    """Guide only at noise levels from `start_sigma` down to `end_sigma`; elsewhere follow the prompt alone.

    That is faster, and leaving out the highest levels gives more variety.
    """
    return model.with_rules(diffusion.SigmaRange(start_sigma, end_sigma))


@node("DynamicThresholding", category=GUIDANCE, display_name="Dynamic Thresholding")
def dynamic_thresholding(
    *, model: Model, percentile: Annotated[float, Range(0.5, 1.0, step=0.001)] = 0.995
) -> Model:
    """Clip each picture at this quantile of its values and divide by it, where it is above 1 (Imagen)."""
    return model.with_rules(diffusion.Threshold(percentile))


@node("DynamicThresholdingMimic", category=GUIDANCE, display_name="Dynamic Thresholding (Mimic CFG)")
def dynamic_thresholding_mimic(
    *,
    model: Model,
    mimic_scale: Annotated[float, Range(0.0, 100.0, step=0.1)] = 7.0,
    percentile: Annotated[float, Range(0.5, 1.0, step=0.001)] = 1.0,
) -> Model:
    """Guide strongly with the contrast of a weaker guidance, `mimic_scale`.

    `percentile` is the quantile of a channel's values by which contrast is measured; 1 is the largest.
    """
    return model.with_rules(diffusion.MimicScale(mimic_scale, percentile))
