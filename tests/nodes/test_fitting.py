"""Nodes compute within a budget, to the same bits or more thriftily, and outlive a lack of memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from inkloom import diffusion
from inkloom.diffusion.guidance.base import Moment, Rule
from inkloom.executor import Context, Manager, Mark, Memory, NoRoomError, OutOfMemoryError, Span, whole
from inkloom.nodes import NODES, open_folders
from inkloom.nodes.data_folder import BUNDLED
from inkloom.nodes.engine import ran_out

MEGABYTES = 10**6


@pytest.fixture(scope="module")
def parts() -> diffusion.Checkpoint:
    [folder] = BUNDLED["checkpoints"]
    return diffusion.load_checkpoint(folder / "inklet.safetensors")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def context(folder: Path, budget: int | None = None, reports: list[int] | None = None) -> Context:
    manager = Manager() if budget is None else Manager({"cpu": budget})
    told: list[int] = [] if reports is None else reports
    return Context(
        folders=open_folders(folder),
        memory=Memory(manager, ran_out=ran_out),
        report=lambda done, total, preview: told.append(total),
    )


def call(ctx: Context, name: str, **inputs: Any) -> Any:
    with torch.inference_mode():
        return NODES[name].function(ctx, **inputs)


def prompts(ctx: Context, parts: diffusion.Checkpoint) -> dict[str, Any]:
    return {
        which: call(ctx, "CLIPTextEncode", text=text, clip=parts.clip)
        for which, text in (("positive", "a red circle"), ("negative", ""))
    }


def sampled(ctx: Context, model: diffusion.Model, texts: dict[str, Any], side: int = 8) -> Tensor:
    latent = {"samples": torch.zeros(1, 4, side, side)}
    choices: dict[str, Any] = {"sampler_name": "euler", "scheduler": "normal", "steps": 2, "seed": 3}
    return call(ctx, "KSampler", model=model, latent_image=latent, **texts, **choices)["samples"]


def fresh(model: diffusion.Model) -> diffusion.Model:
    """Return a handle whose copies are its own."""
    return replace(model, copies=type(model.copies)("U-Net of inklet"))


def fresh_vae(vae: diffusion.Vae) -> diffusion.Vae:
    """Return a handle whose copies are its own."""
    return replace(vae, copies=type(vae.copies)("VAE of inklet"))


def test_a_model_that_does_not_fit_streams_to_the_same_bits(folder: Path, parts: diffusion.Checkpoint):
    free = context(folder)
    texts, model = prompts(free, parts), fresh(parts.model)
    expected = sampled(free, model, texts)
    assert model.weights.present == whole(model.weights)
    needs = diffusion.sampling_needs(diffusion.CfgGuider(model, **texts), (1, 4, 8, 8))
    budget = needs[0].estimate + whole(model.weights) // 2
    tight, model = context(folder, budget), fresh(parts.model)
    assert torch.equal(sampled(tight, model, texts), expected)
    assert 0 < model.weights.present < whole(model.weights) // 2


def test_fewer_prompts_in_a_call_where_that_is_enough(folder: Path, parts: diffusion.Checkpoint):
    free, model = context(folder), fresh(parts.model)
    texts = prompts(free, parts)
    both, one = diffusion.sampling_needs(diffusion.CfgGuider(model, **texts), (1, 4, 16, 16))
    assert (both.title, one.title) == ("2 prompts in a call", "one prompt in a call")
    tight = context(folder, one.estimate + whole(model.weights))
    found = sampled(tight, model, texts, 16)
    assert model.weights.present == whole(model.weights)
    torch.testing.assert_close(found, sampled(free, fresh(parts.model), texts, 16), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["VAEDecode", "VAEDecodeTiled"])
def test_a_picture_is_decoded_in_tiles_where_that_fits(folder: Path, parts: diffusion.Checkpoint, name: str):
    samples = torch.randn(1, 4, 24, 24, generator=torch.Generator().manual_seed(0))
    expected = call(context(folder), name, samples={"samples": samples}, vae=parts.vae)
    ways = diffusion.picture_needs(parts.vae, "decode", 1, 192, 192)
    assert [way.tile for way in ways][:1] == [None]
    tiles: list[int] = []
    tight = context(folder, whole(parts.vae.decoding_weights) + ways[-1].estimate, tiles)
    found = call(tight, name, samples={"samples": samples}, vae=parts.vae)
    assert max(tiles) > 9
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_pictures_are_encoded_in_tiles_too(folder: Path, parts: diffusion.Checkpoint):
    pixels = torch.rand(1, 192, 192, 3, generator=torch.Generator().manual_seed(0))
    expected = call(context(folder), "VAEEncode", pixels=pixels, vae=parts.vae)["samples"]
    least = diffusion.picture_needs(parts.vae, "encode", 1, 192, 192)[-1].estimate
    tiles: list[int] = []
    tight = context(folder, whole(parts.vae.encoding_weights) + least, tiles)
    found = call(tight, "VAEEncode", pixels=pixels, vae=parts.vae)["samples"]
    assert max(tiles) > 9
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_what_can_not_fit_is_refused_before_anything_is_computed(folder: Path, parts: diffusion.Checkpoint):
    texts, model = prompts(context(folder), parts), fresh(parts.model)
    tight = context(folder, 30 * MEGABYTES)
    with pytest.raises(NoRoomError, match=r"2 prompts in a call.*weights streamed.*is 29 MiB.*--memory"):
        sampled(tight, model, texts, 64)
    assert model.weights.present == 0
    assert sampled(tight, model, texts).isfinite().all()


@dataclass
class Heard:
    """What a node told besides its result: spans and marks as category, name and facts; bytes at the most."""

    told: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list[Any])
    took: list[int] = field(default_factory=list[int])

    def on(self, ctx: Context) -> Context:
        return replace(ctx, note=self.note, took=self.took.append)

    def note(self, kind: type[Span] | type[Mark], **facts: Any) -> None:
        assert (kind is Span) == ("seconds" in facts)
        self.told.append((facts["category"], facts["name"], facts["args"]))

    def __call__(self, category: str) -> list[tuple[str, dict[str, Any]]]:
        return [(name, args) for each, name, args in self.told if each == category]


def test_copies_are_told_when_they_are_made_and_what_was_taken_every_time(
    folder: Path, parts: diffusion.Checkpoint
):
    heard, model = Heard(), fresh(parts.model)
    ctx = heard.on(context(folder))
    texts = prompts(context(folder), parts)
    for _ in range(2):
        sampled(ctx, model, texts)
    assert heard("copy") == [("U-Net of inklet", {"bytes": whole(model.weights)})]
    assert len(heard.took) == 2
    assert all(took > whole(model.weights) for took in heard.took)
    call(ctx, "VAEDecode", samples={"samples": torch.zeros(1, 4, 8, 8)}, vae=fresh_vae(parts.vae))
    assert [name for name, _ in heard("copy")][1:] == ["VAE of inklet (decoder)"]
    assert len(heard.took) == 3
    assert heard("evict") == heard("memory") == []


def test_what_a_tight_budget_does_is_told(folder: Path, parts: diffusion.Checkpoint):
    model, vae = fresh(parts.model), fresh_vae(parts.vae)
    texts = prompts(context(folder), parts)
    needs = diffusion.sampling_needs(diffusion.CfgGuider(model, **texts), (1, 4, 8, 8))
    budget = needs[0].estimate + whole(model.weights) // 2
    heard = Heard()
    ctx = heard.on(context(folder, budget))
    sampled(ctx, model, texts)
    [(name, facts)] = heard("copy")
    assert name == "U-Net of inklet, streamed"
    assert facts["bytes"] > whole(model.weights)
    assert facts["layers"] > len([size for size in model.weights.layers.values() if size])
    assert facts["copying"] > 0
    assert heard("memory") == [("2 prompts in a call, weights streamed", {"workspace": needs[0].estimate})]
    assert heard.took == [budget]
    call(ctx, "VAEDecode", samples={"samples": torch.zeros(1, 4, 8, 8)}, vae=vae)
    assert heard("evict") == [("evicted: U-Net of inklet", {"bytes": whole(model.weights) // 2})]


@pytest.mark.parametrize(
    ("loader", "names"),
    [
        ("CheckpointLoaderSimple", {"ckpt_name": "inklet.safetensors"}),
        ("VAELoader", {"vae_name": "inklet.safetensors"}),
    ],
)
def test_loading_a_file_is_told(folder: Path, loader: str, names: dict[str, str]):
    [bundled] = BUNDLED["checkpoints"]
    path = bundled / "inklet.safetensors"
    (folder / "models" / "vae").mkdir(parents=True)
    (folder / "models" / "vae" / path.name).symlink_to(path)
    heard = Heard()
    call(heard.on(context(folder)), loader, **names)
    assert heard("load") == [(path.name, {"bytes": path.stat().st_size})]


@dataclass(frozen=True)
class LacksMemory(Rule):
    """A rule of guidance that asks torch for more memory than there is, so many times."""

    asked: list[int]
    times: int

    def first(self, at: Moment) -> None:
        self.asked.append(len(at.x))
        if len(self.asked) <= self.times:
            torch.empty(2**60, dtype=torch.uint8)

    def __hash__(self) -> int:
        return id(self)


def test_where_torch_finds_no_memory_it_goes_on_more_thriftily(folder: Path, parts: diffusion.Checkpoint):
    ctx = context(folder)
    texts, asked = prompts(ctx, parts), list[int]()
    failing = fresh(parts.model).with_rules(LacksMemory(asked, 1))
    found = sampled(ctx, failing, texts)
    assert len(asked) == 1 + 2
    torch.testing.assert_close(found, sampled(ctx, parts.model, texts), rtol=1e-3, atol=1e-3)


def test_where_torch_finds_none_again_the_node_fails_and_the_process_goes_on(
    folder: Path, parts: diffusion.Checkpoint
):
    ctx = context(folder)
    texts, asked = prompts(ctx, parts), list[int]()
    model = fresh(parts.model)
    expected = sampled(ctx, model, texts)
    with pytest.raises(
        OutOfMemoryError, match=r"2 prompts in a call: .*allocate memory.*one prompt in a call"
    ):
        sampled(ctx, model.with_rules(LacksMemory(asked, 9)), texts)
    assert len(asked) == 2
    usage = ctx.memory.manager.usage()
    assert (usage.weights, usage.workspaces, model.weights.present) == (0, 0, 0)
    assert torch.equal(sampled(ctx, model, texts), expected)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 5 bytes"), True),
        (RuntimeError("The size of tensor a (3) must match"), False),
        (ValueError("not enough memory"), False),
    ],
)
def test_a_lack_of_memory_is_told_from_other_faults(error: Exception, expected: bool):
    assert ran_out(error) is expected
