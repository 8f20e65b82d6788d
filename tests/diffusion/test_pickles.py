"""Pickled checkpoints: what people have on disk loads, and nothing in a file runs."""

from __future__ import annotations

import os
import pickle
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.files.checkpoint import load_checkpoint
from inkloom.diffusion.files.pickles import NESTED
from inkloom.diffusion.files.tensorfile import open_tensors


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        open_tensors(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("archive", [True, False])
def test_a_pickled_checkpoint_loads(tiny_checkpoint, tiny_tensors, archive):
    path = tiny_checkpoint.with_name("old.ckpt")
    wrapped = {"state_dict": tiny_tensors, "global_step": 470_000, "epoch": 3}
    torch.save(wrapped, path, _use_new_zipfile_serialization=archive)
    state = load_checkpoint(path).model.unet.state_dict()
    assert torch.equal(state["out.2.bias"], tiny_tensors["model.diffusion_model.out.2.bias"])


@pytest.mark.parametrize("key", [*NESTED, "anything"])
def test_wrappings_are_undone(tmp_path, key):
    torch.save({key: {"a.weight": torch.ones(2)}}, tmp_path / "a.pt")
    assert open_tensors(tmp_path / "a.pt").tensors["a.weight"].tolist() == [1, 1]


def test_tables_within_tables_are_joined_by_dots(tmp_path):
    tables = {"image_proj": {"proj.weight": torch.ones(1)}, "ip_adapter": {"1.to_k_ip.weight": torch.ones(1)}}
    torch.save(tables, tmp_path / "a.bin")
    assert list(open_tensors(tmp_path / "a.bin").tensors) == [
        "image_proj.proj.weight",
        "ip_adapter.1.to_k_ip.weight",
    ]


class Callback:
    """Stands for a training tool's callback, which is not installed where the file is read."""


def test_what_training_tools_leave_behind_does_not_stop_it(tmp_path, monkeypatch):
    module = types.ModuleType("pytorch_lightning.callbacks.model_checkpoint")
    Callback.__module__, Callback.__qualname__, Callback.__name__ = (
        module.__name__,
        "ModelCheckpoint",
        "ModelCheckpoint",
    )
    vars(module)["ModelCheckpoint"] = Callback
    with monkeypatch.context() as patch:
        for name in ("pytorch_lightning", "pytorch_lightning.callbacks", module.__name__):
            patch.setitem(sys.modules, name, module)
        callbacks = {Callback: {"best_model_score": np.float64(0.1), "monitor": None}}
        torch.save({"state_dict": {"a": torch.ones(1)}, "callbacks": callbacks}, tmp_path / "a.ckpt")
    assert list(open_tensors(tmp_path / "a.ckpt").tensors) == ["a"]


class Harmful:
    def __reduce__(self):
        return os.mkdir, ("harm-was-done",)


@pytest.mark.parametrize("archive", [True, False])
def test_code_in_a_file_is_not_run(tmp_path, monkeypatch, archive):
    monkeypatch.chdir(tmp_path)
    torch.save({"a": torch.ones(1), "b": Harmful()}, "a.ckpt", _use_new_zipfile_serialization=archive)
    message = refusal(tmp_path / "a.ckpt")
    assert "reading it would run code (it names posix.mkdir)" in message or "nt.mkdir" in message
    assert "safetensors" in message
    assert not (tmp_path / "harm-was-done").exists()


def test_a_plain_pickle_of_code_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.pt").write_bytes(pickle.dumps(Harmful(), protocol=2))
    refusal(tmp_path / "a.pt")
    assert not (tmp_path / "harm-was-done").exists()


def test_a_pickle_that_is_cut_off_says_so(tmp_path):
    torch.save({"a": torch.ones(1000)}, tmp_path / "a.pt")
    content = (tmp_path / "a.pt").read_bytes()
    for end in (10, len(content) // 2, len(content) - 10):
        (tmp_path / "a.pt").write_bytes(content[:end])
        assert "fetch it again" in refusal(tmp_path / "a.pt")


@pytest.mark.parametrize("archive", [True, False])
def test_a_pickle_that_calls_itself_safe_is_refused(tmp_path, archive):
    torch.save({"a": torch.ones(1)}, tmp_path / "a.pt", _use_new_zipfile_serialization=archive)
    path = (tmp_path / "a.pt").rename(tmp_path / "a.safetensors")
    assert "it is a pickle; name it .ckpt" in refusal(path)


def test_a_pickle_without_tensors_is_refused(tmp_path):
    torch.save({"steps": 3}, tmp_path / "a.pt")
    assert "a pickle without tensors" in refusal(tmp_path / "a.pt")


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_a_pickle_that_torch_did_not_write_is_refused_unread(tmp_path, protocol):
    (tmp_path / "bare.ckpt").write_bytes(pickle.dumps(Harmful(), protocol=protocol))
    assert f"a pickle of protocol {protocol}" in refusal(tmp_path / "bare.ckpt")


def test_a_header_whose_length_begins_like_a_pickle_is_still_a_header(tmp_path):
    header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.ljust(0x280)
    (tmp_path / "a.safetensors").write_bytes(
        len(header).to_bytes(8, "little") + header + np.float32(2).tobytes()
    )
    assert open_tensors(tmp_path / "a.safetensors").tensors["a"].tolist() == [2]
