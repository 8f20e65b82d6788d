"""The numerics: torch in, torch out; knows no graph and no server.

What other rooms use is listed here and imported when it is first asked for, so that a process which only
validates or lists workflows never loads torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checkpoint import Checkpoint as Checkpoint
    from .checkpoint import load_checkpoint as load_checkpoint
    from .checkpoint import load_vae as load_vae
    from .clip import Clip as Clip
    from .errors import CheckpointError as CheckpointError
    from .guidance import Guided as Guided
    from .guidance import cfg_combine as cfg_combine
    from .guidance import predict as predict
    from .guidance import predict_each as predict_each
    from .images import empty_image as empty_image
    from .images import image_and_mask as image_and_mask
    from .images import image_to_pixels as image_to_pixels
    from .images import scale_image as scale_image
    from .latent_format import LatentFormat as LatentFormat
    from .latents import empty_latent as empty_latent
    from .latents import latent_from_batch as latent_from_batch
    from .latents import scale_latent as scale_latent
    from .model import Model as Model
    from .names import SAMPLER_NAMES as SAMPLER_NAMES
    from .names import SCHEDULE_NAMES as SCHEDULE_NAMES
    from .names import UnknownNameError as UnknownNameError
    from .noise import Noise as Noise
    from .noise import RandomNoise as RandomNoise
    from .noise import StepNoise as StepNoise
    from .noise import start_noise as start_noise
    from .samplers import SAMPLERS as SAMPLERS
    from .samplers import Denoise as Denoise
    from .samplers import Sampler as Sampler
    from .samplers import State as State
    from .samplers import sampler_by_name as sampler_by_name
    from .sampling import advance as advance
    from .sampling import final_latent as final_latent
    from .sampling import inpaint as inpaint
    from .sampling import known_estimate as known_estimate
    from .sampling import noised_latent as noised_latent
    from .sampling import sample_states as sample_states
    from .sampling import start_state as start_state
    from .schedule import DiscreteSchedule as DiscreteSchedule
    from .schedule import NoiseSchedule as NoiseSchedule
    from .schedule import discrete_schedule as discrete_schedule
    from .sigmas import SCHEDULES as SCHEDULES
    from .sigmas import part_of as part_of
    from .sigmas import sigmas_for as sigmas_for
    from .vae import Vae as Vae
    from .values import Conditioning as Conditioning
    from .values import Latent as Latent

# Module by exported name; the imports above tell the type checker the same, and a test compares the two.
EXPORTS = {
    "Checkpoint": "checkpoint",
    "load_checkpoint": "checkpoint",
    "load_vae": "checkpoint",
    "CheckpointError": "errors",
    "Guided": "guidance",
    "cfg_combine": "guidance",
    "predict": "guidance",
    "predict_each": "guidance",
    "empty_image": "images",
    "image_and_mask": "images",
    "image_to_pixels": "images",
    "scale_image": "images",
    "empty_latent": "latents",
    "latent_from_batch": "latents",
    "scale_latent": "latents",
    "Clip": "clip",
    "LatentFormat": "latent_format",
    "Model": "model",
    "Vae": "vae",
    "SAMPLER_NAMES": "names",
    "SCHEDULE_NAMES": "names",
    "UnknownNameError": "names",
    "Noise": "noise",
    "RandomNoise": "noise",
    "StepNoise": "noise",
    "start_noise": "noise",
    "SAMPLERS": "samplers",
    "Denoise": "samplers",
    "Sampler": "samplers",
    "State": "samplers",
    "sampler_by_name": "samplers",
    "advance": "sampling",
    "final_latent": "sampling",
    "inpaint": "sampling",
    "known_estimate": "sampling",
    "noised_latent": "sampling",
    "sample_states": "sampling",
    "start_state": "sampling",
    "DiscreteSchedule": "schedule",
    "NoiseSchedule": "schedule",
    "discrete_schedule": "schedule",
    "SCHEDULES": "sigmas",
    "part_of": "sigmas",
    "sigmas_for": "sigmas",
    "Conditioning": "values",
    "Latent": "values",
}


def __getattr__(name: str) -> Any:
    if name not in EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{EXPORTS[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(EXPORTS)
