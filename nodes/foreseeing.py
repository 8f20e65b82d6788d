"""What nodes will need and give, by sizes alone: what can't fit is so refused before anything computes.

Latents and pictures are `hollow` here: they have a shape and nothing in it. These functions are the
`foresees=` of nodes (`executor/node_types/declaration.py`) and take some of their inputs.
"""

from __future__ import annotations

from .. import diffusion
from ..executor import Foreseen
from .fitting import ways_to
from .ports import Guider, Image, Latent, Model, Sigmas, Vae


def sampled(model: Model, latent_image: Latent, denoise: float) -> Foreseen:
    """Foresee a whole run of a sampler."""
    return _sampled(model, latent_image, steps=denoise > 0)


def sampled_between(
    model: Model, latent_image: Latent, steps: int, start_at_step: int, end_at_step: int
) -> Foreseen:
    """Foresee some steps of a sampler."""
    return _sampled(model, latent_image, steps=start_at_step < min(steps, end_at_step))


def sampled_over(model: Model, latent_image: Latent, sigmas: Sigmas) -> Foreseen:
    """Foresee a run over noise levels."""
    return _sampled(model, latent_image, steps=len(sigmas) > 1)


def sampled_by_guider(guider: Guider, latent_image: Latent, sigmas: Sigmas) -> Foreseen:
    """Foresee a guider's run over noise levels."""
    return sampled_over(guider.model, latent_image, sigmas)


def _sampled(model: Model, latent: Latent, *, steps: bool) -> Foreseen:
    """Foresee a run, and the two latents that some of these nodes give; without steps it needs nothing."""
    *_, height, width = latent["samples"].shape
    given = _hollow(latent, width, height)
    if not steps:
        return Foreseen(outputs=(given, given))
    need = diffusion.least_sampling_need(model, latent["samples"].shape)
    ways = tuple(ways_to([model.weights], [need]))
    return Foreseen(outputs=(given, given), ways=ways, weights=[model.weights])


def decoded(samples: Latent, vae: Vae) -> Foreseen | None:
    """Foresee pictures of latents."""
    return _decoded(samples, vae, None)


def decoded_in_tiles(samples: Latent, vae: Vae, tile_size: int) -> Foreseen | None:
    """Foresee pictures of latents, in tiles."""
    return _decoded(samples, vae, tile_size)


def _decoded(samples: Latent, vae: Vae, tile: int | None) -> Foreseen | None:
    if not isinstance(vae, diffusion.Vae):
        return None  # a small one
    batch, _, height, width = samples["samples"].shape
    height, width = height * vae.factor, width * vae.factor
    needs = diffusion.picture_needs(vae, "decode", batch, height, width, tile)
    return Foreseen(
        outputs=(diffusion.hollow(batch, height, width, 3),),
        ways=tuple(ways_to([vae.decoding_weights], needs)),
        weights=[vae.decoding_weights],
    )


def encoded(pixels: Image, vae: Vae) -> Foreseen | None:
    """Foresee latents of pictures."""
    return _encoded(pixels, vae, None)


def encoded_in_tiles(pixels: Image, vae: Vae, tile_size: int) -> Foreseen | None:
    """Foresee latents of pictures, in tiles."""
    return _encoded(pixels, vae, tile_size)


def _encoded(pixels: Image, vae: Vae, tile: int | None) -> Foreseen | None:
    if not isinstance(vae, diffusion.Vae):
        return None  # a small one
    batch, height, width = pixels.shape[:3]
    needs = diffusion.picture_needs(vae, "encode", batch, height, width, tile)
    shape = (batch, vae.autoencoder.spec.channels, height // vae.factor, width // vae.factor)
    return Foreseen(
        outputs=({"samples": diffusion.hollow(*shape)},),
        ways=tuple(ways_to([vae.encoding_weights], needs)),
        weights=[vae.encoding_weights],
    )


def empty(width: int, height: int, batch_size: int) -> Foreseen:
    """Foresee a latent of zeros."""
    return Foreseen(outputs=({"samples": diffusion.hollow(batch_size, 4, height // 8, width // 8)},))


def scaled(samples: Latent, width: int, height: int) -> Foreseen:
    """Foresee a latent that is scaled to a size in pixels."""
    return Foreseen(outputs=(_hollow(samples, *diffusion.scaled_cells(samples, width, height)),))


def scaled_by(samples: Latent, scale_by: float) -> Foreseen:
    """Foresee a latent that is scaled by a factor."""
    return Foreseen(outputs=(_hollow(samples, *diffusion.scaled_cells_by(samples, scale_by)),))


def _hollow(latent: Latent, width: int, height: int) -> Latent:
    """Return a latent of other sides, in cells, that has nothing in it."""
    return {**latent, "samples": diffusion.hollow(*latent["samples"].shape[:2], height, width)}
