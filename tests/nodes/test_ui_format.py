"""Graphs of real nodes to the editor's format and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkloom.executor import UNSET, BadLink, Graph, Input, Link, Node, WorkflowError
from inkloom.executor.ui_format import convert, to_ui
from inkloom.nodes import NODES

WORKFLOWS = sorted((Path(__file__).resolve().parents[2] / "workflows").glob("*.json"))

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="%"), max_size=20)
PROMPT = TEXT | st.text(r"{}|\/*a ", max_size=20)
LITERALS: dict[str, st.SearchStrategy[Any]] = {
    "INT": st.integers(0, 2**64) | st.integers(),
    "FLOAT": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-3, 3),
    "BOOLEAN": st.booleans(),
    "STRING": PROMPT,
    "COMBO": TEXT | st.sampled_from(["fixed", "randomize", "image"]),
    "*": st.integers() | TEXT | st.dictionaries(TEXT, st.integers(), max_size=2),
}
STRANGE = st.lists(st.integers() | TEXT, max_size=2) | st.dictionaries(TEXT, st.booleans(), max_size=2)
IDS = st.integers(0, 10**20).map(str) | st.from_regex(r"\A[0-9]{1,3}(:[0-9]{1,3}){0,2}\Z") | TEXT


def back(graph: Graph) -> Graph:
    """Return what becomes of a graph on its way to the editor's file and back."""
    file = json.loads(json.dumps(to_ui(graph, NODES)))
    return convert(file, NODES, now=datetime(2025, 1, 1), choose=lambda count: count - 1)


def given_for(draw: st.DrawFn, spec: Input, sources: list[Link]) -> object:
    """Draw an input: a link, a value of its type, another value, or nothing."""
    kinds = (["link"] * 3 if sources else []) + ["literal"] * (spec.type in LITERALS) * 4
    kinds += ["strange"] * spec.widget + ["nothing"] * (not spec.required or not spec.widget)
    match draw(st.sampled_from(kinds)):
        case "link":
            return draw(st.sampled_from(sources))
        case "literal":
            return draw(LITERALS[spec.type])
        case "strange":
            return draw(STRANGE)
        case _:
            return UNSET


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    nodes: dict[str, Node] = {}
    sources: list[Link] = []
    for name in draw(st.lists(IDS, min_size=1, max_size=7, unique=True)):
        node_type = NODES[draw(st.sampled_from(sorted(NODES)))]
        drawn = {spec.name: given_for(draw, spec, sources) for spec in node_type.inputs.values()}
        inputs = {key: value for key, value in drawn.items() if value is not UNSET}
        title = draw(TEXT.filter(bool))
        nodes[name] = Node(name, node_type.name, inputs, title, {"_meta": {"title": title}})
        sources += (Link(name, slot) for slot in range(len(node_type.outputs)))
    return Graph({name: nodes[name] for name in draw(st.permutations(sorted(nodes)))})


def completed(graph: Graph) -> Graph:
    """Return a graph with the defaults of fields that it left out."""
    nodes: dict[str, Node] = {}
    for node in graph.nodes.values():
        specs = [spec for spec in NODES[node.class_type].inputs.values() if spec.widget]
        defaults = {spec.name: spec.default for spec in specs if spec.default not in (UNSET, None)}
        nodes[node.id] = Node(node.id, node.class_type, {**defaults, **node.inputs}, node.title, node.extra)
    return Graph(nodes)


@settings(deadline=None, max_examples=200)
@given(graphs())
def test_there_and_back(graph: Graph) -> None:
    assert back(graph) == completed(graph)


@settings(deadline=None, max_examples=50)
@given(graphs())
def test_what_an_editor_relies_on(graph: Graph) -> None:
    file = to_ui(graph, NODES)
    nodes = {node["id"]: node for node in file["nodes"]}
    assert len(nodes) == len(graph.nodes)
    assert file["version"] == 0.4
    numbers = [number for number in nodes if isinstance(number, int)]
    assert file["last_node_id"] == max(numbers, default=0)
    assert all(number < 2**53 for number in numbers)
    assert sorted(link[0] for link in file["links"]) == list(range(1, file["last_link_id"] + 1))
    for link, origin, slot, target, place, kind in file["links"]:
        assert link in nodes[origin]["outputs"][slot]["links"]
        assert nodes[target]["inputs"][place]["link"] == link
        assert nodes[target]["inputs"][place]["type"] == kind
        assert nodes[origin]["order"] < nodes[target]["order"]
        assert nodes[origin]["pos"][0] + nodes[origin]["size"][0] < nodes[target]["pos"][0]
    listed = [link for node in nodes.values() for output in node["outputs"] for link in output["links"]]
    assert len(listed) == len(file["links"])
    boxes = [(*node["pos"], *node["size"]) for node in nodes.values()]
    for number, (x, y, width, height) in enumerate(boxes):
        for x2, y2, width2, height2 in boxes[:number]:
            apart = x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y
            assert apart


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_there_and_back(path: Path) -> None:
    graph = Graph.parse(path.read_bytes())
    assert back(graph) == graph


@pytest.mark.parametrize("name", sorted(NODES))
def test_every_node_type(name: str) -> None:
    """A node as the editor adds it: its fields show their defaults, and come back as them."""
    node = Node("1", name, {}, "t", {"_meta": {"title": "t"}})
    [made] = to_ui(Graph({"1": node}), NODES)["nodes"]
    specs = NODES[name].inputs
    assert sorted(slot["name"] for slot in made["inputs"]) == sorted(specs)
    assert {slot["name"] for slot in made["inputs"] if "widget" in slot} == {
        spec.name for spec in specs.values() if spec.widget
    }
    found = back(Graph({"1": node})).nodes["1"].inputs
    missing = {spec.name for spec in specs.values() if spec.widget and spec.required and spec.files is None}
    assert missing <= found.keys() <= specs.keys()
    for key, value in found.items():
        if specs[key].default is not UNSET:
            assert value == specs[key].default


def test_the_list_of_values_has_what_the_editor_keeps_beside_them() -> None:
    graph = Graph({name: Node(name, name, {}) for name in ("LoadImage", "RandomNoise")})
    found = {node["type"]: node["widgets_values"] for node in to_ui(graph, NODES)["nodes"]}
    assert found == {"LoadImage": [None, "image"], "RandomNoise": [0, "fixed"]}


@pytest.mark.parametrize("text", ["{a|b}", "http://x /* y */", r"\{\|\}\\", "////", "a|b", r"\\/* {", "/{/}"])
@pytest.mark.parametrize(("kind", "name"), [("CLIPTextEncode", "text"), ("StringLength", "string")])
def test_texts_that_would_be_drawn_or_cut(kind: str, name: str, text: str) -> None:
    graph = Graph({"1": Node("1", kind, {name: text}, "t", {"_meta": {"title": "t"}})})
    assert back(graph) == graph


def test_a_value_where_the_editor_has_no_field() -> None:
    graph = Graph({"1": Node("1", "PreviewAny", {"source": "x"}, "t", {"_meta": {"title": "t"}})})
    assert back(graph) == graph


def test_ids_that_a_browser_would_round_stay_text() -> None:
    names = ("0", "7", "007", "-3", str(2**53 - 1), str(2**53), "12:5", "")
    file = to_ui(Graph({name: Node(name, "PreviewAny", {}) for name in names}), NODES)
    assert [node["id"] for node in file["nodes"]] == [0, 7, "007", "-3", 2**53 - 1, str(2**53), "12:5", ""]
    assert file["last_node_id"] == 2**53 - 1


def test_nodes_of_unknown_type() -> None:
    nodes = {
        "1": {"class_type": "Nobody's", "inputs": {"x": 1, "y": {"__value__": [2]}}, "_meta": {"title": "a"}},
        "2": {"class_type": "Nobody's", "inputs": {"z": ["1", 3]}, "_meta": {"title": "b"}},
    }
    graph = Graph.parse(nodes)
    assert back(graph) == graph
    assert len(to_ui(graph, NODES)["nodes"][0]["outputs"]) == 4


@pytest.mark.parametrize(
    ("node", "code", "says"),
    [
        (Node("1", "ImageInvert", {"image": Link("9", 0)}), "link_to_missing_node", "node '9'"),
        (Node("1", "ImageInvert", {"image": Link("1", 1)}), "bad_output_slot", "output 1"),
        (Node("1", "ImageInvert", {"image": Link("1", -1)}), "bad_output_slot", "output -1"),
        (Node("1", "Nobody's", {"image": Link("1", 10**9)}), "bad_output_slot", "output 1000000000"),
        (Node("1", "ImageInvert", {"image": BadLink([1])}), "bad_linked_input", "no link"),
        (Node("1", "Reroute", {}), "unknown_node_class", "'Reroute'"),
        (Node("1", "workflow>x", {}), "unknown_node_class", "'workflow>x'"),
    ],
)
def test_what_can_t_be_drawn(node: Node, code: str, says: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        to_ui(Graph({"1": node}), NODES)
    [problem] = caught.value.problems
    assert (problem.code, problem.node) == (code, "1")
    assert says in problem.message


def test_a_cycle_can_be_drawn_and_a_long_chain() -> None:
    def inverts(count: int, source: Callable[[int], int]) -> Graph:
        links = {str(n): {"image": Link(str(source(n)), 0)} for n in range(count)}
        return Graph({name: Node(name, "ImageInvert", inputs) for name, inputs in links.items()})

    assert len(to_ui(inverts(3, lambda n: (n + 1) % 3), NODES)["links"]) == 3
    assert len(to_ui(inverts(5000, lambda n: max(n - 1, 0)), NODES)["links"]) == 5000
