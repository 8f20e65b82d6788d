"""What is computed decides a key: the same on every machine, and nothing else enters."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Annotated, Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkloom.executor import (
    Files,
    Folders,
    Graph,
    Hidden,
    Key,
    Mentions,
    NodeTable,
    Port,
    Range,
    Ui,
    node,
    node_key,
    validate,
)
from inkloom.executor.files.snapshot import Snapshot


@node("Number", category="test")
def number(*, value: Annotated[int, Range(-(2**63), 2**64)] = 0, scale: float | None = None) -> int:
    """Give a number."""
    return value


@node("Join", category="test", version=2)
def join(*, a: int, b: int = 5, text: str = "x", anything: Annotated[object, Port("*")] | None = None) -> int:
    """Join."""
    return a + b


@node("Read", category="test")
def read(*, name: Annotated[str, Files("checkpoints", also=("builtin",))]) -> int:
    """Read."""
    return len(name)


@node("Prompt", category="test")
def prompt(*, text: Annotated[str, Mentions("embeddings", r"use:(\w+)")]) -> str:
    """Read a text that names files."""
    return text


@node("Own", category="test")
def own(*, a: int, node_id: Annotated[str, Hidden("UNIQUE_ID")]) -> int:
    """Know who one is."""
    return a


@node("Show", category="test", output=True)
def show(*, value: int, more: Annotated[object, Port("*")] | None = None) -> Ui:
    """Show."""
    return Ui({})


TABLE = NodeTable.collect(sys.modules[__name__])


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    for name, text in {"a": "content", "same": "content", "b": "other"}.items():
        path = tmp_path / "models" / "checkpoints" / f"{name}.safetensors"
        path.write_text(text, encoding="utf-8")
    return Folders(tmp_path)


def keys(flow: dict[str, Any], folders: Folders) -> dict[str, Key]:
    validation = validate(Graph.parse(flow), TABLE, folders)
    assert not validation.problems
    found: dict[str, Key] = {}
    digests: dict[str, str] = {}
    snapshot = Snapshot(folders)
    for name in validation.order:
        wanted = validation.graph.nodes[name]
        found[name] = node_key(wanted, TABLE[wanted.class_type], digests, snapshot)
        assert found[name] == node_key(wanted, TABLE[wanted.class_type], digests, folders)
        digests[name] = found[name].digest
    return found


def digest(folders: Folders, class_type: str = "Join", **inputs: Any) -> str:
    flow = {
        "n": {"class_type": "Number", "inputs": {"value": 1}},
        "m": {"class_type": "Number", "inputs": {"value": 2}},
        "1": {"class_type": class_type, "inputs": {"a": ["n", 0], "b": 5, "text": "x"} | inputs},
        "out": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
    }
    return keys(flow, folders)["1"].digest


GOLDEN = {
    "n": "48479dbaa53b65d163af05f3271d485bb839a330",
    "r": "9aa16ca53041cccff06b3635b371162d4103f03a",
    "o": "8eaa564f9fc51d53ae3922d44674ff1177d0ce6f",
    "j": "a01bc5f5d8deec2e1adb9a99a97c823ffec78499",
    "out": "13d25773efe6fdf50a086b6112d59ad5777dde00",
}
"""A changed digest makes every stored result useless: change `keys.TAG` with it, and only on purpose."""


def test_golden(folders: Folders) -> None:
    flow = {
        "n": {"class_type": "Number", "inputs": {"value": 2**64 - 1, "scale": 0.1}},
        "r": {"class_type": "Read", "inputs": {"name": "a.safetensors"}},
        "o": {"class_type": "Own", "inputs": {"a": ["r", 0]}},
        "j": {
            "class_type": "Join",
            "inputs": {
                "a": ["n", 0],
                "b": ["o", 0],
                "text": "ä \ud83d\ude00",
                "anything": {"b": 1.0, "a": [True]},
            },
        },
        "out": {"class_type": "Show", "inputs": {"value": ["j", 0]}},
    }
    assert {name: key.digest for name, key in keys(flow, folders).items()} == GOLDEN


def test_parts_say_what_a_key_is_made_of(folders: Folders) -> None:
    flow = {
        "r": {"class_type": "Read", "inputs": {"name": "a.safetensors"}},
        "o": {"class_type": "Own", "inputs": {"a": ["r", 0]}},
        "j": {"class_type": "Join", "inputs": {"a": ["o", 0], "b": "7", "text": 3, "undeclared": 4}},
        "out": {"class_type": "Show", "inputs": {"value": ["j", 0]}},
    }
    found = keys(flow, folders)
    content = folders.fingerprint("checkpoints", "a.safetensors")
    assert found["r"].inputs == {"name": ["file", content]}
    assert found["o"] == Key(found["o"].digest, "Own", 1, {"a": ["link", found["r"].digest, 0]}, "o")
    assert (found["j"].version, found["j"].node) == (2, None)
    assert found["j"].inputs == {
        "a": ["link", found["o"].digest, 0],
        "b": ["value", 7],
        "text": ["value", "3"],
        "anything": ["value", None],
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"b": "5"}),
        ({}, {"b": 5.9}),
        ({}, {"anything": None}),
        ({}, {"undeclared": 3}),
        ({"text": 1}, {"text": "1"}),
        ({"anything": {"a": 1, "b": 2}}, {"anything": {"b": 2, "a": 1}}),
    ],
)
def test_same(folders: Folders, one: dict[str, Any], other: dict[str, Any]) -> None:
    assert digest(folders, **one) == digest(folders, **other)


def test_different(folders: Folders) -> None:
    variants: list[dict[str, Any]] = [
        {},
        {"b": 6},
        {"b": ["n", 0]},
        {"b": ["m", 0]},
        {"a": ["m", 0], "b": ["n", 0]},
        {"text": "y"},
        {"text": 1},
        {"text": 1.0},
        {"text": True},
        {"anything": 1},
        {"anything": 1.0},
        {"anything": "1"},
        {"anything": True},
        {"anything": 0.0},
        {"anything": -0.0},
        {"anything": {"__value__": ["n", 0]}},
        {"anything": ["n", 0]},
        {"anything": {"__value__": ["link", "n", 0]}},
    ]
    assert len({digest(folders, **variant) for variant in variants}) == len(variants)


def test_a_file_is_its_content(folders: Folders) -> None:
    def of(name: str) -> str:
        flow = {
            "1": {"class_type": "Read", "inputs": {"name": name}},
            "out": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
        }
        return keys(flow, folders)["1"].digest

    assert of("a.safetensors") == of("same.safetensors")
    assert len({of("a.safetensors"), of("b.safetensors"), of("builtin")}) == 3


def test_the_node_id_counts_only_for_who_asks(folders: Folders) -> None:
    flow = {
        "n": {"class_type": "Number", "inputs": {"value": 1}},
        "1": {"class_type": "Own", "inputs": {"a": ["n", 0]}},
        "2": {"class_type": "Own", "inputs": {"a": ["n", 0]}},
        "3": {"class_type": "Join", "inputs": {"a": ["n", 0], "b": 5, "text": "x"}},
        "4": {"class_type": "Join", "inputs": {"a": ["n", 0], "b": 5, "text": "x"}},
        "5": {"class_type": "Show", "inputs": {"value": ["1", 0], "more": ["2", 0]}},
        "6": {"class_type": "Show", "inputs": {"value": ["3", 0], "more": ["4", 0]}},
    }
    found = keys(flow, folders)
    assert found["1"].digest != found["2"].digest
    assert found["3"] == found["4"]


@st.composite
def flows(draw: st.DrawFn) -> dict[str, Any]:
    flow: dict[str, Any] = {"0": {"class_type": "Number", "inputs": {"value": draw(st.integers(0, 3))}}}
    for place in range(1, draw(st.integers(2, 8))):
        sources = st.integers(0, place - 1).map(lambda source: [str(source), 0])
        inputs: dict[str, Any] = {"a": draw(sources), "b": draw(sources | st.integers(0, 2)), "text": "x"}
        flow[str(place)] = {"class_type": "Join", "inputs": inputs}
    flow["out"] = {"class_type": "Show", "inputs": {"value": [str(len(flow) - 1), 0]}}
    return flow


@settings(deadline=None)
@given(flows(), st.randoms(use_true_random=False))
def test_ids_titles_and_order_never_matter(flow: dict[str, Any], chance: random.Random) -> None:
    names = list(flow)
    chance.shuffle(names)
    new_ids = {name: f"id {place}" for place, name in enumerate(names)}

    def moved(given: Any) -> Any:
        return [new_ids[given[0]], given[1]] if isinstance(given, list) else given

    renamed: dict[str, Any] = {}
    for name in names:
        inputs = list(flow[name]["inputs"].items())
        chance.shuffle(inputs)
        renamed[new_ids[name]] = {
            "_meta": {"title": f"title {chance.random()}"},
            "inputs": {key: moved(given) for key, given in inputs},
            "class_type": flow[name]["class_type"],
        }
    nowhere = Folders(Path("nowhere"))
    before, after = keys(flow, nowhere), keys(renamed, nowhere)
    assert {new_ids[name]: key.digest for name, key in before.items()} == {
        name: key.digest for name, key in after.items()
    }


@settings(deadline=None)
@given(flows(), st.data())
def test_a_change_reaches_exactly_what_depends_on_it(flow: dict[str, Any], data: st.DataObject) -> None:
    nowhere = Folders(Path("nowhere"))
    before = keys(flow, nowhere)
    changed = data.draw(st.sampled_from([name for name in before if name != "out"]))
    field = "value" if changed == "0" else "text"
    other = {**flow, changed: {**flow[changed], "inputs": {**flow[changed]["inputs"], field: 99}}}
    after = keys(other, nowhere)
    downstream = nx.descendants(Graph.parse(flow).dag, changed) | {changed}
    assert {name for name in before if before[name] != after[name]} == downstream & before.keys()


def test_a_file_that_a_text_names_decides_its_key(folders: Folders) -> None:
    folder = folders.root("embeddings")
    folder.mkdir()

    def key(text: object) -> str:
        flow = {
            "0": {"class_type": "Prompt", "inputs": {"text": "use:one"}},
            "1": {"class_type": "Prompt", "inputs": {"text": text}},
            "2": {"class_type": "Show", "inputs": {"value": 1, "more": ["1", 0]}},
        }
        return keys(flow, folders)["1"].digest

    plain, missing, linked = key("a cat"), key("a use:one cat"), key(["0", 0])
    (folder / "one.safetensors").write_text("first", encoding="utf-8")
    first, linked_first = key("a use:one cat"), key(["0", 0])
    (folder / "one.safetensors").write_text("other", encoding="utf-8")
    assert len({missing, first, key("a use:one cat")}) == 3
    assert len({linked, linked_first}) == 2
    assert key("a cat") == plain
    (folder / "two.safetensors").write_text("unused", encoding="utf-8")
    (folder / "one.safetensors").write_text("first", encoding="utf-8")
    assert key("a use:one cat") == first
