"""Subgraphs and legacy group nodes, unfolded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from inkloom.executor import NodeTable, WorkflowError
from inkloom.executor.ui_format import convert

Convert = Callable[[dict[str, Any]], Any]
INNER, OUTER = "7b34ab90-36f9-45ba-a665-71d418f0df18", "6007e698-2ebd-4917-84d8-299b35d7b7ab"


def slots(*given: str) -> list[dict[str, Any]]:
    """Return inputs from texts like "name 5 field": a link, and that the editor shows a field."""
    found: list[dict[str, Any]] = []
    for name, *more in (text.split() for text in given):
        link = next((int(word) for word in more if word.lstrip("-").isdigit()), None)
        widget = {"widget": {"name": name}} if "field" in more else {}
        found.append({"name": name, "type": "*", "link": link, **widget})
    return found


def item(number: int, kind: str, values: Any = None, *inputs: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "type": kind, "inputs": slots(*inputs), "widgets_values": values, **more}


def links(*given: str) -> list[dict[str, Any]]:
    """Return links from texts like "5: 1.0 -> 2.1"."""
    found: list[dict[str, Any]] = []
    for text in given:
        number, ends = text.split(":")
        (origin, slot), (target, at) = (end.strip().split(".") for end in ends.split("->"))
        found.append({
            "id": int(number), "origin_id": int(origin), "origin_slot": int(slot),
            "target_id": int(target), "target_slot": int(at), "type": "*",
        })  # fmt: skip
    return found


def subgraph(name: str, nodes: list[Any], wires: list[Any], inputs: tuple[str, ...] = (), **more: Any) -> Any:
    return {
        "id": name,
        "name": f"the {name[:4]}",
        "inputNode": {"id": -10},
        "outputNode": {"id": -20},
        "inputs": [{"name": given, "type": "*"} for given in inputs],
        "nodes": nodes,
        "links": wires,
        **more,
    }


def doc(nodes: list[Any], wires: list[Any], *definitions: Any, **more: Any) -> dict[str, Any]:
    return {"nodes": nodes, "links": wires, "definitions": {"subgraphs": list(definitions)}, **more}


BLEND = subgraph(
    INNER,
    [item(1, "Mix", [0.25], "a 1", "b 2", "amount 3 field"), item(2, "Mix", [0.75], "a 4")],
    links("1: -10.0 -> 1.0", "2: -10.1 -> 1.1", "3: -10.2 -> 1.2", "4: 1.0 -> 2.0", "5: 2.0 -> -20.0"),
    ("first", "second", "amount"),
)
"""Two pictures in, mixed, mixed again; one out."""

AROUND = (item(1, "Picture", ["p", ""]), item(9, "Save", None, "images 9"))
"""A picture, and where the link 9 is saved."""


def blended(instance: dict[str, Any], *wires: str, definition: Any = BLEND) -> dict[str, Any]:
    return doc([*AROUND, instance], links(*wires, "9: 5.0 -> 9.0"), definition)


@pytest.mark.parametrize(
    ("instance", "amounts"),
    [
        (item(5, INNER, [], "first 1", "second 2"), (0.25, 0.75)),
        (item(5, INNER, [0.5], "first 1", "second 2", "amount field"), (0.5, 0.75)),
        (item(5, INNER, [0.5, "fixed"], "first 1", "second 2", "amount field"), (0.5, 0.75)),
        (item(5, INNER, {"amount": 0.5}, "first 1", "second 2", "amount field"), (0.5, 0.75)),
        (item(5, INNER, [0.5], "first 1", "second 2"), (0.5, 0.75)),  # known by where the input leads
        (item(5, INNER, [None], "first 1", "second 2", "amount field"), (0.25, 0.75)),
        (item(5, INNER, [0.5, 0.1], "first 1", "second 2", "amount field",
              properties={"proxyWidgets": [["-1", "amount"], ["2", "amount"]]}), (0.5, 0.1)),
        (item(5, INNER, [0.1, 0.5], "first 1", "second 2", "amount field",
              properties={"proxyWidgets": [[2, "amount"], [-1, "amount"]]}), (0.5, 0.1)),
        (item(5, INNER, [0.5], "first 1", "second 2", "amount field",
              properties={"proxyWidgets": [["2", "amount"], ["-1", "amount"]]}), (0.5, 0.75)),
        (item(5, INNER, [], "first 1", "second 2", "amount field",
              properties={"proxyWidgets": [["2", "amount"], ["1", "amount"]]}), (0.25, 0.75)),
        (item(5, INNER, [0.1, 0.5], "first 1", "second 2",
              properties={"proxyWidgets": [["2", "amount"], ["1", "amount"]]}), (0.5, 0.1)),
        (item(5, INNER, [0.5], "first 1", "second 2", "amount field",
              properties={"proxyWidgets": [["77", "gone"]]}), (0.25, 0.75)),
        (item(5, INNER, [], "amount field", "second 2", "first 1"), (0.25, 0.75)),  # by name, not by place
    ],
)  # fmt: skip
def test_inputs_outputs_and_fields(api: Convert, instance: Any, amounts: tuple[float, float]) -> None:
    found = api(blended(instance, "1: 1.0 -> 5.0", "2: 1.0 -> 5.1"))
    assert found == {
        "1": ("Picture", {"image": "p"}),
        "9": ("Save", {"filename_prefix": "x", "images": ["5:2", 0]}),
        "5:1": ("Mix", {"amount": amounts[0], "a": ["1", 0], "b": ["1", 0]}),
        "5:2": ("Mix", {"amount": amounts[1], "a": ["5:1", 0]}),
    }


def test_inputs_by_place_where_names_were_changed(api: Convert) -> None:
    found = api(blended(item(5, INNER, [], "renamed 1", "second 2"), "1: 1.0 -> 5.0", "2: 1.0 -> 5.1"))
    assert found["5:1"][1]["a"] == ["1", 0]


def test_a_linked_field_gets_the_link(api: Convert) -> None:
    document = blended(item(5, INNER, [0.5], "amount 3 field"), "3: 1.0 -> 5.0")
    assert api(document)["5:1"] == ("Mix", {"amount": ["1", 0]})


@pytest.mark.parametrize(("mode", "images"), [(2, None), (4, ["1", 0])])
def test_a_muted_or_bypassed_instance(api: Convert, mode: int, images: Any) -> None:
    instance = item(5, INNER, [], "first 1", mode=mode, outputs=[{"name": "out", "type": "IMAGE"}])
    found = api(blended(instance, "1: 1.0 -> 5.0"))
    assert set(found) == {"1", "9"}
    assert found["9"][1].get("images") == images


def test_one_definition_twice(api: Convert) -> None:
    nodes = [item(5, INNER, [0.1], "amount field"), item(6, INNER, [0.2], "amount field", "first 9")]
    found = api(doc(nodes, links("9: 5.0 -> 6.1"), BLEND))
    assert {name: node[1]["amount"] for name, node in found.items()} == {
        "5:1": 0.1, "5:2": 0.75, "6:1": 0.2, "6:2": 0.75,
    }  # fmt: skip
    assert found["6:1"][1]["a"] == ["5:2", 0]


SHOWN = [["-1", "amount"], ["2", "amount"]]
WRAP = subgraph(
    OUTER,
    [item(3, INNER, [0.3], "first 1", "amount 2 field", properties={"proxyWidgets": SHOWN})],
    links("1: -10.0 -> 3.0", "2: -10.1 -> 3.1", "3: 3.0 -> -20.0"),
    ("picture", "strength"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("instance", "amounts"),
    [
        (item(5, OUTER, [0.5], "picture 1", "strength field"), (0.5, 0.75)),
        (item(5, OUTER, [], "picture 1"), (0.3, 0.75)),
        (item(5, OUTER, [0.6], "picture 1", properties={"proxyWidgets": [["3", "amount"]]}), (0.6, 0.75)),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_subgraphs_in_subgraphs(api: Convert, instance: Any, amounts: Any, nested: bool) -> None:
    definitions = [{**WRAP, "definitions": {"subgraphs": [BLEND]}}] if nested else [BLEND, WRAP]
    found = api(doc([*AROUND, instance], links("1: 1.0 -> 5.0", "9: 5.0 -> 9.0"), *definitions))
    assert found["9"][1]["images"] == ["5:3:2", 0]
    assert found["5:3:1"] == ("Mix", {"amount": amounts[0], "a": ["1", 0]})
    assert found["5:3:2"] == ("Mix", {"amount": amounts[1], "a": ["5:3:1", 0]})


def test_a_subgraph_that_only_passes_on(api: Convert) -> None:
    wire = subgraph(INNER, [], links("1: -10.0 -> -20.0"), ("first",))
    found = api(blended(item(5, INNER, [], "first 1"), "1: 1.0 -> 5.0", definition=wire))
    assert found["9"][1]["images"] == ["1", 0]


def test_the_word_behind_a_seed_among_shown_fields(api: Convert) -> None:
    inner = subgraph(INNER, [item(7, "Sample", [1, "fixed", 2, 3.0, "heun", "p"])], [])
    names = ("prompt", "seed", "control_after_generate", "steps")
    shown = {"proxyWidgets": [["7", name] for name in names]}
    found = api(doc([item(5, INNER, ["{a|b}", 8, "randomize", 9], properties=shown)], [], inner))
    assert found["5:7"][1] == {"seed": 8, "steps": 9, "cfg": 3.0, "sampler": "heun", "prompt": "b"}


def group(**more: Any) -> dict[str, Any]:
    return {
        "nodes": [
            {"type": "Sample", "index": 0, "inputs": slots("model"), "outputs": [{"name": "IMAGE"}],
             "widgets_values": [1, "fixed", 2, 3.0, "heun", "p"]},
            {"type": "Mix", "index": 1, "inputs": slots("a", "b"), "outputs": [{"name": "IMAGE"}]},
            {"type": "Mix", "index": 2, "inputs": slots("a", "b"), "outputs": [{"name": "IMAGE"}]},
        ],
        "links": [[0, 0, 1, 1, 12, "IMAGE"], [None, 0, 0, 0, 3, "MODEL"], [1, 0, 2, 0, 3, "IMAGE"]],
        "external": [],
        **more,
    }  # fmt: skip


SAMPLED = {"seed": 7, "steps": 8, "cfg": 9.0, "sampler": "euler", "prompt": "q", "model": ["2", 0]}
GROUPED = {
    "5:0": ("Sample", SAMPLED),
    "5:1": ("Mix", {"amount": 0.1, "a": ["1", 0], "b": ["5:0", 0]}),
    "5:2": ("Mix", {"amount": 0.2, "a": ["5:1", 0], "b": ["1", 0]}),
}
VALUES = [7, "randomize", 8, 9.0, "euler", "q", None, 0.1, 0.2]


HIDDEN = {"1": {"output": {"0": {"visible": False}}}}
PLAIN = ("model 1", "a 2", "b 3")


@pytest.mark.parametrize(
    ("instance", "made", "images"),
    [
        (item(5, "workflow>G", VALUES, *PLAIN), group(), ["5:2", 0]),
        (item(5, "workflow/G", VALUES, *PLAIN), group(), ["5:2", 0]),
        (item(5, "workflow>G", VALUES[:6] + VALUES[7:], *PLAIN), group(), ["5:2", 0]),
        (item(5, "workflow>G", VALUES, "model 1", "of one 2", "of another 3"), group(), ["5:2", 0]),
        (item(5, "workflow>G", VALUES, "seed field", "model 1", "p 2", "q 3"), group(), ["5:2", 0]),
        (item(5, "workflow>G", VALUES, "A 2", "model 1", "b 3"),
         group(config={"1": {"input": {"a": {"name": "A"}}}}), ["5:2", 0]),
        (item(5, "workflow>G", VALUES, *PLAIN), group(external=[[0, 0, "IMAGE"]]), ["5:0", 0]),
        (item(5, "workflow>G", VALUES, *PLAIN), group(external=[[{"index": 1}, 0, "IMAGE"]]), ["5:1", 0]),
        (item(5, "workflow>G", VALUES, *PLAIN), group(external=[[1, 0, "IMAGE"]], config=HIDDEN), ["5:2", 0]),
    ],
)  # fmt: skip
def test_legacy_groups(api: Convert, instance: Any, made: Any, images: Any) -> None:
    wires = links("1: 2.0 -> 5.0", "2: 1.0 -> 5.1", "3: 1.0 -> 5.2", "9: 5.0 -> 9.0")
    nodes = [*AROUND, item(2, "Load", ["a"]), instance]
    found = api(doc(nodes, wires, extra={"groupNodes": {"G": made}}))
    assert {name: node for name, node in found.items() if ":" in name} == GROUPED
    assert found["9"][1]["images"] == images


def test_what_a_legacy_group_hides(api: Convert) -> None:
    hidden = group(config={"1": {"input": {"a": {"visible": False}}}})
    nodes = [*AROUND, item(5, "workflow>G", VALUES, "model", "of the last 3")]
    found = api(doc(nodes, links("3: 1.0 -> 5.1"), extra={"groupNodes": {"G": hidden}}))
    assert found["5:1"] == ("Mix", {"amount": 0.1, "b": ["5:0", 0]})
    assert found["5:2"] == ("Mix", {"amount": 0.2, "a": ["5:1", 0], "b": ["1", 0]})


def test_a_link_to_a_field_of_a_legacy_group(api: Convert) -> None:
    instance = item(5, "workflow>G", VALUES, "steps 1 field")
    nodes = [item(1, "PrimitiveNode", [44]), instance]
    found = api(doc(nodes, links("1: 1.0 -> 5.0"), extra={"groupNodes": {"G": group()}}))
    assert found["5:0"][1]["steps"] == 44


def tower(height: int, width: int) -> dict[str, Any]:
    """Return subgraphs inside of each other, some times each."""
    floors = (subgraph(str(n), [item(k, str(n + 1)) for k in range(width)], []) for n in range(height))
    return doc([item(5, "0")], [], *floors)


ITSELF = subgraph(INNER, [item(1, INNER)], [])
EACH_OTHER = (subgraph(INNER, [item(1, OUTER)], []), subgraph(OUTER, [item(1, INNER)], []))
ON = subgraph(INNER, [], links("1: -10.0 -> -20.0"), ("first",))


@pytest.mark.parametrize(
    ("document", "code", "says"),
    [
        (doc([item(5, INNER)], [], ITSELF), "bad_subgraph", "'the 7b34' -> 'the 7b34'"),
        (doc([item(5, INNER)], [], *EACH_OTHER), "bad_subgraph", "'the 6007' -> 'the 7b34' -> 'the 6007'"),
        (doc([item(5, INNER, title="my blend")], []), "missing_subgraph", 'node 5 "my blend" is a subgraph'),
        (doc([item(5, "workflow>G")], []), "missing_subgraph", "no group 'G'"),
        (tower(30, 10), "bad_subgraph", "unfold to 1.11e+30 nodes; at most 1000000"),
        (tower(400, 10), "bad_subgraph", "never end"),
        (tower(3000, 1), "bad_subgraph", "3000 subgraphs lie inside of each other"),
        (blended(item(5, INNER, [], "first 9"), definition=ON), "cycle", f"node 5 ({INNER}) passes on"),
    ],
)
def test_refuses(table: NodeTable, document: Any, code: str, says: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        convert(document, table, now=datetime.now(), choose=lambda _: 0)
    [problem] = caught.value.problems
    assert problem.code == code
    assert says in problem.message


def test_what_is_not_used_is_not_looked_at(api: Convert) -> None:
    itself = subgraph(INNER, [item(1, INNER)], [])
    muted = [item(5, INNER, mode=2), item(6, OUTER, mode=4)]
    assert api(doc([*muted, item(1, "Load", ["a"])], [], itself, {"id": OUTER, "nodes": 3})) == {
        "1": ("Load", {"name": "a"})
    }


def test_two_nodes_of_one_execution_id(table: NodeTable) -> None:
    document = blended(item(5, INNER))
    document["nodes"].append({"id": "5:2", "type": "Load"})
    with pytest.raises(WorkflowError, match="two nodes would run under the id 5:2"):
        convert(document, table, now=datetime.now(), choose=lambda _: 0)
