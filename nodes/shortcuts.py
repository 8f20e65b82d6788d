"""Nodes that make sampling quicker: networks that aren't called at every step, or are compiled."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from .. import diffusion
from ..executor import Choice, Range, node
from .ports import Model

CATEGORY = "advanced/debug/model"
Threshold = Annotated[float, Range(0.0, 3.0, step=0.01)]
Percent = Annotated[float, Range(0.0, 1.0, step=0.01)]


@node("EasyCache", category=CATEGORY, display_name="EasyCache", experimental=True)
def easy_cache(
    *,
    model: Model,
    reuse_threshold: Threshold = 0.2,
    start_percent: Percent = 0.15,
    end_percent: Percent = 0.95,
    verbose: bool = False,
) -> Model:
    """Leave out calls of the network whose output can be told from the one before.

    The higher `reuse_threshold`, the more are left out, and the less exact the picture: none at 0, half and
    more at 0.2. `verbose` logs each.
    """
    return model.with_rules(diffusion.EasyCache(reuse_threshold, start_percent, end_percent, verbose))


@node("LazyCache", category=CATEGORY, display_name="LazyCache", experimental=True)
def lazy_cache(
    *,
    model: Model,
    reuse_threshold: Threshold = 0.2,
    start_percent: Percent = 0.15,
    end_percent: Percent = 0.95,
    verbose: bool = False,
) -> Model:
    """Do as EasyCache, but with what guidance made of the network's outputs: less is left out, less lost.

    It goes with any guider and any rule.
    """
    return model.with_rules(diffusion.LazyCache(reuse_threshold, start_percent, end_percent, verbose))


@node("TorchCompileModel", category="_for_testing", experimental=True)
def torch_compile_model(
    *, model: Model, backend: Annotated[str, Choice(("inductor", "cudagraphs"))]
) -> Model:
    """Have torch compile the U-Net when it is first used, which takes minutes, and again for other sizes.

    `inductor` needs a compiler (triton for CUDA, C++ for the CPU), `cudagraphs` a CUDA device. It pays on
    graphics cards; on the CPU the network is as quick without.
    """
    return replace(model, compilation=diffusion.Compilation(backend))
