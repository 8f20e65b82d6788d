"""The types that nodes hand to each other.

For a type checker each is the real Python type; for the engine it is a named port. Importing this loads no
torch, so that workflows can be validated, listed and explained without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from ..executor import Port

if TYPE_CHECKING:
    from torch import Tensor

    from .. import diffusion

    _Model = diffusion.Model
    _Clip = diffusion.Clip
    _ClipVision = diffusion.ClipVision
    _ClipVisionOutput = diffusion.ClipVisionOutput
    _Vae = diffusion.PictureCoder
    _UpscaleModel = diffusion.UpscaleModel
    _Conditioning = diffusion.Conditioning
    _Latent = diffusion.Latent
    _Schedule = diffusion.NoiseSchedule
    _Sampler = diffusion.Sampler[Any]
    _State = diffusion.State
    _LatentOperation = diffusion.LatentOperation
    _Guider = diffusion.Guider
    _Noise = diffusion.RandomNoise
else:
    _ClipVision = _ClipVisionOutput = _UpscaleModel = object
    Tensor = _Model = _Clip = _Vae = _Conditioning = _Latent = object
    _Schedule = _Sampler = _State = _Noise = object
    _LatentOperation = _Guider = object

Any_ = Annotated[Any, Port("*")]
Image = Annotated[Tensor, Port("IMAGE")]
Mask = Annotated[Tensor, Port("MASK")]
Model = Annotated[_Model, Port("MODEL")]
Clip = Annotated[_Clip, Port("CLIP")]
ClipVision = Annotated[_ClipVision, Port("CLIP_VISION")]
ClipVisionOutput = Annotated[_ClipVisionOutput, Port("CLIP_VISION_OUTPUT")]
Vae = Annotated[_Vae, Port("VAE")]
UpscaleModel = Annotated[_UpscaleModel, Port("UPSCALE_MODEL")]
Conditioning = Annotated[_Conditioning, Port("CONDITIONING")]
Latent = Annotated[_Latent, Port("LATENT")]
LatentOperation = Annotated[_LatentOperation, Port("LATENT_OPERATION")]
Guider = Annotated[_Guider, Port("GUIDER")]
Noise = Annotated[_Noise, Port("NOISE")]
Sigmas = Annotated[Tensor, Port("SIGMAS")]
Sampler = Annotated[_Sampler, Port("SAMPLER")]
NoiseSchedule = Annotated[_Schedule, Port("NOISE_SCHEDULE")]
ModelLatent = Annotated[Tensor, Port("MODEL_LATENT")]
"""A latent [B,C,h,w] in the model's own scale, noised or predicted: what a sampler works on."""
SamplerState = Annotated[_State, Port("SAMPLER_STATE")]
Loop = Annotated[int, Port("LOOP")]
"""How often a loop runs; links the end of a loop to its start."""
