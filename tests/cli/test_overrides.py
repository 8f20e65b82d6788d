"""`--set`: which node, which value, and what is said of a setting that means nothing."""

from typing import Any

import pytest

from inkloom.cli.sources.overrides import overridden
from inkloom.cli.usage import UsageError
from inkloom.executor import Graph, Link
from inkloom.nodes import NODES

GRAPH = Graph.parse(
    {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 1}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}, "_meta": {"title": "First v1.5"}},
        "3": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}, "_meta": {"title": "Second"}},
        "4:1": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "a"}},
        "5": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["9", 1]}},
    }
)


@pytest.mark.parametrize(
    ("setting", "node", "key", "value"),
    [
        ("1.color=7", "1", "color", 7),
        ("EmptyImage.color=7", "1", "color", 7),
        ("emptyimage.color=7", "1", "color", 7),
        ("1.color=seven", "1", "color", "seven"),  # validation says what is wrong with it
        ("1.color=", "1", "color", ""),
        ("Save Image.filename_prefix=a=b", "4:1", "filename_prefix", "a=b"),
        ("4:1.filename_prefix=12", "4:1", "filename_prefix", "12"),
        ('4:1.filename_prefix="12"', "4:1", "filename_prefix", '"12"'),
        ('4:1.filename_prefix=["3", 0]', "4:1", "filename_prefix", Link("3", 0)),
        ("4:1.filename_prefix=" + "[" * 100_000, "4:1", "filename_prefix", "[" * 100_000),
        ("1.color=NaN", "1", "color", "NaN"),
        ("1.color=1e400", "1", "color", "1e400"),
        ("1.color=1e3", "1", "color", 1000.0),
        ("4:1.filename_prefix=true", "4:1", "filename_prefix", "true"),
        ("4:1.filename_prefix=[1, 2]", "4:1", "filename_prefix", "[1, 2]"),
        ('First v1.5.image=["3", 0]', "2", "image", Link("3", 0)),
        ("5.text=a red circle", "5", "text", "a red circle"),
        ("5.text=3 red circles.", "5", "text", "3 red circles."),
    ],
)
def test_set(setting: str, node: str, key: str, value: Any) -> None:
    changed = overridden(GRAPH, [setting], NODES)
    assert changed.nodes[node].inputs[key] == value
    assert type(changed.nodes[node].inputs[key]) is type(value)
    assert {name for name in GRAPH.nodes if changed.nodes[name] != GRAPH.nodes[name]} <= {node}


def test_later_settings_win() -> None:
    changed = overridden(GRAPH, ["1.color=2", "1.width=16", "1.color=3"], NODES)
    assert changed.nodes["1"].inputs == {"width": 16, "height": 8, "batch_size": 1, "color": 3}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("color", ("node.input=value",)),
        ("color=1", ("node.input=value",)),
        (".color=1", ("node.input=value",)),
        ("1.=1", ("node.input=value",)),
        ("1.colour=1", ("no input colour", "mean color?", "width, height")),
        ("EmptyImag.color=1", ("no such node", "mean EmptyImage?")),
        ("Secnd.image=1", ("mean Second?",)),
        ("7.color=1", ("no such node", "its nodes:\n  1  EmptyImage", "3  Second")),
        ("1.width=" + "[" * 100_000, ("1.width", "nested too deeply")),
        ("ImageInvert.image=1", ("2 nodes", "2, 3")),
    ],
)
def test_settings_without_a_meaning(setting: str, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as error:
        overridden(GRAPH, [setting], NODES)
    text = "\n".join(error.value.lines())
    assert all(word in text for word in words), text
