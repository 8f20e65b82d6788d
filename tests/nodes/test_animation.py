"""Animations: frames, speed, and the workflow where readers look for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from inkloom.executor import Context, Json, Ui
from inkloom.nodes import open_folders
from inkloom.nodes.animation import save_animated_png, save_animated_webp

PROMPT: Json = {"1": {"class_type": "A", "inputs": {"text": "ü"}}}
EXTRA: Json = {"workflow": {"x": 1}, "more": [2]}


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(folders=open_folders(tmp_path))


def frames(count: int, channels: int = 3) -> torch.Tensor:
    levels = torch.arange(count).reshape(-1, 1, 1, 1) / 10
    return levels.expand(count, 4, 6, channels).clone()


def webp(ctx: Context, images: torch.Tensor, **options: Any) -> Ui:
    return save_animated_webp(
        ctx,
        images=images,
        filename_prefix="w",
        method="default",
        prompt=PROMPT,
        extra_pnginfo=EXTRA,
        **options,
    )


def apng(ctx: Context, images: torch.Tensor, **options: Any) -> Ui:
    return save_animated_png(
        ctx, images=images, filename_prefix="p", prompt=PROMPT, extra_pnginfo=EXTRA, **options
    )


@pytest.mark.parametrize(("save", "name"), [(webp, "w_00001_.webp"), (apng, "p_00001_.png")])
@pytest.mark.parametrize("channels", [3, 4])
def test_every_frame_is_there_for_its_time(ctx: Context, save: Any, name: str, channels: int):
    shown = save(ctx, frames(3, channels), fps=8.0)
    assert shown.shown == {
        "images": [{"filename": name, "subfolder": "", "type": "output"}],
        "animated": [True],
    }
    with Image.open(shown.files[0]) as file:
        read = [
            (np.asarray(frame.convert("RGB"))[0, 0, 0], frame.info["duration"])
            for frame in ImageSequence.Iterator(file)
        ]
    assert [duration for _, duration in read] == [125] * 3
    if channels == 3:
        assert [level for level, _ in read] == [0, 25, 51]


@pytest.mark.parametrize("save", [webp, apng])
@pytest.mark.parametrize("fps", [0.01, 1000.0])
def test_the_slowest_and_the_fastest(ctx: Context, save: Any, fps: float):
    with Image.open(save(ctx, frames(2), fps=fps).files[0]) as file:
        assert getattr(file, "n_frames", 1) == 2


def test_one_picture_is_no_animation(ctx: Context):
    assert webp(ctx, frames(1)).shown["animated"] == [False]


def test_lossy_files_are_smaller(ctx: Context):
    noise = torch.rand(2, 32, 32, 3, generator=torch.Generator().manual_seed(0))
    sizes = [
        webp(ctx, noise, lossless=lossless, quality=20).files[0].stat().st_size for lossless in (True, False)
    ]
    assert sizes[1] < sizes[0] / 2


def test_webp_carries_the_workflow_in_its_exif(ctx: Context):
    with Image.open(webp(ctx, frames(2)).files[0]) as file:
        exif = file.getexif()
    assert exif[0x0110] == "prompt:" + json.dumps(PROMPT)
    assert exif[0x010F] == 'workflow:{"x": 1}'
    assert exif[0x010E] == "more:[2]"


def test_png_carries_the_workflow_after_its_pictures(ctx: Context):
    content = apng(ctx, frames(2)).files[0].read_bytes()
    chunk = b"comf" + b"prompt\0" + json.dumps(PROMPT).encode("latin-1")
    assert content.index(chunk) > content.rindex(b"fdAT")
    assert b'comfworkflow\0{"x": 1}' in content


@pytest.mark.parametrize("save", [webp, apng])
def test_what_is_no_picture_is_told_so(ctx: Context, save: Any):
    with pytest.raises(TypeError, match="images: wants pictures"):
        save(ctx, "cat")
    assert not ctx.folders.root("output").exists()
