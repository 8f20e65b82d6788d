"""Node functions called as plain functions, and the few things that the wire fixes about them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from inkloom import diffusion
from inkloom.executor import Context, Folders, Graph, MissingFileError
from inkloom.nodes import (
    NODES,
    Engine,
    conditioning,
    image,
    latent,
    latent_batch,
    loaders,
    noise,
    open_folders,
    samplers,
    sigmas,
    steps,
)
from inkloom.nodes.data_folder import BUNDLED


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(folders=open_folders(tmp_path))


INKLET = BUNDLED["checkpoints"][0] / "inklet.safetensors"


@pytest.fixture(scope="module")
def inklet() -> diffusion.Checkpoint:
    return diffusion.load_checkpoint(INKLET)


def test_load_image_gives_colour_and_transparency(ctx: Context):
    folder = ctx.folders.root("input")
    folder.mkdir(parents=True)
    picture = Image.new("RGBA", (5, 3), (255, 0, 51, 255))
    picture.putpixel((4, 2), (0, 0, 0, 0))
    picture.save(folder / "a.png")
    loaded = image.load_image(ctx, image="a.png")
    assert loaded.IMAGE.shape == (1, 3, 5, 3)
    assert loaded.IMAGE[0, 0, 0].tolist() == pytest.approx([1, 0, 0.2])
    assert loaded.MASK.shape == (1, 3, 5)
    assert (loaded.MASK[0, 0, 0], loaded.MASK[0, 2, 4]) == (0, 1)


def test_load_image_without_transparency_has_the_empty_mask(ctx: Context):
    assert image.load_image(ctx, image="scene.png").MASK.shape == (1, 64, 64)


def test_a_missing_picture_is_told_with_what_is_there(ctx: Context):
    with pytest.raises(MissingFileError, match=r"no file 'scen\.png' in .*did you mean 'scene\.png'"):
        image.load_image(ctx, image="scen.png")


def test_saved_pictures_are_reported_where_they_lie(ctx: Context):
    shown = image.save_image(
        ctx,
        images=torch.zeros(2, 4, 4, 3),
        filename_prefix="sub/a",
        prompt=None,
        extra_pnginfo={"workflow": {}},
    )
    assert shown.shown == {
        "images": [
            {"filename": "a_00001_.png", "subfolder": "sub", "type": "output"},
            {"filename": "a_00002_.png", "subfolder": "sub", "type": "output"},
        ]
    }
    assert [path.is_file() for path in shown.files] == [True, True]


def test_previews_go_to_the_temporary_folder(ctx: Context):
    shown = image.preview_image(ctx, images=torch.zeros(1, 4, 4, 3), prompt=None, extra_pnginfo=None)
    [path] = shown.files
    assert shown.shown == {"images": [{"filename": path.name, "subfolder": "", "type": "temp"}]}
    assert path.parent == ctx.folders.root("temp").resolve()
    assert path.is_file()


def test_simple_picture_nodes():
    red = image.empty_image(width=4, height=2, batch_size=1, color=0xFF0000)
    assert image.image_invert(image=red)[0, 0, 0].tolist() == [0, 1, 1]


def test_latent_nodes():
    empty = latent.empty_latent_image(width=64, height=32, batch_size=2)
    assert empty["samples"].shape == (2, 4, 4, 8)
    scaled = latent.latent_upscale(
        samples=empty, upscale_method="bislerp", width=128, height=64, crop="disabled"
    )
    assert scaled["samples"].shape == (2, 4, 8, 16)
    assert latent_batch.latent_from_batch(samples=empty, batch_index=1, length=5).get("batch_index") == [1]


def test_clip_skip_changes_the_encoding_and_knows_the_layers(ctx: Context, inklet: diffusion.Checkpoint):
    def encoded(last: int) -> torch.Tensor:
        clip = conditioning.clip_set_last_layer(clip=inklet.clip, stop_at_clip_layer=last)
        return conditioning.clip_text_encode(ctx, text="a red circle", clip=clip)[0][0]

    plain = conditioning.clip_text_encode(ctx, text="a red circle", clip=inklet.clip)[0][0]
    assert torch.equal(encoded(-1), plain)
    assert not torch.equal(encoded(-2), plain)
    with pytest.raises(ValueError, match="there is no layer -24"):
        encoded(-24)


def test_an_autoencoder_of_its_own_loads_like_the_checkpoints(ctx: Context, inklet: diffusion.Checkpoint):
    folder = ctx.folders.root("vae")
    folder.mkdir(parents=True)
    prefix = "first_stage_model."
    weights = load_file(INKLET)
    save_file(
        {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)},
        folder / "own.safetensors",
    )
    vae = loaders.vae_loader(ctx, vae_name="own.safetensors")
    z = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(vae.decode(z), inklet.vae.decode(z))


def test_basic_scheduler_is_the_schedule_of_the_model(inklet: diffusion.Checkpoint):
    levels = sigmas.basic_scheduler(model=inklet.model, scheduler="karras", steps=5, denoise=1.0)
    by_hand = steps.schedule_sigmas(
        schedule=steps.model_noise_schedule(model=inklet.model), scheduler="karras", steps=5, denoise=1.0
    )
    assert torch.equal(levels, by_hand)
    assert (len(levels), levels[-1]) == (6, 0)


def test_a_sampler_of_two_calls_a_step_cannot_be_stepped_with_one_estimate(inklet: diffusion.Checkpoint):
    sampler = samplers.ksampler_select(sampler_name="heun")
    sigmas = torch.tensor([2.0, 1.0, 0.0])
    source = noise.random_noise(noise_seed=1)
    started = steps.sampler_start(sampler=sampler, noised=torch.zeros(1, 4, 2, 2), sigmas=sigmas)
    with pytest.raises(ValueError, match="use a sampler with one model call a step"):
        steps.sampler_step(
            sampler=sampler, state=started.state, denoised=torch.ones(1, 4, 2, 2), noise=source
        )


def test_a_state_goes_on_only_in_a_sampler_that_can_read_it():
    euler, lms = (samplers.ksampler_select(sampler_name=name) for name in ("euler", "lms"))
    x, source = torch.zeros(1, 4, 2, 2), noise.random_noise(noise_seed=1)
    started = steps.sampler_start(sampler=euler, noised=x, sigmas=torch.tensor([2.0, 1.0]))
    with pytest.raises(ValueError, match="lms can't go on from another sampler's state"):
        steps.sampler_step(sampler=lms, state=started.state, denoised=x, noise=source)


@pytest.mark.parametrize("name", ["noise_mask", "batch_index"])
def test_sampling_by_hand_refuses_what_it_does_not_follow(inklet: diffusion.Checkpoint, name: str):
    given = {"samples": torch.zeros(1, 4, 2, 2), name: [3]}
    with pytest.raises(ValueError, match=f"has a {name}, which only KSampler follows"):
        steps.noise_latent(
            model=inklet.model,
            noise=noise.random_noise(noise_seed=1),
            sigmas=torch.tensor([1.0, 0.0]),
            latent_image=given,  # type: ignore[arg-type]
        )


@pytest.mark.parametrize(
    ("node", "inputs", "code", "message"),
    [
        (
            "EmptyLatentImage",
            {"width": 130, "height": 64, "batch_size": 1},
            "value_not_multiple",
            "multiple of 8",
        ),
        ("EmptyLatentImage", {"width": 8, "height": 64, "batch_size": 1}, "value_smaller_than_min", "16"),
        (
            "CheckpointLoaderSimple",
            {"ckpt_name": "inclet.safetensors"},
            "value_not_in_list",
            "inklet.safetensors",
        ),
        ("LoadImage", {"image": "scen.png"}, "custom_validation_failed", "scene.png"),
    ],
)
def test_bad_values_are_told_with_what_is_right(
    ctx: Context, node: str, inputs: dict[str, object], code: str, message: str
):
    flow = {
        "1": {"class_type": node, "inputs": inputs},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    problems = Engine(NODES, ctx.folders).validate(Graph.parse(json.dumps(flow))).problems
    [problem] = [one for one in problems if one.node == "1"]
    assert problem.code == code
    assert message in problem.message


def test_the_embedded_model_is_small_and_marked(tmp_path: Path):
    assert INKLET.stat().st_size <= 16 * 2**20
    assert {"v_pred", "ztsnr"} <= load_file(INKLET).keys()
    assert "inklet.safetensors" in Folders(tmp_path, bundled=BUNDLED).names("checkpoints")
