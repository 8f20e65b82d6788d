"""Files of tensors: read without copying, and refused with the reason where they are damaged."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.files.checkpoint import load_checkpoint, load_vae
from inkloom.diffusion.files.tensorfile import DTYPES, open_tensors


def refusal(path: Path, load=open_tensors) -> str:
    with pytest.raises(CheckpointError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def written(path: Path, header: Mapping[str, object], data: bytes) -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def test_tensors_of_every_dtype_come_back_as_they_are(tmp_path):
    tensors = {name: (torch.arange(6) % 2).reshape(2, 3).to(dtype) for name, dtype in DTYPES.items()} | {
        "scalar": torch.tensor(3.0),
        "empty": torch.zeros(0, 4),
        "odd": torch.tensor([True]),
    }
    save_file(tensors, tmp_path / "a.safetensors", metadata={"told": "so"})
    file = open_tensors(tmp_path / "a.safetensors")
    assert file.metadata == {"told": "so"}
    assert file.tensors.keys() == tensors.keys()
    for key, tensor in tensors.items():
        read = file.tensors[key]
        assert (read.dtype, read.shape) == (tensor.dtype, tensor.shape), key
        assert (
            read.contiguous().view(torch.uint8).tolist() == tensor.view(torch.uint8).tolist()
            if tensor.ndim
            else read == tensor
        )


def test_a_tensor_that_is_written_leaves_the_file_as_it_is(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"a": torch.zeros(4)}, path)
    content = path.read_bytes()
    open_tensors(path).tensors["a"].fill_(1)
    assert path.read_bytes() == content


def test_numbers_may_lie_at_odd_places(tmp_path):
    header = {
        "a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
        "b": {"dtype": "F32", "shape": [2], "data_offsets": [1, 9]},
    }
    tensors = open_tensors(
        written(tmp_path / "a.safetensors", header, b"\1" + struct.pack("<2f", 1.5, -2))
    ).tensors
    assert (tensors["b"] * 2).tolist() == [3, -4]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"data_offsets": [4, 12]}, "is damaged: b F32 [2]"),
        ({"data_offsets": [12, 20], "shape": [2]}, "is damaged: b F32 [2]"),
        ({"shape": [3]}, "is damaged: b F32 [3]"),
        ({"shape": [-2]}, "is not a safetensors file"),
        ({"dtype": "F4"}, "b has the unknown dtype F4; known: F64"),
        ({"data_offsets": [16, 8]}, "is not a safetensors file"),
        ({"data_offsets": [8]}, "is not a safetensors file"),
    ],
)
def test_a_header_that_contradicts_itself_is_refused(tmp_path, change, said):
    a = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    b = {"dtype": "F32", "shape": [2], "data_offsets": [8, 16], **change}
    end = max(8, *b["data_offsets"])
    assert said in refusal(written(tmp_path / "a.safetensors", {"a": a, "b": b}, bytes(end)))


@pytest.mark.parametrize("load", [load_checkpoint, load_vae])
@pytest.mark.parametrize("kept", [0, 1, 7, 8, 9, 100, 20_000, -1])
def test_a_file_that_is_cut_off_says_so_wherever_it_ends(tiny_checkpoint, kept, load):
    content = tiny_checkpoint.read_bytes()
    tiny_checkpoint.write_bytes(content[:kept])
    message = refusal(tiny_checkpoint, load)
    whole = f"promises {len(content):,} bytes, but it has {len(content) - 1:,}"
    expected = {0: "is empty", 1: "is not a safetensors file", 7: "is not a safetensors file", -1: whole}
    expected[8] = "is not a safetensors file"
    assert expected.get(kept, "is cut off") in message


def test_bytes_behind_the_end_are_told(tiny_checkpoint):
    with tiny_checkpoint.open("ab") as file:
        file.write(b"\0")
    assert "has something behind its last tensor" in refusal(tiny_checkpoint)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS pointer"),
        (b"<!DOCTYPE html><html>Not found</html>", "a web page"),
        (b"GGUF" + bytes(40), "a GGUF file"),
        (b"hello, this is a text file", "it begins with b'hello, this is"),
        (struct.pack("<Q", 4) + b"[1]\n", "is not a safetensors file"),
        (struct.pack("<Q", 9) + b'{"a": 1} ', "is not a safetensors file"),
        (struct.pack("<Q", 2) + b"\xff\xfe", "is not a safetensors file"),
    ],
)
def test_other_files_are_told_by_their_first_bytes(tmp_path, content, message):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    assert message in refusal(path)


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    assert "No such file" in refusal(tmp_path / "none.safetensors")
    assert "Is a directory" in refusal(tmp_path)
