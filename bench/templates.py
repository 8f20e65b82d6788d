"""The pictures of the shipped workflows, as the template browser shows them: `python -m bench.templates`.

Each workflow is run with the embedded model and its first picture written to `workflows/pictures/`, small, as
WebP; several pictures of one run become a grid. Workflows for other models are drawn with the embedded one
put in their place.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from math import ceil, sqrt
from pathlib import Path
from typing import Any

from PIL import Image

NAME = "inklet.safetensors"

WORKFLOWS = Path(__file__).resolve().parent.parent / "workflows"
SIDE = 256
QUALITY = 82
INKLOOM = str(Path(sys.executable).with_name("inkloom"))

Flow = dict[str, dict[str, Any]]

PROMPT = "a large green square on a white background, center"

STANDINS: Mapping[str, Mapping[str, Any]] = {
    "CheckpointLoaderSimple": {"ckpt_name": NAME},
    "EmptyLatentImage": {"width": 128, "height": 128},
    "KSampler": {"steps": 20, "cfg": 4.0, "sampler_name": "dpmpp_2m", "scheduler": "simple"},
    "ModelSamplingDiscrete": {"sampling": "v_prediction", "zsnr": True},
    "KSamplerAdvanced": {"cfg": 4.0, "sampler_name": "dpmpp_2m", "scheduler": "simple"},
}
"""Values that suit the embedded model, by class of node."""

ENCODERS = ("CLIPTextEncode", "CLIPTextEncodeSDXL", "CLIPTextEncodeSDXLRefiner")


def with_inklet(flow: Flow) -> Flow:
    """Return a workflow for another model as one for the embedded model."""
    drawn: Flow = {}
    for name, node in flow.items():
        kind, inputs = node["class_type"], node["inputs"]
        if kind in ENCODERS:
            text = "" if "egative" in node.get("_meta", {}).get("title", "") else PROMPT
            drawn[name] = {"class_type": "CLIPTextEncode", "inputs": {"clip": inputs["clip"], "text": text}}
        else:
            drawn[name] = {**node, "inputs": {**inputs, **STANDINS.get(kind, {})}}
    return drawn


def pictures(flow: Flow) -> list[Image.Image]:
    """Run a workflow and return what it saved or showed, in order."""
    with tempfile.TemporaryDirectory() as folder:
        command = [INKLOOM, "run", "-", "--root", folder, "--output", folder]
        done = subprocess.run(command, input=json.dumps(flow).encode(), check=True, stdout=subprocess.PIPE)
        return [Image.open(path).convert("RGB") for path in done.stdout.decode().splitlines()]


def grid(shown: list[Image.Image]) -> Image.Image:
    """Return pictures side by side, `SIDE` pixels wide; one alone is enlarged to that."""
    columns = ceil(sqrt(len(shown)))
    if columns == 1:
        return shown[0].resize(_within(shown[0].size, SIDE), Image.Resampling.LANCZOS)
    rows, cell = ceil(len(shown) / columns), SIDE // columns
    sheet = Image.new("RGB", (SIDE, rows * cell), (24, 24, 27))
    for place, one in enumerate(shown):
        small = one.resize(_within(one.size, cell - 4), Image.Resampling.LANCZOS)
        row = place // columns
        free = columns - min(columns, len(shown) - row * columns)  # the last row stands in the middle
        left = place % columns * cell + free * cell // 2
        sheet.paste(small, (left + 2, row * cell + 2))
    return sheet


def _within(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = side / max(size)
    return round(size[0] * scale), round(size[1] * scale)


def main() -> None:
    """Draw them all, or those of these names."""
    chosen = sys.argv[1:]
    folder = WORKFLOWS / "pictures"
    folder.mkdir(exist_ok=True)
    for path in sorted(WORKFLOWS.glob("*.json")):
        if chosen and path.stem not in chosen:
            continue
        flow: Flow = json.loads(path.read_text(encoding="utf-8"))
        loaders = [one["inputs"] for one in flow.values() if one["class_type"] == "CheckpointLoaderSimple"]
        if any(one["ckpt_name"] != NAME for one in loaders):
            flow = with_inklet(flow)
        drawn = grid(pictures(flow))
        target = folder / f"{path.stem}.webp"
        drawn.save(target, quality=QUALITY, method=6)
        print(f"{target.name:32}{target.stat().st_size:8} bytes")


if __name__ == "__main__":
    main()
