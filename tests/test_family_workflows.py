"""Workflows for models that do not ship with inkloom, run on tiny random ones of the same structure."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
import torch
from torch import nn

from inkloom.diffusion.clip import Clip
from inkloom.diffusion.files.families import FAMILIES
from inkloom.diffusion.files.saving import checkpoint_tensors, write_tensors
from inkloom.diffusion.model import Model
from inkloom.diffusion.networks.autoencoder import Autoencoder, AutoencoderSpec
from inkloom.diffusion.networks.text import TOWER_KINDS, TextSpec, TextTower
from inkloom.diffusion.networks.unet import UNet, UNetSpec
from inkloom.diffusion.prompts.tokenizer import BOS, EOS, Tokenizer, byte_letters
from inkloom.diffusion.schedules.prediction import EPS
from inkloom.diffusion.schedules.schedule import discrete_schedule
from inkloom.diffusion.vae import Vae
from inkloom.executor import Graph, NodeFinished, RunDone
from inkloom.nodes import NODES, Engine, open_folders

WORKFLOWS = Path(__file__).resolve().parent.parent / "workflows"
LETTERS = byte_letters()
TOKENS = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), BOS, EOS]
VOCABULARY = {token: index for index, token in enumerate(TOKENS)}

SMALL = UNetSpec(
    channels=(32, 64),
    input_depths=(0, 1),
    middle_depth=1,
    output_depths=(1, 1, 0, 0),
    context_channels=64,
    res_blocks=1,
)
LINEAR = replace(SMALL, linear_projections=True, heads=None, head_channels=64)
KINDS: dict[str, tuple[str, UNetSpec, tuple[str, ...]]] = {
    "LCM_Dreamshaper_v7.safetensors": ("sd1", SMALL, ("clip_l",)),
    "sd_xl_base_1.0.safetensors": (
        "sdxl",
        replace(LINEAR, context_channels=64 + 1280, label_channels=1280 + 6 * 256),
        ("clip_l", "open_clip_g"),
    ),
    "sd_xl_refiner_1.0.safetensors": (
        "sdxl-refiner",
        replace(
            LINEAR,
            channels=(32, 64, 64),  # the refiner's deepest level is without attention
            input_depths=(0, 1, 0),
            output_depths=(0, 0, 1, 1, 0, 0),
            context_channels=1280,
            label_channels=1280 + 5 * 256,
        ),
        ("open_clip_g",),
    ),
}
"""Name of the file, family, U-Net and text encoders of each model that a workflow names."""


N = TypeVar("N", bound=nn.Module)


def lively(network: N) -> N:
    """Give every weight a random value, also those that begin at zero: each must have an effect."""
    for weight in network.parameters():
        weight.data = torch.randn(weight.shape) * 0.5 / max(1, weight[0].numel()) ** 0.5
    return network.requires_grad_(False).eval()


def tower(kind: str) -> TextTower:
    wide = kind == "open_clip_g"
    return TextTower(
        TextSpec(
            vocabulary=len(TOKENS),
            width=1280 if wide else 64,
            layers=2,
            heads=20 if wide else 1,
            hidden=32,
            activation=TOWER_KINDS[kind].activation,
            projection=1280 if wide else None,
        )
    )


def write_model(path: Path, family: str, spec: UNetSpec, towers: tuple[str, ...]) -> None:
    torch.manual_seed(0)
    model = Model(
        lively(UNet(spec)), EPS, discrete_schedule(), FAMILIES[family].latent_format, family=FAMILIES[family]
    )
    clip = Clip({kind: lively(tower(kind)) for kind in towers}, Tokenizer(VOCABULARY, []))
    vae = Vae(lively(Autoencoder(AutoencoderSpec(widths=(32, 32, 32, 32), blocks=1))))
    with path.open("wb") as file:
        write_tensors(file, checkpoint_tensors(model, clip, vae), {})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    root = tmp_path_factory.mktemp("root")
    folder = root / "models" / "checkpoints"
    (folder / "tokenizer").mkdir(parents=True)
    (folder / "tokenizer" / "vocab.json").write_text(json.dumps(VOCABULARY), encoding="utf-8")
    (folder / "tokenizer" / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    for name, (family, spec, towers) in KINDS.items():
        write_model(folder / name, family, spec, towers)
    return Engine(NODES, open_folders(root))


@pytest.mark.parametrize("name", ["sdxl_base_and_refiner", "lcm"])
def test_it_runs_to_a_picture(engine: Engine, name: str) -> None:
    flow: dict[str, Any] = json.loads((WORKFLOWS / f"{name}.json").read_text(encoding="utf-8"))
    for node in flow.values():  # the workflow as it is, on a smaller canvas
        if node["class_type"] == "EmptyLatentImage":
            node["inputs"] |= {"width": 64, "height": 48}
    events = list(engine.run(Graph.parse(flow)))
    assert isinstance(events[-1], RunDone), getattr(events[-1], "message", None)
    shown = [event.ui["images"] for event in events if isinstance(event, NodeFinished) and event.ui]
    [[image]] = cast("list[list[dict[str, str]]]", shown)
    assert (engine.folders.root("output") / image["filename"]).is_file()
