"""Reading workflows, and the graph they become."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkloom.executor import BadLink, Graph, Link, Node, WorkflowError
from inkloom.executor.graphs.graph import DEEPEST
from inkloom.executor.graphs.order import knots, sources_first

FLOW: dict[str, Any] = {
    "4": {"class_type": "Load", "inputs": {"name": "x"}, "_meta": {"title": "the loader"}, "is_changed": 3},
    "a/b~": {"class_type": "Use", "inputs": {"model": ["4", 1], "numbers": {"__value__": [1, 2]}}},
}


def test_parse() -> None:
    graph = Graph.parse(json.dumps(FLOW))
    assert list(graph.nodes) == ["4", "a/b~"]
    loader, user = graph.nodes.values()
    assert (loader.title, loader.inputs) == ("the loader", {"name": "x"})
    assert user.inputs == {"model": Link("4", 1), "numbers": [1, 2]}
    assert list(user.links()) == [("model", Link("4", 1))]
    assert graph.to_api() == FLOW


def test_an_object_that_is_read_stays_as_it_is() -> None:
    flow: dict[str, Any] = {"1": {"class_type": "X", "inputs": {"a": ["4", 0], "b": {"__value__": [1]}}}}
    graph = Graph.parse(flow)
    assert [type(given) for given in flow["1"]["inputs"].values()] == [list, dict]
    flow["1"]["inputs"]["c"] = 1
    assert "c" not in graph.nodes["1"].inputs


def test_text_bytes_and_objects_are_the_same() -> None:
    assert Graph.parse(FLOW) == Graph.parse(json.dumps(FLOW)) == Graph.parse(json.dumps(FLOW).encode())


@pytest.mark.parametrize(
    ("given", "means"),
    [
        (["4", 0], Link("4", 0)),
        (["4", 1.0], Link("4", 1)),
        (["4", 0.5], BadLink(["4", 0.5])),
        (["4", True], BadLink(["4", True])),
        (["4", 0, 1], BadLink(["4", 0, 1])),
        ([4, 0], BadLink([4, 0])),
        ([], BadLink([])),
        ({"__value__": ["4", 0]}, ["4", 0]),
        ({"__value__": 1, "more": 2}, {"__value__": 1, "more": 2}),
        ({"__value__": {"__value__": 5}}, {"__value__": 5}),
        ({"__value__": {"__value__": {"__value__": [5]}}}, {"__value__": {"__value__": [5]}}),
        ("4", "4"),
        (None, None),
    ],
)
def test_links_and_values(given: object, means: object) -> None:
    graph = Graph.parse({"1": {"class_type": "X", "inputs": {"a": given}}})
    assert graph.nodes["1"].inputs["a"] == means
    assert Graph.parse(graph.to_api()) == graph


@pytest.mark.parametrize(
    ("text", "code", "pointer", "says"),
    [
        ('{"1": {"class_type": "X"}, "2": }', "not_json", "", "line 1, column 33"),
        ('{\n "1": nope}', "not_json", "", "line 2, column 7"),
        (b'{"1": "\xff"}', "not_json", "", "byte 7"),
        ('{"1": {"class_type": "X", "inputs": {"a": NaN}}}', "not_json", "", "NaN"),
        ('{"1": {"class_type": "X", "inputs": {"a": -1e400}}}', "not_json", "", "-1e400 is too big"),
        ('{"1": {"inputs": {"a": ' + "9" * 5000 + "}}}", "not_json", "", "9... has too many digits (5000)"),
        (" \n", "not_json", "", "the text is empty"),
        (b"", "not_json", "", "the text is empty"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "not_json", "", "it looks like a JPEG picture"),
        (b"PK\3\4\0\0\0\0", "not_json", "", "it looks like a ZIP archive"),
        (b"\x28\5\0\0\0\0\0\0{}", "not_json", "", "it looks like a binary file"),
        ('{"prompt": {"1": {"class_type": "X"}}}', "not_api_format", "/prompt", "body of a POST /prompt"),
        ("[" * 200_000, "not_json", "", "nested too deeply"),
        ("[1]", "not_api_format", "", "not a list"),
        ("3", "not_api_format", "", "not a number"),
        ('{"nodes": [], "links": []}', "not_api_format", "", "editor's own format"),
        ('{"a/b": 3}', "not_api_format", "/a~1b", "node 'a/b'"),
        ('{"1": {"class_type": 3}}', "not_api_format", "/1/class_type", "must be text"),
        ('{"1": {"class_type": "X", "inputs": []}}', "not_api_format", "/1/inputs", "must be an object"),
        ('{"1": {}, "1": {}}', "duplicate_name", "", "'1' is given 2 times"),
    ],
)
def test_refuses(text: str | bytes, code: str, pointer: str, says: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        Graph.parse(text)
    [problem] = caught.value.problems
    assert (problem.code, problem.pointer) == (code, pointer)
    assert says in problem.message


def nested(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = {"deeper": value}
    return value


@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: {"__value__": [v]}, lambda v: [v, v]])
def test_a_value_that_is_nested_too_deeply_is_refused_where_it_is(wrap: Callable[[Any], Any]) -> None:
    Graph.parse({"a": {"class_type": "X", "inputs": {"b": wrap(nested(DEEPEST - 1))}}})
    for deep in (DEEPEST + 1, 500):
        flow = {"a": {"class_type": "X", "inputs": {"b": wrap(nested(deep))}}, "c": 3}
        for source in (flow, json.dumps(flow)):
            with pytest.raises(WorkflowError) as caught:
                Graph.parse(source)
            assert [problem.pointer for problem in caught.value.problems] == ["/a", "/c"]
            assert "node 'a' has a value that is nested deeper than 100" in caught.value.problems[0].message


def test_what_is_beside_the_inputs_is_kept_in_its_order() -> None:
    given = {"z": 1, "inputs": {}, "a": [2], "class_type": "X", "_meta": {"title": "t", "x": 1}, "m": None}
    node = Graph.parse({"1": given}).nodes["1"]
    assert list(node.extra) == ["z", "a", "_meta", "m"]
    assert (node.title, node.to_api()) == ("t", given)
    assert Graph.parse({"1": {"inputs": {}, "more": 1}}).nodes["1"].extra == {"more": 1}


def test_all_problems_of_form_at_once() -> None:
    with pytest.raises(WorkflowError) as caught:
        Graph.parse({"1": 3, "2": {"class_type": "X", "inputs": 4}, "3": {"class_type": "X"}})
    assert [problem.pointer for problem in caught.value.problems] == ["/1", "/2/inputs"]
    with pytest.raises(WorkflowError) as caught:
        Graph.parse('{"1": 3, "2": {"class_type": "X", "a": NaN, "a": 1e999}, "1": 4}')
    assert [problem.given for problem in caught.value.problems] == ["NaN", "1e999", "a", "1", None]


def test_a_graph_is_not_what_it_was_read_from() -> None:
    flow: dict[str, Any] = {"1": {"class_type": "X", "inputs": {"a": 1, "deep": {"b": {"c": [1]}}}}}
    graph = Graph.parse(flow)
    flow["1"]["inputs"]["a"] = 2
    flow["1"]["inputs"]["deep"]["b"]["c"].append(2)
    flow["2"] = {}
    assert graph.to_api() == {"1": {"class_type": "X", "inputs": {"a": 1, "deep": {"b": {"c": [1]}}}}}
    with pytest.raises(TypeError):
        graph.nodes["3"] = Node("3", "X")  # pyright: ignore[reportIndexIssue] -- the test


def test_dag() -> None:
    dag = Graph.parse(FLOW).dag
    assert list(dag.edges(data=True)) == [("4", "a/b~", {"input": "model", "slot": 1})]
    assert list(dag) == ["4", "a/b~"]


@st.composite
def digraphs(draw: st.DrawFn) -> dict[str, list[str]]:
    names = [str(number) for number in range(draw(st.integers(1, 8)))]
    return {name: draw(st.lists(st.sampled_from(names), max_size=3)) for name in names}


@settings(deadline=None)
@given(digraphs())
def test_sources_come_first(sources: Mapping[str, list[str]]) -> None:
    order, cyclic = sources_first(sources, sources.__getitem__)
    found = knots(sources)
    assert sorted(order) == sorted(sources)
    assert cyclic == bool(found)
    if not cyclic:
        places = {name: place for place, name in enumerate(order)}
        assert all(places[source] < places[name] for name in sources for source in sources[name])
    for cycle, members in found:
        assert set(cycle) <= members
        assert len(set(cycle)) == len(cycle)
        for source, user in zip(cycle, cycle[1:] + cycle[:1], strict=True):
            assert source in sources[user]
