"""The numerics: torch in, torch out; knows no graph and no server.

What other rooms use is listed here and imported when it is first asked for, so that a process which only
validates or lists workflows never loads torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clip import Clip as Clip
    from .devices import compute_exactly as compute_exactly
    from .devices import found_cards as found_cards
    from .devices import free_bytes as free_bytes
    from .devices import on_device as on_device
    from .devices import watched_card as watched_card
    from .errors import CheckpointError as CheckpointError
    from .errors import NotFiniteError as NotFiniteError
    from .files.checkpoint import Checkpoint as Checkpoint
    from .files.checkpoint import load_checkpoint as load_checkpoint
    from .files.checkpoint import load_unet as load_unet
    from .files.checkpoint import load_vae as load_vae
    from .files.clip_files import load_clip as load_clip
    from .files.configs import load_checkpoint_with_config as load_checkpoint_with_config
    from .files.diffusers_folder import load_diffusers as load_diffusers
    from .files.families import FAMILIES as FAMILIES
    from .files.families import Family as Family
    from .files.latent_files import latent_bytes as latent_bytes
    from .files.latent_files import read_latent as read_latent
    from .files.merging import blend as blend
    from .files.merging import blend_by_prefix as blend_by_prefix
    from .files.merging import difference as difference
    from .files.merging import mixed_clips as mixed_clips
    from .files.merging import mixed_models as mixed_models
    from .files.merging import total as total
    from .files.saving import checkpoint_tensors as checkpoint_tensors
    from .files.saving import clip_tensors as clip_tensors
    from .files.saving import metadata_of as metadata_of
    from .files.saving import model_tensors as model_tensors
    from .files.saving import tokenizer_metadata as tokenizer_metadata
    from .files.saving import vae_tensors as vae_tensors
    from .files.saving import write_tensors as write_tensors
    from .files.taesd_files import load_tiny_decoder as load_tiny_decoder
    from .files.taesd_files import load_tiny_vae as load_tiny_vae
    from .files.unclip_files import load_unclip_checkpoint as load_unclip_checkpoint
    from .files.upscaler_files import load_upscale_model as load_upscale_model
    from .files.vision_files import load_clip_vision as load_clip_vision
    from .guidance.attention import PerturbedAttention as PerturbedAttention
    from .guidance.attention import SelfAttention as SelfAttention
    from .guidance.base import Rule as Rule
    from .guidance.canvas import Canvas as Canvas
    from .guidance.conditioning import as_negative as as_negative
    from .guidance.conditioning import average_conditioning as average_conditioning
    from .guidance.conditioning import concat_conditioning as concat_conditioning
    from .guidance.conditioning import with_options as with_options
    from .guidance.conditioning import with_picture as with_picture
    from .guidance.conditioning import zero_conditioning as zero_conditioning
    from .guidance.directions import FrequencyScaling as FrequencyScaling
    from .guidance.directions import OperateOnGuidance as OperateOnGuidance
    from .guidance.directions import PerpNeg as PerpNeg
    from .guidance.directions import ProjectedGuidance as ProjectedGuidance
    from .guidance.directions import TangentialDamping as TangentialDamping
    from .guidance.directions import ZeroStar as ZeroStar
    from .guidance.estimate import predict as predict
    from .guidance.estimate import predict_each as predict_each
    from .guidance.guiders import CfgGuider as CfgGuider
    from .guidance.guiders import DualCfgGuider as DualCfgGuider
    from .guidance.guiders import Guided as Guided
    from .guidance.guiders import Guider as Guider
    from .guidance.guiders import cfg_combine as cfg_combine
    from .guidance.image_conditioning import edit_conditioning as edit_conditioning
    from .guidance.image_conditioning import inpaint_conditioning as inpaint_conditioning
    from .guidance.ranges import RepaintByDegrees as RepaintByDegrees
    from .guidance.ranges import SigmaRange as SigmaRange
    from .guidance.results import FollowPrompt as FollowPrompt
    from .guidance.results import LimitEachCell as LimitEachCell
    from .guidance.results import LimitNorm as LimitNorm
    from .guidance.results import MimicScale as MimicScale
    from .guidance.results import Rescale as Rescale
    from .guidance.results import ScaleNoise as ScaleNoise
    from .guidance.results import Threshold as Threshold
    from .guidance.reuse import EasyCache as EasyCache
    from .guidance.reuse import LazyCache as LazyCache
    from .latents.compositing import composite_latents as composite_latents
    from .latents.compositing import composite_latents_masked as composite_latents_masked
    from .latents.encode_inpaint import encode_for_inpaint as encode_for_inpaint
    from .latents.latent_batch import join_batches as join_batches
    from .latents.latent_batch import latent_from_batch as latent_from_batch
    from .latents.latent_batch import rebatch_latents as rebatch_latents
    from .latents.latent_batch import repeat_latent as repeat_latent
    from .latents.latent_batch import seed_behaviour as seed_behaviour
    from .latents.latent_format import SMALL_FORMATS as SMALL_FORMATS
    from .latents.latent_format import LatentFormat as LatentFormat
    from .latents.latent_math import add_latents as add_latents
    from .latents.latent_math import blend_latents as blend_latents
    from .latents.latent_math import interpolate_latents as interpolate_latents
    from .latents.latent_math import multiply_latent as multiply_latent
    from .latents.latent_math import slerp_latents as slerp_latents
    from .latents.latent_math import subtract_latents as subtract_latents
    from .latents.latent_operations import LatentOperation as LatentOperation
    from .latents.latent_operations import Sharpen as Sharpen
    from .latents.latent_operations import TonemapReinhard as TonemapReinhard
    from .latents.latent_operations import apply_operation as apply_operation
    from .latents.latent_transform import crop_latent as crop_latent
    from .latents.latent_transform import cut_latent as cut_latent
    from .latents.latent_transform import flip_latent as flip_latent
    from .latents.latent_transform import join_latents as join_latents
    from .latents.latent_transform import rotate_latent as rotate_latent
    from .latents.noise_masks import set_noise_mask as set_noise_mask
    from .latents.pixel_space import PixelVae as PixelVae
    from .latents.previews import preview_jpeg as preview_jpeg
    from .latents.previews import previewer as previewer
    from .latents.previews import rgb_image as rgb_image
    from .latents.previews import with_own_colours as with_own_colours
    from .latents.sizes import empty_latent as empty_latent
    from .latents.sizes import scale_latent as scale_latent
    from .latents.sizes import scale_latent_by as scale_latent_by
    from .latents.sizes import scaled_cells as scaled_cells
    from .latents.sizes import scaled_cells_by as scaled_cells_by
    from .looking import attention_maps as attention_maps
    from .looking import heat_image as heat_image
    from .looking import word_maps as word_maps
    from .model import Model as Model
    from .names import EMBEDDING_PATTERN as EMBEDDING_PATTERN
    from .names import SAMPLER_NAMES as SAMPLER_NAMES
    from .names import SCHEDULE_NAMES as SCHEDULE_NAMES
    from .names import SYNTAX_NAMES as SYNTAX_NAMES
    from .names import UnknownNameError as UnknownNameError
    from .needs import Need as Need
    from .needs import hollow as hollow
    from .needs import least_sampling_need as least_sampling_need
    from .needs import picture_needs as picture_needs
    from .needs import sampling_needs as sampling_needs
    from .networks.attention_multiply import with_multiplied_attention as with_multiplied_attention
    from .networks.brought import Brought as Brought
    from .networks.compiled import Compilation as Compilation
    from .networks.compiled import CompilerError as CompilerError
    from .networks.deep_shrink import with_deep_shrink as with_deep_shrink
    from .networks.freeu import with_freeu as with_freeu
    from .networks.hypertile import with_hypertile as with_hypertile
    from .networks.pages import give_back_free as give_back_free
    from .networks.placing import Placed as Placed
    from .networks.taesd import TinyVae as TinyVae
    from .networks.token_merging import with_merged_tokens as with_merged_tokens
    from .networks.upscalers.base import UpscaleModel as UpscaleModel
    from .networks.vision import ClipVision as ClipVision
    from .networks.vision import ClipVisionOutput as ClipVisionOutput
    from .noise.adding_noise import noised_between as noised_between
    from .noise.brownian import step_noise_for as step_noise_for
    from .noise.mixed_noise import MixedNoise as MixedNoise
    from .noise.mixed_noise import mix_noises as mix_noises
    from .noise.random_noise import Noise as Noise
    from .noise.random_noise import RandomNoise as RandomNoise
    from .noise.random_noise import StepNoise as StepNoise
    from .noise.random_noise import start_noise as start_noise
    from .out_of_memory import ran_out_of_memory as ran_out_of_memory
    from .pictures.blending import blend_images as blend_images
    from .pictures.canny import canny_edges as canny_edges
    from .pictures.colours import rgb_to_yuv as rgb_to_yuv
    from .pictures.colours import yuv_to_rgb as yuv_to_rgb
    from .pictures.describe import check_image as check_image
    from .pictures.describe import described as described
    from .pictures.filters import blur_image as blur_image
    from .pictures.filters import morph_image as morph_image
    from .pictures.filters import sharpen_image as sharpen_image
    from .pictures.image_batch import add_noise_to_image as add_noise_to_image
    from .pictures.image_batch import images_from_batch as images_from_batch
    from .pictures.image_batch import join_images as join_images
    from .pictures.image_batch import rebatch_images as rebatch_images
    from .pictures.image_composite import composite_images as composite_images
    from .pictures.image_composite import join_alpha as join_alpha
    from .pictures.image_composite import split_alpha as split_alpha
    from .pictures.image_transform import crop_image as crop_image
    from .pictures.image_transform import flip_image as flip_image
    from .pictures.image_transform import pad_for_outpainting as pad_for_outpainting
    from .pictures.image_transform import resize_and_pad as resize_and_pad
    from .pictures.image_transform import rotate_image as rotate_image
    from .pictures.image_transform import stitch_images as stitch_images
    from .pictures.images import empty_image as empty_image
    from .pictures.images import image_and_mask as image_and_mask
    from .pictures.images import image_to_pixels as image_to_pixels
    from .pictures.images import scale_image as scale_image
    from .pictures.images import scale_image_by as scale_image_by
    from .pictures.images import scale_image_to_megapixels as scale_image_to_megapixels
    from .pictures.images import scale_image_to_side as scale_image_to_side
    from .pictures.masks import colour_to_mask as colour_to_mask
    from .pictures.masks import composite_masks as composite_masks
    from .pictures.masks import crop_mask as crop_mask
    from .pictures.masks import feather_mask as feather_mask
    from .pictures.masks import grow_mask as grow_mask
    from .pictures.masks import image_to_mask as image_to_mask
    from .pictures.masks import mask_to_image as mask_to_image
    from .pictures.masks import solid_mask as solid_mask
    from .pictures.porter_duff import composite_layers as composite_layers
    from .pictures.quantise import quantise_image as quantise_image
    from .precision import in_precision as in_precision
    from .prompts.counting import ROOM as ROOM
    from .prompts.counting import prompt_size as prompt_size
    from .samplers import SAMPLERS as SAMPLERS
    from .samplers import Denoise as Denoise
    from .samplers import Sampler as Sampler
    from .samplers import State as State
    from .samplers import sampler_by_name as sampler_by_name
    from .samplers.ancestral import euler_ancestral as euler_ancestral
    from .samplers.ancestral import euler_ancestral_cfg_pp as euler_ancestral_cfg_pp
    from .samplers.base import noising_of as noising_of
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
    from .schedules.model_sampling import with_angular_sampling as with_angular_sampling
    from .schedules.model_sampling import with_compute_dtype as with_compute_dtype
    from .schedules.model_sampling import with_continuous_sampling as with_continuous_sampling
    from .schedules.model_sampling import with_discrete_sampling as with_discrete_sampling
    from .schedules.model_sampling import with_weight_dtype as with_weight_dtype
    from .schedules.schedule import DiscreteSchedule as DiscreteSchedule
    from .schedules.schedule import NoiseSchedule as NoiseSchedule
    from .schedules.schedule import discrete_schedule as discrete_schedule
    from .schedules.sigma_curves import exponential_sigmas as exponential_sigmas
    from .schedules.sigma_curves import karras_sigmas as karras_sigmas
    from .schedules.sigma_curves import laplace_sigmas as laplace_sigmas
    from .schedules.sigma_curves import polyexponential_sigmas as polyexponential_sigmas
    from .schedules.sigma_curves import vp_sigmas as vp_sigmas
    from .schedules.sigma_edits import extended as extended
    from .schedules.sigma_edits import flipped as flipped
    from .schedules.sigma_edits import percent_to_sigma as percent_to_sigma
    from .schedules.sigma_edits import split_at as split_at
    from .schedules.sigma_edits import split_denoise as split_denoise
    from .schedules.sigma_edits import with_first as with_first
    from .schedules.sigma_tables import align_your_steps as align_your_steps
    from .schedules.sigma_tables import turbo as turbo
    from .schedules.sigmas import SCHEDULES as SCHEDULES
    from .schedules.sigmas import beta_sigmas as beta_sigmas
    from .schedules.sigmas import part_of as part_of
    from .schedules.sigmas import sigmas_for as sigmas_for
    from .vae import PictureCoder as PictureCoder
    from .vae import Vae as Vae
    from .values import Conditioning as Conditioning
    from .values import Latent as Latent

# Module by exported name; the imports above tell the type checker the same, and a test compares the two.
EXPORTS = {
    "Brought": "networks.brought",
    "Need": "needs",
    "hollow": "needs",
    "scaled_cells": "latents.sizes",
    "scaled_cells_by": "latents.sizes",
    "least_sampling_need": "needs",
    "Placed": "networks.placing",
    "picture_needs": "needs",
    "compute_exactly": "devices",
    "found_cards": "devices",
    "free_bytes": "devices",
    "on_device": "devices",
    "watched_card": "devices",
    "give_back_free": "networks.pages",
    "ran_out_of_memory": "out_of_memory",
    "sampling_needs": "needs",
    "load_upscale_model": "files.upscaler_files",
    "Compilation": "networks.compiled",
    "CompilerError": "networks.compiled",
    "load_unclip_checkpoint": "files.unclip_files",
    "with_picture": "guidance.conditioning",
    "EasyCache": "guidance.reuse",
    "LazyCache": "guidance.reuse",
    "SMALL_FORMATS": "latents.latent_format",
    "PixelVae": "latents.pixel_space",
    "PictureCoder": "vae",
    "UpscaleModel": "networks.upscalers.base",
    "as_negative": "guidance.conditioning",
    "load_unet": "files.checkpoint",
    "load_checkpoint_with_config": "files.configs",
    "load_diffusers": "files.diffusers_folder",
    "FAMILIES": "files.families",
    "Family": "files.families",
    "blend": "files.merging",
    "blend_by_prefix": "files.merging",
    "difference": "files.merging",
    "mixed_clips": "files.merging",
    "mixed_models": "files.merging",
    "total": "files.merging",
    "with_angular_sampling": "schedules.model_sampling",
    "in_precision": "precision",
    "with_compute_dtype": "schedules.model_sampling",
    "with_continuous_sampling": "schedules.model_sampling",
    "with_discrete_sampling": "schedules.model_sampling",
    "with_weight_dtype": "schedules.model_sampling",
    "ROOM": "prompts.counting",
    "prompt_size": "prompts.counting",
    "checkpoint_tensors": "files.saving",
    "clip_tensors": "files.saving",
    "tokenizer_metadata": "files.saving",
    "metadata_of": "files.saving",
    "model_tensors": "files.saving",
    "vae_tensors": "files.saving",
    "write_tensors": "files.saving",
    "Canvas": "guidance.canvas",
    "step_noise_for": "noise.brownian",
    "edit_conditioning": "guidance.image_conditioning",
    "inpaint_conditioning": "guidance.image_conditioning",
    "concat_conditioning": "guidance.conditioning",
    "average_conditioning": "guidance.conditioning",
    "zero_conditioning": "guidance.conditioning",
    "with_options": "guidance.conditioning",
    "blend_images": "pictures.blending",
    "canny_edges": "pictures.canny",
    "rgb_to_yuv": "pictures.colours",
    "yuv_to_rgb": "pictures.colours",
    "check_image": "pictures.describe",
    "described": "pictures.describe",
    "blur_image": "pictures.filters",
    "morph_image": "pictures.filters",
    "sharpen_image": "pictures.filters",
    "add_noise_to_image": "pictures.image_batch",
    "images_from_batch": "pictures.image_batch",
    "join_images": "pictures.image_batch",
    "rebatch_images": "pictures.image_batch",
    "composite_images": "pictures.image_composite",
    "join_alpha": "pictures.image_composite",
    "split_alpha": "pictures.image_composite",
    "crop_image": "pictures.image_transform",
    "flip_image": "pictures.image_transform",
    "pad_for_outpainting": "pictures.image_transform",
    "resize_and_pad": "pictures.image_transform",
    "rotate_image": "pictures.image_transform",
    "stitch_images": "pictures.image_transform",
    "scale_image_by": "pictures.images",
    "scale_image_to_megapixels": "pictures.images",
    "scale_image_to_side": "pictures.images",
    "colour_to_mask": "pictures.masks",
    "composite_masks": "pictures.masks",
    "crop_mask": "pictures.masks",
    "feather_mask": "pictures.masks",
    "grow_mask": "pictures.masks",
    "image_to_mask": "pictures.masks",
    "mask_to_image": "pictures.masks",
    "solid_mask": "pictures.masks",
    "composite_layers": "pictures.porter_duff",
    "quantise_image": "pictures.quantise",
    "Checkpoint": "files.checkpoint",
    "load_checkpoint": "files.checkpoint",
    "load_vae": "files.checkpoint",
    "CheckpointError": "errors",
    "NotFiniteError": "errors",
    "predict": "guidance.estimate",
    "predict_each": "guidance.estimate",
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
    "empty_image": "pictures.images",
    "image_and_mask": "pictures.images",
    "image_to_pixels": "pictures.images",
    "scale_image": "pictures.images",
    "empty_latent": "latents.sizes",
    "scale_latent": "latents.sizes",
    "scale_latent_by": "latents.sizes",
    "Clip": "clip",
    "load_clip": "files.clip_files",
    "composite_latents": "latents.compositing",
    "composite_latents_masked": "latents.compositing",
    "encode_for_inpaint": "latents.encode_inpaint",
    "latent_from_batch": "latents.latent_batch",
    "join_batches": "latents.latent_batch",
    "rebatch_latents": "latents.latent_batch",
    "repeat_latent": "latents.latent_batch",
    "seed_behaviour": "latents.latent_batch",
    "latent_bytes": "files.latent_files",
    "read_latent": "files.latent_files",
    "LatentFormat": "latents.latent_format",
    "add_latents": "latents.latent_math",
    "subtract_latents": "latents.latent_math",
    "multiply_latent": "latents.latent_math",
    "blend_latents": "latents.latent_math",
    "interpolate_latents": "latents.latent_math",
    "slerp_latents": "latents.latent_math",
    "LatentOperation": "latents.latent_operations",
    "TonemapReinhard": "latents.latent_operations",
    "Sharpen": "latents.latent_operations",
    "apply_operation": "latents.latent_operations",
    "crop_latent": "latents.latent_transform",
    "cut_latent": "latents.latent_transform",
    "rotate_latent": "latents.latent_transform",
    "flip_latent": "latents.latent_transform",
    "join_latents": "latents.latent_transform",
    "MixedNoise": "noise.mixed_noise",
    "mix_noises": "noise.mixed_noise",
    "attention_maps": "looking",
    "heat_image": "looking",
    "word_maps": "looking",
    "Model": "model",
    "Vae": "vae",
    "ClipVision": "networks.vision",
    "ClipVisionOutput": "networks.vision",
    "load_clip_vision": "files.vision_files",
    "EMBEDDING_PATTERN": "names",
    "SAMPLER_NAMES": "names",
    "SCHEDULE_NAMES": "names",
    "SYNTAX_NAMES": "names",
    "UnknownNameError": "names",
    "Noise": "noise.random_noise",
    "RandomNoise": "noise.random_noise",
    "StepNoise": "noise.random_noise",
    "start_noise": "noise.random_noise",
    "set_noise_mask": "latents.noise_masks",
    "rgb_image": "latents.previews",
    "with_own_colours": "latents.previews",
    "previewer": "latents.previews",
    "preview_jpeg": "latents.previews",
    "SAMPLERS": "samplers",
    "Denoise": "samplers",
    "Sampler": "samplers",
    "State": "samplers",
    "sampler_by_name": "samplers",
    "noising_of": "samplers.base",
    "advance": "sampling",
    "final_estimate": "sampling",
    "final_latent": "sampling",
    "known_estimate": "sampling",
    "noised_latent": "sampling",
    "sample_states": "sampling",
    "start_state": "sampling",
    "DiscreteSchedule": "schedules.schedule",
    "NoiseSchedule": "schedules.schedule",
    "discrete_schedule": "schedules.schedule",
    "noised_between": "noise.adding_noise",
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
    "exponential_sigmas": "schedules.sigma_curves",
    "karras_sigmas": "schedules.sigma_curves",
    "laplace_sigmas": "schedules.sigma_curves",
    "polyexponential_sigmas": "schedules.sigma_curves",
    "vp_sigmas": "schedules.sigma_curves",
    "extended": "schedules.sigma_edits",
    "flipped": "schedules.sigma_edits",
    "percent_to_sigma": "schedules.sigma_edits",
    "split_at": "schedules.sigma_edits",
    "split_denoise": "schedules.sigma_edits",
    "with_first": "schedules.sigma_edits",
    "align_your_steps": "schedules.sigma_tables",
    "turbo": "schedules.sigma_tables",
    "beta_sigmas": "schedules.sigmas",
    "SCHEDULES": "schedules.sigmas",
    "part_of": "schedules.sigmas",
    "sigmas_for": "schedules.sigmas",
    "TinyVae": "networks.taesd",
    "load_tiny_decoder": "files.taesd_files",
    "load_tiny_vae": "files.taesd_files",
    "with_multiplied_attention": "networks.attention_multiply",
    "with_deep_shrink": "networks.deep_shrink",
    "with_freeu": "networks.freeu",
    "with_hypertile": "networks.hypertile",
    "with_merged_tokens": "networks.token_merging",
    "Conditioning": "values",
    "Latent": "values",
}


def __getattr__(name: str) -> Any:
    if name not in EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{EXPORTS[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(EXPORTS)
