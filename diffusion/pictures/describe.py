"""Values of any kind in words: for showing them, and for refusing those that are no picture."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor

SHOWN = 200
"""Characters of an unknown value's own text that are shown."""


def described(value: object) -> str:
    """Say in a few words what a value is: a tensor's kind, shape and range, a text's beginning."""
    if isinstance(value, Tensor):
        kind = str(value.dtype).removeprefix("torch.")
        shape = ", ".join(map(str, value.shape))
        if not value.numel() or value.is_complex():
            return f"a {kind} tensor [{shape}]"
        numbers = value.detach().float()
        return f"a {kind} tensor [{shape}] from {numbers.min().item():g} to {numbers.max().item():g}"
    if isinstance(value, dict):
        keys = ", ".join(map(str, cast("dict[Any, Any]", value)))
        return f"a {'latent' if is_latent(cast(object, value)) else 'dict'} ({keys})"
    if value is None:
        return "nothing (None)"
    shown = repr(value)
    shown = shown if len(shown) <= SHOWN else shown[:SHOWN] + "…"
    return f"a {type(value).__name__} ({shown})"


def check_image(given: object, name: str) -> Tensor:
    """Return `given` if it is a batch of pictures; `name` says in the error which input it is.

    Raises TypeError: over a link of type "*" any kind of value can come.
    """
    if isinstance(given, Tensor):
        if given.ndim == 4 and given.is_floating_point() and 1 <= given.shape[3] <= 4 and given.numel():
            return given
        remedy = "; MaskToImage makes pictures of masks" if given.ndim == 3 else ""
    else:
        remedy = "; VAEDecode makes pictures of latents" if is_latent(given) else ""
    raise TypeError(
        f"{name}: wants pictures, a tensor [batch, height, width, channels] of floats with 1 to 4 channels, "
        f"not {described(given)}{remedy}"
    )


def is_latent(value: object) -> bool:
    """Tell whether a value looks like a `Latent`."""
    return isinstance(value, dict) and "samples" in value
