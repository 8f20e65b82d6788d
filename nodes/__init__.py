"""The vocabulary: every node inkloom has, one file a stage, and the engine that runs them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ..executor import NodeTable
from . import (
    animation,
    conditioning,
    conditioning_parts,
    guidance,
    guiders,
    image,
    image_batch,
    image_composite,
    image_filters,
    image_transform,
    image_upscaling,
    inpaint,
    latent,
    latent_batch,
    latent_files,
    latent_inpaint,
    latent_math,
    latent_transform,
    lists,
    loaders,
    logic,
    looking,
    loops,
    maps,
    mask,
    merging,
    mixed_noise,
    model_options,
    model_sampling,
    noise,
    numbers,
    patterns,
    preview_any,
    primitives,
    samplers,
    sampling,
    saving,
    shortcuts,
    sigmas,
    steps,
    strings,
    subgraphs,
    vae,
    vision,
)
from .data_folder import cache_folder, open_folders
from .devices import Device, DeviceError, open_device, processor, told_device, told_devices
from .elsewhere import writing_to
from .model_folders import ExtraPathsError
from .precision import chosen_precision, with_precision
from .subgraphs import with_subgraphs

if TYPE_CHECKING:
    from .engine import Engine, memory_budget, open_cache, open_history, open_memory

NODES = NodeTable.collect(
    loaders,
    saving,
    model_sampling,
    merging,
    conditioning,
    conditioning_parts,
    vision,
    inpaint,
    latent,
    latent_batch,
    latent_transform,
    latent_math,
    latent_inpaint,
    latent_files,
    vae,
    sampling,
    samplers,
    sigmas,
    noise,
    guiders,
    guidance,
    model_options,
    shortcuts,
    steps,
    looking,
    loops,
    maps,
    logic,
    lists,
    subgraphs,
    mixed_noise,
    image,
    image_upscaling,
    image_transform,
    image_batch,
    image_filters,
    image_composite,
    animation,
    mask,
    primitives,
    strings,
    patterns,
    numbers,
    preview_any,
)
"""The one table of node types."""

__all__ = [
    "NODES",
    "Device",
    "DeviceError",
    "Engine",
    "ExtraPathsError",
    "cache_folder",
    "chosen_precision",
    "memory_budget",
    "open_cache",
    "open_device",
    "open_folders",
    "open_history",
    "open_memory",
    "processor",
    "told_device",
    "told_devices",
    "with_precision",
    "with_subgraphs",
    "writing_to",
]

OF_ENGINE = frozenset({"Engine", "memory_budget", "open_cache", "open_history", "open_memory"})
"""What is loaded when it is asked for: who lists or checks workflows, as a web process does, runs none."""

if not TYPE_CHECKING:  # which would take it for a leave to ask for any name

    def __getattr__(name: str) -> object:
        """Return what `OF_ENGINE` names."""
        if name not in OF_ENGINE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(".engine", __name__), name)
