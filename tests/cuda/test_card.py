"""The same on a real graphics card; skipped where torch can compute on none."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import inkloom
from inkloom import diffusion
from inkloom.diffusion.files.filling import Part, fill
from inkloom.diffusion.model import Model
from inkloom.diffusion.networks.unet import UNet, UNetSpec
from inkloom.diffusion.networks.unfilled import on_meta
from inkloom.diffusion.schedules.prediction import EPS
from inkloom.diffusion.schedules.schedule import discrete_schedule
from inkloom.executor import Context, Graph, NoRoomError, RunDone, Way
from inkloom.nodes import NODES, Engine, open_device, open_folders, open_memory
from inkloom.nodes.data_folder import BUNDLED
from inkloom.nodes.fitting import sampling

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch can compute on no graphics card")

CARD = torch.device("cuda:0")
MEBIBYTE = 2**20


@pytest.fixture(autouse=True)
def exactly() -> None:
    diffusion.compute_exactly()


def pictures(folder: Path, device: str, workflow: str) -> list[np.ndarray]:
    place = open_device(device)
    folders = open_folders(folder)
    engine = Engine(NODES, folders, memory=open_memory(folders, device=place), device=place)
    text = (Path(inkloom.__file__).parent / "workflows" / workflow).read_text(encoding="utf-8")
    with closing(engine.run(Graph.parse(json.loads(text)))) as events:
        *_, last = events
    assert isinstance(last, RunDone), last
    files = sorted((folder / "output").rglob("*.png"))
    return [np.asarray(Image.open(file).convert("RGB")).astype(int) for file in files]


@pytest.mark.parametrize("workflow", ["text_to_image.json", "inpainting.json", "sampling_by_hand.json"])
def test_a_card_makes_the_same_picture(tmp_path: Path, workflow: str):
    here = pictures(tmp_path / "here", "cpu", workflow)
    there = pictures(tmp_path / "there", "cuda:0", workflow)
    assert len(here) == len(there) > 0
    for one, other in zip(here, there, strict=True):
        assert np.abs(one - other).mean() < 1  # grey levels of 255
    again = pictures(tmp_path / "again", "cuda:0", workflow)
    assert all(np.array_equal(one, other) for one, other in zip(there, again, strict=True))


SPEC = UNetSpec(
    channels=(128, 256, 512, 512),
    input_depths=(1, 1, 1, 0),
    middle_depth=1,
    output_depths=(0, 0, 1, 1, 1, 1, 1, 1),
    context_channels=768,
    res_blocks=1,
)


def large(dtype: torch.dtype) -> Model:
    """Return a U-Net of some hundred megabytes with random weights in float16, on the card."""
    network = on_meta(UNet, SPEC)
    generator = torch.Generator().manual_seed(0)
    weights = {
        name: (torch.randn(like.shape, generator=generator) * 0.02 + (like.ndim == 1)).half()
        for name, like in network.state_dict().items()
    }
    fill((network, Part(weights)))
    return Model(network, EPS, discrete_schedule(), dtype=dtype, device=CARD)


def guider_of(model: Model) -> diffusion.CfgGuider:
    generator = torch.Generator().manual_seed(1)
    texts = [[[torch.randn(1, 77, 768, generator=generator), {}]] for _ in range(2)]
    return diffusion.CfgGuider(model, texts[0], texts[1], 4.0)


def sampled(model: Model, call_bytes: int = 2**32) -> Tensor:
    *_, state = diffusion.sample_states(
        guider_of(model),
        diffusion.sampler_by_name("euler"),
        sigmas=diffusion.sigmas_for(model.schedule, "normal", 2),
        latent={"samples": torch.zeros(1, 4, 64, 64)},
        noise=diffusion.RandomNoise(3),
        call_bytes=call_bytes,
    )
    return diffusion.final_latent(model, state)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_streamed_or_not_the_bits_are_the_same_and_the_room_is_kept(dtype: torch.dtype):
    model = large(dtype)
    weights = model.weights
    with torch.inference_mode():
        whole = sampled(model)
        assert whole.device.type == "cpu"
        assert bool(whole.isfinite().all())
        assert torch.equal(sampled(model), whole)
        weights.unload()
        least, most = weights.least, sum(weights.layers.values())
        torch.cuda.reset_peak_memory_stats(CARD)
        before = torch.cuda.memory_allocated(CARD)
        sampled(model)
        full = torch.cuda.max_memory_allocated(CARD) - before
        for room in (least, 2 * least, most // 2):
            weights.unload()
            weights.stream(room)
            torch.cuda.reset_peak_memory_stats(CARD)
            for _ in range(3):
                assert torch.equal(sampled(model), whole)
            taken = torch.cuda.max_memory_allocated(CARD) - before
            # Tensors begin at multiples of 512 bytes; what computing takes is the same as with all weights.
            assert taken <= full - most + room + 8 * MEBIBYTE
        weights.unload()
    assert torch.cuda.memory_allocated(CARD) <= before


def context(folder: Path, budget: int, told: list[str]) -> Context:
    def note(kind: object, **facts: object) -> None:
        told.append(str(facts["name"]))

    folders, place = open_folders(folder), open_device("cuda:0", budget)
    return Context(folders=folders, device=place.name, memory=open_memory(folders, device=place), note=note)


def under(folder: Path, model: Model, budget: int) -> tuple[Tensor, list[str]]:
    """Sample in a budget; return the latent and what was done to fit in."""
    told: list[str] = []
    ctx = context(folder, budget, told)
    samples = torch.zeros(1, 4, 64, 64)
    with torch.inference_mode():
        found = sampling(ctx, guider_of(model), samples, lambda nbytes: sampled(model, nbytes))
    return found, told


def test_what_does_not_fit_is_streamed_and_what_never_fits_is_refused(tmp_path: Path):
    model = large(torch.bfloat16)
    exact, done = under(tmp_path, model, 2**34)
    assert not any("streamed" in one for one in done)
    *_, need = diffusion.sampling_needs(guider_of(model), (1, 4, 64, 64))
    model.weights.unload()
    found, done = under(tmp_path / "small", model, need.estimate + model.weights.least + MEBIBYTE)
    assert any("streamed" in one for one in done)
    torch.testing.assert_close(found, exact, rtol=0, atol=0.05 * float(exact.abs().max()))
    with pytest.raises(NoRoomError, match="budget of cuda:0"):
        under(tmp_path / "none", model, MEBIBYTE)


def test_memory_that_runs_out_is_known_and_the_next_way_is_taken(tmp_path: Path):
    memory = context(tmp_path, 2**40, []).memory  # more than any card has
    tried: list[str] = []

    def work(way: Way) -> int:
        tried.append(way.title)
        size = 2**40 if way.title == "all at once" else 2**20
        return torch.empty(size, dtype=torch.uint8, device=CARD).numel()

    ways = (Way(title="all at once"), Way(title="little by little"))
    assert memory.compute((), ways, work, device="cuda:0") == 2**20
    assert tried == ["all at once", "little by little"]


@pytest.mark.parametrize("tile", [None, 64])
def test_autoencoders_give_what_they_give_here(tile: int | None):
    [folder] = BUNDLED["checkpoints"]
    vae = diffusion.load_checkpoint(folder / "inklet.safetensors").vae
    there = replace(vae, device=CARD)
    image = torch.rand(2, 128, 96, 3, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        ask: list[Callable[[diffusion.Vae], Tensor]] = [
            lambda one: one.encode(image, tile),
            lambda one: one.decode(vae.encode(image), tile),
        ]
        for question in ask:
            found, expected = question(there), question(vae)
            assert found.device.type == "cpu"
            torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max()))
