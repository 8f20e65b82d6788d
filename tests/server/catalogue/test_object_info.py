"""The declarations of core nodes, held against those that saved workflows were made with."""

import json
from pathlib import Path
from typing import Any

import pytest

from inkloom.executor import Folders, NodeTable
from inkloom.nodes import NODES
from inkloom.server.catalogue.object_info import object_info, object_info_of

CORE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "data" / "core-nodes.json").read_text(encoding="utf-8")
)["nodes"]

KEYS = [
    *("input", "input_order", "output", "output_is_list", "output_name", "name", "display_name"),
    *("description", "python_module", "category", "output_node"),
]

SKIPPED = ("encoding", "options_note", "tooltip", "multiselect")
"""Notes on inputs that are about the list itself, help, or a widget's default (one choice)."""


def wanted_of(declared: dict[str, Any]) -> dict[str, Any]:
    """Leave out what has no meaning: notes, one line for a text. Limits of a FLOAT are floats."""
    wanted = {k: v for k, v in declared.items() if k not in SKIPPED and (k, v) != ("multiline", False)}
    limits = {"min", "max"} & wanted.keys() if wanted["type"] == "FLOAT" else ()
    return wanted | {key: float(wanted[key]) for key in limits}


def described(entry: list[Any]) -> dict[str, Any]:
    """Turn a wire entry `[type, options]` into the form of the list of core nodes."""
    kind, options = entry[0], {k: v for k, v in (entry[1:] or [{}])[0].items() if k != "tooltip"}
    if isinstance(kind, list):
        return {"type": "COMBO", "options": kind, **options}
    return {"type": kind, **options}


@pytest.mark.parametrize("name", sorted(CORE.keys() & NODES.keys()))
def test_core_node(name: str, tmp_path: Path) -> None:
    info: Any = object_info_of(NODES[name], Folders(tmp_path))
    core = CORE[name]
    for group in ("required", "optional"):
        ours = info["input"].get(group, {})
        theirs = core["inputs"].get(group, {})
        assert list(ours) == list(theirs), "names and order"
        for key, declared in theirs.items():
            got, wanted = described(ours[key]), wanted_of(declared)
            if "options" in wanted:  # else the editor asks for them
                options, known = got.pop("options"), wanted.pop("options")
                assert set(options) <= set(known), f"{key}: an option that no saved workflow has"
                assert options == [option for option in known if option in options], f"{key}: their order"
            assert got == wanted, key
    assert info["input"].get("hidden", {}) == core["inputs"].get("hidden", {})
    assert info["output"] == [output["type"] for output in core["outputs"]]
    assert info["output_name"] == [output["name"] for output in core["outputs"]]
    assert info["output_is_list"] == [output["is_list"] for output in core["outputs"]]
    assert info["display_name"] == (core["display_name"] or name), (
        "a node without a title is called by its name"
    )
    for key in ("category", "output_node"):
        assert info[key] == core[key], key


def test_every_declaration_has_all_keys_in_their_order(tmp_path: Path) -> None:
    for name, info in object_info(NODES, Folders(tmp_path)).items():
        assert list(info)[: len(KEYS)] == KEYS
        assert info["name"] == name
        assert info["python_module"] == "nodes"
        assert info["description"]
        inputs: Any = info["input"]
        assert info["input_order"] == {group: list(names) for group, names in inputs.items()}
        json.dumps(info, allow_nan=False)


def test_files_are_listed_anew(tmp_path: Path) -> None:
    def offered() -> list[str]:
        info: Any = object_info_of(NODES["CheckpointLoaderSimple"], Folders(tmp_path))
        return info["input"]["required"]["ckpt_name"][0]

    assert offered() == []
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    (tmp_path / "models" / "checkpoints" / "a.safetensors").write_bytes(b"")
    assert offered() == ["a.safetensors"]


def test_a_node_of_elsewhere_says_so(toy: Any, tmp_path: Path) -> None:
    table: NodeTable = toy.TABLE
    assert object_info_of(table["Number"], Folders(tmp_path))["python_module"] == "toy"
