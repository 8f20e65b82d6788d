"""Loading unCLIP checkpoints: the parts of a checkpoint, and the vision tower that its pictures come by."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..networks.vision import ClipVision
from .checkpoint import Checkpoint, load_checkpoint
from .vision_files import load_clip_vision

EMBEDDER = "embedder."
"""What stands before the vision tower's keys."""


class UnclipCheckpoint(NamedTuple):
    """The parts of an unCLIP checkpoint."""

    checkpoint: Checkpoint
    vision: ClipVision


def load_unclip_checkpoint(path: Path) -> UnclipCheckpoint:
    """Load an unCLIP checkpoint. Raises CheckpointError as `load_checkpoint` and `load_clip_vision` do."""
    return UnclipCheckpoint(load_checkpoint(path, elsewhere=(EMBEDDER,)), load_clip_vision(path))
