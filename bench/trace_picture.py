"""Draws a trace as Perfetto does, for the docs: python -m bench.trace_picture PICTURE.png [TRACE.json].

Without a trace it makes one, in a process that has everything imported: of a Stable Diffusion 1.5 of its real
size with random weights, in a budget of 700 MB that it does not fit into.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from PIL import Image, ImageDraw, ImageFont

from inkloom.executor import Graph
from inkloom.executor.explaining.trace import trace
from inkloom.nodes import NODES, Engine, open_folders, open_memory

from .memory import BUDGET, FLOW, write_checkpoint

WORKFLOW = Path(__file__).resolve().parent.parent / "workflows" / "text_to_image.json"

STEPS = 4

WIDTH, LEFT, RIGHT, TOP = 1600, 130, 24, 56
ROW, GAP, DEPTH = 40, 14, 26
"""Pixels: the height of a bar, between two rows, and of a bar that lies over another one."""

PAPER, INK, FAINT, GRID = "#ffffff", "#1d2430", "#6b7480", "#e6e9ee"
COLOURS = {"run": "#b9c2d0", "node": "#7aa6da", "step": "#c5dbf2", "load": "#e3a857", "copy": "#8fc18b"}
OTHER, POINT = "#c9a0dc", "#c0503c"


def main(argv: Sequence[str]) -> None:
    """Draw one trace."""
    target, *source = map(Path, argv)
    told = json.loads(source[0].read_text(encoding="ascii")) if source else made()
    picture(cast("list[dict[str, Any]]", told["traceEvents"])).save(target, optimize=True)


def made() -> dict[str, object]:
    """Run `text_to_image` to import what runs need, then the large model, and return the trace of that."""
    with tempfile.TemporaryDirectory() as root:
        folders = open_folders(Path(root))
        list(Engine(NODES, folders).run(Graph.parse(WORKFLOW.read_text(encoding="utf-8"))))
        checkpoints = Path(root) / "models" / "checkpoints"
        checkpoints.mkdir(parents=True, exist_ok=True)
        write_checkpoint(checkpoints / FLOW["1"]["inputs"]["ckpt_name"])
        flow = json.loads(json.dumps(FLOW))
        flow["5"]["inputs"]["steps"] = STEPS
        engine = Engine(NODES, open_folders(Path(root)), memory=open_memory(folders, BUDGET))
        return trace(engine.run(Graph.parse(json.dumps(flow))), lambda class_type: NODES[class_type].lane)


def picture(entries: Sequence[Mapping[str, Any]]) -> Image.Image:
    """Return the picture of a trace: a row for each of its rows, bars over those that they lie in."""
    names = {entry["tid"]: entry["args"]["name"] for entry in entries if entry["ph"] == "M"}
    bars = [entry for entry in entries if entry["ph"] == "X"]
    points = [entry for entry in entries if entry["ph"] == "i"]
    end = max(entry["ts"] + entry["dur"] for entry in bars)
    depths = _depths(bars)
    deepest = {tid: max((depths[id(bar)] for bar in bars if bar["tid"] == tid), default=0) for tid in names}
    tops: dict[int, int] = {}
    bottom = TOP
    for tid in names:
        tops[tid] = bottom
        bottom += ROW + DEPTH * deepest[tid] + GAP
    image = Image.new("RGB", (WIDTH, bottom + 8), PAPER)
    draw = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(17), ImageFont.load_default(14)

    def across(micros: float) -> float:
        return LEFT + micros / end * (WIDTH - LEFT - RIGHT)

    def following(entry: Mapping[str, Any]) -> float:
        """Return when the next entry of a row begins that an entry does not hold."""
        over = entry["ts"] + entry.get("dur", 0)
        starts = (other["ts"] for other in (*bars, *points) if other["tid"] == entry["tid"])
        return min((start for start in starts if start >= over and start > entry["ts"]), default=end)

    step = _tick(end / 1e6)
    for number in range(int(end / 1e6 / step) + 1):
        x = across(number * step * 1e6)
        draw.line((x, TOP - 14, x, bottom), GRID)
        draw.text((x, 14), f"{number * step:g} s", FAINT, small, "ma")
    for tid, name in names.items():
        draw.text((LEFT - 14, tops[tid] + ROW / 2), name, INK, font, "rm")
    for bar in bars:
        depth = depths[id(bar)]
        top = tops[bar["tid"]] + (ROW + (depth - 1) * DEPTH if depth else 0)
        left, right = across(bar["ts"]), across(bar["ts"] + bar["dur"])
        height = DEPTH if depth else ROW
        colour = COLOURS.get(bar["cat"], OTHER)
        draw.rectangle((left, top, max(right - 2, left + 1), top + height - 2), colour)
        text = _fitting(bar["name"], right - left - 10, small if depth else font)
        if not text and not depth:  # beside it, where the row is empty
            left = right
            text = _fitting(bar["name"], across(following(bar)) - left - 10, font)
        draw.text((left + 5, top + height / 2 - 1), text, INK, small if depth else font, "lm")
    for point in points:
        x, y = across(point["ts"]), tops[point["tid"]] + ROW / 2
        draw.polygon(((x - 6, y + 7), (x + 6, y + 7), (x, y - 5)), POINT)
        if not any(bar["tid"] == point["tid"] for bar in bars):
            room = across(following(point)) - x - 20
            text = _fitting(point["name"], room if following(point) < end else WIDTH - x - 12, font)
            draw.text((x + 11, y), text, INK, font, "lm")
    return image


def _depths(bars: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Return how many others each bar lies over, by its identity."""
    stacks: dict[int, list[int]] = {}
    depths: dict[int, int] = {}
    for bar in bars:
        stack = stacks.setdefault(bar["tid"], [])
        while stack and stack[-1] <= bar["ts"]:
            stack.pop()
        depths[id(bar)] = len(stack)
        stack.append(bar["ts"] + bar["dur"])
    return depths


def _tick(seconds: float) -> float:
    """Return the distance of two marks on the time axis, about a twelfth of the whole."""
    size = 10.0 ** len(str(int(seconds)))
    steps = [size * part / 10**power for power in range(6) for part in (5, 2, 1)]
    return next(step for step in reversed(steps) if seconds / step <= 14)


def _fitting(text: str, room: float, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Return what of a text has room: of a step its number, of a node its class, else how it begins."""
    first, *rest = text.split(" ")
    shorter = [text]
    if first in ("step", "steps"):
        shorter += rest[:1]
    else:
        shorter += [first] if len(rest) == 1 else []
        shorter += [text[:length] + "…" for length in range(len(text) - 1, 2, -1)]
    return next((some for some in shorter if font.getlength(some) <= room), "")


if __name__ == "__main__":
    main(sys.argv[1:])
