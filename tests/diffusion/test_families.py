"""Families: each kind of file is known by its keys and shapes, and is matched key by key."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
import torch
from safetensors.torch import save_file

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.files.checkpoint import load_checkpoint, load_unet, load_vae
from inkloom.diffusion.files.families import FAMILIES, family_of
from inkloom.diffusion.files.filling import Part
from inkloom.diffusion.files.parameterization import marks_of, parameterization
from inkloom.diffusion.latents.latent_format import FORMATS
from inkloom.diffusion.networks.unet import UNet, UNetSpec

UNET = "model.diffusion_model."

SD1 = UNetSpec(
    channels=(320, 640, 1280, 1280),
    input_depths=(1, 1, 1, 1, 1, 1, 0, 0),
    middle_depth=1,
    output_depths=(0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    context_channels=768,
    res_blocks=2,
)
SD2 = replace(SD1, linear_projections=True, context_channels=1024, heads=None, head_channels=64)
SDXL = replace(
    SD2,
    channels=(320, 640, 1280),
    input_depths=(0, 0, 2, 2, 10, 10),
    middle_depth=10,
    output_depths=(10, 10, 10, 2, 2, 2, 0, 0, 0),
    context_channels=2048,
    label_channels=2816,
)
REFINER = replace(
    SD2,
    channels=(384, 768, 1536, 1536),
    input_depths=(0, 0, 4, 4, 4, 4, 0, 0),
    middle_depth=4,
    output_depths=(0, 0, 0, 4, 4, 4, 4, 4, 4, 0, 0, 0),
    context_channels=1280,
    label_channels=2560,
)
# Output rows as the published files have them; they are not the input's mirrored.
SSD = replace(
    SDXL, middle_depth=0, input_depths=(0, 0, 2, 2, 4, 4), output_depths=(4, 4, 10, 2, 1, 1, 0, 0, 0)
)
VEGA = replace(
    SDXL, middle_depth=0, input_depths=(0, 0, 1, 1, 2, 2), output_depths=(2, 2, 2, 1, 1, 1, 0, 0, 0)
)

SPECS = {
    "sd1": (SD1, ()),
    "sd1-inpainting": (replace(SD1, in_channels=9), ()),
    "sd1-edit": (replace(SD1, in_channels=8), ()),
    "sd2": (SD2, ()),
    "sd2-inpainting": (replace(SD2, in_channels=9), ()),
    "sd2-unclip-h": (replace(SD2, label_channels=2048), ()),
    "sd2-unclip-l": (replace(SD2, label_channels=1536), ()),
    "playground-2.5": (SDXL, ("edm_mean", "edm_std")),
    "sdxl": (SDXL, ()),
    "sdxl-inpainting": (replace(SDXL, in_channels=9), ()),
    "cosxl-edit": (replace(SDXL, in_channels=8), ("edm_vpred.sigma_max",)),
    "sdxl-edit": (replace(SDXL, in_channels=8), ()),
    "sdxl-refiner": (REFINER, ()),
    "ssd-1b": (SSD, ()),
    "segmind-vega": (VEGA, ()),
}


def test_every_family_is_listed_here():
    assert SPECS.keys() == FAMILIES.keys()


@pytest.mark.parametrize("name", SPECS)
def test_a_networks_keys_tell_its_shape_and_its_family(name):
    spec, markers = SPECS[name]
    with torch.device("meta"):
        shapes = {key: tuple(tensor.shape) for key, tensor in UNet(spec).state_dict().items()}
    assert UNetSpec.from_shapes(shapes) == spec
    assert family_of(spec, markers) == FAMILIES[name]


@pytest.mark.parametrize(
    "spec",
    [
        replace(SD1, in_channels=5),
        replace(SD2, in_channels=7),
        replace(SD2, label_channels=1000),
        replace(SDXL, linear_projections=False, heads=8, head_channels=None),
    ],
)
def test_a_network_of_no_family_is_refused_with_what_was_seen_and_what_is_known(spec):
    with pytest.raises(CheckpointError) as caught:
        family_of(spec)
    for said in (f"{spec.in_channels} input channels", f"{spec.context_channels} channels of text"):
        assert said in str(caught.value)
    for family in FAMILIES.values():
        assert family.title in str(caught.value)


def test_no_two_families_of_one_shape_are_taken_for_each_other():
    for (one, (spec, markers)), (other, _) in combinations(SPECS.items(), 2):
        assert family_of(spec, markers).name != other, one


UNETS = {
    "sd15-inpainting-unet": "sd1-inpainting",
    "sd15-instruct-pix2pix-unet": "sd1-edit",
    "sdxl-refiner-unet": "sdxl-refiner",
    "diffusers-sd15-unet": "sd1",
    "diffusers-sd21-unet": "sd2",
    "diffusers-sdxl-unet": "sdxl",
    "diffusers-sdxl-refiner-unet": "sdxl-refiner",
}
CHECKPOINTS = {"sd15-full": "sd1", "sd21-full": "sd2", "sdxl-base-full": "sdxl"}
VAES = {"vae-kl-f8": 4, "diffusers-vae-kl-f8": 4, "vae-sd3": 16, "vae-flux": 16}


@pytest.mark.parametrize(("name", "family"), UNETS.items())
def test_a_published_unet_is_matched_exactly(golden, tmp_path, name, family):
    model = load_unet(golden.hollow(tmp_path / "unet.safetensors", golden.keys(name)))
    assert model.family is FAMILIES[family]
    assert model.latent_format is model.family.latent_format
    assert len(model.unet.state_dict()) == len(golden.keys(name))


@pytest.mark.parametrize(("name", "family"), CHECKPOINTS.items())
def test_a_published_checkpoint_is_matched_exactly(golden, tmp_path, name, family):
    loaded = load_checkpoint(golden.hollow(tmp_path / "model.safetensors", golden.keys(name)))
    assert loaded.model.family is FAMILIES[family]
    assert tuple(loaded.clip.towers) == loaded.model.family.towers


@pytest.mark.parametrize(("name", "channels"), VAES.items())
def test_a_published_vae_is_matched_exactly(golden, tmp_path, name, channels):
    vae = load_vae(golden.hollow(tmp_path / "vae.safetensors", golden.keys(name)))
    assert vae.autoencoder.spec.channels == channels
    assert len(vae.autoencoder.state_dict()) == len(golden.keys(name))


def test_the_refiner_takes_its_one_text_encoder(golden, tmp_path):
    keys = {name: golden.keys(name) for name in ("sdxl-refiner-unet", "sdxl-refiner-text", "vae-kl-f8")}
    vae = {f"first_stage_model.{key}": row for key, row in keys["vae-kl-f8"].items()}
    file = {**keys["sdxl-refiner-unet"], **keys["sdxl-refiner-text"], **vae}
    loaded = load_checkpoint(golden.hollow(tmp_path / "refiner.safetensors", file))
    assert loaded.model.family.name == "sdxl-refiner"
    assert tuple(loaded.clip.towers) == ("open_clip_g",)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("tiny-sd1", "sd1"),
        ("tiny-sd1-l2", "sd1"),
        ("tiny-inpaint9", "sd1-inpainting"),
        ("tiny-sd2-v", "sd2"),
        ("tiny-sdxl", "sdxl"),
    ],
)
def test_a_model_of_other_widths_is_known_by_its_structure(golden, name, family):
    shapes = {k.removeprefix(UNET): tuple(v.shape) for k, v in golden.weights(name).items()}
    assert family_of(UNetSpec.from_shapes(shapes)).name == family


@pytest.mark.parametrize("prefix", ["", UNET, "unet.", "model."])
def test_a_unet_loads_under_any_prefix(golden, tmp_path, prefix):
    weights = {prefix + k.removeprefix(UNET): v for k, v in golden.weights("tiny-sd1").items()}
    save_file(weights, tmp_path / "unet.safetensors")
    model, io = load_unet(tmp_path / "unet.safetensors"), golden.io("tiny-sd1")
    with torch.inference_mode():
        output = model.network(io["x"], torch.tensor(981), io["context"])
    assert (output - io["out_t981"]).abs().max() <= 1e-5 * io["out_t981"].abs().max()


@pytest.mark.parametrize(("scale", "name"), [(1.0, "v"), (0.5, "eps")])
def test_the_spread_of_a_norms_biases_tells_the_sisters_of_sd2_apart(golden, tmp_path, scale, name):
    weights = golden.weights("tiny-sd2-v")
    key = f"{UNET}output_blocks.3.1.transformer_blocks.0.norm1.bias"
    save_file({**weights, key: scale * weights[key]}, tmp_path / "unet.safetensors")
    assert load_unet(tmp_path / "unet.safetensors").prediction.name == name
    assert load_unet(tmp_path / "unet.safetensors", prediction="eps").prediction.name == "eps"


def test_metadata_tell_what_a_network_predicts(golden, tmp_path):
    weights = golden.weights("tiny-sd1")
    for told, name in {"v": "v", "epsilon": "eps", "nonsense": "eps"}.items():
        save_file(weights, tmp_path / "unet.safetensors", metadata={"modelspec.prediction_type": told})
        assert load_unet(tmp_path / "unet.safetensors").prediction.name == name


EDM = {
    "playground-2.5": ({"edm_mean": [0.0], "edm_std": [1.0]}, "edm", (0.002, 80.0)),
    "sdxl": ({"edm_vpred.sigma_max": 100.0, "edm_vpred.sigma_min": 0.01, "v_pred": []}, "v", (0.01, 100.0)),
}


@pytest.mark.parametrize(("name", "marks", "prediction", "levels"), [(k, *v) for k, v in EDM.items()])
def test_markers_tell_of_continuous_levels(name, marks, prediction, levels):
    markers = {key: torch.tensor(value) for key, value in marks.items()}
    family = family_of(SDXL, markers)
    found = parameterization(family, Part({}), marks_of(markers, {}))
    assert family.name == name
    assert found.prediction.name == prediction
    assert found.schedule.sigmas[[0, -1]].tolist() == pytest.approx(levels)


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_a_latent_goes_to_the_models_scale_and_back(form):
    z = torch.randn(2, form.channels, 3, 5)
    torch.testing.assert_close(form.to_autoencoder(form.to_model(z)), z)


def test_playground_normalises_by_channel():
    z = torch.ones(1, 4, 1, 1)
    expected = [(1 + 1.6574) * 0.5 / 8.4927, (1 - 1.886) * 0.5 / 5.9022]
    form = FAMILIES["playground-2.5"].latent_format
    assert form.to_model(z)[0, :2, 0, 0].tolist() == pytest.approx(expected)
