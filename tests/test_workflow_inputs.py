"""The inputs that shipped workflows expose: a schema says what may be given, and keys know nothing of it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from PIL import Image

from inkloom.executor import Folders, Graph, exposed_inputs, node_key, validate, with_inputs
from inkloom.executor.checks.function import inputs_schema
from inkloom.executor.ui_format import read_graph, to_ui
from inkloom.nodes import NODES, Engine, open_folders

WORKFLOWS = Path(__file__).resolve().parent.parent / "workflows"
NAMES = sorted(path.stem for path in WORKFLOWS.glob("*.json"))

STRANGE: list[Any] = [-1, 0, 1, 3, 17, 0.5, 1e9, 2**70, "a text", "", None, True, [], ["4", 0], {}]
"""Values that some inputs take and others don't."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Return folders with a file for each model that a workflow names."""
    root = tmp_path_factory.mktemp("root")
    models = root / "models" / "checkpoints"
    models.mkdir(parents=True)
    for name in NAMES:
        for node in load(name).nodes.values():
            if isinstance(found := node.inputs.get("ckpt_name"), str):
                (models / found).touch()
    return open_folders(root)


def load(name: str) -> Graph:
    return Graph.parse((WORKFLOWS / f"{name}.json").read_bytes())


def plain(graph: Graph) -> Graph:
    """Return a workflow that exposes nothing."""
    return Graph({name: node._replace(extra={}) for name, node in graph.nodes.items()})


@pytest.mark.parametrize("name", NAMES)
def test_every_workflow_exposes_what_a_person_would_change(name: str) -> None:
    exposed = set(exposed_inputs(load(name)))
    prompt = "prompts" if name == "many_prompts" else "prompt"
    seed = "first_seed" if name == "between_two_seeds" else "seed"
    assert exposed >= {prompt, "negative", seed, "steps", "guidance", "model"}


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_takes_the_defaults(folders: Folders, name: str) -> None:
    graph = load(name)
    schema = inputs_schema(graph, NODES, folders, title=name)
    Draft202012Validator.check_schema(schema)
    taken = Draft202012Validator(schema)
    properties = cast("dict[str, Any]", schema["properties"])
    assert list(properties) == list(exposed_inputs(graph))
    assert "required" not in schema, "each can be run as it is"
    defaults = {key: said["default"] for key, said in properties.items()}
    assert all(said["title"] for said in properties.values())
    assert taken.is_valid(defaults)
    assert taken.is_valid({})
    assert not taken.is_valid({**defaults, "promt": "a typing error"})
    same = with_inputs(graph, defaults, NODES)
    assert {one: node.inputs for one, node in same.nodes.items()} == {
        one: node.inputs for one, node in graph.nodes.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_refuses_what_validation_refuses(folders: Folders, name: str) -> None:
    graph = load(name)
    schema = inputs_schema(graph, NODES, folders)
    taken = Draft202012Validator(schema)
    refused = 0
    for key in cast("dict[str, Any]", schema["properties"]):
        for value in STRANGE:
            found = validate(with_inputs(graph, {key: value}, NODES), NODES, folders)
            if key == "image" and isinstance(value, str):
                continue  # pictures come and go: only a run needs them to be there
            refused += not found.ok
            assert found.ok or not taken.is_valid({key: value}), (key, value, found.problems)
    assert refused > 20


def test_a_model_that_is_not_there_must_be_named(tmp_path: Path) -> None:
    schema = inputs_schema(load("lcm"), NODES, open_folders(tmp_path))
    assert schema["required"] == ["model"]
    model = cast("dict[str, Any]", schema["properties"])["model"]
    assert model["enum"] == ["inklet.safetensors"]
    assert "default" not in model


def exposing(class_type: str, names: dict[str, str], **inputs: object) -> dict[str, object]:
    return {"class_type": class_type, "inputs": inputs, "_meta": {"exposed": names}}


def test_one_name_for_several_inputs_takes_what_is_right_for_all(folders: Folders) -> None:
    graph = Graph.parse(
        {
            "1": exposing("CLIPTextEncodeSDXL", {"width": "width"}, width=1000),
            "2": exposing("EmptyLatentImage", {"width": "width"}, width=128),
        }
    )
    taken = Draft202012Validator(inputs_schema(graph, NODES, folders))
    assert {width: taken.is_valid({"width": width}) for width in (0, 8, 130, 256)} == {
        0: False,
        8: False,
        130: False,
        256: True,
    }


@pytest.mark.parametrize(
    ("node", "schema", "required"),
    [
        # What is linked may be set, and need not be.
        (
            exposing("SaveImage", {"filename_prefix": "it"}, filename_prefix=["2", 0]),
            {"type": "string"},
            False,
        ),
        # What the workflow leaves open must be.
        (exposing("SaveImage", {"filename_prefix": "it"}), {"type": "string"}, True),
        # What only links carry can't be.
        (exposing("SaveImage", {"images": "it"}, images=["2", 0]), {"not": {}}, False),
        # Of what nobody knows nothing is said.
        (exposing("Unknown", {"a": "it"}, a=1), {"default": 1}, False),
    ],
)
def test_what_is_said_of_odd_inputs(
    folders: Folders, node: dict[str, object], schema: dict[str, object], required: bool
) -> None:
    found = inputs_schema(Graph.parse({"1": node}), NODES, folders)
    told = cast("dict[str, Any]", found["properties"])["it"]
    assert {word: said for word, said in told.items() if word not in ("title", "description")} == schema
    assert ("it" in cast("list[str]", found.get("required", []))) == required


@pytest.mark.parametrize("name", NAMES)
def test_keys_and_problems_know_nothing_of_it(folders: Folders, name: str) -> None:
    def keys(graph: Graph) -> dict[str, str]:
        digests: dict[str, str] = {}
        for one in validate(graph, NODES, folders).order:
            node = graph.nodes[one]
            digests[one] = node_key(node, NODES[node.class_type], digests, folders).digest
        return digests

    graph = load(name)
    assert keys(graph) == keys(plain(graph))
    assert validate(graph, NODES, folders).problems == validate(plain(graph), NODES, folders).problems


@pytest.mark.parametrize("name", NAMES)
def test_the_editor_keeps_it(name: str) -> None:
    graph = load(name)
    drawn = json.loads(json.dumps(to_ui(graph, NODES)))
    again = read_graph(drawn, NODES, now=datetime.now(), choose=lambda _: 0)
    assert exposed_inputs(again) == exposed_inputs(graph)


def test_a_picture_keeps_it(tmp_path: Path) -> None:
    engine = Engine(NODES, open_folders(tmp_path))
    small = with_inputs(load("text_to_image"), {"steps": 1, "width": 64, "height": 64}, NODES)
    list(engine.run(small))
    [picture] = (tmp_path / "output").glob("*.png")
    with Image.open(picture) as opened:
        kept = Graph.parse(cast("str", opened.info["prompt"]))
    assert exposed_inputs(kept) == exposed_inputs(small)
    assert kept.nodes["3"].inputs["steps"] == 1
