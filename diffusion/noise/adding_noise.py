"""Noise added to a latent outside of any run."""

from __future__ import annotations

from torch import Tensor

from ..guidance.canvas import to_model
from ..model import Model
from ..sampling import to_latent
from ..values import Latent
from .random_noise import RandomNoise


def noised_between(model: Model, latent: Latent, noise: RandomNoise, sigmas: Tensor) -> Latent:
    """Return the latent with noise added: as much as lies between the first and the last of the sigmas.

    Of one sigma that is all of it; without sigmas the latent comes back as it is.
    Raises ValueError for a latent that is not the model's, and for a batch_index that does not fit.
    """
    if len(sigmas) == 0:
        return latent
    samples = latent["samples"]
    level = abs(float(sigmas[0] - sigmas[-1])) if len(sigmas) > 1 else float(sigmas[0])
    x = to_model(model, samples)
    fresh = noise.at_start(samples.shape, latent.get("batch_index"), latent.get("batch_size")).to(x)
    return {**latent, "samples": to_latent(model, model.prediction.noised(x, fresh, level, False))}
