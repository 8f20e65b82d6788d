"""Nodes for pictures and masks called as functions: files, previews, and what only the node decides."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inkloom.diffusion.latents import latent_transform
from inkloom.diffusion.pictures import (
    blending,
    filters,
    image_transform,
    masks,
    porter_duff,
    quantise,
)
from inkloom.executor import Context, Graph, RunFailed
from inkloom.nodes import (
    NODES,
    Engine,
    image,
    image_composite,
    image_filters,
    image_upscaling,
    mask,
    open_folders,
)
from inkloom.nodes import (
    image_transform as transform_nodes,
)


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(folders=open_folders(tmp_path))


@pytest.fixture
def loaded(ctx: Context) -> str:
    picture = Image.new("RGBA", (5, 3), (51, 102, 204, 255))
    picture.putpixel((4, 2), (0, 0, 0, 0))
    ctx.folders.root("input").mkdir(parents=True)
    picture.save(ctx.folders.root("input") / "a.png")
    return "a.png"


@pytest.mark.parametrize(
    ("names", "table"),
    [
        (image_filters.BLEND_MODES, blending.BLEND_MODES),
        (image_filters.DITHERS, quantise.DITHERS),
        (image_filters.MORPHOLOGY, filters.MORPHOLOGY),
        (image_composite.PORTER_DUFF_MODES, porter_duff.PORTER_DUFF_MODES),
        (mask.OPERATIONS, masks.OPERATIONS),
        (transform_nodes.ROTATIONS, latent_transform.QUARTERS),
        (transform_nodes.FLIPS, latent_transform.MIRRORS),
        (("right", "down", "left", "up"), image_transform.DIRECTIONS),
        (("white", "black", "red", "green", "blue"), image_transform.PAINTS),
    ],
)
def test_every_choice_is_a_row_of_its_table(names: tuple[str, ...], table: dict[str, object]):
    assert names == tuple(table)


@pytest.mark.parametrize(
    ("channel", "values"), [("alpha", (0, 1)), ("red", (0.2, 0)), ("green", (0.4, 0)), ("blue", (0.8, 0))]
)
def test_a_channel_of_a_picture_as_a_mask(
    ctx: Context, loaded: str, channel: str, values: tuple[float, float]
):
    found = mask.load_image_mask(ctx, image=loaded, channel=channel)
    assert found.shape == (1, 3, 5)
    assert (found[0, 0, 0].item(), found[0, 2, 4].item()) == pytest.approx(values)


def test_a_picture_without_alpha_has_the_empty_mask(ctx: Context):
    assert mask.load_image_mask(ctx, image="scene.png", channel="alpha").shape == (1, 64, 64)


def test_a_mask_is_shown_as_a_grey_picture(ctx: Context):
    given = torch.tensor([[[0.0, 0.5, 1.0]]])
    shown = mask.mask_preview(ctx, mask=given, prompt=None, extra_pnginfo=None)
    [path] = shown.files
    assert path.parent == ctx.folders.root("temp").resolve()
    with Image.open(path) as file:
        assert np.asarray(file).tolist() == [[[0] * 3, [127] * 3, [255] * 3]]


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_pictures_are_saved_with_the_channels_they_have(ctx: Context, channels: int, mode: str):
    given = torch.full((1, 2, 3, channels), 0.5)
    shown = image.save_image(ctx, images=given, filename_prefix="a", prompt=None, extra_pnginfo=None)
    with Image.open(shown.files[0]) as file:
        assert (file.mode, file.size) == (mode, (3, 2))


def test_values_of_the_workflow_name_the_file(ctx: Context):
    prompt = {"3": {"class_type": "KSampler", "inputs": {"seed": 42}, "_meta": {"title": "My sampler"}}}
    shown = image.save_image(
        ctx,
        images=torch.zeros(1, 2, 3, 3),
        filename_prefix="%KSampler.seed%/%My sampler.seed%-%width%x%height%",
        prompt=prompt,  # type: ignore[arg-type] -- a dict of dicts is JSON
        extra_pnginfo=None,
    )
    assert shown.shown == {"images": [{"filename": "42-3x2_00001_.png", "subfolder": "42", "type": "output"}]}


def test_what_is_no_picture_fails_with_one_sentence(tmp_path: Path):
    flow = {
        "1": {"class_type": "PrimitiveString", "inputs": {"value": "a cat"}},
        "2": {"class_type": "LoopStart", "inputs": {"initial": ["1", 0], "count": 1}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "a"}},
    }
    *_, last = Engine(NODES, open_folders(tmp_path)).run(Graph.parse(json.dumps(flow)))
    assert isinstance(last, RunFailed)
    assert (last.node, last.exception_type) == ("3", "TypeError")
    assert last.message.startswith("images: wants pictures, a tensor [batch, height, width, channels]")
    assert last.message.endswith("not a str ('a cat')")
    assert not (tmp_path / "output").exists()


def test_sizes_and_inverses():
    given = torch.rand(2, 3, 5, 4)
    assert image.get_image_size(image=given, unique_id="1") == (5, 3, 2)
    assert torch.allclose(image.image_invert(image=image.image_invert(image=given)), given)
    assert torch.equal(
        mask.invert_mask(mask=mask.solid_mask(value=0.25, width=2, height=3)), torch.full((1, 3, 2), 0.75)
    )
    assert mask.threshold_mask(mask=torch.tensor([0.4, 0.5, 0.6]), value=0.5).tolist() == [0, 0, 1]
    scaled = image_upscaling.image_scale(
        image=given, upscale_method="lanczos", width=10, height=0, crop="disabled"
    )
    assert scaled.shape == (2, 6, 10, 4)


def test_without_a_second_picture_stitching_does_nothing():
    given = torch.rand(1, 2, 2, 3)
    assert transform_nodes.image_stitch(image1=given) is given
