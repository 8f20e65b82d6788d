"""Applying a prompt's weights to its encoding. Loads no torch by itself: prompts are also counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def towards_empty(encoding: Tensor, weights: Tensor, empty: Tensor) -> Tensor:
    """Move each token of `encoding` [R,T,C] away from the empty prompt's `empty` [T,C], by its weight [R,T].

    A weight of 0 gives the empty prompt's token, of 1 the token itself, to the bit.
    """
    weights = weights[..., None]
    return encoding.where(weights == 1, empty + weights * (encoding - empty))


def restore_mean(encoding: Tensor, weights: Tensor, empty: Tensor) -> Tensor:
    """Multiply each token of `encoding` [R,T,C] by its weight [R,T], then scale rows to their former mean."""
    del empty
    weighted = encoding * weights[..., None]
    mean, changed = (x.mean(dim=(1, 2), keepdim=True) for x in (encoding, weighted))
    return encoding.where((weights == 1).all(dim=1)[:, None, None], weighted * (mean / changed))
