"""The numerics: torch in, torch out; knows no graph and no server.

What other rooms use is listed here and imported when it is first asked for, so that a process which only
validates or lists workflows never loads torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .adding_noise import noised_between as noised_between
    from .attention_multiply import with_multiplied_attention as with_multiplied_attention
    from .blending import blend_images as blend_images
    from .brownian import step_noise_for as step_noise_for
    from .canny import canny_edges as canny_edges
    from .canvas import Canvas as Canvas
    from .checkpoint import Checkpoint as Checkpoint
    from .checkpoint import load_checkpoint as load_checkpoint
    from .checkpoint import load_unet as load_unet
    from .checkpoint import load_vae as load_vae
    from .clip import Clip as Clip
    from .clip_files import load_clip as load_clip
    from .colours import rgb_to_yuv as rgb_to_yuv
    from .colours import yuv_to_rgb as yuv_to_rgb
    from .compositing import composite_latents as composite_latents
    from .compositing import composite_latents_masked as composite_latents_masked
    from .conditioning import as_negative as as_negative
    from .conditioning import average_conditioning as average_conditioning
    from .conditioning import concat_conditioning as concat_conditioning
    from .conditioning import with_options as with_options
    from .conditioning import zero_conditioning as zero_conditioning
    from .configs import load_checkpoint_with_config as load_checkpoint_with_config
    from .deep_shrink import with_deep_shrink as with_deep_shrink
    from .describe import check_image as check_image
    from .describe import described as described
    from .diffusers_folder import load_diffusers as load_diffusers
    from .encode_inpaint import encode_for_inpaint as encode_for_inpaint
    from .errors import CheckpointError as CheckpointError
    from .errors import NotFiniteError as NotFiniteError
    from .estimate import predict as predict
    from .estimate import predict_each as predict_each
    from .families import FAMILIES as FAMILIES
    from .families import Family as Family
    from .filters import blur_image as blur_image
    from .filters import morph_image as morph_image
    from .filters import sharpen_image as sharpen_image
    from .freeu import with_freeu as with_freeu
    from .guidance.attention import PerturbedAttention as PerturbedAttention
    from .guidance.attention import SelfAttention as SelfAttention
    from .guidance.base import Rule as Rule
    from .guidance.directions import FrequencyScaling as FrequencyScaling
    from .guidance.directions import OperateOnGuidance as OperateOnGuidance
    from .guidance.directions import PerpNeg as PerpNeg
    from .guidance.directions import ProjectedGuidance as ProjectedGuidance
    from .guidance.directions import TangentialDamping as TangentialDamping
    from .guidance.directions import ZeroStar as ZeroStar
    from .guidance.guiders import CfgGuider as CfgGuider
    from .guidance.guiders import DualCfgGuider as DualCfgGuider
    from .guidance.guiders import Guided as Guided
    from .guidance.guiders import Guider as Guider
    from .guidance.guiders import cfg_combine as cfg_combine
    from .guidance.ranges import RepaintByDegrees as RepaintByDegrees
    from .guidance.ranges import SigmaRange as SigmaRange
    from .guidance.results import FollowPrompt as FollowPrompt
    from .guidance.results import LimitEachCell as LimitEachCell
    from .guidance.results import LimitNorm as LimitNorm
    from .guidance.results import MimicScale as MimicScale
    from .guidance.results import Rescale as Rescale
    from .guidance.results import ScaleNoise as ScaleNoise
    from .guidance.results import Threshold as Threshold
    from .hypertile import with_hypertile as with_hypertile
    from .image_batch import add_noise_to_image as add_noise_to_image
    from .image_batch import images_from_batch as images_from_batch
    from .image_batch import join_images as join_images
    from .image_composite import composite_images as composite_images
    from .image_composite import join_alpha as join_alpha
    from .image_composite import split_alpha as split_alpha
    from .image_conditioning import edit_conditioning as edit_conditioning
    from .image_conditioning import inpaint_conditioning as inpaint_conditioning
    from .image_transform import crop_image as crop_image
    from .image_transform import flip_image as flip_image
    from .image_transform import pad_for_outpainting as pad_for_outpainting
    from .image_transform import resize_and_pad as resize_and_pad
    from .image_transform import rotate_image as rotate_image
    from .image_transform import stitch_images as stitch_images
    from .images import empty_image as empty_image
    from .images import image_and_mask as image_and_mask
    from .images import image_to_pixels as image_to_pixels
    from .images import scale_image as scale_image
    from .images import scale_image_by as scale_image_by
    from .images import scale_image_to_megapixels as scale_image_to_megapixels
    from .images import scale_image_to_side as scale_image_to_side
    from .latent_batch import join_batches as join_batches
    from .latent_batch import latent_from_batch as latent_from_batch
    from .latent_batch import repeat_latent as repeat_latent
    from .latent_batch import seed_behaviour as seed_behaviour
    from .latent_files import latent_bytes as latent_bytes
    from .latent_files import read_latent as read_latent
    from .latent_format import LatentFormat as LatentFormat
    from .latent_math import add_latents as add_latents
    from .latent_math import blend_latents as blend_latents
    from .latent_math import interpolate_latents as interpolate_latents
    from .latent_math import multiply_latent as multiply_latent
    from .latent_math import slerp_latents as slerp_latents
    from .latent_math import subtract_latents as subtract_latents
    from .latent_operations import LatentOperation as LatentOperation
    from .latent_operations import Sharpen as Sharpen
    from .latent_operations import TonemapReinhard as TonemapReinhard
    from .latent_operations import apply_operation as apply_operation
    from .latent_transform import crop_latent as crop_latent
    from .latent_transform import cut_latent as cut_latent
    from .latent_transform import flip_latent as flip_latent
    from .latent_transform import join_latents as join_latents
    from .latent_transform import rotate_latent as rotate_latent
    from .latents import empty_latent as empty_latent
    from .latents import scale_latent as scale_latent
    from .latents import scale_latent_by as scale_latent_by
    from .masks import colour_to_mask as colour_to_mask
    from .masks import composite_masks as composite_masks
    from .masks import crop_mask as crop_mask
    from .masks import feather_mask as feather_mask
    from .masks import grow_mask as grow_mask
    from .masks import image_to_mask as image_to_mask
    from .masks import mask_to_image as mask_to_image
    from .masks import solid_mask as solid_mask
    from .merging import blend as blend
    from .merging import blend_by_prefix as blend_by_prefix
    from .merging import difference as difference
    from .merging import mixed_clips as mixed_clips
    from .merging import mixed_models as mixed_models
    from .merging import total as total
    from .mixed_noise import MixedNoise as MixedNoise
    from .mixed_noise import mix_noises as mix_noises
    from .model import Model as Model
    from .model_sampling import with_angular_sampling as with_angular_sampling
    from .model_sampling import with_compute_dtype as with_compute_dtype
    from .model_sampling import with_continuous_sampling as with_continuous_sampling
    from .model_sampling import with_discrete_sampling as with_discrete_sampling
    from .model_sampling import with_weight_dtype as with_weight_dtype
    from .names import EMBEDDING_PATTERN as EMBEDDING_PATTERN
    from .names import SAMPLER_NAMES as SAMPLER_NAMES
    from .names import SCHEDULE_NAMES as SCHEDULE_NAMES
    from .names import SYNTAX_NAMES as SYNTAX_NAMES
    from .names import UnknownNameError as UnknownNameError
    from .noise import Noise as Noise
    from .noise import RandomNoise as RandomNoise
    from .noise import StepNoise as StepNoise
    from .noise import start_noise as start_noise
    from .noise_masks import set_noise_mask as set_noise_mask
    from .porter_duff import composite_layers as composite_layers
    from .previews import preview_jpeg as preview_jpeg
    from .previews import previewer as previewer
    from .previews import rgb_image as rgb_image
    from .previews import with_own_colours as with_own_colours
    from .quantise import quantise_image as quantise_image
    from .samplers import SAMPLERS as SAMPLERS
    from .samplers import Denoise as Denoise
    from .samplers import Sampler as Sampler
    from .samplers import State as State
    from .samplers import sampler_by_name as sampler_by_name
    from .samplers.ancestral import euler_ancestral as euler_ancestral
    from .samplers.ancestral import euler_ancestral_cfg_pp as euler_ancestral_cfg_pp
    from .samplers.dpm_adaptive import dpm_adaptive as dpm_adaptive
    from .samplers.dpmpp_2m_sde import dpmpp_2m_sde as dpmpp_2m_sde
    from .samplers.dpmpp_2m_sde import dpmpp_3m_sde as dpmpp_3m_sde
    from .samplers.dpmpp_2s import dpmpp_2s_ancestral as dpmpp_2s_ancestral
    from .samplers.dpmpp_sde import dpmpp_sde as dpmpp_sde
    from .samplers.er_sde import er_sde as er_sde
    from .samplers.euler import euler_cfg_pp as euler_cfg_pp
    from .samplers.lcm import lcm_upscale as lcm_upscale
    from .samplers.lms import lms as lms
    from .samplers.sa_solver import sa_solver as sa_solver
    from .sampling import advance as advance
    from .sampling import final_estimate as final_estimate
    from .sampling import final_latent as final_latent
    from .sampling import known_estimate as known_estimate
    from .sampling import noised_latent as noised_latent
    from .sampling import sample_states as sample_states
    from .sampling import start_state as start_state
    from .saving import checkpoint_tensors as checkpoint_tensors
    from .saving import clip_tensors as clip_tensors
    from .saving import metadata_of as metadata_of
    from .saving import model_tensors as model_tensors
    from .saving import vae_tensors as vae_tensors
    from .saving import write_tensors as write_tensors
    from .schedule import DiscreteSchedule as DiscreteSchedule
    from .schedule import NoiseSchedule as NoiseSchedule
    from .schedule import discrete_schedule as discrete_schedule
    from .sigma_curves import exponential_sigmas as exponential_sigmas
    from .sigma_curves import karras_sigmas as karras_sigmas
    from .sigma_curves import laplace_sigmas as laplace_sigmas
    from .sigma_curves import polyexponential_sigmas as polyexponential_sigmas
    from .sigma_curves import vp_sigmas as vp_sigmas
    from .sigma_edits import extended as extended
    from .sigma_edits import flipped as flipped
    from .sigma_edits import percent_to_sigma as percent_to_sigma
    from .sigma_edits import split_at as split_at
    from .sigma_edits import split_denoise as split_denoise
    from .sigma_edits import with_first as with_first
    from .sigma_tables import align_your_steps as align_your_steps
    from .sigma_tables import turbo as turbo
    from .sigmas import SCHEDULES as SCHEDULES
    from .sigmas import beta_sigmas as beta_sigmas
    from .sigmas import part_of as part_of
    from .sigmas import sigmas_for as sigmas_for
    from .taesd import TinyVae as TinyVae
    from .taesd_files import load_tiny_decoder as load_tiny_decoder
    from .taesd_files import load_tiny_vae as load_tiny_vae
    from .token_merging import with_merged_tokens as with_merged_tokens
    from .vae import Vae as Vae
    from .values import Conditioning as Conditioning
    from .values import Latent as Latent
    from .vision import ClipVision as ClipVision
    from .vision import ClipVisionOutput as ClipVisionOutput
    from .vision_files import load_clip_vision as load_clip_vision

# Module by exported name; the imports above tell the type checker the same, and a test compares the two.
EXPORTS = {
    "as_negative": "conditioning",
    "load_unet": "checkpoint",
    "load_checkpoint_with_config": "configs",
    "load_diffusers": "diffusers_folder",
    "FAMILIES": "families",
    "Family": "families",
    "blend": "merging",
    "blend_by_prefix": "merging",
    "difference": "merging",
    "mixed_clips": "merging",
    "mixed_models": "merging",
    "total": "merging",
    "with_angular_sampling": "model_sampling",
    "with_compute_dtype": "model_sampling",
    "with_continuous_sampling": "model_sampling",
    "with_discrete_sampling": "model_sampling",
    "with_weight_dtype": "model_sampling",
    "checkpoint_tensors": "saving",
    "clip_tensors": "saving",
    "metadata_of": "saving",
    "model_tensors": "saving",
    "vae_tensors": "saving",
    "write_tensors": "saving",
    "Canvas": "canvas",
    "step_noise_for": "brownian",
    "edit_conditioning": "image_conditioning",
    "inpaint_conditioning": "image_conditioning",
    "concat_conditioning": "conditioning",
    "average_conditioning": "conditioning",
    "zero_conditioning": "conditioning",
    "with_options": "conditioning",
    "blend_images": "blending",
    "canny_edges": "canny",
    "rgb_to_yuv": "colours",
    "yuv_to_rgb": "colours",
    "check_image": "describe",
    "described": "describe",
    "blur_image": "filters",
    "morph_image": "filters",
    "sharpen_image": "filters",
    "add_noise_to_image": "image_batch",
    "images_from_batch": "image_batch",
    "join_images": "image_batch",
    "composite_images": "image_composite",
    "join_alpha": "image_composite",
    "split_alpha": "image_composite",
    "crop_image": "image_transform",
    "flip_image": "image_transform",
    "pad_for_outpainting": "image_transform",
    "resize_and_pad": "image_transform",
    "rotate_image": "image_transform",
    "stitch_images": "image_transform",
    "scale_image_by": "images",
    "scale_image_to_megapixels": "images",
    "scale_image_to_side": "images",
    "colour_to_mask": "masks",
    "composite_masks": "masks",
    "crop_mask": "masks",
    "feather_mask": "masks",
    "grow_mask": "masks",
    "image_to_mask": "masks",
    "mask_to_image": "masks",
    "solid_mask": "masks",
    "composite_layers": "porter_duff",
    "quantise_image": "quantise",
    "Checkpoint": "checkpoint",
    "load_checkpoint": "checkpoint",
    "load_vae": "checkpoint",
    "CheckpointError": "errors",
    "NotFiniteError": "errors",
    "predict": "estimate",
    "predict_each": "estimate",
    "PerturbedAttention": "guidance.attention",
    "SelfAttention": "guidance.attention",
    "Rule": "guidance.base",
    "FrequencyScaling": "guidance.directions",
    "OperateOnGuidance": "guidance.directions",
    "PerpNeg": "guidance.directions",
    "ProjectedGuidance": "guidance.directions",
    "TangentialDamping": "guidance.directions",
    "ZeroStar": "guidance.directions",
    "CfgGuider": "guidance.guiders",
    "DualCfgGuider": "guidance.guiders",
    "Guided": "guidance.guiders",
    "Guider": "guidance.guiders",
    "cfg_combine": "guidance.guiders",
    "RepaintByDegrees": "guidance.ranges",
    "SigmaRange": "guidance.ranges",
    "FollowPrompt": "guidance.results",
    "LimitEachCell": "guidance.results",
    "LimitNorm": "guidance.results",
    "MimicScale": "guidance.results",
    "Rescale": "guidance.results",
    "ScaleNoise": "guidance.results",
    "Threshold": "guidance.results",
    "empty_image": "images",
    "image_and_mask": "images",
    "image_to_pixels": "images",
    "scale_image": "images",
    "empty_latent": "latents",
    "scale_latent": "latents",
    "scale_latent_by": "latents",
    "Clip": "clip",
    "load_clip": "clip_files",
    "composite_latents": "compositing",
    "composite_latents_masked": "compositing",
    "encode_for_inpaint": "encode_inpaint",
    "latent_from_batch": "latent_batch",
    "join_batches": "latent_batch",
    "repeat_latent": "latent_batch",
    "seed_behaviour": "latent_batch",
    "latent_bytes": "latent_files",
    "read_latent": "latent_files",
    "LatentFormat": "latent_format",
    "add_latents": "latent_math",
    "subtract_latents": "latent_math",
    "multiply_latent": "latent_math",
    "blend_latents": "latent_math",
    "interpolate_latents": "latent_math",
    "slerp_latents": "latent_math",
    "LatentOperation": "latent_operations",
    "TonemapReinhard": "latent_operations",
    "Sharpen": "latent_operations",
    "apply_operation": "latent_operations",
    "crop_latent": "latent_transform",
    "cut_latent": "latent_transform",
    "rotate_latent": "latent_transform",
    "flip_latent": "latent_transform",
    "join_latents": "latent_transform",
    "MixedNoise": "mixed_noise",
    "mix_noises": "mixed_noise",
    "Model": "model",
    "Vae": "vae",
    "ClipVision": "vision",
    "ClipVisionOutput": "vision",
    "load_clip_vision": "vision_files",
    "EMBEDDING_PATTERN": "names",
    "SAMPLER_NAMES": "names",
    "SCHEDULE_NAMES": "names",
    "SYNTAX_NAMES": "names",
    "UnknownNameError": "names",
    "Noise": "noise",
    "RandomNoise": "noise",
    "StepNoise": "noise",
    "start_noise": "noise",
    "set_noise_mask": "noise_masks",
    "rgb_image": "previews",
    "with_own_colours": "previews",
    "previewer": "previews",
    "preview_jpeg": "previews",
    "SAMPLERS": "samplers",
    "Denoise": "samplers",
    "Sampler": "samplers",
    "State": "samplers",
    "sampler_by_name": "samplers",
    "advance": "sampling",
    "final_estimate": "sampling",
    "final_latent": "sampling",
    "known_estimate": "sampling",
    "noised_latent": "sampling",
    "sample_states": "sampling",
    "start_state": "sampling",
    "DiscreteSchedule": "schedule",
    "NoiseSchedule": "schedule",
    "discrete_schedule": "schedule",
    "noised_between": "adding_noise",
    "euler_ancestral": "samplers.ancestral",
    "euler_ancestral_cfg_pp": "samplers.ancestral",
    "euler_cfg_pp": "samplers.euler",
    "lms": "samplers.lms",
    "dpmpp_2m_sde": "samplers.dpmpp_2m_sde",
    "dpmpp_3m_sde": "samplers.dpmpp_2m_sde",
    "dpmpp_sde": "samplers.dpmpp_sde",
    "dpmpp_2s_ancestral": "samplers.dpmpp_2s",
    "dpm_adaptive": "samplers.dpm_adaptive",
    "er_sde": "samplers.er_sde",
    "sa_solver": "samplers.sa_solver",
    "lcm_upscale": "samplers.lcm",
    "exponential_sigmas": "sigma_curves",
    "karras_sigmas": "sigma_curves",
    "laplace_sigmas": "sigma_curves",
    "polyexponential_sigmas": "sigma_curves",
    "vp_sigmas": "sigma_curves",
    "extended": "sigma_edits",
    "flipped": "sigma_edits",
    "percent_to_sigma": "sigma_edits",
    "split_at": "sigma_edits",
    "split_denoise": "sigma_edits",
    "with_first": "sigma_edits",
    "align_your_steps": "sigma_tables",
    "turbo": "sigma_tables",
    "beta_sigmas": "sigmas",
    "SCHEDULES": "sigmas",
    "part_of": "sigmas",
    "sigmas_for": "sigmas",
    "TinyVae": "taesd",
    "load_tiny_decoder": "taesd_files",
    "load_tiny_vae": "taesd_files",
    "with_multiplied_attention": "attention_multiply",
    "with_deep_shrink": "deep_shrink",
    "with_freeu": "freeu",
    "with_hypertile": "hypertile",
    "with_merged_tokens": "token_merging",
    "Conditioning": "values",
    "Latent": "values",
}


def __getattr__(name: str) -> Any:
    if name not in EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{EXPORTS[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(EXPORTS)
