"""How much memory computing takes, as the operating system counts it.

First a whole run, prompts to picture, of a Stable Diffusion 1.5 of its real size with random weights in
float16 (U-Net 1.7 GB, 3.4 GB as it computes), 256x256 in two steps: with all the memory it wants, and with a
budget of 700 MB. Each is a process of its own, watched from outside: anonymous and pinned pages beyond those
that it has once everything is imported. The file lies in the system's cache by then.

Then many small jobs, all different, in one process: its memory must not grow.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BUDGET = 700_000_000
JOBS = 1000
EVERY = 0.002
"""Seconds between two looks at a process."""

FLOW: dict[str, Any] = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "random.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a loom"}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a blot of ink"}},
    "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 256, "height": 256, "batch_size": 1}},
    "5": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["1", 0],
            "positive": ["2", 0],
            "negative": ["3", 0],
            "latent_image": ["4", 0],
            "seed": 1,
            "steps": 2,
            "cfg": 7.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1.0,
        },
    },
    "6": {"class_type": "SaveLatent", "inputs": {"samples": ["5", 0], "filename_prefix": "latent"}},
    "7": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
    "8": {"class_type": "SaveImage", "inputs": {"images": ["7", 0], "filename_prefix": "picture"}},
}


def write_checkpoint(path: Path) -> None:
    """Write a checkpoint of the real size with random weights under which no activation vanishes."""
    import torch

    from inkloom.diffusion import write_tensors
    from inkloom.diffusion.networks.autoencoder import Autoencoder, AutoencoderSpec
    from inkloom.diffusion.networks.text import TextSpec, TextTower
    from inkloom.diffusion.networks.unet import UNet, UNetSpec
    from inkloom.diffusion.networks.unfilled import on_meta

    unet = UNetSpec(
        channels=(320, 640, 1280, 1280),
        input_depths=(1, 1, 1, 1, 1, 1, 0, 0),
        middle_depth=1,
        output_depths=(0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1),
        context_channels=768,
        res_blocks=2,
    )
    text = TextSpec(vocabulary=49408, width=768, layers=12, heads=12, hidden=3072)
    parts = {
        "model.diffusion_model.": on_meta(UNet, unet),
        "first_stage_model.": on_meta(Autoencoder, AutoencoderSpec(widths=(128, 256, 512, 512), blocks=2)),
        "cond_stage_model.transformer.": on_meta(TextTower, text),
    }
    generator = torch.Generator().manual_seed(0)

    def drawn(name: str, like: torch.Tensor) -> torch.Tensor:
        if like.ndim == 1 and name.endswith("weight"):
            return torch.ones(like.shape, dtype=torch.float16)
        spread = 0.1 if like.ndim == 1 else like[0].numel() ** -0.5
        return torch.randn(like.shape, generator=generator).mul_(spread).half()

    tensors = {
        prefix + name: drawn(name, like)
        for prefix, network in parts.items()
        for name, like in network.state_dict().items()
    }
    with path.open("wb") as file:
        write_tensors(file, tensors, {})


def one_run(root: Path, budget: int | None) -> None:
    """Run the workflow once in this process; tell when everything is imported, and at the end how it went."""
    import torch

    from inkloom.diffusion import Model, Vae, load_checkpoint, sample_states  # noqa: F401 -- the same
    from inkloom.executor import Graph, NodeFinished, RunDone
    from inkloom.nodes import NODES, Engine, open_folders, open_memory

    folders = open_folders(root)
    graph = Graph.parse(json.dumps(FLOW))
    engine = Engine(NODES, folders, memory=open_memory(folders, budget or 2**50))
    torch.mm(torch.zeros(64, 64), torch.zeros(64, 64))  # what the first product takes
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    *_, last = events = list(engine.run(graph))
    seconds = time.perf_counter() - began
    nodes = {event.class_type: event.seconds for event in events if isinstance(event, NodeFinished)}
    if not isinstance(last, RunDone):
        raise SystemExit(f"{last}")
    digests = {
        path.suffix: hashlib.sha256(path.read_bytes()).hexdigest() for path in (root / "output").iterdir()
    }
    print(json.dumps({"seconds": seconds, "nodes": nodes, "digests": digests}), flush=True)


def status(pid: int) -> dict[str, int]:
    """Return what the operating system says of a process's memory, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    found = (line.split() for line in lines)
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in found if words[-1] == "kB"}


def held(pid: int) -> int:
    """Return the anonymous and pinned bytes of a process."""
    told = status(pid)
    return told["RssAnon"] + told.get("VmPin", 0)


def watched(root: Path, budget: int | None) -> dict[str, Any]:
    """Run in a process of its own and watch it: what it told, and the peak above its baseline."""
    command = [sys.executable, "-m", "bench.memory", "one", str(root), str(budget or 0)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise SystemExit(f"{command} failed")
        baseline = peak = held(process.pid)
        process.stdin.write("go\n")
        process.stdin.flush()
        while process.poll() is None:
            try:
                peak = max(peak, held(process.pid))
            except (KeyError, FileNotFoundError, ProcessLookupError):
                break  # it has just ended
            time.sleep(EVERY)
        told = json.loads(process.stdout.readline())
    return {**told, "peak": peak - baseline, "baseline": baseline}


def budgeted(folder: Path) -> None:
    """Print what a run takes, with and without a budget."""
    model = folder / "random.safetensors"
    write_checkpoint(model)
    rows: dict[str, dict[str, Any]] = {}
    for name, budget in (("no budget", None), (f"{BUDGET / 1e6:.0f} MB", BUDGET)) * 2:
        root = Path(tempfile.mkdtemp(dir=folder))
        (root / "models" / "checkpoints").mkdir(parents=True)
        (root / "models" / "checkpoints" / model.name).symlink_to(model)
        found = watched(root, budget)
        best = rows.get(name)
        if best is not None:
            found["seconds"] = min(found["seconds"], best["seconds"])
            found["peak"] = max(found["peak"], best["peak"])
        rows[name] = found
    print(f"{'SD1.5, 256x256, 2 steps':24}{'s':>8}{'KSampler':>10}{'peak MB':>10}{'baseline':>10}")
    for name, row in rows.items():
        seconds = f"{row['seconds']:8.1f}{row['nodes']['KSampler']:10.1f}"
        print(f"{name:24}{seconds}{row['peak'] / 1e6:10.0f}{row['baseline'] / 1e6:10.0f}")
    free, tight = rows.values()
    print(
        f"{'the same bits' if free['digests'] == tight['digests'] else 'OTHER BITS'}, "
        f"{tight['seconds'] / free['seconds']:.2f} times as long (goal 1.5), "
        f"peak {tight['peak'] / 1e6:.0f} MB (goal {1.1 * BUDGET / 1e6:.0f})"
    )
    sys.stdout.flush()


def varied() -> Iterator[dict[str, Any]]:
    """Yield workflows with the embedded model, no two alike."""
    for number in range(JOBS):
        side = 64 + 8 * (number % 5)
        flow = json.loads(json.dumps(FLOW))
        flow["1"]["inputs"]["ckpt_name"] = "inklet.safetensors"
        flow["2"]["inputs"]["text"] = f"a large red circle, number {number}"
        flow["4"]["inputs"] |= {"width": side, "height": 64 + 8 * (number % 3), "batch_size": 1 + number % 2}
        flow["5"]["inputs"] |= {"seed": number, "steps": 1 + number % 2}
        flow["5"]["inputs"]["sampler_name"] = ("euler", "dpmpp_2m", "ddim")[number % 3]
        del flow["6"]
        flow["8"] = {"class_type": "PreviewImage", "inputs": {"images": ["7", 0]}}
        if number % 4 == 0:
            flow["9"] = {"class_type": "ImageInvert", "inputs": {"image": ["7", 0]}}
            flow["8"]["inputs"]["images"] = ["9", 0]
        yield flow


def many_jobs(folder: Path) -> None:
    """Print the memory of this process after some and after all jobs."""
    from inkloom.executor import Graph, RunDone
    from inkloom.nodes import NODES, Engine, open_cache, open_folders, open_history, open_memory

    folders = open_folders(folder)
    # So little that the caches are full by job 100.
    cache = open_cache(folders, size=1_500_000, memory=20_000_000)
    engine = Engine(NODES, folders, cache, open_history(folders), open_memory(folders, 400_000_000))
    seen: dict[int, int] = {}
    began = time.perf_counter()
    for number, flow in enumerate(varied(), start=1):
        *_, last = engine.run(Graph.parse(json.dumps(flow)))
        if not isinstance(last, RunDone):
            raise SystemExit(f"{last}")
        if number in (1, 10, 100, 200, 500, JOBS):
            seen[number] = status(os.getpid())["VmRSS"]
            print(f"resident after job {number:5}: {seen[number] / 1e6:8.1f} MB", flush=True)
    grown = seen[JOBS] / seen[100] - 1
    print(
        f"grown by {100 * grown:.2f} % from job 100 to {JOBS} (goal 2 %), {time.perf_counter() - began:.0f} s"
    )


def main() -> None:
    """Print all of it."""
    if sys.platform != "linux":
        print("only Linux tells what this measures", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        budgeted(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "bench.memory", "jobs", folder], check=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["one", root, budget]:
            one_run(Path(root), int(budget) or None)
        case ["jobs", folder]:
            many_jobs(Path(folder))
        case ["budget"]:
            with tempfile.TemporaryDirectory() as folder:
                budgeted(Path(folder))
        case _:
            main()
