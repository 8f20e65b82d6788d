"""Where a model's options act: conditions on sites and rows, and the depth of a row."""

from __future__ import annotations

from .hooks import Place, Site


def depth(site: Site) -> int:
    """Return how often the latent was halved before this attention: 0 at the latent's own size."""
    call = site.place.call
    height, halvings = call.height, 0
    while height > site.height:
        height, halvings = -(-height // 2), halvings + 1
    return halvings


def seed_of(place: Place) -> int:
    """Return a seed: the same for all items and attentions of a call, another at another timestep."""
    return int(place.call.timesteps.flatten()[0].item())
