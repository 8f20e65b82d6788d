"""Which precision a machine is best at."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch

from inkloom.diffusion import precision
from inkloom.executor import Context, Graph, NodeTable
from inkloom.executor.caches.keys import node_key
from inkloom.nodes import NODES, open_folders
from inkloom.nodes.precision import chosen_precision, with_precision

X86 = "processor\t: 0\nflags\t\t: fpu avx512f {}\nbogomips\t: 1\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd {}\n"


@pytest.mark.parametrize(
    ("cpuinfo", "best"),
    [
        (X86.format("avx512_bf16"), "bfloat16"),
        (X86.format("amx_tile amx_bf16"), "bfloat16"),
        (X86.format("avx512_vnni"), "float32"),
        (ARM.format("bf16 i8mm"), "bfloat16"),
        (ARM.format("sve"), "float32"),
        ("model name : the bf16 machine\n", "float32"),
        ("", "float32"),
        (None, "float32"),  # no such file
    ],
)
def test_the_quicker_one_is_chosen(tmp_path, cpuinfo, best):
    path = tmp_path / "cpuinfo"
    if cpuinfo is not None:
        path.write_text(cpuinfo, encoding="utf-8")
    assert chosen_precision("auto", path) == best
    assert chosen_precision("float32", path) == "float32"
    assert chosen_precision("bfloat16", path) == "bfloat16"


def test_an_unknown_setting_names_the_known_ones():
    with pytest.raises(ValueError, match="auto, float32, bfloat16"):
        chosen_precision("half")


def test_loaders_compute_as_chosen_and_their_keys_tell(monkeypatch, tmp_path):
    monkeypatch.setattr(precision, "LARGE_NETWORK", 1)
    table = with_precision(NODES, "bfloat16")
    assert with_precision(NODES, "float32") is NODES
    folders = open_folders(tmp_path)
    name = folders.names("checkpoints")[0]
    loaded = cast(
        "tuple[Any, Any, Any]",
        table["CheckpointLoaderSimple"].function(Context(folders=folders), ckpt_name=name),
    )
    assert (loaded[0].dtype, loaded[2].dtype) == (torch.bfloat16, torch.bfloat16)
    assert loaded[1].dtype == torch.float32

    def key(table: NodeTable, class_type: str, **inputs: object) -> str:
        graph = Graph.parse({"1": {"class_type": class_type, "inputs": inputs}})
        return node_key(graph.nodes["1"], table[class_type], {}, folders).digest

    given = {"class_type": "CheckpointLoaderSimple", "ckpt_name": name}
    assert key(table, **given) != key(NODES, **given)
    image = {"class_type": "EmptyImage", "width": 8, "height": 8, "batch_size": 1, "color": 0}
    assert key(table, **image) == key(NODES, **image)


def test_what_takes_a_model_is_left_as_it_is():
    table = with_precision(NODES, "bfloat16")
    changed = {name for name in NODES if table[name] is not NODES[name]}
    assert changed >= {"CheckpointLoaderSimple", "UNETLoader", "VAELoader", "DiffusersLoader"}
    assert not changed & {"ModelComputeDtype", "KSampler", "VAEDecode", "CLIPLoader"}
