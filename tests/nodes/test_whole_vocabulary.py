"""Every node for pictures, masks, texts and numbers runs in the engine on what its declaration says."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from inkloom.executor import Graph, NodeFinished, NodeType, RunDone
from inkloom.executor.node_types.node_type import UNSET, Input
from inkloom.nodes import NODES, Engine, open_folders

SOURCES = {
    "image": ("EmptyImage", {"width": 40, "height": 24, "batch_size": 2, "color": 0x8040C0}),
    "mask": ("SolidMask", {"value": 0.75, "width": 24, "height": 40}),
    "number": ("PrimitiveInt", {"value": 7}),
}
LINKED = {"IMAGE": "image", "MASK": "mask", "INT,FLOAT": "number", "*": "image"}
VALUES = {"STRING": "a", "INT": 1, "FLOAT": 0.5, "BOOLEAN": True}

PLAIN = sorted(
    name
    for name, node_type in NODES.items()
    if node_type.category.split("/")[0] in ("image", "mask", "utils") or node_type.category == "logic/number"
    if {spec.type for spec in node_type.inputs.values()} <= {*LINKED, *VALUES, "COMBO"}
)


def given(spec: Input) -> object:
    if spec.type in LINKED:
        return [LINKED[spec.type], 0]
    if spec.default is not UNSET and spec.default is not None:
        return spec.default
    if spec.files:
        return "scene.png"
    return spec.choice.options[0] if spec.choice else VALUES[spec.type]


def flow_of(node_type: NodeType) -> dict[str, Any]:
    sources = {key: {"class_type": kind, "inputs": inputs} for key, (kind, inputs) in SOURCES.items()}
    inputs = {spec.name: given(spec) for spec in node_type.inputs.values()}
    shown = {
        f"shown {slot}": {"class_type": "PreviewAny", "inputs": {"source": ["node", slot]}}
        for slot in range(len(node_type.outputs))
    }
    return {**sources, "node": {"class_type": node_type.name, "inputs": inputs}, **shown}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folders = open_folders(tmp_path_factory.mktemp("root"))
    folders.root("output").mkdir()
    Image.new("RGB", (8, 8)).save(folders.root("output") / "scene.png")
    return Engine(NODES, folders)


@pytest.mark.parametrize("name", PLAIN)
def test_it_runs_and_gives_what_it_says(engine: Engine, name: str):
    events = list(engine.run(Graph.parse(flow_of(NODES[name]))))
    assert isinstance(events[-1], RunDone), events[-1]
    shown: dict[str, Any] = {e.node: e.ui for e in events if isinstance(e, NodeFinished) and e.ui}
    for slot, output in enumerate(NODES[name].outputs):
        if output.type in ("IMAGE", "MASK"):
            texts = shown[f"shown {slot}"]["text"]
            assert len(texts) == (2 if output.is_list else 1)  # one for each picture of the batch
            for text in texts:
                assert text.startswith("a float32 tensor [")
                assert text.count(",") == {"IMAGE": 3, "MASK": 2}[output.type]
                least, most = (float(part) for part in text.split(" from ")[1].split(" to "))
                assert least >= 0
                assert most <= 1


def test_the_list_is_no_accident():
    assert len(PLAIN) >= 65
    assert {"Canny", "PreviewAny", "RegexReplace", "MaskPreview", "SaveAnimatedWEBP", "IntMath"} <= {*PLAIN}
