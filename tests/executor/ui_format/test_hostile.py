"""Files that are wrong, anywhere and in any way: a message that names the place, never another failure."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkloom.executor import CODES, Graph, NodeTable, WorkflowError
from inkloom.executor.ui_format import convert, load_whole, read_graph

ID = "7b34ab90-36f9-45ba-a665-71d418f0df18"
GOOD: dict[str, Any] = {
    "version": 0.4,
    "nodes": [
        {"id": 1, "type": "Picture", "mode": 0, "widgets_values": ["p", "image"], "title": "source"},
        {"id": 2, "type": "Mix", "mode": 4, "title": "Bypassed",
         "inputs": [{"name": "a", "type": "IMAGE", "link": 1}], "outputs": [{"name": "o", "type": "IMAGE"}]},
        {"id": 3, "type": ID, "inputs": [{"name": "first", "type": "*", "link": 2},
                                         {"name": "amount", "type": "FLOAT", "widget": {"name": "amount"}}],
         "properties": {"proxyWidgets": [["-1", "amount"], ["7", "amount"]]}, "widgets_values": [0.5, 0.25]},
        {"id": 4, "type": "Save", "inputs": [{"name": "images", "type": "IMAGE", "link": 3}],
         "widgets_values": ["%date:yyyy%_%Bypassed.amount%"], "properties": {"Node name for S&R": "Save"}},
        {"id": 5, "type": "workflow>G", "inputs": [{"name": "b", "type": "IMAGE", "link": 4}],
         "widgets_values": {"amount": 3}},
        {"id": 6, "type": "Sample", "widgets_values": [1, "fixed", 2, 3.0, "heun", "a {b|c}"]},
    ],
    "links": [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "*"], [3, 3, 0, 4, 0, "*"],
              {"id": 4, "origin_id": 6, "origin_slot": 0, "target_id": 5, "target_slot": 0}],
    "definitions": {"subgraphs": [
        {"id": ID, "name": "S", "inputNode": {"id": -10}, "outputNode": {"id": -20},
         "inputs": [{"name": "first", "type": "*"}, {"name": "amount", "type": "FLOAT"}],
         "nodes": [{"id": 7, "type": "Mix", "inputs": [{"name": "a", "type": "*", "link": 1},
                                                       {"name": "amount", "type": "FLOAT", "link": 2}]}],
         "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 7, "target_slot": 0},
                   {"id": 2, "origin_id": -10, "origin_slot": 1, "target_id": 7, "target_slot": 1},
                   {"id": 3, "origin_id": 7, "origin_slot": 0, "target_id": -20, "target_slot": 0}]},
    ]},
    "extra": {"groupNodes": {"G": {
        "nodes": [{"type": "Mix", "index": 0, "inputs": [{"name": "a"}, {"name": "b"}], "outputs": [{}]}],
        "links": [[0, 0, 0, 0, 1, "IMAGE"]], "external": [[0, 0, "IMAGE"]],
        "config": {"0": {"input": {"b": {"name": "b"}}, "output": {"0": {"visible": True}}}},
    }}},
}  # fmt: skip


def converted(document: Any, table: NodeTable) -> Graph:
    return convert(document, table, now=datetime(2025, 1, 1), choose=lambda _: 0)


def places(value: Any, *way: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each value inside of a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in pairs:
        yield (*way, key)
        yield from places(held, *way, key)


WAYS = list(places(GOOD))
ABSENT = object()
JUNK = (
    None, True, 0, -1, -10, 3, 10**30, 1.5, 1e308, "", "-1", "7", "x" * 300, ID, "Reroute", "PrimitiveNode",
    "Note", "workflow>G", [], [[]], [1], ["-1", "amount"], [1, 1, 0, 2, 0], {}, {"0": 1}, {"id": 1},
    {"name": "a", "link": 1}, {"id": 1, "type": ID}, ABSENT,
)  # fmt: skip


def replaced(document: dict[str, Any], way: tuple[Any, ...], value: Any) -> None:
    holder: Any = document
    for key in way[:-1]:
        holder = holder[key]
    if value is ABSENT:
        del holder[way[-1]]
    else:
        holder[way[-1]] = copy.deepcopy(value)


def test_the_good_one(table: NodeTable) -> None:
    graph = converted(GOOD, table)
    assert list(graph.nodes) == ["1", "3:7", "4", "5:0", "6"]
    assert graph.nodes["3:7"].inputs == {"amount": 0.5, "a": ("1", 0)}
    assert graph.nodes["4"].inputs["filename_prefix"] == "2025_0.5"


def outcome(document: Any, table: NodeTable) -> Graph | tuple[str, ...]:
    """Return the graph of a file, or the codes of what is wrong with it."""
    try:
        return converted(document, table)
    except WorkflowError as error:
        return tuple(problem.code for problem in error.problems)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "/".join(map(str, way)))
def test_anything_anywhere(table: NodeTable, way: tuple[Any, ...]) -> None:
    for junk in JUNK:
        document = copy.deepcopy(GOOD)
        replaced(document, way, junk)
        before = json.dumps(document)
        found = outcome(document, table)
        assert json.dumps(document) == before
        if isinstance(found, Graph):
            assert Graph.parse(json.dumps(found.to_api())) == found
        else:
            assert found
            assert set(found) <= CODES.keys()


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(WAYS), st.sampled_from(JUNK)), min_size=2, max_size=6))
def test_much_at_once(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    document = copy.deepcopy(GOOD)
    for way, junk in changes:
        with contextlib.suppress(LookupError, TypeError, AttributeError):  # the place may be gone already
            replaced(document, way, junk)
    assert outcome(document, NodeTable({})) != ()


@pytest.mark.parametrize(
    ("way", "junk", "pointer", "node", "says"),
    [
        (("nodes", 0), 3, "/nodes/0", None, "a node must be an object, not 3"),
        (("nodes", 0, "id"), None, "/nodes/0/id", None, "must be a whole number or text, not null"),
        (("nodes", 0, "id"), 1.5, "/nodes/0/id", None, "not 1.5"),
        (("nodes", 0, "id"), 10**100, "/nodes/0/id", None, "not a number of very many digits"),
        (("nodes", 0, "id"), 2, "/nodes/1/id", "2", 'node 2 "source" and node 2 "Bypassed"'),
        (("nodes", 0, "type"), ABSENT, "/nodes/0/type", "1", "the type of node 1 must be text, not null"),
        (("nodes", 0, "mode"), "never", "/nodes/0/mode", "1", 'the mode of node 1 "source" must be a number'),
        (("nodes", 0, "widgets_values"), 3, "/nodes/0/widgets_values", "1", "must be a list or an object"),
        (("nodes", 1, "inputs"), {}, "/nodes/1/inputs", "2", 'of node 2 "Bypassed" must be a list'),
        (("nodes", 1, "inputs", 0, "name"), 3, "/nodes/1/inputs/0/name", "2", "must be text, not 3"),
        (("nodes", 1, "inputs", 0, "link"), [], "/nodes/1/inputs/0/link", "2", "the link at input 'a' of"),
        (("nodes", 2, "properties", "proxyWidgets", 0), 7, "/nodes/2/properties/proxyWidgets/0", "3",
         "one of the 'proxyWidgets' of node 3"),
        (("links", 0), "1-2", "/links/0", None, "a link must be [id, source node,"),
        (("links", 0, 1), True, "/links/0", None, "not true"),
        (("links", 1, 0), 1, "/links/1", None, "two links have the id 1"),
        (("definitions",), [], "/definitions", None, "'definitions' must be an object, not a list"),
        (("definitions", "subgraphs", 0, "nodes", 0, "type"), 3, "/definitions/subgraphs/0/nodes/0/type", "7",
         "the type of node 7"),
        (("extra", "groupNodes", "G", "nodes", 0), [], "/extra/groupNodes/G/nodes/0", None, "a node must be"),
    ],
)  # fmt: skip
def test_what_is_said(
    table: NodeTable, way: tuple[Any, ...], junk: Any, pointer: str, node: str | None, says: str
) -> None:
    document = copy.deepcopy(GOOD)
    replaced(document, way, junk)
    with pytest.raises(WorkflowError) as caught:
        converted(document, table)
    problem = next(one for one in caught.value.problems if one.code == "not_ui_format")
    assert (problem.pointer, problem.node) == (pointer, node)
    assert says in problem.message


def test_all_problems_of_form_at_once(table: NodeTable) -> None:
    document = copy.deepcopy(GOOD)
    for way, junk in ((("nodes", 0, "mode"), "x"), (("nodes", 3, "inputs"), 3), (("links", 2), 5)):
        replaced(document, way, junk)
    with pytest.raises(WorkflowError) as caught:
        converted(document, table)
    pointers = [problem.pointer for problem in caught.value.problems]
    assert pointers == ["/nodes/0/mode", "/nodes/3/inputs", "/links/2"]


def chain(kind: str, mode: int, count: int, **more: Any) -> dict[str, Any]:
    """Return nodes that pass on to each other in a circle, and one that is linked to them."""
    slot = {"name": "a", "type": "*"}
    nodes: list[Any] = [
        {"id": n, "type": kind, "mode": mode, "inputs": [slot | {"link": n}], "outputs": [slot], **more}
        for n in range(count)
    ]
    nodes.append({"id": "end", "type": "Save", "inputs": [{"name": "images", "type": "IMAGE", "link": 0}]})
    return {"nodes": nodes, "links": [[n, (n - 1) % count, 0, n, 0, "*"] for n in range(count)]}


@pytest.mark.parametrize(("kind", "mode"), [("Reroute", 0), ("Mix", 4)])
@pytest.mark.parametrize("count", [1, 2, 5000])
def test_nodes_that_pass_on_in_a_circle(table: NodeTable, kind: str, mode: int, count: int) -> None:
    with pytest.raises(WorkflowError) as caught:
        converted(chain(kind, mode, count, title="around"), table)
    [problem] = caught.value.problems
    assert problem.code == "cycle"
    assert 'node 0 "around" passes on what it gets, and gets it from itself: 0 -> ' in problem.message
    assert len(problem.facts["nodes"]) == count  # type: ignore[arg-type] -- a list
    assert len(problem.message) < 500


def test_a_circle_that_nobody_uses_does_no_harm(table: NodeTable) -> None:
    document = chain("Reroute", 0, 3)
    document["nodes"].pop()
    assert converted(document, table).nodes == {}


def test_what_would_grow_without_end(table: NodeTable) -> None:
    """Much that is used much: its size adds up, and is not multiplied."""
    count = 3_000
    nodes: list[Any] = [
        {"id": 0, "type": "PrimitiveNode", "widgets_values": [["x"] * 100_000], "title": "P"},
        {"id": 1, "type": "Sample", "widgets_values": {"prompt": "y" * 100_000}, "title": "S"},
        {"id": 2, "type": "Save", "widgets_values": ["%S.prompt%" * 10_000]},
        {"id": 3, "type": "Sample", "widgets_values": [1, "fixed"] * 50_000},
    ]
    slot = {"name": "value", "type": "*"}
    nodes += ({"id": n, "type": "Any", "inputs": [slot | {"link": n}]} for n in range(4, count))
    graph = converted({"nodes": nodes, "links": [[n, 0, 0, n, 0, "*"] for n in range(4, count)]}, table)
    assert len({id(node.inputs["value"]) for node in graph.nodes.values() if "value" in node.inputs}) == 1
    assert graph.nodes["2"].inputs["filename_prefix"] == "y" * 100_000 + "%S.prompt%" * 9_999
    assert graph.nodes["3"].inputs["seed"] == 1


def test_deep_values(table: NodeTable) -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    document = {"nodes": [{"id": 1, "type": "Sample", "title": "deep", "widgets_values": {"steps": deep}}]}
    with pytest.raises(WorkflowError, match='node 1 "deep" has a value that is nested too deeply'):
        converted(document, table)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("[1, 2]", "not_api_format", "a workflow is a JSON object"),
        ("3", "not_api_format", "a workflow is a JSON object"),
        (
            '{"name": "x", "dependencies": {"y": 1}}',
            "not_api_format",
            "this is no workflow: neither",
        ),
        ('{"workflow": {"nodes": []}}', "not_api_format", "under its key 'workflow'; give that alone"),
        ('{"prompt": {"nodes": []}, "client_id": "x"}', "not_api_format", "under its key 'prompt'"),
        ('{"prompt": {"1": {"class_type": "Mix"}}}', "not_api_format", "under its key 'prompt'"),
        ('{"nodes": [{"id": 1}]}', "not_ui_format", "the type of node 1"),
        ('{"nodes": [}', "not_json", "line 1, column 12"),
        ('{"nodes": [], "nodes": []}', "duplicate_name", "'nodes' is given 2 times"),
        ('{"nodes": [], "extra": {"a": NaN}}', "not_json", "NaN"),
    ],
)
def test_what_is_no_workflow(table: NodeTable, text: str, code: str, says: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        read_graph(load_whole(text), table, now=datetime.now(), choose=lambda _: 0)
    [problem] = caught.value.problems
    assert problem.code == code
    assert says in problem.message


@pytest.mark.parametrize(
    "loaded",
    [{}, {"nodes": {"class_type": "Mix", "inputs": {}}}, {"1": {"class_type": "Mix"}, "2": {}}, {"1": {}}],
)
def test_api_format_stays_what_it_was(table: NodeTable, loaded: Any) -> None:
    assert read_graph(loaded, table, now=datetime.now(), choose=lambda _: 0) == Graph.parse(loaded)
