"""Golden networks and a tiny checkpoint, shared by the tests of the numerics."""

from __future__ import annotations

import gzip
import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from inkloom.diffusion.files.checkpoint import Checkpoint, load_checkpoint
from inkloom.diffusion.networks.text import TextSpec, TextTower
from inkloom.diffusion.prompts.tokenizer import BOS, EOS, byte_letters

DATA = Path(__file__).parents[1] / "data"


def golden_weights(name: str) -> dict[str, Tensor]:
    """Return the weights of a tiny model: drawn in order from its seed, as bfloat16 can hold them."""
    description = json.loads((DATA / "models" / name / "model.json").read_text(encoding="utf-8"))
    generator = torch.Generator().manual_seed(description["seed"])
    draws = {
        "embedding": lambda x: 0.5 * x,
        "matrix": lambda x: x * math.prod(x.shape[1:]) ** -0.5,
        "scale": lambda x: 1 + 0.1 * x,
        "bias": lambda x: 0.1 * x,
    }
    return {
        key: draws[kind](torch.randn(shape, generator=generator)).bfloat16().float()
        for key, shape, kind in description["parameters"]
    }


def golden_io(name: str) -> dict[str, Tensor]:
    """Return a tiny model's inputs and reference outputs."""
    return load_file(DATA / "models" / name / "io.safetensors")


def key_list(name: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return dtype and shape of every tensor of a published kind of file."""
    with gzip.open(DATA / "state-dicts" / f"{name}.json.gz") as file:
        return {key: (dtype, tuple(shape)) for key, (dtype, shape) in json.load(file).items()}


BYTES = {"F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4}


def hollow_file(path: Path, keys: dict[str, tuple[str, tuple[int, ...]]]) -> Path:
    """Write a safetensors file with these tensors, all zero, as a hole that takes no room on the disk."""
    header: dict[str, Any] = {}
    end = 0
    for key, (dtype, shape) in keys.items():
        start, end = end, end + BYTES[dtype] * math.prod(shape)
        header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    return path


def write_tokenizer(folder: Path) -> None:
    """Write a small vocabulary: bytes, one merge and the two specials."""
    letters = byte_letters()
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "at</w>", BOS, EOS]
    folder.mkdir()
    vocabulary = {token: index for index, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\na t</w>\n", encoding="utf-8")


@pytest.fixture(scope="session")
def tiny_tensors() -> dict[str, Tensor]:
    """Return a whole tiny checkpoint, in half precision, for the vocabulary of `write_tokenizer`."""
    torch.manual_seed(0)
    tower = TextTower(TextSpec(vocabulary=515, width=24, layers=2, heads=1, hidden=48))
    text = {f"cond_stage_model.transformer.{key}": value for key, value in tower.state_dict().items()}
    return {
        k: v.half() for k, v in {**golden_weights("tiny-sd1"), **golden_weights("tiny-vae"), **text}.items()
    }


def write_checkpoint(folder: Path, tensors: dict[str, Tensor]) -> Path:
    """Write a checkpoint with its tokenizer beside it."""
    write_tokenizer(folder / "tokenizer")
    save_file(tensors, folder / "tiny.safetensors")
    return folder / "tiny.safetensors"


@pytest.fixture
def tiny_checkpoint(tmp_path: Path, tiny_tensors: dict[str, Tensor]) -> Path:
    """Write a tiny checkpoint for a test to change."""
    return write_checkpoint(tmp_path, tiny_tensors)


@pytest.fixture(scope="session")
def tiny_loaded(tmp_path_factory: pytest.TempPathFactory, tiny_tensors: dict[str, Tensor]) -> Checkpoint:
    """Load the tiny checkpoint once; its handles never change."""
    return load_checkpoint(write_checkpoint(tmp_path_factory.mktemp("tiny"), tiny_tensors))


@pytest.fixture
def golden() -> Any:
    """Give `weights(name)`, `io(name)`, `keys(name)`, `hollow(path, keys)`; no test can import this file."""

    class Golden:
        weights = staticmethod(golden_weights)
        io = staticmethod(golden_io)
        keys = staticmethod(key_list)
        hollow = staticmethod(hollow_file)

    return Golden
