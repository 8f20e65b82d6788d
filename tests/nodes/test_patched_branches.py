"""Branches that patch one checkpoint in different ways never disturb each other, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from inkloom.executor import UNSET, Graph, NodeFinished, RunDone
from inkloom.nodes import NODES, Engine, open_folders

Patch = tuple[str, dict[str, Any]]

BY_AREA = {"downscale_method": "area", "upscale_method": "area"}
MODEL_PATCHES: dict[str, tuple[Patch, ...]] = {
    "plain": (),
    "scaled skips": (("FreeU_V2", {}),),
    "rescaled": (("RescaleCFG", {"multiplier": 0.7}),),
    "another schedule": (("ModelSamplingDiscrete", {"sampling": "eps"}),),
    "perturbed": (("PerturbedAttentionGuidance", {"scale": 2.0}),),
    "blurred": (("SelfAttentionGuidance", {}),),
    "self attention": (("UNetSelfAttentionMultiply", {"q": 1.1, "k": 1.0, "v": 1.2, "out": 0.9}),),
    "fewer tokens": (("TomePatchModel", {"ratio": 0.5}),),
    "smaller inside": (("PatchModelAddDownscale", {"block_number": 1, **BY_AREA}),),
    "several": (("FreeU_V2", {}), ("RescaleCFG", {}), ("TomePatchModel", {})),
    "the same, turned round": (("TomePatchModel", {}), ("RescaleCFG", {}), ("FreeU_V2", {})),
}
CLIP_PATCHES: dict[str, tuple[Patch, ...]] = {
    "earlier layer": (("CLIPSetLastLayer", {"stop_at_clip_layer": -2}),),
    "text attention": (("CLIPAttentionMultiply", {"q": 1.3, "k": 1.0, "v": 1.0, "out": 1.0}),),
}
BRANCHES = (*MODEL_PATCHES, *CLIP_PATCHES)


def made(name: str, **inputs: Any) -> dict[str, Any]:
    """Return a node with what it needs besides as an editor would begin with it."""
    defaults = {
        key: spec.default
        for key, spec in NODES[name].inputs.items()
        if spec.required and spec.default is not UNSET
    }
    return {"class_type": name, "inputs": {**defaults, **inputs}}


def nodes_of(branch: str) -> dict[str, Any]:
    """Return the nodes of a branch, from the shared checkpoint `m` to a picture."""
    nodes: dict[str, Any] = {}

    def chain(kind: str, source: list[Any], patches: Iterable[Patch]) -> list[Any]:
        for number, (name, inputs) in enumerate(patches):
            own = f"{branch} {kind} {number}"
            nodes[own] = made(name, **inputs, **{kind: source})
            source = [own, 0]
        return source

    model = chain("model", ["m", 0], MODEL_PATCHES.get(branch, ()))
    clip = chain("clip", ["m", 1], CLIP_PATCHES.get(branch, ()))
    for name, text in (("positive", "a red circle on a white background"), ("negative", "")):
        nodes[f"{branch} {name}"] = made("CLIPTextEncode", clip=clip, text=text)
    nodes[f"{branch} sampled"] = made(
        "KSampler",
        model=model,
        positive=[f"{branch} positive", 0],
        negative=[f"{branch} negative", 0],
        latent_image=["size", 0],
        seed=5,
        steps=2,
        cfg=4.0,
        sampler_name="euler",
        scheduler="normal",
    )
    nodes[f"{branch} shown"] = made("PreviewAny", source=[f"{branch} sampled", 0])
    return nodes


def run(engine: Engine, branches: Iterable[str]) -> dict[str, Tensor]:
    """Run branches in one workflow; return their latents."""
    flow: dict[str, Any] = {
        "m": made("CheckpointLoaderSimple", ckpt_name="inklet.safetensors"),
        "size": made("EmptyLatentImage", width=64, height=64),
    }
    for branch in branches:
        flow |= nodes_of(branch)
    events = list(engine.run(Graph.parse(flow)))
    assert isinstance(events[-1], RunDone), events[-1]
    keys = {event.node: event.key for event in events if isinstance(event, NodeFinished)}
    found = {branch: engine.cache.get(keys[f"{branch} sampled"]) for branch in branches}
    return {branch: cast(Any, entry.outputs[0])["samples"] for branch, entry in found.items() if entry}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Tensor]:
    """Return each branch's latent from an engine that never saw another."""
    latents: dict[str, Tensor] = {}
    for branch in BRANCHES:
        latents |= run(Engine(NODES, open_folders(tmp_path_factory.mktemp("alone"))), [branch])
    return latents


def test_the_patches_do_something(alone: Mapping[str, Tensor]) -> None:
    others = [latent for branch, latent in alone.items() if branch != "plain"]
    assert len(others) == len(BRANCHES) - 1
    assert not any(torch.equal(latent, alone["plain"]) for latent in others)


@pytest.mark.parametrize("order", range(2))
def test_one_after_the_other(alone: Mapping[str, Tensor], tmp_path: Path, order: int) -> None:
    engine = Engine(NODES, open_folders(tmp_path))
    for branch in Random(order).sample(BRANCHES, len(BRANCHES)):
        assert torch.equal(run(engine, [branch])[branch], alone[branch]), branch


def test_in_one_workflow(alone: Mapping[str, Tensor], tmp_path: Path) -> None:
    branches = Random(7).sample(BRANCHES, len(BRANCHES))
    for branch, latent in run(Engine(NODES, open_folders(tmp_path)), branches).items():
        assert torch.equal(latent, alone[branch]), branch
