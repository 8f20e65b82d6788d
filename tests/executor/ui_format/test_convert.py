"""The editor's files made into graphs: widgets, links, modes, texts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from inkloom.executor import NodeTable
from inkloom.executor.ui_format import convert

Convert = Callable[[dict[str, Any]], Any]


def item(number: Any, class_type: str, values: Any = None, /, mode: int = 0, **inputs: Any) -> dict[str, Any]:
    """Return a node; an input is given as its link, or as (link, type); outputs have the inputs' types."""
    pairs = {name: given if isinstance(given, tuple) else (given, "IMAGE") for name, given in inputs.items()}
    kinds = [kind for _, kind in pairs.values()] or ["IMAGE"]
    return {
        "id": number,
        "type": class_type,
        "mode": mode,
        "inputs": [{"name": name, "link": link, "type": kind} for name, (link, kind) in pairs.items()],
        "outputs": [{"name": kind, "type": kind} for kind in kinds],
        "widgets_values": values,
    }


def doc(*nodes: dict[str, Any], links: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"nodes": list(nodes), "links": links or [], "version": 0.4, **more}


SAMPLE = {"seed": 5, "steps": 30, "cfg": 7.5, "sampler": "heun", "prompt": "p"}


@pytest.mark.parametrize(
    ("values", "inputs"),
    [
        ([5, "randomize", 30, 7.5, "heun", "p", True], {**SAMPLE, "tiled": True}),
        ([5, "randomize", 30, 7.5, "heun", "p", None], SAMPLE),
        ([5, 30, 7.5, "heun", "p", True], {**SAMPLE, "tiled": True}),  # before there was a control value
        ([5, "fixed", 30, 7.5, "heun", "p"], SAMPLE),  # before there was `tiled`
        ([5, 30, 7.5, "heun", "p"], SAMPLE),
        ([5, True, 30, 7.5, "heun", "p"], SAMPLE),  # of the first versions: whether to draw a new seed
        ([5, "fixed", 30, 7.5, "heun", "p", False, "", None], {**SAMPLE, "tiled": False}),
        ([5, "fixed", "many", 7.5, "heun", "p", True], {**SAMPLE, "steps": "many", "tiled": True}),
        ([5, "fixed", "many", 7.5, "heun", "p"], {**SAMPLE, "steps": "many"}),  # wrong, and not lost
        ([2**64 - 1, "fixed", 30, 7.5, "heun", "p", True], {**SAMPLE, "seed": 2**64 - 1, "tiled": True}),
        ([5, "fixed", 30, 7.5, "dpm", "p", True], {**SAMPLE, "sampler": "dpm", "tiled": True}),
        ([5, 7.5, "heun", "p"], {**SAMPLE, "steps": 20}),  # before there were steps
        ([5, 30.0, 7.5, "heun", "p"], {**SAMPLE, "steps": 30.0}),
        ([5], {"seed": 5, "steps": 20, "cfg": 8.0, "sampler": "euler", "prompt": ""}),
        ([], {"seed": 0, "steps": 20, "cfg": 8.0, "sampler": "euler", "prompt": ""}),
        (None, {"seed": 0, "steps": 20, "cfg": 8.0, "sampler": "euler", "prompt": ""}),
        ({"steps": 3, "seed": None, "preview": {}, "prompt": "q"},
         {"seed": 0, "steps": 3, "cfg": 8.0, "sampler": "euler", "prompt": "q"}),
        ({"0": 5, "1": "fixed", "2": 30, "3": 7.5, "4": "heun", "5": "p"}, SAMPLE),
        ([5, "fixed", [1, [2]], 7.5, "heun", "p", True],
         {**SAMPLE, "steps": {"__value__": [1, [2]]}, "tiled": True}),
    ],
)  # fmt: skip
def test_values_of_widgets(api: Convert, values: Any, inputs: dict[str, Any]) -> None:
    assert api(doc(item(1, "Sample", values))) == {"1": ("Sample", inputs)}


@pytest.mark.parametrize(
    ("kind", "values", "inputs"),
    [
        ("Picture", ["x.png", "image"], {"image": "x.png"}),
        ("Picture", ["x.png"], {"image": "x.png"}),
        ("Picture", ["x.png", "image", ""], {"image": "x.png"}),
        ("Picture", [], {}),
        ("Noted", ["x.png", "image", "m", "n"], {"image": "x.png", "mark": "m", "note": "n"}),
        ("Noise", [5, "fixed", "m"], {"noise_seed": 5, "mark": "m"}),
        ("Noise", [5, "m"], {"noise_seed": 5, "mark": "m"}),
        ("Save", ["out", ""], {"filename_prefix": "out"}),
        ("Load", [], {"name": "a"}),
        ("Unknown", {"any": 1, "thing": [2]}, {"any": 1, "thing": {"__value__": [2]}}),
        ("Unknown", [1, 2], {}),
    ],
)
def test_values_of_other_widgets(api: Convert, kind: str, values: Any, inputs: dict[str, Any]) -> None:
    assert api(doc(item(1, kind, values))) == {"1": (kind, inputs)}


def test_values_of_an_unknown_type_go_by_its_slots(api: Convert) -> None:
    node = item(1, "Unknown", [3, "randomize", "x"])
    node["inputs"] = [{"name": name, "type": "INT", "widget": {"name": name}} for name in ("seed", "text")]
    assert api(doc(node)) == {"1": ("Unknown", {"seed": 3, "text": "x"})}


def test_a_type_that_had_another_name(api: Convert) -> None:
    assert api(doc(item(1, "ConditioningAverage "))) == {"1": ("ConditioningAverage", {})}


def test_titles(table: NodeTable) -> None:
    nodes = [item(1, "Load"), item(2, "Load") | {"title": "mine"}, item(3, "Unknown")]
    graph = convert(doc(*nodes), table, now=datetime.now(), choose=lambda _: 0)
    assert [node.title for node in graph.nodes.values()] == ["Load a model", "mine", "Unknown"]
    assert graph.to_api()["2"]["_meta"] == {"title": "mine"}


CHAIN = [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"]]
ENDS = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
V1 = [dict(zip(ENDS, link, strict=True)) for link in CHAIN]
SAVED = ("Save", {"filename_prefix": "x", "images": ["1", 0]})
MIXED = ("Save", {"filename_prefix": "x", "images": ["2", 0]})
UNLINKED = ("Save", {"filename_prefix": "x"})


def between(kind: str, **more: Any) -> dict[str, Any]:
    """Return a picture that is saved, with a node between."""
    middle = item(2, kind, None, **({"a": 1} | more))
    return doc(item(1, "Picture", ["p", "image"]), middle, item(3, "Save", images=2), links=CHAIN)


@pytest.mark.parametrize(
    ("document", "saved"),
    [
        (between("Reroute"), SAVED),
        (between("Mix", mode=4), SAVED),
        (between("Mix", mode=2), UNLINKED),
        (between("Reroute", mode=2), UNLINKED),
        (between("Unknown", mode=4), SAVED),
        (between("Note"), UNLINKED),
        (between("Reroute", a=None), UNLINKED),
        (between("Mix", mode=4, a=None), UNLINKED),
        (between("Mix", mode=4, a=99), UNLINKED),
        (between("Mix", mode=4, a=(1, "MASK")), UNLINKED),
        (between("Mix", mode=4, a=(None, "MASK"), b=1), SAVED),
        (between("Mix", mode=4, a=(None, "MASK"), b=(1, "image")), SAVED),
        (between("Mix", mode=4, a=(None, "MASK"), b=(1, "MASK,IMAGE")), SAVED),
        (between("Mix", mode=4, a=(None, "MASK"), b=(1, "mask, image")), SAVED),
        (between("Mix", mode=4, a=(1, "*")), SAVED),
        (between("Mix", mode=4, a=(1, 0)), SAVED),
        (between("Mix", mode=4, a=(1, ["x", "y"])), UNLINKED),  # an old file's choices
        (between("Mix") | {"links": V1, "version": 1}, MIXED),
        (between("Reroute") | {"links": V1, "version": 1}, SAVED),
        (between("Reroute") | {"links": [None, *CHAIN, [9, None, 0, 3, 0, "IMAGE"]]}, SAVED),
        (between("Reroute") | {"links": []}, UNLINKED),
        (between("Reroute") | {"links": [[*CHAIN[0], 1, 2], [*CHAIN[1][:5]]]}, SAVED),
        (between("Reroute") | {"extra": {"reroutes": [{"id": 1, "linkIds": [1]}],
                                         "linkExtensions": [{"id": 1, "parentId": 1}]}}, SAVED),
    ],
)  # fmt: skip
def test_where_a_link_comes_from(api: Convert, document: dict[str, Any], saved: Any) -> None:
    found = api(document)
    assert found["3"] == saved
    assert set(found) == ({"1", "2", "3"} if saved == MIXED else {"1", "3"})


def test_the_wanted_type_decides_in_a_bypassed_node(api: Convert) -> None:
    """Output 1 of a bypassed Lora is a clip: its input of that place and type is passed on."""
    bypassed = item(2, "Lora", [1.0], mode=4, model=(1, "MODEL"), clip=(2, "CLIP"))
    links = [
        [1, 1, 0, 2, 0, "MODEL"],
        [2, 1, 1, 2, 1, "CLIP"],
        [3, 2, 0, 3, 0, "MODEL"],
        [4, 2, 1, 3, 1, "CLIP"],
    ]
    last = item(3, "Lora", [0.5], model=(3, "MODEL"), clip=(4, "CLIP"))
    found = api(doc(item(1, "Load", ["b"]), bypassed, last, links=links))
    assert found == {
        "1": ("Load", {"name": "b"}),
        "3": ("Lora", {"strength": 0.5, "model": ["1", 0], "clip": ["1", 1]}),
    }


@pytest.mark.parametrize("output", [0, 3])
def test_what_takes_anything_gets_the_input_beside_or_the_first(api: Convert, output: int) -> None:
    middle = item(2, "Mix", mode=4, a=(1, "MASK")) | {"outputs": [{"name": "o", "type": "IMAGE"}]}
    nodes = [item(1, "Picture", ["p", "image"]), middle, item(3, "Save", images=(2, "*"))]
    assert api(doc(*nodes, links=[CHAIN[0], [2, 2, output, 3, 0, "*"]]))["3"] == SAVED


def test_ids_are_text_whatever_they_were(api: Convert) -> None:
    nodes = [item("x:y", "Picture", ["p", ""]), item(2.0, "Mix", a=1), item(3, "Save", images="2")]
    links = [[1, "x:y", 0, 2, 0, "IMAGE"], ["2", "2", 0, 3, 0, "IMAGE"]]
    found = api(doc(*nodes, links=links))
    assert found["2"] == ("Mix", {"amount": 0.5, "a": ["x:y", 0]})
    assert found["3"][1]["images"] == ["2", 0]


def test_a_link_replaces_the_value_of_a_widget_unless_it_leads_nowhere(api: Convert) -> None:
    for mode, amount in ((0, ["1", 0]), (2, 0.25), (4, 0.25)):
        source = item(1, "Unknown", mode=mode)
        found = api(
            doc(source, item(2, "Mix", [0.25], amount=(1, "FLOAT")), links=[[1, 1, 0, 2, 0, "FLOAT"]])
        )
        assert found["2"] == ("Mix", {"amount": amount})


def test_a_link_at_an_input_that_is_not_declared_is_passed_on(api: Convert) -> None:
    found = api(doc(item(1, "Load"), item(2, "Any", value=1, more=1), links=[[1, 1, 1, 2, 0, "*"]]))
    assert found["2"] == ("Any", {"value": ["1", 1], "more": ["1", 1]})


@pytest.mark.parametrize(
    ("primitive", "amount"),
    [
        (item(1, "PrimitiveNode", [0.75, "fixed"]), 0.75),
        (item(1, "PrimitiveNode", []), 0.25),
        (item(1, "PrimitiveNode", None), 0.25),
        (item(1, "PrimitiveNode", {"value": 0.75}), 0.75),
        (item(1, "PrimitiveNode", [0.75], mode=2), 0.25),
    ],
)
def test_a_primitive_gives_its_value(api: Convert, primitive: Any, amount: float) -> None:
    links = [[1, 1, 0, 5, 0, "FLOAT"], [2, 5, 0, 2, 0, "FLOAT"]]
    reroute = item(5, "Reroute", x=(1, "*"))
    found = api(doc(primitive, reroute, item(2, "Mix", [0.25], amount=(2, "FLOAT")), links=links))
    assert found == {"2": ("Mix", {"amount": amount})}


@pytest.mark.parametrize(
    ("prompt", "sent"),
    [
        ("a {red|green} ball", "a green ball"),
        ("{a|{b|{c|d}}}", "d"),
        ("{a|b|} x", " x"),
        (r"\{a\|b\} {x\}|y\|z}", "{a|b} y|z"),
        ("a // to the end\nb /* in \n between */ c", "a \nb  c"),
        ("/* open // a\n/* b", "/* open \n/* b"),
        ("a /* b */ /* c\r// d\re", "a  /* c\r\re"),
        ("//* a\n*/ b", "\n*/ b"),
        ("/" * 100_000, ""),
        ("/* " * 100_000, "/* " * 100_000),
        ("open {a|b", "open {a|b"),
        ("{a|{b|c", "{a|{b|c"),
        ("close } a|b", "close } a|b"),
        (r"back\slash \\", r"back\slash \\"),
        ("{one}", "one"),
        ("{}", ""),
        ("{" * 50_000 + "x" + "}" * 50_000, "x"),
        ("{" * 50_000, "{" * 50_000),
    ],
)
def test_dynamic_prompts(api: Convert, prompt: str, sent: str) -> None:
    found = api(doc(item(1, "Sample", {"prompt": prompt})))
    assert found["1"][1]["prompt"] == sent


def test_only_texts_that_are_prompts_are_drawn(api: Convert) -> None:
    assert api(doc(item(1, "Save", ["{a|b}"])))["1"][1]["filename_prefix"] == "{a|b}"


def test_a_primitive_s_prompt_is_drawn_too(api: Convert) -> None:
    nodes = [item(1, "PrimitiveNode", ["{a|b}"]), item(2, "Sample", prompt=(1, "STRING"))]
    assert api(doc(*nodes, links=[[1, 1, 0, 2, 0, "STRING"]]))["2"][1]["prompt"] == "b"


@pytest.mark.parametrize(
    ("prefix", "name"),
    [
        ("%date:yyyy-MM-dd%/%date:hhmmss%", "2025-03-09/040506"),
        ("%date:yy M d h m s%", "25 3 9 4 5 6"),
        ("%Sample.seed%_%My sampler.cfg%", "5_8"),
        ("%Sample.prompt%", "a_b_ c_"),
        ("%Fixed.value%", "7"),
        ("%Load a model.name%", "b"),
        ("%width%x%height% %year%", "%width%x%height% %year%"),
        ("%Nobody.seed% %Sample.nothing% %Sample.seed.x%", "%Nobody.seed% %Sample.nothing% %Sample.seed.x%"),
        ("100% %", "100% %"),
    ],
)
def test_tokens_in_file_names(api: Convert, prefix: str, name: str) -> None:
    sampler = item(1, "Sample", {"seed": 5, "prompt": "a/b\\ c\n"}) | {
        "title": "My sampler",
        "properties": {"Node name for S&R": "Sample"},
    }
    fixed = item(4, "PrimitiveNode", [7]) | {"title": "Fixed"}
    found = api(doc(item(2, "Save", [prefix]), sampler, fixed, item(9, "Load", ["b"], mode=2)))
    assert found["2"][1]["filename_prefix"] == name


def test_the_document_stays_as_it_was_and_the_graph_has_values_of_its_own(table: NodeTable) -> None:
    document = doc(item(1, "Unknown", {"x": {"deep": [1]}}))
    graph = convert(document, table, now=datetime.now(), choose=lambda _: 0)
    document["nodes"][0]["widgets_values"]["x"]["deep"].append(2)
    assert graph.nodes["1"].inputs["x"] == {"deep": [1]}


def test_long_chains(api: Convert) -> None:
    """Long ones, and many users of one, are followed once."""
    count = 6_000
    nodes = [item(number, "Reroute", x=(number, "*")) for number in range(1, count)]
    links = [[number, number - 1, 0, number, 0, "*"] for number in range(1, count)]
    for number in range(1, count, 2):
        nodes.append(item(f"s{number}", "Save", images=f"l{number}"))
        links.append([f"l{number}", number, 0, f"s{number}", 0, "IMAGE"])
    found = api(doc(item(0, "Picture", ["p", ""]), *nodes, links=links))
    assert {name: inputs["images"] for name, (kind, inputs) in found.items() if kind == "Save"} == {
        f"s{number}": ["0", 0] for number in range(1, count, 2)
    }
