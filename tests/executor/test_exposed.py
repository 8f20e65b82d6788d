"""Inputs by name: those that a workflow exposes, and those of any node."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import pytest

from inkloom.executor import (
    Graph,
    Link,
    NodeTable,
    Port,
    Ui,
    WorkflowError,
    exposed_inputs,
    node,
    with_inputs,
)
from inkloom.executor.graphs.exposed import exposing
from inkloom.executor.ui_format import convert, to_ui


@node("Say", category="test")
def say(*, text: str, loud: bool = False) -> str:
    """Say."""
    return text.upper() if loud else text


@node("Hear", category="test", output=True)
def hear(*, words: Annotated[Any, Port("*")], times: int = 1) -> Ui:
    """Hear."""
    return Ui({"text": [words] * times})


TABLE = NodeTable.collect(sys.modules[__name__])

TWO: dict[str, Any] = {
    "1": {"class_type": "Say", "_meta": {"exposed": {"text": "prompt"}}, "inputs": {"text": "a"}},
    "2.b": {
        "class_type": "Say",
        "_meta": {"exposed": {"text": "prompt", "loud": "2.b.text"}},
        "inputs": {"text": "b"},
    },
    "3": {"class_type": "Hear", "inputs": {"words": ["1", 0]}},
}


def test_what_a_workflow_exposes():
    assert exposed_inputs(Graph.parse(TWO)) == {
        "prompt": (("1", "text"), ("2.b", "text")),
        "2.b.text": (("2.b", "loud"),),
    }


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({}, {}),
        ({"prompt": "x"}, {("1", "text"): "x", ("2.b", "text"): "x"}),
        ({"1.text": "y"}, {("1", "text"): "y"}),
        ({"1.loud": True}, {("1", "loud"): True}),  # declared and not given yet
        ({"2.b.text": True}, {("2.b", "loud"): True}),  # a name that is exposed comes first
        ({"2.b.loud": True}, {("2.b", "loud"): True}),
        ({"3.words": [1, 0]}, {("3", "words"): [1, 0]}),  # a list is a value
        ({"3.words": ["1", 0]}, {("3", "words"): ["1", 0]}),
        ({"3.words": {"__value__": 1}}, {("3", "words"): {"__value__": 1}}),
        ({"3.times": None}, {("3", "times"): None}),
    ],
)
def test_values_by_name(given: dict[str, Any], changed: dict[tuple[str, str], Any]):
    graph = Graph.parse(TWO)
    before = {(one.id, key): value for one in graph.nodes.values() for key, value in one.inputs.items()}
    made = with_inputs(graph, given, TABLE)
    after = {(one.id, key): value for one in made.nodes.values() for key, value in one.inputs.items()}
    assert after == {**before, **changed}
    assert Graph.parse(made.to_api()) == made, "and it is the same when it was written and read"
    assert graph == Graph.parse(TWO)
    assert isinstance(before["3", "words"], Link)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("promt", "prompt"),
        ("1.texd", "1.text"),
        ("4.text", "1.text"),
        ("3.nothing", None),
        ("", None),
        (".", None),
    ],
)
def test_names_that_are_none(name: str, nearest: str | None):
    with pytest.raises(WorkflowError) as caught:
        with_inputs(Graph.parse(TWO), {name: 1, "prompt": "x", "no": 2}, TABLE)
    first, second = caught.value.problems
    assert (first.code, first.given, first.nearest) == ("unknown_input_name", name, nearest)
    assert "it exposes: 2.b.text, prompt" in second.message
    assert first.allowed == ["prompt", "2.b.text", "1.text", "2.b.text"]


def test_values_that_are_too_deep():
    deep: Any = 0
    for _ in range(150):
        deep = [deep]
    with pytest.raises(WorkflowError, match="'prompt' is nested too deeply"):
        with_inputs(Graph.parse(TWO), {"prompt": deep}, TABLE)


@pytest.mark.parametrize("said", ["prompt", ["text"], {"text": 1}, {"text": ""}, None])
def test_what_is_said_in_another_form(said: Any):
    graph = Graph.parse({"1": {"class_type": "Say", "_meta": {"exposed": said}, "inputs": {}}})
    with pytest.raises(WorkflowError) as caught:
        exposed_inputs(graph)
    [problem] = caught.value.problems
    assert (problem.code, problem.pointer) == ("bad_exposed", "/1/_meta/exposed")


def saved(exposed: Any) -> dict[str, Any]:
    nodes = [
        {"id": 1, "type": "Say", "widgets_values": ["a", False]},
        {"id": 2, "type": "Say", "mode": 2, "widgets_values": ["b", False]},
    ]
    return {"nodes": nodes, "links": [], "version": 0.4, "extra": {"inkloom": {"exposed": exposed}}}


def converted(exposed: Any) -> Graph:
    return convert(saved(exposed), TABLE, now=None, choose=None)  # pyright: ignore[reportArgumentType]


def test_the_editors_files():
    rows = [
        {"name": "prompt", "node": 1, "input": "text"},
        {"name": "loud", "node": "1", "input": "loud"},
        {"name": "muted", "node": 2, "input": "text"},
    ]
    graph = converted(rows)
    assert exposed_inputs(graph) == {"prompt": (("1", "text"),), "loud": (("1", "loud"),)}
    assert to_ui(graph, TABLE)["extra"] == {"inkloom": {"exposed": [{**rows[0]}, {**rows[1], "node": 1}]}}
    assert to_ui(converted([]), TABLE)["extra"] == {}


@pytest.mark.parametrize(
    ("exposed", "pointer"),
    [
        ({}, "/extra/inkloom/exposed"),
        ([{"name": "a", "node": 1, "input": "text"}, 5], "/extra/inkloom/exposed/1"),
        ([{"name": "a", "node": 1}], "/extra/inkloom/exposed/0"),
        ([{"name": "", "node": 1, "input": "text"}], "/extra/inkloom/exposed/0"),
    ],
)
def test_editors_files_that_say_it_in_another_form(exposed: Any, pointer: str):
    with pytest.raises(WorkflowError) as caught:
        converted(exposed)
    [problem] = caught.value.problems
    assert (problem.code, problem.pointer) == ("not_ui_format", pointer)


def test_a_node_exposes_more():
    first = Graph.parse(TWO).nodes["1"]
    more = exposing(first, {"loud": "volume"})
    assert exposed_inputs(Graph({"1": more})) == {"prompt": (("1", "text"),), "volume": (("1", "loud"),)}
    assert exposing(more, {}) == more
