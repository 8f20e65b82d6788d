"""Workflows as nodes of their own: what they take and give, and that they share results with others."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest

from inkloom.executor import (
    Folders,
    Graph,
    MemoryCache,
    NodeFinished,
    NodeStarted,
    NodeTable,
    Optional,
    Port,
    RunDone,
    Ui,
    node,
    object_info,
    run,
)
from inkloom.executor.node_types.subgraph import SubgraphError, subgraph_type
from inkloom.nodes import lists, subgraphs
from inkloom.nodes.subgraphs import with_subgraphs


@node("Add", category="test")
def add(*, a: int, b: Annotated[int, Optional()] = 1) -> int:
    """Add two numbers."""
    return a + b


@node("Text", category="test")
def text(*, number: int, prefix: str) -> str:
    """Write a number."""
    return f"{prefix}{number}"


@node("Show", category="test", output=True)
def show(*, value: Annotated[Any, Port("*")]) -> Ui:
    """Show a value."""
    return Ui({"value": [value]})


TABLE = NodeTable.collect(sys.modules[__name__], subgraphs, lists)


def n(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


TWICE: dict[str, Any] = {
    "in": n("SubgraphInput", name="number", type="INT"),
    "by": n("SubgraphInput", name="prefix", type="STRING", default="= "),
    "sum": n("Add", a=["in", 0], b=["in", 0]),
    "text": n("Text", number=["sum", 0], prefix=["by", 0]),
    "out": n("SubgraphOutput", name="sum", value=["sum", 0]),
    "as text": n("SubgraphOutput", name="text", value=["text", 0]),
}


def saved(base: Path, **graphs: Any) -> NodeTable:
    (base / "subgraphs").mkdir()
    for name, graph in graphs.items():
        content = graph if isinstance(graph, str) else json.dumps(graph)
        (base / "subgraphs" / f"{name}.json").write_text(content, encoding="utf-8")
    return with_subgraphs(TABLE, base)


def play(
    flow: dict[str, Any], table: NodeTable, cache: MemoryCache | None = None
) -> tuple[dict[str, Any], list[str]]:
    events = list(run(Graph.parse(flow), table, Folders(Path("nowhere")), cache or MemoryCache(2**20)))
    assert isinstance(events[-1], RunDone), events[-1]
    shown = {
        event.node: event.ui["value"] for event in events if isinstance(event, NodeFinished) and event.ui
    }
    return shown, [event.class_type for event in events if isinstance(event, NodeStarted)]


USE = {
    "three": n("Add", a=2),
    "twice": n("Twice", number=["three", 0]),
    "again": n("Twice", number=["twice", 0], prefix="so: "),
    "a": n("Show", value=["twice", 1]),
    "b": n("Show", value=["again", 1]),
}


def test_it_is_used_like_any_node(tmp_path: Path) -> None:
    table = saved(tmp_path, Twice=TWICE)
    assert play(USE, table)[0] == {"a": ["= 6"], "b": ["so: 12"]}


def test_its_declaration() -> None:
    info: Any = object_info(subgraph_type("Twice", Graph.parse(TWICE), TABLE), Folders(Path("nowhere")))
    assert info["input"] == {
        "required": {"number": ["INT", {"rawLink": True}]},
        "optional": {"prefix": ["STRING", {"default": "= ", "rawLink": True}]},
    }
    assert (info["output"], info["output_name"]) == (["INT", "STRING"], ["sum", "text"])
    assert not info["output_node"]


def test_what_is_inside_shares_results_with_the_same_nodes_elsewhere(tmp_path: Path) -> None:
    table, cache = saved(tmp_path, Twice=TWICE), MemoryCache(2**20)
    play({"s": n("Add", a=4, b=4), "o": n("Show", value=["s", 0])}, table, cache)
    _, called = play({"t": n("Twice", number=4), "o": n("Show", value=["t", 1])}, table, cache)
    assert called == ["Twice", "Text", "Show"]


def test_another_definition_is_another_node(tmp_path: Path) -> None:
    cache = MemoryCache(2**20)
    flow = {"t": n("Twice", number=4), "o": n("Show", value=["t", 1])}
    other = TWICE | {"by": n("SubgraphInput", name="prefix", type="STRING", default="> ")}
    tables = [
        NodeTable({**TABLE, "Twice": subgraph_type("Twice", Graph.parse(one), TABLE)})
        for one in (TWICE, other)
    ]
    assert [play(flow, table, cache)[0] for table in tables] == [{"o": ["= 8"]}, {"o": ["> 8"]}]


def test_they_nest_map_over_lists_and_show(tmp_path: Path) -> None:
    four = {
        "in": n("SubgraphInput", name="x", type="INT"),
        "twice": n("Twice", number=["in", 0]),
        "four": n("Twice", number=["twice", 0]),
        "show": n("Show", value=["twice", 0]),
        "out": n("SubgraphOutput", name="y", value=["four", 0]),
    }
    table = saved(tmp_path, Twice=TWICE, Four=four, AndNotInOrder=four)
    assert table["Four"].output_node
    flow = {
        "l": n("ListOfNumbers", start=1, count=3, step=1),
        "f": n("Four", x=["l", 0]),
        "o": n("Show", value=["f", 0]),
    }
    shown, _ = play(flow, table)
    assert shown.pop("o") == [4, 8, 12]
    assert list(shown.values()) == [[2, 4, 6]]


def test_an_optional_input_inside_stays_open_where_nothing_is_given() -> None:
    graph = {
        "in": n("SubgraphInput", name="b", type="INT", default=5),
        "sum": n("Add", a=10, b=["in", 0]),
        "out": n("SubgraphOutput", name="sum", value=["sum", 0]),
    }
    table = NodeTable({**TABLE, "Sub": subgraph_type("Sub", Graph.parse(graph), TABLE)})
    assert play({"s": n("Sub"), "o": n("Show", value=["s", 0])}, table)[0] == {"o": [15]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sum": n("Addd", a=1)}, "node types that do not exist: Addd"),
        ({"by": n("SubgraphInput", name="number", type="INT")}, "the name 'number' is used twice"),
        ({"by": n("SubgraphInput", type="INT")}, "needs a `name`"),
        ({"by": n("SubgraphInput", name="x", type=["sum", 0])}, "`type` is a wire type"),
        ({"by": n("SubgraphInput", name="x", type="IMAGE", default=1)}, "a IMAGE has no `default`"),
        ({"by": n("SubgraphInput", name="x", type="INT", default="one")}, "`default` is no INT"),
        ({"out": n("SubgraphOutput", name="sum", value=3)}, "link `value`"),
        ({"out": n("SubgraphOutput", name="sum", value=["sum", 3])}, "Add has no output 3"),
        ({"out": n("Add", a=1), "as text": n("Add", a=1)}, "gives nothing"),
    ],
)
def test_refuses(change: dict[str, Any], says: str) -> None:
    with pytest.raises(SubgraphError) as caught:
        subgraph_type("Twice", Graph.parse(TWICE | change), TABLE)
    assert says in str(caught.value)


def test_files_that_can_not_be_nodes_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        table = saved(tmp_path, Good=TWICE, Add=TWICE, Broken="{", A={"a": n("B")}, B={"b": n("A")})
    assert set(table) - set(TABLE) == {"Good"}
    for name in ("Add", "Broken", "A", "B"):
        assert f"{name}.json" in caplog.text
    assert with_subgraphs(TABLE, tmp_path / "nowhere").keys() == TABLE.keys()
