"""Workflows made to hurt: each is judged in one walk. What takes squares of time here takes hours."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest

from inkloom.executor import Files, Folders, Graph, NodeTable, Port, Ui, Validation, node, validate
from inkloom.executor.checks.validate import WARNINGS

pytestmark = pytest.mark.timeout(30)
MANY = 2_000
Flow = dict[str, Any]


@node("Picture", category="test")
def picture(*, name: Annotated[str, Files("input", upload=True)]) -> Annotated[object, Port("IMAGE")]:
    """Read a picture."""
    return name


@node("Model", category="test")
def model(*, name: Annotated[str, Files("vae")]) -> Annotated[object, Port("IMAGE")]:
    """Read a model."""
    return name


@node("Pass", category="test")
def pass_on(*, value: Annotated[object, Port("IMAGE")], width: int = 1) -> Annotated[object, Port("IMAGE")]:
    """Pass a picture on."""
    return value


@node("Show", category="test", output=True)
def show(*, value: Annotated[object, Port("IMAGE")]) -> Ui:
    """Show a picture."""
    return Ui({})


TABLE = NodeTable.collect(sys.modules[__name__])


def entry(class_type: str, **inputs: object) -> Flow:
    return {"class_type": class_type, "inputs": inputs}


def each(make: Callable[[int], Flow]) -> Flow:
    """A node of each number, and an output for each."""
    nodes = {str(number): make(number) for number in range(MANY)}
    return nodes | {f"out {name}": entry("Show", value=[name, 0]) for name in nodes}


def judged(flow: Flow, folders: Folders) -> Validation:
    return validate(Graph.parse(json.dumps(flow)), TABLE, folders)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    for folder, end in (("input", "png"), ("models/vae", "safetensors")):
        (tmp_path / folder).mkdir(parents=True)
        for number in range(60):
            (tmp_path / folder / f"a rather long name {number}.{end}").touch()
    return Folders(tmp_path)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda number: entry(f"Unknown {number}"), "unknown_node_class"),
        (lambda number: entry("Pass", value=[f"{number} x", 0], width=1), "link_to_missing_node"),
        (lambda number: entry("Picture", name=f"a rather long nam {number}.png"), "custom_validation_failed"),
        (lambda number: entry("Model", name=f"a rather long nam {number}.safetensors"), "value_not_in_list"),
        (lambda number: entry("Pass", value=[str(number), 0], width=1), "cycle"),
        (lambda number: entry("Pass", value=["out 1", number], width="x"), "bad_output_slot"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_something_wrong_with_every_node(folders: Folders, make: Callable[[int], Flow], code: str) -> None:
    validation = judged(each(make), folders)
    counts = Counter(problem.code for problem in validation.problems)
    assert counts[code] == MANY
    assert not validation.outputs_good
    assert len(validation.outputs_bad) == MANY


def test_the_first_mistakes_get_their_hints(folders: Folders) -> None:
    problems = judged(each(lambda number: entry("Pss" if number < 9 else f"Pss {number}")), folders).problems
    assert {problem.nearest for problem in problems[:9]} == {"Pass"}


def test_outputs_along_a_chain_that_begins_badly(folders: Folders) -> None:
    flow = each(lambda number: entry("Pass", value=[str(number - 1), 0], width=1))
    validation = judged(flow, folders)
    [problem] = validation.problems
    assert (problem.node, problem.code) == ("0", "link_to_missing_node")
    assert set(validation.outputs_bad.values()) == {("0",)}


def test_a_node_with_very_many_inputs(folders: Folders) -> None:
    strange = {f"input {number}": number for number in range(5 * MANY)}
    flow = {"1": entry("Model", **strange), "out": entry("Show", value=["1", 0])}
    validation = judged(flow, folders)
    assert [problem.code for problem in validation.problems] == ["required_input_missing"]
    *told, last = validation.warnings
    assert len(told) == WARNINGS
    assert all(warning.input == name for warning, name in zip(told, strange, strict=False))
    assert (last.code, last.node, last.input) == ("undeclared_input", "1", None)
    assert f"{5 * MANY - WARNINGS} more inputs" in last.message


def test_names_and_values_of_a_megabyte(folders: Folders) -> None:
    name = "x" * 2**20
    flow = {name: entry(name[1:], value=name), "out": entry("Show", value=[name[:-1], 0], **{name: name})}
    problems = judged(flow, folders).problems
    assert [problem.code for problem in problems] == ["unknown_node_class", "link_to_missing_node"]
