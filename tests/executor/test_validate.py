"""What is wrong with a workflow: all of it at once, each with its place, and what runs all the same."""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pytest

from inkloom.executor import (
    CODES,
    Choice,
    Files,
    Folders,
    Graph,
    Link,
    NodeTable,
    Port,
    Problem,
    Range,
    Seed,
    Ui,
    Validation,
    WorkflowError,
    node,
    validate,
)


class Loaded(NamedTuple):
    MODEL: Annotated[object, Port("MODEL")]
    VAE: Annotated[object, Port("VAE")]


@node("Load", category="test")
def load(*, name: Annotated[str, Files("checkpoints")]) -> Loaded:
    """Load."""
    return Loaded(name, name)


@node("Picture", category="test")
def picture(*, image: Annotated[str, Files("input", upload=True)]) -> Annotated[object, Port("IMAGE")]:
    """Read a picture."""
    return image


@node("Sample", category="test")
def sample(
    *,
    model: Annotated[object, Port("MODEL")],
    seed: Annotated[int, Seed()] = 0,
    steps: Annotated[int, Range(1, 100)] = 20,
    cfg: Annotated[float, Range(0, 100, step=0.1)] = 8.0,
    width: Annotated[int, Range(16, 512, step=8, multiple=True)] = 64,
    sampler: Annotated[str, Choice(["euler", "heun"])],
    text: str = "",
    tiled: bool = False,
    strength: Annotated[float, Range(0, 1)] | None = None,
) -> Annotated[object, Port("IMAGE")]:
    """Sample."""
    return model


@node("Save", category="test", output=True)
def save(
    *, images: Annotated[object, Port("IMAGE,MASK")], extra: Annotated[object, Port("*")] | None = None
) -> Ui:
    """Save."""
    return Ui({})


TABLE = NodeTable.collect(sys.modules[__name__])

FLOW: dict[str, Any] = {
    "4": {"class_type": "Load", "inputs": {"name": "a.safetensors"}},
    "s": {
        "class_type": "Sample",
        "inputs": {"seed": 1, "steps": 2, "cfg": 1.5, "width": 64, "sampler": "euler"},
    },
    "9": {"class_type": "Save", "inputs": {"images": ["s", 0]}},
}
FLOW["s"]["inputs"] |= {"text": "", "tiled": False, "model": ["4", 0]}


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    (tmp_path / "models" / "checkpoints" / "a.safetensors").touch()
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "photo.png").touch()
    return Folders(tmp_path)


def edited(node: str, changes: dict[str, Any]) -> dict[str, Any]:
    """FLOW with other inputs of one node; an input that is changed to `...` is left out."""
    flow = copy.deepcopy(FLOW)
    inputs = {**flow[node]["inputs"], **changes}
    flow[node]["inputs"] = {name: value for name, value in inputs.items() if value is not ...}
    return flow


def judged(flow: dict[str, Any], folders: Folders, **more: Any) -> Validation:
    return validate(Graph.parse(flow), TABLE, folders, **more)


def test_nothing_wrong(folders: Folders) -> None:
    graph = Graph.parse(FLOW)
    validation = validate(graph, TABLE, folders)
    assert validation == Validation(graph=graph, outputs_good=("9",), order=("4", "s", "9"))
    assert validation.ok
    assert validation.graph is graph


REFUSED: list[tuple[str, dict[str, Any], Problem]] = [
    (
        "s",
        {"steps": ...},
        Problem(code="required_input_missing", message="for example 20", input="steps", allowed="INT"),
    ),
    (
        "s",
        {"model": ...},
        Problem(code="required_input_missing", message="link it to a MODEL", input="model", allowed="MODEL"),
    ),
    (
        "s",
        {"steps": ..., "step": 3},
        Problem(
            code="required_input_missing",
            message="the workflow gives 'step', which Sample does not have",
            input="steps",
            allowed="INT",
            nearest="step",
        ),
    ),
    (
        "s",
        {"model": ["4", 0, 1]},
        Problem(code="bad_linked_input", message='like ["4", 0]', input="model", given=["4", 0, 1]),
    ),
    (
        "s",
        {"model": ["44", 0]},
        Problem(
            code="link_to_missing_node",
            message="links to node '44', which the workflow does not have; did you mean '4'?",
            input="model",
            given=["44", 0],
            nearest="4",
            facts={"linked_node": ["44", 0]},
        ),
    ),
    (
        "s",
        {"model": ["4", 9]},
        Problem(
            code="bad_output_slot",
            message="links to output 9 of Load (node '4'), whose outputs are 0 (MODEL), 1 (VAE)",
            input="model",
            given=["4", 9],
            allowed=["MODEL", "VAE"],
            facts={"linked_node": ["4", 9]},
        ),
    ),
    (
        "s",
        {"model": ["4", -1]},
        Problem(
            code="bad_output_slot",
            message="whose outputs are 0 (MODEL), 1 (VAE); outputs count from 0",
            input="model",
            given=["4", -1],
            allowed=["MODEL", "VAE"],
            facts={"linked_node": ["4", -1]},
        ),
    ),
    (
        "s",
        {"model": ["4", 1]},
        Problem(
            code="return_type_mismatch",
            message="takes MODEL, but output 1 of Load (node '4') gives VAE; its output 0 would fit",
            input="model",
            given="VAE",
            allowed="MODEL",
            facts={"linked_node": ["4", 1], "received_type": "VAE"},
        ),
    ),
    (
        "s",
        {"model": "the good one"},
        Problem(
            code="link_expected",
            message='takes a link to a MODEL, not the value "the good one"',
            input="model",
            given="the good one",
            allowed="MODEL",
        ),
    ),
    (
        "s",
        {"steps": "many"},
        Problem(
            code="invalid_input_type",
            message="input 'steps': \"many\" is not a whole number",
            input="steps",
            given="many",
            allowed="INT",
            facts={"exception": "invalid literal for int() with base 10: 'many'"},
        ),
    ),
    (
        "s",
        {"seed": None},
        Problem(
            code="invalid_input_type",
            message="null is not a whole number",
            input="seed",
            allowed="INT",
            facts={
                "exception": "int() argument must be a string, a bytes-like object or a real number, "
                "not 'NoneType'"
            },
        ),
    ),
    (
        "s",
        {"steps": float("inf")},
        Problem(
            code="invalid_input_type",
            message="Infinity is not a finite number",
            input="steps",
            given=float("inf"),
            allowed="INT",
            facts={"exception": "cannot convert float infinity to integer"},
        ),
    ),
    (
        "s",
        {"steps": "9" * 5000},
        Problem(
            code="invalid_input_type",
            message="9... has too many digits for a number",
            input="steps",
            given="9" * 5000,
            allowed="INT",
            facts={
                "exception": "Exceeds the limit (4300 digits) for integer string conversion: "
                "value has 5000 digits; use sys.set_int_max_str_digits() to increase the limit"
            },
        ),
    ),
    (
        "9",
        {"images": "\ud800"},
        Problem(
            code="link_expected",
            message='takes a link to an IMAGE,MASK, not the value "\\ud800"',
            input="images",
            given="\ud800",
            allowed="IMAGE,MASK",
        ),
    ),
    (
        "9",
        {"extra": {"deep": {"__value__": [float("inf")], "more": 0}}},
        Problem(
            code="invalid_input_type",
            message="holds a number that is not finite",
            input="extra",
            given={"deep": {"__value__": [float("inf")], "more": 0}},
            allowed="*",
            facts={"exception": "not a finite number"},
        ),
    ),
    (
        "s",
        {"cfg": {}},
        Problem(
            code="invalid_input_type",
            message="{} is not a finite number",
            input="cfg",
            given={},
            allowed="FLOAT",
            facts={"exception": "float() argument must be a string or a real number, not 'dict'"},
        ),
    ),
    (
        "s",
        {"cfg": "nan"},
        Problem(
            code="invalid_input_type",
            message='"nan" is not a finite number',
            input="cfg",
            given="nan",
            allowed="FLOAT",
            facts={"exception": "not a finite number"},
        ),
    ),
    (
        "s",
        {"steps": 0},
        Problem(
            code="value_smaller_than_min",
            message="Sample (node 's'), input 'steps': 0 is too small; the least value is 1",
            input="steps",
            given=0,
            allowed={"minimum": 1},
        ),
    ),
    (
        "s",
        {"cfg": -1},
        Problem(
            code="value_smaller_than_min",
            message="-1.0 is too small; the least value is 0.0",
            input="cfg",
            given=-1.0,
            allowed={"minimum": 0.0},
        ),
    ),
    (
        "s",
        {"seed": 2**64},
        Problem(
            code="value_bigger_than_max",
            message="is too big",
            input="seed",
            given=2**64,
            allowed={"maximum": 2**64 - 1},
        ),
    ),
    (
        "s",
        {"strength": 1.5},
        Problem(
            code="value_bigger_than_max",
            message="1.5 is too big; the greatest value is 1.0",
            input="strength",
            given=1.5,
            allowed={"maximum": 1.0},
        ),
    ),
    (
        "s",
        {"width": 3},  # no multiple of 8 either: the first problem of an input is enough
        Problem(
            code="value_smaller_than_min",
            message="3 is too small; the least value is 16",
            input="width",
            given=3,
            allowed={"minimum": 16},
        ),
    ),
    (
        "s",
        {"width": 100},
        Problem(
            code="value_not_multiple",
            message="100 is not a multiple of 8; nearest: 96 or 104",
            input="width",
            given=100,
            allowed={"multipleOf": 8},
        ),
    ),
    (
        "s",
        {"width": 511},
        Problem(
            code="value_not_multiple",
            message="nearest: 504 or 512",
            input="width",
            given=511,
            allowed={"multipleOf": 8},
        ),
    ),
    (
        "s",
        {"sampler": "Euler"},
        Problem(
            code="value_not_in_list",
            message="\"Euler\" is not on offer; did you mean 'euler'? known: euler, heun",
            input="sampler",
            given="Euler",
            allowed=["euler", "heun"],
            nearest="euler",
        ),
    ),
    (
        "s",
        {"sampler": 3},
        Problem(
            code="value_not_in_list",
            message="3 is not on offer; known: euler, heun",
            input="sampler",
            given=3,
            allowed=["euler", "heun"],
        ),
    ),
    (
        "4",
        {"name": "b.safetensors"},
        Problem(
            code="value_not_in_list",
            message="did you mean 'a.safetensors'? there: a.safetensors",
            input="name",
            given="b.safetensors",
            allowed=["a.safetensors"],
            nearest="a.safetensors",
        ),
    ),
    (
        "4",
        {"name": 3},
        Problem(
            code="invalid_input_type",
            message="3 is not a string",
            input="name",
            given=3,
            allowed="string",
            facts={"exception": "3 is not a string"},
        ),
    ),
]


@pytest.mark.parametrize(("node", "changes", "expected"), REFUSED, ids=lambda value: str(value)[:60])
def test_refuses(folders: Folders, node: str, changes: dict[str, Any], expected: Problem) -> None:
    validation = judged(edited(node, changes), folders)
    [problem] = validation.problems
    assert expected.message in problem.message
    assert problem == Problem(
        code=expected.code,
        message=problem.message,
        node=node,
        input=expected.input,
        pointer=f"/{node}/inputs/{expected.input}",
        given=expected.given,
        allowed=expected.allowed,
        nearest=expected.nearest,
        facts=expected.facts,
    )
    assert type(problem.given) is type(expected.given)
    assert (validation.outputs_good, validation.outputs_bad) == ((), {"9": (node,)})
    with pytest.raises(WorkflowError) as caught:
        validation.raise_if_nothing_runs()
    assert caught.value.problems == (problem,)


@pytest.mark.parametrize(
    ("node", "changes", "become"),
    [
        ("s", {"steps": "16"}, {"steps": 16}),
        ("s", {"steps": 16.9}, {"steps": 16}),
        ("s", {"steps": True}, {"steps": 1}),
        ("s", {"cfg": 3}, {"cfg": 3.0}),
        ("s", {"cfg": "2.5"}, {"cfg": 2.5}),
        ("s", {"text": 5}, {"text": "5"}),
        ("s", {"text": {"__value__": [1, "a"]}}, {"text": "[1, 'a']"}),
        ("s", {"tiled": "false"}, {"tiled": True}),
        ("s", {"tiled": 0}, {"tiled": False}),
        ("s", {"strength": None}, {"strength": None}),
        ("s", {"strength": 1}, {"strength": 1.0}),
        ("s", {"unknown": [1, 2, 3]}, {}),
        ("9", {"extra": {"any": "thing"}}, {"extra": {"any": "thing"}}),
        ("9", {"extra": ["4", 1]}, {"extra": Link("4", 1)}),
    ],
)
def test_converts_as_the_wire_does(folders: Folders, node: str, changes: dict[str, Any], become: Any) -> None:
    flow = edited(node, changes)
    graph = Graph.parse(flow)
    before = repr(graph)
    validation = validate(graph, TABLE, folders)
    assert validation.ok
    inputs = validation.graph.nodes[node].inputs
    assert {name: inputs[name] for name in become} == become
    assert [type(inputs[name]) for name in become] == [type(value) for value in become.values()]
    assert repr(graph) == before
    assert validate(validation.graph, TABLE, folders).graph is validation.graph


def test_everything_at_once(folders: Folders) -> None:
    flow = edited("s", {"steps": 0, "cfg": -1, "sampler": "eulr", "model": ["4", 1]})
    flow["4"]["inputs"]["name"] = "b.safetensors"
    flow["x"] = {"class_type": "Smaple"}
    flow["y"] = {"inputs": {}}
    codes = {(problem.node, problem.input, problem.code) for problem in judged(flow, folders).problems}
    assert codes == {
        ("s", "steps", "value_smaller_than_min"),
        ("s", "cfg", "value_smaller_than_min"),
        ("s", "sampler", "value_not_in_list"),
        ("s", "model", "return_type_mismatch"),
        ("4", "name", "value_not_in_list"),
        ("x", None, "unknown_node_class"),
        ("y", None, "missing_class_type"),
    }


def test_an_unknown_class_refuses_all_wherever_it_stands(folders: Folders) -> None:
    validation = judged({**FLOW, "77": {"class_type": "Smaple", "inputs": {}}}, folders)
    [problem] = validation.problems
    assert (problem.pointer, problem.nearest) == ("/77/class_type", "Sample")
    assert "did you mean 'Sample'?" in problem.message
    assert (validation.outputs_good, validation.outputs_bad) == ((), {"9": ()})


def test_a_bad_output_does_not_stop_a_good_one(folders: Folders) -> None:
    flow = {
        **FLOW,
        "p": {"class_type": "Picture", "inputs": {"image": "nothing_here.png"}},
        "10": {"class_type": "Save", "inputs": {"images": ["p", 0]}},
    }
    validation = judged(flow, folders)
    [problem] = validation.problems
    assert (problem.code, problem.node, problem.given) == (
        "custom_validation_failed",
        "p",
        "nothing_here.png",
    )
    assert "no file 'nothing_here.png' in" in problem.message
    assert (validation.outputs_good, validation.outputs_bad) == (("9",), {"10": ("p",)})
    validation.raise_if_nothing_runs()


@pytest.mark.parametrize(
    "image", ["../models/checkpoints/a.safetensors", "/etc/passwd", "photo.png [output]"]
)
def test_uploads_stay_in_their_folder(folders: Folders, image: str) -> None:
    flow = {
        "p": {"class_type": "Picture", "inputs": {"image": image}},
        "10": {"class_type": "Save", "inputs": {"images": ["p", 0]}},
    }
    assert [problem.code for problem in judged(flow, folders).problems] == ["custom_validation_failed"]
    flow["p"]["inputs"]["image"] = "photo.png [input]"
    assert judged(flow, folders).ok


def test_targets(folders: Folders) -> None:
    flow: dict[str, Any] = {**FLOW, "10": {"class_type": "Save", "inputs": {}}}
    wanted = Validation(graph=Graph.parse(flow), outputs_good=("9",), order=("4", "s", "9"))
    assert judged(flow, folders, targets=["9"]) == wanted
    [problem] = judged(flow, folders, targets=["s"]).problems
    assert (problem.code, problem.allowed) == ("no_outputs", ["9", "10"])
    [none] = judged(flow, folders, targets=[]).problems
    assert (none.code, none.message) == ("no_outputs", "no output was chosen to be run; there are: 10, 9")
    assert judged(flow, folders, targets=["10"]).outputs_bad == {"10": ("10",)}


@pytest.mark.parametrize(
    ("node", "changes", "closest"),
    [
        ("s", {"widht": 4}, "width"),
        ("s", {"unknown": [1, 2, 3]}, None),
        ("s", {"unknown": ["4", 0]}, None),
        ("4", {"upload": "image"}, None),
    ],
)
def test_an_input_that_the_class_does_not_have_is_a_warning(
    folders: Folders, node: str, changes: dict[str, Any], closest: str | None
) -> None:
    validation = judged(edited(node, changes), folders)
    assert (validation.ok, validation.outputs_good) == (True, ("9",))
    [warning] = validation.warnings
    [name] = changes
    assert warning == Problem(
        code="undeclared_input",
        message=warning.message,
        node=node,
        input=name,
        pointer=f"/{node}/inputs/{name}",
        allowed=list(TABLE[FLOW[node]["class_type"]].inputs),
        nearest=closest,
    )
    assert f"(node {node!r}), input {name!r}: is not used" in warning.message
    assert closest is None or f"did you mean {closest!r}?" in warning.message


def test_no_warning_for_what_the_editor_writes_or_no_output_needs(folders: Folders) -> None:
    flow = {
        "p": {"class_type": "Picture", "inputs": {"image": "photo.png", "upload": "image"}},
        "10": {"class_type": "Save", "inputs": {"images": ["p", 0]}},
        "stray": {"class_type": "Load", "inputs": {"nmae": 1}},
    }
    assert judged(flow, folders).warnings == ()


@pytest.mark.parametrize("flow", [{}, {"4": FLOW["4"]}])
def test_no_outputs(folders: Folders, flow: dict[str, Any]) -> None:
    assert [problem.code for problem in judged(flow, folders).problems] == ["no_outputs"]


@pytest.mark.parametrize(
    ("flow", "targets", "codes"),
    [
        ({"9": {"class_type": "Svae"}}, None, ["unknown_node_class"]),
        ({"9": {"inputs": {}}}, None, ["missing_class_type"]),
        ({**FLOW, "10": {"class_type": "Svae"}}, ["10"], ["unknown_node_class"]),
        ({**FLOW, "10": {"class_type": "Svae"}}, ["s"], ["unknown_node_class", "no_outputs"]),
    ],
)
def test_no_outputs_is_not_told_where_an_unknown_node_may_be_one(
    folders: Folders, flow: dict[str, Any], targets: list[str] | None, codes: list[str]
) -> None:
    validation = judged(flow, folders, targets=targets)
    assert [problem.code for problem in validation.problems] == codes
    assert validation.outputs_good == ()


def test_what_no_output_needs_is_not_looked_at(folders: Folders) -> None:
    flow = {**FLOW, "stray": {"class_type": "Sample", "inputs": {"steps": -1}}}
    assert judged(flow, folders).ok


def chain(links: dict[str, str]) -> dict[str, Any]:
    inputs = {**FLOW["s"]["inputs"]}
    nodes = {
        name: {"class_type": "Pass", "inputs": {**inputs, "value": [source, 0]}}
        for name, source in links.items()
    }
    return {**nodes, "out": {"class_type": "Save", "inputs": {"images": [next(iter(links)), 0]}}}


@node("Pass", category="test")
def pass_on(
    *, value: Annotated[object, Port("*")], other: Annotated[object, Port("*")] | None = None
) -> Annotated[object, Port("*")]:
    """Pass a value on."""
    return value


TABLE = NodeTable.collect(sys.modules[__name__])


@pytest.mark.parametrize(
    ("links", "cycle"),
    [
        ({"a": "a"}, ["a"]),
        ({"b": "a", "a": "b"}, ["a", "b"]),
        ({"c": "b", "b": "a", "a": "d", "d": "b"}, ["a", "b", "d"]),
    ],
)
def test_cycle(folders: Folders, links: dict[str, str], cycle: list[str]) -> None:
    flow = {**FLOW, **chain(links)}
    validation = judged(flow, folders)
    [problem] = validation.problems
    assert (problem.code, problem.node, problem.facts) == ("cycle", "a", {"nodes": cycle})
    assert " -> ".join([*cycle, cycle[0]]) in problem.message
    assert validation.outputs_good == ("9",)
    assert set(validation.outputs_bad["out"]) == set(cycle)


def test_every_cycle_is_found(folders: Folders) -> None:
    flow = chain({"a": "b", "b": "a"})
    flow["c"] = {"class_type": "Pass", "inputs": {"value": ["c", 0], "other": ["a", 0]}}
    flow["out2"] = {"class_type": "Save", "inputs": {"images": ["c", 0]}}
    validation = judged(flow, folders)
    assert sorted(str(problem.facts["nodes"]) for problem in validation.problems) == ["['a', 'b']", "['c']"]
    assert validation.outputs_good == ()
    assert {name: set(nodes) for name, nodes in validation.outputs_bad.items()} == {
        "out": {"a", "b"},
        "out2": {"a", "b", "c"},
    }


def test_whatever_hangs_on_a_knot_is_bad(folders: Folders) -> None:
    flow = chain({"b": "c", "c": "b", "a": "b"})
    flow["b"]["inputs"]["other"] = ["a", 0]
    flow |= {f"out {name}": {"class_type": "Save", "inputs": {"images": [name, 0]}} for name in "abc"}
    assert judged(flow, folders).outputs_good == ()


def test_every_code_is_tested() -> None:
    files = Path(__file__).parent.rglob("test_*.py")
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    assert [code for code in CODES if f'"{code}"' not in text] == []
