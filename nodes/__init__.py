"""The vocabulary: every node inkloom has, one file a stage, and the engine that runs them."""

from __future__ import annotations

from ..executor import NodeTable
from . import conditioning, image, latent, loaders, loops, sampling, steps
from .engine import Engine, open_folders
from .model_folders import ExtraPathsError

NODES = NodeTable.collect(loaders, conditioning, latent, sampling, steps, loops, image)
"""The one table of node types."""

__all__ = ["NODES", "Engine", "ExtraPathsError", "open_folders"]
