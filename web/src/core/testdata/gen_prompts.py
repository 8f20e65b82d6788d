"""Writes what the server's own conversion makes of documents, for the editor's to be held against.

Run from the repository: python web/src/core/testdata/gen_prompts.py. Documents are those of workflows/, and
random ones (seeded) with subgraphs, groups, reroutes, primitives, muted and bypassed nodes, and lists of
values that do not fit.
"""

from __future__ import annotations

import json
import random
import tempfile
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from inkloom.executor import Folders, Graph, NodeType, WorkflowError, object_info
from inkloom.executor.ui_format import convert, to_ui
from inkloom.nodes import NODES

HERE = Path(__file__).resolve().parent
WORKFLOWS = sorted((HERE.parents[3] / "workflows").glob("*.json"))
NOW = datetime(2025, 1, 2, 3, 4, 5)
CASES = 40

TYPES = [
    *["CheckpointLoaderSimple", "CLIPTextEncode", "KSampler", "KSamplerAdvanced", "EmptyLatentImage"],
    *["VAEDecode", "SaveImage", "LoadImage", "ImageScale", "ImageBlend", "LatentComposite"],
    *["ConditioningAverage", "IntMath", "PrimitiveInt", "StringConcatenate", "ImageBatch", "PickInput"],
    *["IfElse", "RandomNoise", "CLIPSetLastLayer"],
]
STRANGE = [
    "fixed",
    "randomize",
    "image",
    None,
    True,
    1,
    2.5,
    "{a|b} // note",
    [1, 2],
    {"a": 1},
    "%KSampler.seed%",
]
TEXTS = [
    "plain",
    "{red|{dark|light} blue} sky",
    "a \\{b\\} /* gone */ c",
    "x // y",
    "%date:yyyy-MM-dd%/%Sampler.steps%",
]


class _Maker:
    """Makes one random graph of a document, with the subgraphs that it uses."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.subgraphs: list[dict[str, Any]] = []
        self.groups: dict[str, Any] = {}
        self.links = 0
        self.ids = 0

    def document(self) -> dict[str, Any]:
        """Return a file of the editor."""
        made = self._graph(depth=0, count=self.random.randint(3, 9))
        listed = [[link[key] for key in LINK] for link in made["links"]]
        one = self.random.random() < 0.4
        exposed = [{"name": "one", "node": made["nodes"][0]["id"], "input": "text"}]
        return {
            "version": 1 if one else 0.4,
            "nodes": made["nodes"],
            "links": made["links"] if one else listed,
            "definitions": {"subgraphs": self.subgraphs},
            "extra": {"inkloom": {"exposed": exposed}, "groupNodes": self.groups},
        }

    def _graph(self, depth: int, count: int, inputs: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        nodes: list[dict[str, Any]] = []
        links: list[dict[str, Any]] = []
        sources = [(-10, number, one["type"]) for number, one in enumerate(inputs or [])]
        for _ in range(count):
            kinds = ["plain"] * 8 + ["Reroute", "PrimitiveNode", "Note", "group"] + ["subgraph"] * (depth < 2)
            kind = self.random.choice(kinds)
            node = self._subgraph(depth) if kind == "subgraph" else self._node(kind)
            for number, slot in enumerate(node["inputs"]):
                fitting = [one for one in sources if "*" in (one[2], slot["type"]) or one[2] == slot["type"]]
                likely = 0.25 if slot.get("widget") else 0.8
                if fitting and self.random.random() < likely:
                    links.append(self._link(self.random.choice(fitting), node["id"], number, slot))
            nodes.append(node)
            sources += [(node["id"], number, slot["type"]) for number, slot in enumerate(node["outputs"])]
        if nodes and self.random.random() < 0.1:  # back to where it came from: perhaps a circle
            node = self.random.choice(nodes)
            for number, slot in enumerate(node["inputs"][:1]):
                links.append(self._link(self.random.choice(sources), node["id"], number, slot))
        self.random.shuffle(nodes)
        return {"nodes": nodes, "links": links, "sources": sources}

    def _link(
        self, source: tuple[Any, int, str], target: int, number: int, slot: dict[str, Any]
    ) -> dict[str, Any]:
        self.links += 1
        slot["link"] = self.links
        ends = (self.links, source[0], source[1], target, number, source[2])
        return dict(zip(LINK, ends, strict=True))

    def _node(self, kind: str) -> dict[str, Any]:
        self.ids += 1
        mode = self.random.choice([0] * 8 + [2, 4, 4])
        node: dict[str, Any] = {"id": self.ids, "type": kind, "mode": mode, "inputs": [], "outputs": []}
        if kind == "Reroute":
            return node | {
                "inputs": [{"name": "", "type": "*", "link": None}],
                "outputs": [{"name": "", "type": "*"}],
            }
        if kind == "PrimitiveNode":
            values = [self.random.choice([3, "text", None, 0.5]), "randomize"]
            return node | {"outputs": [{"name": "x", "type": "*"}], "widgets_values": values}
        if kind == "Note":
            return node | {"widgets_values": ["a note"]}
        if kind == "group":
            return node | self._group()
        return node | self._typed(NODES[self.random.choice(TYPES)])

    def _group(self) -> dict[str, Any]:
        """Return an instance of a legacy group node, and note its definition."""
        name = f"Group {len(self.groups)}"
        inner = [self._typed(NODES[self.random.choice(TYPES)]) for _ in range(self.random.randint(1, 3))]
        links: list[list[Any]] = []
        for target, node in enumerate(inner[1:], 1):
            slots = [slot for slot in enumerate(node["inputs"]) if self.random.random() < 0.5]
            links += [[target - 1, 0, target, number, slot["type"]] for number, slot in slots]
        hidden = {"input": {"text": {"visible": False}, "seed": {"name": "a seed"}}, "output": {}}
        config = {"0": hidden} if self.random.random() < 0.5 else {}
        external = [[0, 0, "*"]] if self.random.random() < 0.5 else []
        self.groups[name] = {"nodes": inner, "links": links, "external": external, "config": config}
        taken = {(link[2], link[3]) for link in links}
        shown = [
            dict(slot, link=None)
            for number, node in enumerate(inner)
            for at, slot in enumerate(node["inputs"])
            if (number, at) not in taken and self.random.random() < 0.8
        ]
        values = [
            one
            for node in inner
            if isinstance(node["widgets_values"], list)
            for one in node["widgets_values"]
        ]
        outputs = [slot for node in inner for slot in node["outputs"]]
        return {"type": f"workflow>{name}", "inputs": shown, "outputs": outputs, "widgets_values": values}

    def _typed(self, found: NodeType) -> dict[str, Any]:
        drawn = to_ui(Graph.parse({"1": {"class_type": found.name, "inputs": {}}}), NODES)["nodes"][0]
        values = list(drawn["widgets_values"])
        for number, value in enumerate(values):
            if isinstance(value, str) and self.random.random() < 0.6:
                values[number] = self.random.choice([value, *TEXTS])
            elif isinstance(value, int) and value not in (True, False) and self.random.random() < 0.4:
                values[number] = self.random.choice([7, 2**63 + 1, 12])
        if values and self.random.random() < 0.25:
            del values[self.random.randrange(len(values))]
        if self.random.random() < 0.2:
            values.insert(self.random.randint(0, len(values)), self.random.choice(STRANGE))
        names = [slot["name"] for slot in drawn["inputs"] if "widget" in slot]
        held: Any = values
        if self.random.random() < 0.15:
            held = dict(zip(names, values, strict=False))
        inputs = [slot for slot in drawn["inputs"] if "widget" not in slot or self.random.random() < 0.7]
        more = {"title": "Sampler"} if self.random.random() < 0.3 else {}
        properties = {"Node name for S&R": found.name} if self.random.random() < 0.7 else {}
        return {
            "type": found.name,
            "inputs": [dict(slot, link=None) for slot in inputs],
            "outputs": drawn["outputs"],
            "widgets_values": held,
            "properties": properties,
            **more,
        }

    def _subgraph(self, depth: int) -> dict[str, Any]:
        kinds = ["MODEL", "CLIP", "IMAGE", "LATENT", "CONDITIONING", "INT", "STRING", "FLOAT"]
        inputs: list[dict[str, Any]] = [
            {"id": str(number), "name": f"in{number}", "type": self.random.choice(kinds)}
            for number in range(self.random.randint(0, 4))
        ]
        made = self._graph(depth + 1, self.random.randint(1, 5), inputs)
        ends = [one for one in made["sources"] if one[0] != -10 or self.random.random() < 0.2]
        chosen = self.random.sample(ends, min(len(ends), self.random.randint(0, 3)))
        outputs: list[dict[str, Any]] = []
        for number, source in enumerate(chosen):
            made["links"].append(self._link(source, -20, number, {}))
            outputs.append({"id": f"o{number}", "name": f"out{number}", "type": source[2]})
        name = str(uuid.UUID(int=self.random.getrandbits(128)))
        sheet = {"nodes": made["nodes"], "links": made["links"]}
        ends_of = {"inputNode": {"id": -10}, "outputNode": {"id": -20}}
        self.subgraphs.append(
            {"id": name, "name": "Sub", "inputs": inputs, "outputs": outputs, **ends_of, **sheet}
        )
        self.ids += 1
        slots = [{"name": one["name"], "type": one["type"], "link": None} for one in inputs]
        for slot in slots:
            if self.random.random() < 0.3:
                slot["widget"] = {"name": slot["name"]}
        values = [self.random.choice([5, "given", 0.25]) for _ in range(self.random.randint(0, 3))]
        fields = [
            [str(node["id"]), slot["name"]]
            for node in made["nodes"]
            for slot in node["inputs"]
            if slot.get("widget")
        ]
        proxies = self.random.sample(fields, min(len(fields), 2)) if self.random.random() < 0.5 else []
        if proxies and slots and self.random.random() < 0.5:
            proxies.append(["-1", slots[0]["name"]])
        return {
            "id": self.ids,
            "type": name,
            "mode": self.random.choice([0] * 6 + [2, 4]),
            "inputs": slots,
            "outputs": [{"name": one["name"], "type": one["type"]} for one in outputs],
            "widgets_values": values,
            "properties": {"proxyWidgets": proxies} if proxies else {},
        }


LINK = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")


def answer(saved: dict[str, Any]) -> dict[str, Any]:
    """Return the prompt of a document, or the codes of what is wrong with it."""
    try:
        return {"prompt": convert(saved, NODES, now=NOW, choose=lambda count: count - 1).to_api()}
    except WorkflowError as error:
        return {"codes": sorted({one.code for one in error.problems})}


def _cases() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in WORKFLOWS:
        saved = json.loads(json.dumps(to_ui(Graph.parse(path.read_text(encoding="utf-8")), NODES)))
        found[path.stem] = {"saved": saved, **answer(saved)}
    for seed in range(CASES):
        saved = _Maker(seed).document()
        found[f"random {seed}"] = {"saved": saved, **answer(saved)}
    return found


def _main() -> None:
    made = _cases()
    used = {entry["class_type"] for case in made.values() for entry in case.get("prompt", {}).values()} | {
        *TYPES
    }
    with tempfile.TemporaryDirectory() as empty:
        root = Path(empty)
        folders = Folders(root)
        info = {name: object_info(NODES[name], folders) for name in sorted(used)}
    for name, found in (("object_info", info), ("prompts", made)):
        text = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
        (HERE / f"{name}.json").write_text(text.replace('},"', '},\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main()
