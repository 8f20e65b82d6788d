"""Calls left out of a run: fewer of them, and a stopped run goes on with what it remembered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from inkloom import diffusion
from inkloom.executor import Context
from inkloom.nodes import loaders, open_folders, sampling, shortcuts
from inkloom.nodes.codecs import ValueCodec

STEPS = 10


class StopError(Exception):
    pass


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> loaders.LoadedCheckpoint:
    ctx = Context(folders=open_folders(tmp_path_factory.mktemp("root")))
    return loaders.checkpoint_loader_simple(ctx, ckpt_name="inklet.safetensors")


def sampled(
    loaded: loaders.LoadedCheckpoint, model: diffusion.Model, kept: dict[str, object], stop_after: int = 99
) -> torch.Tensor:
    """Run a sampler whose steps are kept in a table; end it from outside after some of them."""

    def report(done: int, total: int, preview: object) -> None:
        if done > stop_after:
            raise StopError

    def remember(key: str, value: object, seconds: float = 0.0) -> None:
        del seconds
        kept[key] = value

    keys = {name: ["link", name, 0] for name in ("model", "positive", "negative", "latent_image")}
    ctx = Context(
        folders=open_folders(Path("/nowhere")),
        report=report,
        keys=keys,
        recall=kept.get,
        remember=remember,
    )
    texts = [loaded.CLIP.encode(text) for text in ("a large red circle, left", "")]
    with torch.inference_mode():
        return sampling.ksampler(
            ctx,
            model=model,
            seed=1,
            steps=STEPS,
            cfg=4.0,
            sampler_name="dpmpp_2m",
            scheduler="simple",
            positive=texts[0],
            negative=texts[1],
            latent_image={"samples": torch.zeros(1, 4, 8, 8)},
            denoise=1.0,
        )["samples"]


@pytest.fixture
def calls(loaded: loaders.LoadedCheckpoint, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a list that grows with every call of the network."""
    found: list[int] = []
    network = loaded.MODEL.network
    forward = network.forward

    def watched(*inputs: Any, **named: Any) -> torch.Tensor:
        found.append(1)
        return forward(*inputs, **named)

    monkeypatch.setattr(network, "forward", watched)
    return found


@pytest.mark.parametrize("make", [shortcuts.easy_cache, shortcuts.lazy_cache])
def test_a_stopped_run_goes_on_with_what_it_remembered(
    loaded: loaders.LoadedCheckpoint, calls: list[int], make: Any
):
    plain = sampled(loaded, loaded.MODEL, {})
    assert len(calls) == STEPS
    calls.clear()
    model = make(model=loaded.MODEL, reuse_threshold=0.3, start_percent=0.0, end_percent=1.0)
    whole = sampled(loaded, model, {})
    made = len(calls)
    assert 2 < made < STEPS
    assert not torch.equal(whole, plain)
    codec = ValueCodec()
    for stop in (3, 6):
        calls.clear()
        kept: dict[str, object] = {}
        with pytest.raises(StopError):
            sampled(loaded, model, kept, stop)
        on_disk = {key: codec.decode(codec.encode(value)) for key, value in kept.items()}
        assert torch.equal(sampled(loaded, replace(model), on_disk), whole)
        assert len(calls) <= made + 1, "what was remembered is not computed again"


def test_a_backend_that_lacks_something_is_told_when_the_node_runs(loaded: loaders.LoadedCheckpoint):
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(diffusion.CompilerError, match="cudagraphs needs a CUDA device"):
        shortcuts.torch_compile_model(model=loaded.MODEL, backend="cudagraphs")
