"""The YAML files that came with early checkpoints and tell what their keys do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from ..errors import CheckpointError
from .checkpoint import Checkpoint, load_checkpoint
from .parameterization import KINDS


def load_checkpoint_with_config(path: Path, config: Path) -> Checkpoint:
    """Load a checkpoint; what its network predicts and the text encoder's layer are read from a config.

    All else is read from the checkpoint's keys, as by `load_checkpoint`. Raises CheckpointError as it does,
    and for a config that cannot be read.
    """
    table = read_config(config)
    told = _inside(table, "model", "params").get("parameterization")
    if told is not None and told not in KINDS:
        raise CheckpointError(f"{config}: unknown parameterization {told!r}; known: {', '.join(KINDS)}")
    loaded = load_checkpoint(path, prediction=None if told is None else str(told))
    text = _inside(table, "model", "params", "cond_stage_config", "params")
    layer = text.get("layer_idx")
    if text.get("layer") != "hidden" or not isinstance(layer, int):
        return loaded
    layers = min(tower.spec.layers for tower in loaded.clip.towers.values())
    # Counted from the first layer as well, where it is not negative.
    last = layer if layer < 0 else layer - layers - 1
    return replace(loaded, clip=loaded.clip.with_last_layer(last))


def read_config(path: Path) -> Mapping[str, object]:
    """Read a YAML file that holds a table. Raises CheckpointError for another one."""
    import yaml  # here, since few load a checkpoint with a config

    try:
        content: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CheckpointError(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds no table")
    return cast("Mapping[str, object]", content)


def _inside(table: Mapping[str, object], *names: str) -> Mapping[str, object]:
    for name in names:
        inside = table.get(name)
        table = cast("Mapping[str, object]", inside) if isinstance(inside, dict) else {}
    return table
