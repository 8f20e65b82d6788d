"""Names that stand for files elsewhere, files that were made here, and networks that make pictures larger."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from inkloom import diffusion
from inkloom.diffusion.networks.taesd import TinyDecoder, TinyEncoder
from inkloom.diffusion.networks.upscalers.compact import CompactNet, CompactSpec
from inkloom.executor import (
    CancelToken,
    Context,
    Graph,
    MissingFileError,
    NodeFinished,
    Progress,
    RunCancelled,
    RunDone,
    node_key,
    object_info,
)
from inkloom.nodes import NODES, Engine, image, loaders, open_folders, saving

SMALL = ("taesd_encoder", "taesd_decoder")


def put_small(root: Path, name: str, seed: int = 0) -> None:
    folder = open_folders(root).root("vae_approx")
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    network = (TinyEncoder if name.endswith("encoder") else TinyDecoder)()
    save_file(network.state_dict(), folder / f"{name}.safetensors")


def offered(root: Path) -> list[str]:
    info: Any = object_info(NODES["VAELoader"], open_folders(root))
    return info["input"]["required"]["vae_name"][0]


def loader(name: str) -> Graph:
    return Graph.parse(
        {
            "1": {"class_type": "VAELoader", "inputs": {"vae_name": name}},
            "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
        }
    )


def test_a_small_vae_is_offered_where_both_of_its_files_are(tmp_path: Path):
    assert offered(tmp_path) == ["pixel_space"]
    put_small(tmp_path, SMALL[0])
    assert offered(tmp_path) == ["pixel_space"]
    [problem] = Engine(NODES, open_folders(tmp_path)).validate(loader("taesd")).problems
    assert problem.code == "value_not_in_list"
    assert "taesd_decoder" in problem.message
    assert "taesd_encoder" not in problem.message
    put_small(tmp_path, SMALL[1])
    assert offered(tmp_path) == ["taesd", "pixel_space"]
    assert not Engine(NODES, open_folders(tmp_path)).validate(loader("taesd")).problems


def test_the_content_of_its_files_decides_its_key(tmp_path: Path):
    def key() -> str:
        return node_key(loader("taesd").nodes["1"], NODES["VAELoader"], {}, open_folders(tmp_path)).digest

    for name in SMALL:
        put_small(tmp_path, name)
    first = key()
    assert key() == first
    put_small(tmp_path, SMALL[1], seed=1)
    assert key() != first


@pytest.mark.parametrize(("name", "scale"), [("taesd", 0.18215), ("taesdxl", 0.13025)])
def test_a_small_vae_loads_for_its_familys_latents(tmp_path: Path, name: str, scale: float):
    for half in ("encoder", "decoder"):
        put_small(tmp_path, f"{name}_{half}")
    ctx = Context(folders=open_folders(tmp_path))
    vae = loaders.vae_loader(ctx, vae_name=name)
    assert isinstance(vae, diffusion.TinyVae)
    assert vae.latent_format.scale == scale
    assert vae.decode(vae.encode(torch.rand(1, 16, 24, 3))).shape == (1, 16, 24, 3)
    with pytest.raises(ValueError, match="only a whole autoencoder can be saved"):
        saving.vae_save(ctx, vae=vae, prompt=None, extra_pnginfo=None)


def test_a_small_vae_that_is_gone_is_missed_by_name(tmp_path: Path):
    with pytest.raises(MissingFileError, match="taesd_encoder"):
        loaders.vae_loader(Context(folders=open_folders(tmp_path)), vae_name="taesd")


def test_pixels_are_their_own_latents(tmp_path: Path):
    vae = loaders.vae_loader(Context(folders=open_folders(tmp_path)), vae_name="pixel_space")
    picture = torch.rand(2, 5, 7, 4)
    latents = vae.encode(picture)
    assert latents.shape == (2, 3, 5, 7)
    assert latents.min() < -0.5
    torch.testing.assert_close(vae.decode(latents), picture[..., :3])
    assert vae.decode(3 * latents).max() == 1
    assert vae.cut(picture) is picture
    with pytest.raises(ValueError, match="have 3 channels, but these latents have 4"):
        vae.decode(torch.zeros(1, 4, 2, 2))


@pytest.mark.parametrize("name", ["a.png", "a.png [output]"])
def test_what_was_made_can_be_loaded(tmp_path: Path, name: str):
    ctx = Context(folders=open_folders(tmp_path))
    ctx.folders.root("output").mkdir(parents=True)
    Image.new("RGB", (3, 2), (255, 0, 51)).save(ctx.folders.root("output") / "a.png")
    loaded = image.load_image_output(ctx, image=name)
    np.testing.assert_allclose(loaded.IMAGE[0, 0, 0], [1, 0, 0.2], atol=1e-6)
    assert loaded.IMAGE.shape == (1, 2, 3, 3)


@pytest.fixture
def upscaling(tmp_path: Path) -> tuple[Engine, Graph]:
    folders = open_folders(tmp_path)
    folders.root("upscale_models").mkdir(parents=True)
    torch.manual_seed(0)
    network = CompactNet(CompactSpec(width=4, layers=1, scale=3))
    save_file(network.state_dict(), folders.root("upscale_models") / "x3.safetensors")
    flow = {
        "1": {"class_type": "UpscaleModelLoader", "inputs": {"model_name": "x3.safetensors"}},
        "2": {
            "class_type": "EmptyImage",
            "inputs": {"width": 700, "height": 20, "batch_size": 2, "color": 7},
        },
        "3": {
            "class_type": "ImageUpscaleWithModel",
            "inputs": {"upscale_model": ["1", 0], "image": ["2", 0]},
        },
        "4": {"class_type": "PreviewAny", "inputs": {"source": ["3", 0]}},
    }
    return Engine(NODES, folders), Graph.parse(flow)


def test_a_network_makes_pictures_larger(upscaling: tuple[Engine, Graph]):
    engine, graph = upscaling
    events = list(engine.run(graph))
    assert isinstance(events[-1], RunDone), events[-1]
    [shown] = [event.ui for event in events if isinstance(event, NodeFinished) and event.node == "4"]
    assert "[2, 60, 2100, 3]" in str(shown)
    counts = [(event.done, event.total) for event in events if isinstance(event, Progress)]
    assert counts[-1] == (4, 4)
    assert counts == sorted(set(counts)), "steps may be left out, never told twice"


def test_a_network_at_work_can_be_cancelled(upscaling: tuple[Engine, Graph]):
    engine, graph = upscaling
    cancel = CancelToken()

    def at_work(module: nn.Module, inputs: object, output: object) -> None:
        cancel.cancel()

    hook = nn.modules.module.register_module_forward_hook(at_work)  # type: ignore[arg-type]  # torch's own
    try:
        events = list(engine.run(graph, cancel=cancel))
    finally:
        hook.remove()
    assert isinstance(events[-1], RunCancelled)
    assert not any(isinstance(event, Progress) and event.done > 1 for event in events)


def test_files_of_the_newest_are_told_first(tmp_path: Path):
    from inkloom.server.files.view import newest_first

    output = open_folders(tmp_path).root("output")
    (output / "sub").mkdir(parents=True)
    for name, when in {"b.png": 100, "a.png": 300, ".hidden": 400, "c.txt": 200}.items():
        (output / name).write_bytes(b"x")
        os.utime(output / name, (when, when))
    assert newest_first(open_folders(tmp_path), "output") == ["a.png", "c.txt", "b.png"]
