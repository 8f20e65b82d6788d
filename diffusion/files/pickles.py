"""Pickled checkpoints (.ckpt, .pt, .pth, .bin), read by a loader that cannot run their code.

A pickle is a program. torch's `weights_only` loader runs only the parts that build tensors and plain
containers and refuses every other name; a few more that training tools leave in their files are let through
below, none of which does anything.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from ..errors import CheckpointError
from .kinds import some

NESTED = ("state_dict", "params_ema", "params-ema", "params", "adapter", "model_state_dict")
"""Keys under which training tools put what they save."""


class Leftover:
    """Stands for an object of a training tool in a checkpoint: it holds nothing and does nothing."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __setstate__(self, _: object) -> None: ...


# Names that old checkpoints hold beside their weights. None of them is imported or called for real.
INERT = (
    "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
    "pytorch_lightning.callbacks.early_stopping.EarlyStopping",
    "pytorch_lightning.utilities.cloud_io.AttributeDict",
    "lightning.pytorch.callbacks.model_checkpoint.ModelCheckpoint",
    "omegaconf.listconfig.ListConfig",
    "omegaconf.dictconfig.DictConfig",
    "argparse.Namespace",
)
# Makes plain numbers of bytes; old files have learning rates and losses so.
NUMBERS = (
    (np.float64(0).__reduce__()[0], "numpy.core.multiarray.scalar"),
    (np.float64(0).__reduce__()[0], "numpy._core.multiarray.scalar"),
    np.dtype,
    *(type(np.dtype(name)) for name in ("float64", "float32", "float16", "int64", "int32", "bool")),
)


def read_pickle(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a pickled file by key; those of torch's newer archives are mapped, not read.

    What a file wraps its tensors in is undone: a table within a table gives keys with a dot between.
    Raises CheckpointError where the file wants to run code, is damaged, or holds no tensors.
    """
    names: list[Any] = [*NUMBERS, *((Leftover, name) for name in INERT)]
    try:
        with torch.serialization.safe_globals(names):
            content: object = torch.load(
                path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
            )
    except pickle.UnpicklingError as error:
        raise CheckpointError(_wants_more(path, error)) from error
    except (RuntimeError, EOFError, OSError, ValueError, LookupError) as error:
        first = str(error).partition("\n")[0]
        raise CheckpointError(f"{path} is a pickle that cannot be read; fetch it again: {first}") from error
    tensors = dict(_tensors(_unwrapped(content)))
    if not tensors:
        raise CheckpointError(f"{path} is a pickle without tensors")
    return tensors


def read_own(path: Path, device: torch.device | str = "cpu") -> Any:
    """Return what a program of this project saved: tensors, numbers, lists and tables of them.

    Raises what torch does for a file that is damaged or holds anything else.
    """
    return torch.load(path, map_location=device, weights_only=True)


def _wants_more(path: Path, error: Exception) -> str:
    names = re.findall(r"GLOBAL ([\w.]+)", str(error))
    what = f"it names {some(dict.fromkeys(names))}" if names else str(error).partition("\n")[0]
    return (
        f"{path} is a pickle, and reading it would run code ({what}). "
        "no file's code is run here; get this model as safetensors, or convert it on a machine you can lose"
    )


def _unwrapped(content: object) -> object:
    """Undo the tables that training tools put around the tensors."""
    while isinstance(content, Mapping):
        table = cast("Mapping[object, object]", content)
        keys = list(table) if len(table) == 1 else NESTED
        inside = [table[key] for key in keys if isinstance(table.get(key), Mapping)]
        if not inside:
            return table
        content = inside[0]
    return content


def _tensors(content: object, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    if isinstance(content, Mapping):
        for key, value in cast("Mapping[object, object]", content).items():
            name = f"{prefix}{key}"
            if isinstance(value, Tensor):
                yield name, value
            else:
                yield from _tensors(value, f"{name}.")
