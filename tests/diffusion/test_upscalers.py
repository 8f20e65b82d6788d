"""Upscale networks against their formulas: found in every layout of files, and the same in tiles."""

from __future__ import annotations

import re
from math import ceil, floor
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.files.upscaler_files import load_upscale_model
from inkloom.diffusion.networks.upscalers.base import UpscaleModel

Shapes = dict[str, tuple[int, ...]]


def conv(name: str, inputs: int, outputs: int, side: int = 3) -> Shapes:
    return {f"{name}.weight": (outputs, inputs, side, side), f"{name}.bias": (outputs,)}


def esrgan_shapes(
    blocks: int, ups: int, width: int, growth: int, inputs: int = 3, summed: bool = False
) -> Shapes:
    shapes = conv("conv_first", inputs, width)
    for block in range(blocks):
        for dense in (1, 2, 3):
            name = f"body.{block}.rdb{dense}"
            for layer in (1, 2, 3, 4):
                shapes |= conv(f"{name}.conv{layer}", width + (layer - 1) * growth, growth)
            shapes |= conv(f"{name}.conv5", width + 4 * growth, width)
            if summed:
                shapes[f"{name}.conv1x1.weight"] = (growth, width, 1, 1)
    shapes |= conv("conv_body", width, width)
    for up in range(ups):
        shapes |= conv(f"conv_up{up + 1}", width, width)
    return shapes | conv("conv_hr", width, width) | conv("conv_last", width, 3)


def compact_shapes(layers: int, width: int, scale: int) -> Shapes:
    shapes = conv("body.0", 3, width) | {"body.1.weight": (width,)}
    for layer in range(1, layers + 1):
        shapes |= conv(f"body.{2 * layer}", width, width) | {f"body.{2 * layer + 1}.weight": (width,)}
    return shapes | conv(f"body.{2 * layers + 2}", width, 3 * scale**2)


def drawn(shapes: Shapes, seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        key: torch.randn(shape, generator=generator) * (0.1 if len(shape) == 1 else 0.6 / shape[1] ** 0.5 / 3)
        for key, shape in shapes.items()
    }


def shown(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Bring what ESRGAN's weights make to the middle of a picture's range."""
    last = {"conv_last.weight": 4 * weights["conv_last.weight"], "conv_last.bias": torch.full((3,), 0.5)}
    return weights | last


def esrgan(w: dict[str, Tensor], x: Tensor, blocks: int, ups: int) -> Tensor:
    """The papers' formulas, one line for each."""

    def c(name: str, x: Tensor) -> Tensor:
        return F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], padding=1)

    def a(x: Tensor) -> Tensor:
        return torch.where(x > 0, x, 0.2 * x)

    factor = {3: 1, 12: 2, 48: 4}[w["conv_first.weight"].shape[1]]
    b, _, height, width = x.shape
    x = x.reshape(b, 3, height // factor, factor, width // factor, factor)
    x = x.permute(0, 1, 3, 5, 2, 4).reshape(b, -1, height // factor, width // factor)
    first = y = c("conv_first", x)
    for block in range(blocks):
        z = y
        for dense in (1, 2, 3):
            name = f"body.{block}.rdb{dense}"
            one = a(c(f"{name}.conv1", z))
            two = a(c(f"{name}.conv2", torch.cat([z, one], 1)))
            if f"{name}.conv1x1.weight" in w:
                two = two + F.conv2d(z, w[f"{name}.conv1x1.weight"])
            three = a(c(f"{name}.conv3", torch.cat([z, one, two], 1)))
            four = a(c(f"{name}.conv4", torch.cat([z, one, two, three], 1)))
            if f"{name}.conv1x1.weight" in w:
                four = four + two
            z = z + 0.2 * c(f"{name}.conv5", torch.cat([z, one, two, three, four], 1))
        y = y + 0.2 * z
    y = first + c("conv_body", y)
    for up in range(ups):
        y = a(c(f"conv_up{up + 1}", y.repeat_interleave(2, 2).repeat_interleave(2, 3)))
    return c("conv_last", a(c("conv_hr", y)))


def compact(w: dict[str, Tensor], x: Tensor, layers: int, scale: int) -> Tensor:
    y = x
    for layer in range(layers + 2):
        y = F.conv2d(y, w[f"body.{2 * layer}.weight"], w[f"body.{2 * layer}.bias"], padding=1)
        if layer <= layers:
            y = torch.where(y > 0, y, w[f"body.{2 * layer + 1}.weight"][:, None, None] * y)
    larger = x.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    b, _, h, v = y.shape
    y = y.reshape(b, 3, scale, scale, h, v).permute(0, 1, 4, 2, 5, 3)
    return y.reshape(b, 3, h * scale, v * scale) + larger


OLD_TAILS = {
    0: ("model.2", "model.4"),
    1: ("model.3", "model.5", "model.7"),
    2: ("model.3", "model.6", "model.8", "model.10"),
    3: ("model.3", "model.6", "model.9", "model.11", "model.13"),
}


def first_layout(w: dict[str, Tensor], blocks: int, ups: int) -> dict[str, Tensor]:
    """Name weights as the first files did, by their number in a row of layers."""
    tail = (*(f"conv_up{k + 1}" for k in range(ups)), "conv_hr", "conv_last")
    names = dict(zip(tail, OLD_TAILS[ups], strict=True))
    names |= {"conv_first": "model.0", "conv_body": f"model.1.sub.{blocks}"}
    found: dict[str, Tensor] = {}
    for key, value in w.items():
        layer, _, kind = key.rpartition(".")
        if match := re.fullmatch(r"body\.(\d+)\.rdb(\d)\.(conv\d(?:x1)?)", layer):
            inner = "" if match[3] == "conv1x1" else ".0"
            found[f"model.1.sub.{match[1]}.RDB{match[2]}.{match[3]}{inner}.{kind}"] = value
        else:
            found[f"{names[layer]}.{kind}"] = value
    return found


def second_layout(w: dict[str, Tensor]) -> dict[str, Tensor]:
    names = {"conv_body": "trunk_conv", "conv_up": "upconv", "conv_hr": "HRconv"}
    found: dict[str, Tensor] = {}
    for key, value in w.items():
        for ours, theirs in names.items():
            key = key.replace(ours, theirs)
        found[re.sub(r"^body\.(\d+)\.rdb", r"RRDB_trunk.\1.RDB", key)] = value
    return found


def loaded(folder: Path, tensors: dict[str, Tensor]) -> UpscaleModel:
    save_file(tensors, folder / "up.safetensors")
    return load_upscale_model(folder / "up.safetensors")


def same(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=0, atol=2e-6)


def picture(height: int, width: int, batch: int = 1, channels: int = 3) -> Tensor:
    return torch.rand(batch, height, width, channels, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("ups", "inputs", "scale"), [(0, 3, 1), (1, 3, 2), (2, 3, 4), (3, 3, 8), (2, 12, 2), (2, 48, 1)]
)
@pytest.mark.parametrize("summed", [False, True])
def test_esrgan_is_its_formula_in_every_layout(
    tmp_path: Path, ups: int, inputs: int, scale: int, summed: bool
):
    weights = drawn(esrgan_shapes(2, ups, 8, 4, inputs, summed))
    x = picture(8, 12).movedim(-1, 1)
    expected = esrgan(weights, x, 2, ups)
    assert expected.std() > 0.01
    layouts = (weights, first_layout(weights, 2, ups), second_layout(weights))
    for tensors in layouts:
        model = loaded(tmp_path, tensors)
        assert model.scale == scale
        same(model.network(x), expected)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_the_compact_network_is_its_formula(tmp_path: Path, scale: int):
    weights = drawn(compact_shapes(3, 8, scale))
    x = picture(5, 7).movedim(-1, 1)
    model = loaded(tmp_path, weights)
    assert model.scale == scale
    same(model.network(x), compact(weights, x, 3, scale))


@pytest.mark.parametrize("wrapped", ["params_ema", "params", "state_dict"])
def test_pickles_are_unwrapped(tmp_path: Path, wrapped: str):
    weights = drawn(compact_shapes(1, 4, 2))
    torch.save({wrapped: weights}, tmp_path / "up.pth")
    assert load_upscale_model(tmp_path / "up.pth").scale == 2


# Name, shapes, and the number of weights that is published or follows from the paper's table.
PUBLISHED: dict[str, tuple[Shapes, int, int]] = {
    "RealESRGAN_x4plus": (esrgan_shapes(23, 2, 64, 32), 4, 16_697_987),
    "RealESRGAN_x2plus": (esrgan_shapes(23, 2, 64, 32, 12), 2, 16_703_171),
    "RealESRGAN_x4plus_anime_6B": (esrgan_shapes(6, 2, 64, 32), 4, 4_467_779),
    "realesr-animevideov3": (compact_shapes(16, 64, 4), 4, 621_424),
    "realesr-general-x4v3": (compact_shapes(32, 64, 4), 4, 1_213_296),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_network_is_matched_exactly(golden: Any, tmp_path: Path, name: str):
    shapes, scale, weights = PUBLISHED[name]
    path = golden.hollow(tmp_path / "up.safetensors", {key: ("F16", shape) for key, shape in shapes.items()})
    model = load_upscale_model(path)
    assert model.scale == scale
    assert sum(tensor.numel() for tensor in model.network.state_dict().values()) == weights


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, UpscaleModel]:
    folder = tmp_path_factory.mktemp("up")
    return {
        "x4": loaded(folder, shown(drawn(esrgan_shapes(2, 2, 8, 4)))),
        "x2 folded": loaded(folder, shown(drawn(esrgan_shapes(1, 2, 8, 4, 12)))),
        "x1 folded": loaded(folder, shown(drawn(esrgan_shapes(1, 2, 8, 4, 48)))),
        "compact": loaded(folder, drawn(compact_shapes(2, 8, 3))),
    }


@pytest.mark.parametrize("held", [0, 30_000, 2**30])
@pytest.mark.parametrize("tile", [4, 11])
@pytest.mark.parametrize("name", ["x4", "x2 folded", "x1 folded", "compact"])
def test_tiles_are_the_whole(models: dict[str, UpscaleModel], name: str, tile: int, held: int):
    model, image = models[name], picture(33, 18)
    whole = model.upscale(image, tile=64)
    assert whole.shape == (1, 33 * model.scale, 18 * model.scale, 3)
    assert whole.std() > 0.01
    same(model.upscale(image, tile=tile, held=held), whole)


@pytest.mark.parametrize("name", ["x4", "x2 folded", "compact"])
def test_a_step_says_how_far_it_sees(models: dict[str, UpscaleModel], name: str):
    """The gradient of one pixel of a step's outcome is there as far as the step says, and no further."""
    side, channels = 48, 3
    for step in models[name].network.steps():
        torch.manual_seed(0)
        x = torch.randn(1, channels, side, side, requires_grad=True)
        y, _ = step.run(x, x)
        middle = y.shape[-1] // 2
        y[..., middle, middle].sum().backward()
        assert x.grad is not None
        # The pixels that were looked at, as those of the outcome that lie in their places.
        seen = x.grad[0].abs().sum((0, 1)).nonzero().flatten()
        first, last = floor(seen[0].item() * step.scale), ceil((seen[-1].item() + 1) * step.scale) - 1
        far = max(middle - first, last - middle)
        assert far - step.scale < step.reach <= far
        channels = step.channels


def test_sides_that_do_not_fold_repeat_their_last_pixels(models: dict[str, UpscaleModel]):
    image = picture(5, 7)
    wider = torch.cat([image, image[:, :, -1:]], 2)
    wider = torch.cat([wider, wider[:, -1:]], 1)
    same(models["x2 folded"].upscale(image), models["x2 folded"].upscale(wider)[:, :10, :14])
    assert models["x1 folded"].upscale(picture(1, 1)).shape == (1, 1, 1, 3)


def test_each_item_is_its_own_and_alpha_is_left_out(models: dict[str, UpscaleModel]):
    model, image = models["x4"], picture(6, 5, batch=2, channels=4)
    both = model.upscale(image)
    assert both.shape == (2, 24, 20, 3)
    same(both[1:], model.upscale(image[1:, :, :, :3]))
    grey = picture(6, 5, channels=1)
    same(model.upscale(grey), model.upscale(grey.expand(-1, -1, -1, 3)))


def test_the_result_is_a_picture(models: dict[str, UpscaleModel]):
    bright = models["x4"].upscale(400 * picture(4, 4) - 200)
    assert bright.dtype == torch.float32
    assert (bright.min(), bright.max()) == (0, 1)


def test_every_tile_is_reported_and_may_end_the_run(models: dict[str, UpscaleModel]):
    told: list[tuple[int, int]] = []
    models["x4"].upscale(picture(9, 9, batch=2), lambda *counts: told.append(counts), tile=5)
    assert told == [(k + 1, len(told)) for k in range(len(told))]

    def cancel(done: int, _: int) -> None:
        if done == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        models["x4"].upscale(picture(9, 9), cancel, tile=5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: {k: v for k, v in w.items() if "rdb2.conv3" not in k}, "2 missing"),
        (lambda w: {**w, "conv_odd.weight": torch.ones(1)}, "1 unexpected"),
        (
            lambda w: {k: v for k, v in w.items() if "conv_last" not in k},
            "conv_last.weight is no convolution",
        ),
        (lambda w: {**w, "conv_last.weight": torch.ones(1, 8, 3, 3)}, "pictures of 1 channels"),
        (lambda w: {**w, "conv_first.weight": torch.ones(8, 27, 3, 3)}, "from 27 channels"),
        (lambda w: {"layers.0.residual_group.x": torch.ones(1)}, "Real-ESRGAN compact"),
        (lambda w: {"lora_unet_x.lora_up.weight": torch.ones(1)}, "looks like a LoRA"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_was_seen(tmp_path: Path, change: Any, said: str):
    weights = drawn(esrgan_shapes(1, 2, 8, 4))
    with pytest.raises(CheckpointError, match=re.escape(said)) as caught:
        loaded(tmp_path, change(weights))
    assert "up.safetensors" in str(caught.value)


def test_a_compact_network_of_odd_channels_is_refused(tmp_path: Path):
    shapes = compact_shapes(1, 4, 2) | {"body.4.weight": (13, 4, 3, 3)}
    with pytest.raises(CheckpointError, match="makes 13 channels from 3"):
        loaded(tmp_path, drawn(shapes))
