"""Latent nodes called as plain functions, and latents as files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from inkloom import diffusion
from inkloom.diffusion.latents.latent_format import SD1
from inkloom.diffusion.networks.taesd import TinyDecoder
from inkloom.executor import Context, Graph, Json
from inkloom.nodes import (
    NODES,
    Engine,
    latent,
    latent_batch,
    latent_files,
    latent_inpaint,
    latent_math,
    latent_transform,
    mixed_noise,
    noise,
    open_folders,
    vae,
)
from inkloom.nodes.data_folder import BUNDLED
from inkloom.nodes.live_previews import live_preview


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(folders=open_folders(tmp_path))


@pytest.fixture(scope="module")
def inklet() -> diffusion.Checkpoint:
    return diffusion.load_checkpoint(BUNDLED["checkpoints"][0] / "inklet.safetensors")


A: diffusion.Latent = {"samples": torch.randn(2, 4, 8, 8)}
B: diffusion.Latent = {"samples": torch.randn(1, 4, 4, 6)}
SHARPEN = latent_math.latent_operation_sharpen(sharpen_radius=2, sigma=1.0, alpha=0.5)
TONES = latent_math.latent_operation_tonemap_reinhard(multiplier=1.0)


@pytest.mark.parametrize(
    ("result", "shape"),
    [
        (latent.latent_upscale_by(samples=A, upscale_method="bislerp", scale_by=1.5), (2, 4, 12, 12)),
        (latent.latent_composite(samples_to=A, samples_from=B, x=8, y=8, feather=8), (2, 4, 8, 8)),
        (latent.latent_composite_masked(destination=A, source=B, resize_source=True), (2, 4, 8, 8)),
        (latent_batch.repeat_latent_batch(samples=A, amount=3), (6, 4, 8, 8)),
        (latent_batch.latent_batch(samples1=B, samples2=A), (3, 4, 4, 6)),
        (latent_batch.latent_batch_seed_behavior(samples=A, seed_behavior="fixed"), (2, 4, 8, 8)),
        (latent_transform.latent_rotate(samples=B, rotation="270 degrees"), (1, 4, 6, 4)),
        (latent_transform.latent_flip(samples=B, flip_method="x-axis: vertically"), (1, 4, 4, 6)),
        (latent_transform.latent_crop(samples=A, width=64, height=64, x=0, y=0), (2, 4, 8, 8)),
        (latent_transform.latent_cut(samples=A, dim="x", index=3, amount=2), (2, 4, 8, 2)),
        (latent_transform.latent_concat(samples1=A, samples2=B, dim="y"), (2, 4, 13, 8)),
        (latent_math.latent_add(samples1=A, samples2=B), (2, 4, 8, 8)),
        (latent_math.latent_subtract(samples1=B, samples2=A), (1, 4, 4, 6)),
        (latent_math.latent_multiply(samples=A, multiplier=2.0), (2, 4, 8, 8)),
        (latent_math.latent_interpolate(samples1=A, samples2=B, ratio=0.5), (2, 4, 8, 8)),
        (latent_math.latent_slerp(samples1=A, samples2=B, ratio=0.5), (2, 4, 8, 8)),
        (latent_math.latent_blend(samples1=A, samples2=B, blend_factor=0.5), (2, 4, 8, 8)),
        (latent_math.latent_apply_operation(samples=A, operation=SHARPEN), (2, 4, 8, 8)),
        (latent_math.latent_apply_operation(samples=A, operation=TONES), (2, 4, 8, 8)),
        (latent_inpaint.set_latent_noise_mask(samples=A, mask=torch.ones(1, 9, 9)), (2, 4, 8, 8)),
    ],
)
def test_sizes(result: diffusion.Latent, shape: tuple[int, ...]):
    assert result["samples"].shape == shape


def test_tiles_give_the_picture_of_the_whole(ctx: Context, inklet: diffusion.Checkpoint):
    picture = torch.rand(1, 96, 136, 3)
    picture[:, :40] *= 0.1
    picture[:, :, 70:] = 1 - picture[:, :, 70:] * 0.2
    whole = vae.vae_encode(ctx, pixels=picture, vae=inklet.vae)
    tiled = vae.vae_encode_tiled(ctx, pixels=picture, vae=inklet.vae, tile_size=64)
    torch.testing.assert_close(tiled["samples"], whole["samples"], rtol=0, atol=1e-3)
    decoded = vae.vae_decode(ctx, samples=whole, vae=inklet.vae)
    in_tiles = vae.vae_decode_tiled(ctx, samples=whole, vae=inklet.vae, tile_size=64, overlap=0)
    torch.testing.assert_close(in_tiles, decoded, rtol=0, atol=1e-3)


def test_a_hole_is_kept_in_the_mask(ctx: Context, inklet: diffusion.Checkpoint):
    mask = torch.zeros(1, 32, 32)
    mask[:, 8:16] = 1
    filled = latent_inpaint.vae_encode_for_inpaint(
        ctx, pixels=torch.rand(1, 32, 32, 3), vae=inklet.vae, mask=mask, grow_mask_by=2
    )
    assert filled["samples"].shape == (1, 4, 4, 4)
    assert filled.get("noise_mask", mask).sum() == 9 * 32


def test_a_saved_latent_is_numbered_and_loads_from_the_input_folder(ctx: Context):
    workflow: Json = {"workflow": {"nodes": []}}
    saved = [
        latent_files.save_latent(
            ctx, samples=A, filename_prefix="latents/a", prompt={"1": {}}, extra_pnginfo=workflow
        )
        for _ in range(2)
    ]
    assert saved[1].shown == {
        "latents": [{"filename": "a_00002_.latent", "subfolder": "latents", "type": "output"}]
    }
    [path] = saved[1].files
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"prompt": '{"1": {}}', "workflow": '{"nodes": []}'}
    target = ctx.folders.root("input") / "b.latent"
    target.parent.mkdir()
    target.write_bytes(path.read_bytes())
    assert torch.equal(latent_files.load_latent(ctx, latent="b.latent")["samples"], A["samples"])


def test_only_latents_are_offered_as_latents(ctx: Context):
    flow = {
        "1": {"class_type": "LoadLatent", "inputs": {"latent": "scene.png"}},
        "2": {"class_type": "SaveLatent", "inputs": {"samples": ["1", 0], "filename_prefix": "a"}},
    }
    problems = Engine(NODES, ctx.folders).validate(Graph.parse(json.dumps(flow))).problems
    assert [one.code for one in problems if one.node == "1"] == ["value_not_in_list"]


def test_noise_between_two_seeds_has_both_as_its_ends():
    one, two = (noise.random_noise(noise_seed=seed) for seed in (1, 2))
    shape = (1, 4, 8, 8)
    near = mixed_noise.noise_interpolate(noise1=one, noise2=two, ratio=0.0)
    torch.testing.assert_close(near.at_start(shape), one.at_start(shape))
    assert near.seed == 1


def test_previews_use_a_small_decoder_where_its_file_is(tmp_path: Path, inklet: diffusion.Checkpoint):
    folders, model = open_folders(tmp_path), replace(inklet.model, latent_format=SD1)
    state = diffusion.State(x=torch.zeros(1, 4, 4, 4), sigmas=(1.0, 0.0), denoised=torch.randn(1, 4, 4, 4))
    begun = diffusion.State(x=torch.zeros(1, 4, 4, 4), sigmas=(1.0, 0.0))

    def shown(way: str | None) -> Callable[[], bytes] | None:
        return live_preview(Context(folders=folders, previews=way), model)(state)

    def picture(way: str) -> bytes:
        make = shown(way)
        assert make is not None
        return make()

    assert shown(None) is None
    assert live_preview(Context(folders=folders, previews="auto"), model)(begun) is None
    colours = picture("auto")
    with Image.open(BytesIO(colours)) as opened:
        assert opened.format == "JPEG"
    folder = folders.root("vae_approx")
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    save_file(TinyDecoder().state_dict(), folder / "taesd_decoder.safetensors")
    folders = open_folders(tmp_path)
    assert picture("latent2rgb") == colours
    assert picture("auto") == picture("taesd") != colours
