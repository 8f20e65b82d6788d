"""What is said of a workflow that can't run: the place, what is wrong there, what would be right."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from inkloom.cli.shown.drawing import Names
from inkloom.executor import Graph
from inkloom.nodes import NODES

Edited = Callable[..., dict[str, Any]]

CYCLE = {
    "1": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}},
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
}
WRONG_LINK = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 255}},
    "2": {"class_type": "LatentUpscale", "inputs": {"samples": ["1", 0]}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
}
UNKNOWN = {"1": {"class_type": "EmptyImag", "inputs": {}}}
TWO_WRONG = {"n1": {"width": 0, "height": None}}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ('{"1": {,}}', ("line 1, column 8",)),
        ('{\n  "1": {"class_type" 3}\n}', ("line 2, column 22",)),
        ("", ("empty",)),
        ('{"nodes": [], "links": []}', ("output node",)),
        ('{"nodes": [{"id": 1}]}', ("the type of node 1 must be text",)),
        (
            '{"name": "x", "version": {"a": 1}}',
            ("1 problem", "this is no workflow", '"class_type"', '"nodes"'),
        ),
        ({"workflow": {"nodes": []}}, ("under its key 'workflow'",)),
        ("[1, 2]", ("object",)),
        ("{}", ("output node",)),
        (UNKNOWN, ("EmptyImag", "did you mean 'EmptyImage'?")),
        (
            WRONG_LINK,
            ("node 2", "input samples", "takes LATENT", "gives IMAGE", "takes IMAGE", "gives LATENT"),
        ),
        (CYCLE, ("1 -> 2 -> 1", "remove")),
        (
            {"n2": {"image": None}},
            ("node 2", '"Opposite"', "(ImageInvert)", "input image", "missing", "IMAGE"),
        ),
        ({"n2": {"image": ["3", 0]}}, ("output",)),
        ({"n2": {"image": ["8", 0]}}, ("node '8'", "does not have")),
        ({"n2": {"image": "red"}}, ("link", "IMAGE", '"red"')),
        ({"n1": {"width": 0}}, ("node 1 (EmptyImage)", "input width", "too small", "1")),
        ({"n1": {"color": 2**24}}, ("too big", "16777215")),
        ({"n1": {"width": "wide"}}, ('"wide"', "whole number")),
    ],
)
def test_problems(inkloom: Any, write: Any, edited: Edited, wrong: Any, words: tuple[str, ...]) -> None:
    changes = isinstance(wrong, dict) and any(key.startswith("n") for key in wrong)
    said = inkloom("validate", write(edited(**wrong) if changes else wrong))
    assert said.status == 2
    assert all(word in said.err for word in words), said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_all_problems_at_once(inkloom: Any, write: Any, edited: Edited) -> None:
    said = inkloom("run", write(edited(**TWO_WRONG)))
    assert said.status == 2
    assert "2 problems" in said.err
    assert "input width" in said.err
    assert "input height" in said.err


def test_a_missing_model_says_where_it_was_looked_for(inkloom: Any, write: Any, root: Any) -> None:
    (root / "models" / "checkpoints").mkdir(parents=True)
    (root / "models" / "checkpoints" / "painter.safetensors").write_bytes(b"")
    loader = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "paintr.safetensors"}}
    text = {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["1", 1]}}
    empty = {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}}
    decode = {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["1", 2]}}
    save = {"class_type": "SaveImage", "inputs": {"images": ["4", 0], "filename_prefix": "x"}}
    said = inkloom("validate", write({"1": loader, "2": text, "3": empty, "4": decode, "5": save}))
    assert said.status == 2
    for word in ("'paintr.safetensors'", str(root / "models" / "checkpoints"), "'painter.safetensors'"):
        assert word in said.err


def test_problems_as_json(inkloom: Any, write: Any, edited: Edited) -> None:
    said = inkloom("validate", write(edited(**TWO_WRONG)), "--json")
    assert said.status == 2
    told = json.loads(said.out)
    assert not told["valid"]
    assert {problem["code"] for problem in told["problems"]} == {
        "value_smaller_than_min",
        "required_input_missing",
    }
    width = next(problem for problem in told["problems"] if problem["input"] == "width")
    assert (width["node"], width["pointer"], width["given"]) == ("1", "/1/inputs/width", 0)
    run = json.loads(inkloom("run", write(edited(**TWO_WRONG)), "--json").out)
    assert run == told, "one shape, whichever command says it"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("run", "text_to_imag"), ("no workflow", "mean text_to_image?")),
        (("run", "nowhere/w.json"), ("nowhere/w.json", "ship with inkloom")),
        (("run", "."), ("folder",)),
        (("run", ""), ("the name of the workflow is empty",)),
        (("run", "x" * 5000), ("no workflow xxx",)),
        (("nodes", ""), ("the name of the node is empty",)),
        (("nodes", "KSamplr"), ("no node", "mean KSampler?")),
        (("serve", "--listen", "0.0.0.0"), ("0.0.0.0", "inkloom user add", "--token-file")),
    ],
)
def test_other_complaints(inkloom: Any, argv: tuple[str, ...], words: tuple[str, ...]) -> None:
    said = inkloom(*argv)
    assert said.status == 2
    assert all(word in said.err for word in words), said.err


@pytest.mark.parametrize(
    "argv",
    [("run",), ("nonsense",), ("serve", "--port", "x"), ("serve", "--port", "70000"), ("run", "a", "b")],
)
def test_argparse_refuses(inkloom: Any, argv: tuple[str, ...]) -> None:
    assert inkloom(*argv).status == 2


def test_no_command_prints_help(inkloom: Any) -> None:
    from inkloom.cli.main import command_line

    assert command_line([]) == 2


def test_an_input_that_is_not_declared_is_a_warning(inkloom: Any, write: Any, edited: Edited) -> None:
    path = write(edited(n1={"widht": 4}))
    for command in ("validate", "run"):
        said = inkloom(command, path)
        assert said.status == 0
        assert "warning: node 1 (EmptyImage)" in said.err
        assert "width" in said.err
    [warning] = json.loads(inkloom("validate", path, "--json").out)["warnings"]
    assert (warning["code"], warning["node"], warning["nearest"]) == ("undeclared_input", "1", "width")


def test_nothing_in_a_workflow_steers_the_terminal(inkloom: Any, write: Any) -> None:
    node = {"class_type": "Bad\x1b[2J\ud800", "inputs": {}, "_meta": {"title": "T\x07\n\u202e"}}
    said = inkloom("validate", write({"1": node}))
    assert said.status == 2
    assert "\\x1b[2J\\ud800" in said.err
    assert not set(said.err) & set("\x1b\x07\u202e\ud800")
    graph = Graph.parse({"1": node, "2": {"class_type": "X\x07"}})
    assert [Names(graph, NODES).of(name) for name in graph.nodes] == ["T\\x07\\n\\u202e", "X\\x07"]


def test_a_node_without_a_class_is_called_by_its_id(inkloom: Any, write: Any) -> None:
    assert "()" not in inkloom("validate", write({"1": {"inputs": {}}})).err


def test_a_right_workflow(inkloom: Any, write: Any, edited: Edited) -> None:
    path = write(edited())
    said = inkloom("validate", path)
    assert (said.status, said.err) == (0, "")
    assert "3 nodes" in said.out
    assert json.loads(inkloom("validate", path, "--json").out) == {
        "type": "validation",
        "valid": True,
        "outputs": ["3"],
        "problems": [],
        "warnings": [],
    }
    assert inkloom("validate", path, "--set", "1.width=0").status == 2
