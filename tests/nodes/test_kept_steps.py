"""A stopped sampler goes on at its last step, and runs that begin alike share it: counted in U-Net calls."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from torch import nn

from inkloom.diffusion.networks.unet import UNet
from inkloom.executor import CancelToken, Context, Event, Graph, Progress, RunCancelled, RunDone
from inkloom.nodes import NODES, Engine, kept_steps, open_folders

STEPS = 6


class Bench:
    """One engine, and how often its U-Net was called."""

    def __init__(self, root: Path) -> None:
        self.engine = Engine(NODES, open_folders(root))
        self.calls = 0

    def count(self, module: nn.Module, inputs: object, output: object) -> None:
        self.calls += isinstance(module, UNet)

    def run(self, graph: Mapping[str, Any], stop_after: int | None = None) -> tuple[list[Event], int]:
        """Run until done, or stop in the U-Net call of that number; return events and U-Net calls."""
        self.calls = 0
        token = CancelToken()

        def stop(module: nn.Module, inputs: object, output: object) -> None:
            if isinstance(module, UNet) and self.calls == stop_after:
                token.cancel()

        handles = [
            nn.modules.module.register_module_forward_hook(hook)  # type: ignore[arg-type]  # torch's own
            for hook in (self.count, stop)
        ]
        try:
            return list(self.engine.run(Graph.parse(graph), cancel=token)), self.calls
        finally:
            for handle in handles:
                handle.remove()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def graph(kind: str = "KSampler", model: object = ("1", 0), **changed: object) -> dict[str, Any]:
    inputs: dict[str, Any] = {
        "model": list(model) if isinstance(model, tuple) else model,
        "positive": ["2", 0],
        "negative": ["3", 0],
        "latent_image": ["4", 0],
        "steps": STEPS,
        "cfg": 4.0,
        "sampler_name": "dpmpp_2m",
        "scheduler": "simple",
    }
    if kind == "KSampler":
        inputs |= {"seed": 7, "denoise": 1.0}
    else:
        inputs |= {"noise_seed": 7, "add_noise": "enable", "start_at_step": 0, "end_at_step": 10_000}
        inputs |= {"return_with_leftover_noise": "enable"}
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "inklet.safetensors"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a red circle"}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": ""}},
        "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "5": {"class_type": kind, "inputs": inputs | changed},
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "kept"}},
    }


def picture(bench: Bench) -> bytes:
    """Return the newest picture that was saved, as the bytes of its pixels."""
    newest = max((bench.engine.folders.root("output")).glob("kept_*.png"))
    return Image.open(newest).tobytes()


SAMPLERS = ["dpmpp_2m", "euler_ancestral", "heun", "uni_pc", "dpm_adaptive", "dpmpp_sde"]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_stopped_sampler_goes_on_at_its_last_step(bench: Bench, tmp_path: Path, sampler: str) -> None:
    events, whole = bench.run(graph(sampler_name=sampler))
    assert isinstance(events[-1], RunDone)
    expected = picture(bench)

    other = Bench(tmp_path / "other")
    events, first = other.run(graph(sampler_name=sampler), stop_after=whole // 2)
    assert isinstance(events[-1], RunCancelled)
    events, rest = other.run(graph(sampler_name=sampler))
    assert isinstance(events[-1], RunDone)
    assert first + rest == whole, "no U-Net call is made twice"
    assert rest < whole
    resumed = next(event for event in events if isinstance(event, Progress) and event.total > 1)
    assert resumed.done >= 1
    assert picture(other) == expected


def test_two_samplers_share_the_steps_that_they_begin_with(bench: Bench) -> None:
    assert bench.run(graph("KSamplerAdvanced", end_at_step=4))[1] == 4
    assert bench.run(graph())[1] == STEPS - 4
    assert bench.run(graph("KSamplerAdvanced", end_at_step=5))[1] == 0


OTHER = {
    "seed": {"seed": 8},
    "cfg": {"cfg": 4.5},
    "sampler": {"sampler_name": "euler"},
    "prompt": {"positive": ["3", 0]},
    "schedule": {"scheduler": "karras"},
}


@pytest.mark.parametrize("changed", OTHER.values(), ids=list(OTHER))
def test_what_differs_is_computed(bench: Bench, changed: dict[str, Any]) -> None:
    bench.run(graph())
    assert bench.run(graph(**changed))[1] == STEPS


def test_a_sampler_that_looks_ahead_shares_with_no_other_schedule(bench: Bench) -> None:
    bench.run(graph("KSamplerAdvanced", sampler_name="dpm_fast", end_at_step=4))
    alone = Bench(bench.engine.folders.base / "alone")
    _, whole = alone.run(graph(sampler_name="dpm_fast"))
    assert bench.run(graph(sampler_name="dpm_fast"))[1] == whole


def test_momentum_of_guidance_goes_on_too(bench: Bench, tmp_path: Path) -> None:
    def flow() -> dict[str, Any]:
        inputs = {"model": ["1", 0], "eta": 1.0, "norm_threshold": 5.0, "momentum": 0.5}
        return {**graph(model=("8", 0)), "8": {"class_type": "APG", "inputs": inputs}}

    bench.run(flow())
    other = Bench(tmp_path / "other")
    _, first = other.run(flow(), stop_after=3)
    _, rest = other.run(flow())
    assert first + rest == STEPS
    assert picture(other) == picture(bench)


def test_a_node_called_by_hand_keeps_nothing(tmp_path: Path) -> None:
    ctx = Context(folders=open_folders(tmp_path))
    assert kept_steps.decided_by(ctx, "cfg", "model") is None
