"""Real processes, killed and started again, over one folder of results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from inkloom.executor import DiskCache, Graph, NodeFinished, NodeStarted, RunDone
from inkloom.nodes import NODES, Engine, open_cache, open_folders
from inkloom.nodes.kept_steps import Stand

REPOSITORY = Path(__file__).parents[2]
STEPS = 5
LOADER = "CheckpointLoaderSimple"
"""Its result, a model, is kept in memory only."""

START = """
import json, sys
from pathlib import Path
from inkloom.executor import Graph, NodeFinished, NodeStarted, RunDone
from inkloom.nodes import NODES, Engine, open_cache, open_folders

def played(flow, then=lambda engine: None, **options):
    folders = open_folders(Path(sys.argv[1]))
    engine = Engine(NODES, folders, open_cache(folders, **options))
    then(engine)
    return list(engine.run(Graph.parse(flow)))

def told(events, **more):
    ran = [event.class_type for event in events if isinstance(event, NodeStarted)]
    shown = [event.ui for event in events if isinstance(event, NodeFinished) and event.ui]
    done = isinstance(events[-1], RunDone)
    print(json.dumps({"done": done, "ran": ran, "shown": shown, **more}), flush=True)

flow = json.loads(sys.argv[2])
"""

ONCE = START + "told(played(flow))"
TORCHLESS = START + "told(played(flow), torch='torch' in sys.modules)"
TOGETHER = START + "sys.stdin.readline(); told(played(flow))"

SAMPLING = (
    START
    + """
import torch
from inkloom.diffusion.networks.unet import UNet

calls, last = 0, int(sys.argv[3])

def count(engine):
    def counted(module, inputs, output):
        global calls
        calls += isinstance(module, UNet)
        if isinstance(module, UNet) and calls == last:
            assert engine.cache.flush(60)
            print("waiting to be killed", flush=True)
            sys.stdin.readline()
    torch.nn.modules.module.register_module_forward_hook(counted)

told(played(flow, count), calls=calls)
"""
)


def process(code: str, root: Path, flow: Mapping[str, Any], *more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, str(root), json.dumps(flow), *map(str, more)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def answer(running: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = running.communicate("go\n", timeout=120)
    assert running.returncode == 0
    return json.loads(out)


def texts(tail: str = "end") -> dict[str, Any]:
    """A workflow of texts, which needs no torch."""
    flow: dict[str, Any] = {"0": {"class_type": "PrimitiveString", "inputs": {"value": " word "}}}
    for place in range(1, 30):
        inputs = {"string": [str(place - 1), 0], "mode": "Both"}
        flow[str(place)] = {"class_type": "StringTrim", "inputs": inputs}
    inputs = {"string_a": ["29", 0], "string_b": tail, "delimiter": "-"}
    flow["joined"] = {"class_type": "StringConcatenate", "inputs": inputs}
    flow["shown"] = {"class_type": "PreviewAny", "inputs": {"source": ["joined", 0]}}
    return flow


def picture(steps: int = STEPS) -> dict[str, Any]:
    """A small picture by the embedded model."""
    sampling = {"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0]}
    how = {"seed": 7, "steps": steps, "cfg": 4.0, "sampler_name": "dpmpp_2m", "scheduler": "simple"}
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "inklet.safetensors"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a red circle"}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": ""}},
        "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "5": {"class_type": "KSampler", "inputs": {**sampling, **how, "denoise": 1.0}},
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "kept"}},
    }


def results(root: Path) -> DiskCache:
    """Return what is on the disk of a root folder."""
    disk = open_cache(open_folders(root)).disk
    assert disk is not None
    return disk


def run(engine: Engine) -> tuple[bytes, list[str]]:
    """Run `picture` in this process; return its pixels and the classes of the nodes that ran."""
    events = list(engine.run(Graph.parse(picture())))
    assert isinstance(events[-1], RunDone)
    shown = [event.ui for event in events if isinstance(event, NodeFinished) and event.ui]
    ran = [event.class_type for event in events if isinstance(event, NodeStarted)]
    return pixels(engine.folders.base, shown), ran


def pixels(root: Path, every: list[Any]) -> bytes:
    [shown] = every
    return Image.open(root / "output" / shown["images"][0]["filename"]).tobytes()


def test_after_a_restart_nothing_runs_that_ran_before(tmp_path: Path) -> None:
    first = answer(process(ONCE, tmp_path, texts()))
    assert len(first["ran"]) == 32
    again = answer(process(TORCHLESS, tmp_path, texts()))
    assert (again["ran"], again["shown"], again["torch"]) == ([], first["shown"], False)
    assert answer(process(ONCE, tmp_path, texts("tail")))["ran"] == ["StringConcatenate", "PreviewAny"]


def test_two_processes_at_once_share_a_folder(tmp_path: Path) -> None:
    running = [process(TOGETHER, tmp_path, texts()) for _ in range(2)]
    first, second = [answer(one) for one in running]
    assert first["done"]
    assert second["done"]
    assert first["shown"] == second["shown"]
    assert answer(process(ONCE, tmp_path, texts()))["ran"] == []


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder where sampling was killed in its fourth step, and what the next process did."""
    root = tmp_path_factory.mktemp("killed")
    running = process(SAMPLING, root, picture(), 4)
    assert running.stdout is not None
    assert running.stdout.readline() == "waiting to be killed\n"
    running.kill()
    running.communicate()
    return root, answer(process(SAMPLING, root, picture(), 0))


def test_a_killed_sampler_goes_on_after_its_last_finished_step(
    killed: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    root, told = killed
    assert told["calls"] == STEPS - 3
    whole, ran = run(Engine(NODES, open_folders(tmp_path)))
    assert len(ran) == len(picture())
    assert pixels(root, told["shown"]) == whole


def test_a_restart_fetches_no_more_than_what_is_shown(killed: tuple[Path, dict[str, Any]]) -> None:
    root, told = killed
    again = answer(process(TORCHLESS, root, picture()))
    assert (again["ran"], again["shown"], again["torch"]) == ([], told["shown"], False)


def test_the_folder_says_of_which_node_each_entry_is(killed: tuple[Path, dict[str, Any]]) -> None:
    root, _ = killed
    told = sorted((kept.facts.class_type, bool(kept.group)) for kept in results(root).kept())
    states = [("KSampler", True)] * STEPS
    expected = [(node["class_type"], False) for node in picture().values() if node["class_type"] != LOADER]
    assert told == sorted([*states, *expected])


def test_a_state_took_what_all_steps_up_to_it_took(killed: tuple[Path, dict[str, Any]]) -> None:
    root, _ = killed
    cache = results(root)
    stands: dict[int, float] = {}
    for kept in cache.kept():
        if kept.group and (entry := cache.get(kept.facts.key)):
            [stand] = entry.outputs
            assert isinstance(stand, Stand)
            assert entry.seconds == stand.seconds
            stands[stand.state.index] = stand.seconds
    in_order = [stands[step] for step in range(1, STEPS + 1)]
    assert in_order == sorted(in_order), "also of one that goes on"
    assert in_order[0] > 0


def test_whatever_is_damaged_is_computed_again(killed: tuple[Path, dict[str, Any]]) -> None:
    root, told = killed
    expected = pixels(root, told["shown"])
    folders = open_folders(root)

    def anew() -> tuple[bytes, list[str]]:
        engine = Engine(NODES, folders, open_cache(folders))
        try:
            return run(engine)
        finally:
            assert engine.close(30)

    assert anew() == (expected, [])
    found = sorted(path for path in (root / "cache").rglob("*") if path.is_file())
    assert len(found) > STEPS + 4
    for place, path in enumerate(found):
        content = path.read_bytes()
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 0x55]) + content[middle + place % 2 :])
        assert anew()[0] == expected, path
    for path in found:
        path.write_bytes(b"")
    after, ran = anew()
    assert after == expected
    assert sorted(ran) == sorted(node["class_type"] for node in picture().values())
    for path in (root / "output").iterdir():
        path.unlink()
    assert anew() == (expected, ["SaveImage"])
