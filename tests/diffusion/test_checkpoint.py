"""Loading: what comes out of a good file, and what is said about a bad one."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inkloom.diffusion.checkpoint import load_checkpoint, load_vae
from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.kinds import described

UNET, VAE, TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer."
BYTES = {"F32": 4, "F16": 2, "I64": 8, "I32": 4}


def hollow_file(path: Path, keys: dict[str, tuple[str, tuple[int, ...]]]) -> Path:
    """Write a file with these tensors, all zero, as a hole that takes no room on the disk."""
    header, end = {}, 0
    for key, (dtype, shape) in keys.items():
        start, end = end, end + BYTES[dtype] * int(torch.Size(shape).numel())
        header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    return path


def saved(path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    save_file({key: value.contiguous() for key, value in tensors.items()}, path)
    return path


def refusal(path: Path, load=load_checkpoint) -> str:
    with pytest.raises(CheckpointError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_checkpoint_gives_its_parts_in_float32(tiny_checkpoint, tiny_tensors):
    loaded = load_checkpoint(tiny_checkpoint)
    parts = {UNET: loaded.model.unet, VAE: loaded.vae.autoencoder, TEXT: loaded.clip.tower}
    state = {
        prefix + key: value for prefix, part in parts.items() for key, value in part.state_dict().items()
    }
    assert state.keys() == tiny_tensors.keys()
    for key, value in state.items():
        assert value.dtype == torch.float32
        assert torch.equal(value, tiny_tensors[key].float()), key
    assert not any(part.training for part in parts.values())
    assert loaded.model.latent_format.scale == 0.18215
    assert loaded.clip.tokenizer.size == 515


def test_the_real_sd15_loads_without_copying_its_weights(golden, tmp_path):
    resource = pytest.importorskip("resource")
    unit = 1 if sys.platform == "darwin" else 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    loaded = load_checkpoint(hollow_file(tmp_path / "sd15.safetensors", golden.keys("sd15-full")))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before
    assert grown < 1e9 < loaded.model.nbytes
    parameters = sum(parameter.numel() for parameter in loaded.model.unet.parameters())
    assert parameters == 859_520_964
    assert loaded.clip.tower.spec.layers == 12
    assert loaded.clip.tokenizer.size == 49408
    assert loaded.vae.autoencoder.spec.factor == 8


@pytest.mark.parametrize(
    ("markers", "prediction", "largest"),
    [((), "eps", 14.6146), (("v_pred",), "v", 14.6146), (("v_pred", "ztsnr"), "v", 4518.76)],
)
def test_markers_say_what_the_network_predicts(tiny_checkpoint, tiny_tensors, markers, prediction, largest):
    saved(tiny_checkpoint, {**tiny_tensors, **{marker: torch.zeros(0) for marker in markers}})
    model = load_checkpoint(tiny_checkpoint).model
    assert model.prediction.name == prediction
    assert model.schedule.sigmas[-1].item() == pytest.approx(largest, rel=1e-5)


BOOKKEEPING = (
    "betas",
    "alphas_cumprod_prev",
    "sqrt_one_minus_alphas_cumprod",
    "sqrt_recipm1_alphas_cumprod",
    "log_one_minus_alphas_cumprod",
    "posterior_log_variance_clipped",
    "posterior_mean_coef2",
    "model_ema.decay",
    "model_ema.diffusion_modelinput_blocks00weight",
    "cond_stage_model.transformer.text_model.embeddings.position_ids",
    "cond_stage_model.logit_scale",
    "first_stage_model.loss.logvar",
)


def test_bookkeeping_is_passed_over(tiny_checkpoint, tiny_tensors):
    load_checkpoint(saved(tiny_checkpoint, {**tiny_tensors, **{key: torch.zeros(3) for key in BOOKKEEPING}}))


def test_old_merges_without_text_model_load(tiny_checkpoint, tiny_tensors):
    old = {key.replace(f"{TEXT}text_model.", TEXT): value for key, value in tiny_tensors.items()}
    assert old.keys() != tiny_tensors.keys()
    load_checkpoint(saved(tiny_checkpoint, old))


@pytest.mark.parametrize("prefix", ["", VAE])
def test_an_autoencoder_loads_with_and_without_its_prefix(golden, tmp_path, prefix):
    weights = {prefix + key.removeprefix(VAE): value for key, value in golden.weights("tiny-vae").items()}
    vae = load_vae(saved(tmp_path / "vae.safetensors", {**weights, "loss.logvar": torch.zeros(1)}))
    io = golden.io("tiny-vae")
    with torch.inference_mode():
        latent, image = vae.encode(io["image_hwc"]), vae.decode(io["z"])
    assert (latent - io["mean"]).abs().max() <= 1e-5 * io["mean"].abs().max()
    assert (image - io["decoded_image_hwc"]).abs().max() <= 1e-5


def test_an_autoencoder_loads_from_a_checkpoint(tiny_checkpoint):
    assert load_vae(tiny_checkpoint).autoencoder.spec.factor == 4


# What is said about files that do not fit


def test_keys_that_do_not_fit_are_listed_for_all_parts_at_once(tiny_checkpoint, tiny_tensors):
    tensors = dict(tiny_tensors)
    del tensors[f"{UNET}out.2.bias"]
    tensors[f"{VAE}decoder.conv_in.bias"] = torch.zeros(5)
    tensors[f"{TEXT}text_model.adapter.weight"] = torch.zeros(5)
    message = refusal(saved(tiny_checkpoint, tensors))
    assert f"1 missing ({UNET}out.2.bias)" in message
    assert f"1 unexpected ({TEXT}text_model.adapter.weight)" in message
    assert f"1 of the wrong shape ({VAE}decoder.conv_in.bias [5] instead of [32])" in message


def test_of_many_keys_the_first_and_the_number_are_told(tiny_checkpoint, tiny_tensors):
    more = {f"{UNET}extra.{i:02}": torch.zeros(1) for i in range(40)}
    message = refusal(saved(tiny_checkpoint, {**tiny_tensors, **more}))
    assert f"40 unexpected ({UNET}extra.00, {UNET}extra.01, {UNET}extra.02, … (40 in all))" in message


@pytest.mark.parametrize("part", [UNET, VAE, TEXT])
def test_a_checkpoint_that_lacks_a_part_says_which(tiny_checkpoint, tiny_tensors, part):
    rest = {key: value for key, value in tiny_tensors.items() if not key.startswith(part)}
    assert refusal(saved(tiny_checkpoint, rest)).endswith(f"this one lacks {part}")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (f"{UNET}input_blocks.1.0.op.weight", "input_blocks do not form"),
        (f"{UNET}out.2.weight", "there is no key out.2.weight"),
        (f"{VAE}encoder.conv_in.weight", "encoder.conv_in.weight"),
        (f"{TEXT}text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
    ],
)
def test_a_part_whose_shape_cannot_be_read_says_why(tiny_checkpoint, tiny_tensors, key, message):
    tensors = dict(tiny_tensors)
    if tensors.pop(key, None) is None:
        tensors[key] = torch.zeros(1)
    assert message in refusal(saved(tiny_checkpoint, tensors))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"context": 24 + 8}, "attends to 32 channels of text, but the text encoder gives 24"),
        ({"out": 3}, "the U-Net predicts 3 channels and the VAE's latents have 4"),
    ],
)
def test_parts_that_do_not_fit_each_other_are_refused(tiny_checkpoint, tiny_tensors, change, message):
    tensors = dict(tiny_tensors)
    for key, value in tiny_tensors.items():
        if "context" in change and (".attn2.to_k." in key or ".attn2.to_v." in key):
            tensors[key] = torch.zeros(value.shape[0], change["context"])
        if "out" in change and key.startswith(f"{UNET}out.2."):
            tensors[key] = value[: change["out"]]
    assert message in refusal(saved(tiny_checkpoint, tensors))


def test_a_vocabulary_of_another_size_is_refused(tiny_checkpoint):
    folder = tiny_checkpoint.parent / "tokenizer"
    alone = tiny_checkpoint.rename(
        tiny_checkpoint.parent.parent / f"{tiny_checkpoint.parent.name}.safetensors"
    )
    message = refusal(alone)
    assert (
        "has 515 tokens, but the vocabulary of CLIP has 49,408; put its vocab.json and merges.txt" in message
    )
    assert folder.is_dir()


def test_a_tokenizer_that_is_not_the_models_is_refused(golden, tiny_checkpoint):
    path = hollow_file(tiny_checkpoint.parent / "sd15.safetensors", golden.keys("sd15-full"))
    message = refusal(path)
    assert "has 49,408 tokens, but the vocabulary in" in message
    assert "has 515; put the model into a folder of its own" in message


KINDS = {
    "lora-kohya-sd15-rank4": "a LoRA",
    "controlnet-sd15-original": "a ControlNet",
    "ip-adapter-sd15": "an IP-Adapter",
    "t2i-adapter-sd15-original": "a T2I-Adapter",
    "sd3-medium-transformer": "a Stable Diffusion 3 model",
    "flux-schnell-transformer": "a Flux model",
    "sdxl-base-full": "an SDXL checkpoint",
    "sdxl-refiner-unet": "an SDXL U-Net",
    "sd21-full": "a Stable Diffusion 2 checkpoint",
    "diffusers-sd15-unet": "a U-Net under diffusers' names",
    "diffusers-vae-kl-f8": "an image autoencoder under diffusers' names",
    "diffusers-clip-l": "a text encoder alone",
    "vae-kl-f8": "an image autoencoder alone",
}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_other_kinds_of_files_are_named(golden, tmp_path, name, kind):
    path = hollow_file(tmp_path / "other.safetensors", dict.fromkeys(golden.keys(name), ("F32", (0,))))
    assert f"It looks like {kind}" in refusal(path)
    if name not in {"vae-kl-f8", "sd21-full", "sdxl-base-full"}:
        assert f"It looks like {kind}" in refusal(path, load_vae)


@pytest.mark.parametrize(("keys", "said"), [([], "holds no tensors"), (["b", "a"], "It has a, b")])
def test_unknown_files_are_shown(keys, said):
    assert said in described(keys)


@pytest.mark.parametrize("load", [load_checkpoint, load_vae])
@pytest.mark.parametrize("kept", [0, 1, 7, 8, 9, 100, 20_000, -1])
def test_a_file_that_is_cut_off_says_so_wherever_it_ends(tiny_checkpoint, kept, load):
    content = tiny_checkpoint.read_bytes()
    tiny_checkpoint.write_bytes(content[:kept])
    message = refusal(tiny_checkpoint, load)
    whole = f"promises {len(content):,} bytes, but it has {len(content) - 1:,}"
    expected = {0: "is empty", 1: "is not a safetensors file", 7: "is not a safetensors file", -1: whole}
    expected[8] = "is not a safetensors file"
    assert expected.get(kept, "is cut off") in message


def test_bytes_behind_the_end_are_told(tiny_checkpoint):
    with tiny_checkpoint.open("ab") as file:
        file.write(b"\0")
    assert "has something behind its last tensor" in refusal(tiny_checkpoint)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04" + bytes(40), "it is a pickle"),
        (b"\x80\x02}q\x00.", "it is a pickle"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS pointer"),
        (b"<!DOCTYPE html><html>Not found</html>", "a web page"),
        (b"GGUF" + bytes(40), "a GGUF file"),
        (b"hello, this is a text file", "it begins with b'hello, this is"),
        (struct.pack("<Q", 4) + b"[1]\n", "is not a safetensors file"),
        (struct.pack("<Q", 9) + b'{"a": 1} ', "is not a safetensors file"),
        (struct.pack("<Q", 2) + b"\xff\xfe", "is not a safetensors file"),
    ],
)
def test_other_files_are_told_by_their_first_bytes(tmp_path, content, message):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    assert message in refusal(path)


def test_tensors_that_overlap_are_refused(tmp_path):
    keys = ("encoder.conv_in.weight", "decoder.conv_in.weight")
    header = json.dumps(
        {key: {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]} for key in keys}
    ).encode()
    path = tmp_path / "vae.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(16))
    refusal(path, load_vae)


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    assert "No such file" in refusal(tmp_path / "none.safetensors")
    assert "Is a directory" in refusal(tmp_path)


# The handles


@pytest.fixture
def loaded(tiny_loaded):
    with torch.inference_mode():
        yield tiny_loaded


def test_a_prompt_becomes_one_row_and_its_pooled_output(loaded):
    [[hidden, options]] = loaded.clip.encode("at bat")
    assert hidden.shape == (1, 77, 24)
    assert options["pooled_output"].shape == (1, 24)
    assert torch.equal(options["pooled_output"], hidden[:, 4])  # BOS, three ids, EOS


def test_a_long_prompt_becomes_rows_end_to_end_pooled_over_the_first(loaded):
    [[whole, options]] = loaded.clip.encode("at " * 80)
    [[first, first_options]] = loaded.clip.encode("at " * 75)
    [[second, _]] = loaded.clip.encode("at " * 5)
    torch.testing.assert_close(whole, torch.cat([first, second], dim=1))
    torch.testing.assert_close(options["pooled_output"], first_options["pooled_output"])


def test_an_earlier_layer_gives_another_encoding_and_the_same_pooled_output(loaded):
    earlier = loaded.clip.with_last_layer(-2)
    [[last, last_options]], [[other, options]] = loaded.clip.encode("at"), earlier.encode("at")
    assert not torch.equal(last, other)
    assert torch.equal(last_options["pooled_output"], options["pooled_output"])
    assert torch.equal(earlier.with_last_layer(-1).encode("at")[0][0], last)
    assert loaded.clip.last_layer == -1


@pytest.mark.parametrize("layer", [0, -3])
def test_a_layer_the_text_encoder_lacks_is_refused(loaded, layer):
    with pytest.raises(ValueError, match=rf"has layers -2 to -1, there is no layer {layer}"):
        loaded.clip.with_last_layer(layer)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (33, 50), (35, 8)])
def test_a_picture_is_cut_evenly_to_the_latents_grid(loaded, height, width):
    factor = loaded.vae.autoencoder.spec.factor
    image = torch.rand(1, height, width, 4)
    top, left = height % factor // 2, width % factor // 2
    even = image[:, top : top + height // factor * factor, left : left + width // factor * factor, :3]
    latent = loaded.vae.encode(image)
    assert latent.shape == (1, 4, height // factor, width // factor)
    torch.testing.assert_close(latent, loaded.vae.encode(even))


def test_the_cut_is_the_usual_one(loaded):
    pictures = load_file(Path(__file__).parents[1] / "data/text/image.safetensors")
    whole, cut = pictures["image_loaded_hwc"][None], pictures["cropped_hwc"][None]
    # This autoencoder's grid is 4; the numbers are for 8, so leave what both cut alike.
    torch.testing.assert_close(loaded.vae.encode(whole[:, 2:34, 1:49]), loaded.vae.encode(cut))


def test_a_picture_smaller_than_a_latent_pixel_is_refused(loaded):
    with pytest.raises(ValueError, match="a picture of 9x3 pixels is too small: 4x4 at least"):
        loaded.vae.encode(torch.rand(1, 3, 9, 3))


def test_decoded_pictures_are_within_0_and_1(loaded):
    image = loaded.vae.decode(100 * torch.randn(2, 4, 3, 5))
    assert image.shape == (2, 12, 20, 3)
    assert (image.min().item(), image.max().item()) == (0, 1)


def test_latents_of_another_model_are_refused(loaded):
    with pytest.raises(ValueError, match="decodes latents of 4 channels, not 16"):
        loaded.vae.decode(torch.zeros(1, 16, 3, 5))


def test_a_latent_goes_to_the_models_scale_and_back(loaded):
    z = torch.randn(1, 4, 2, 2)
    form = loaded.model.latent_format
    torch.testing.assert_close(form.to_model(z), z * 0.18215)
    torch.testing.assert_close(form.to_autoencoder(form.to_model(z)), z)


def test_handles_know_their_bytes(loaded, tiny_tensors):
    weights = sum(4 * tensor.numel() for tensor in tiny_tensors.values())
    buffers = 77 * 8  # the text tower's positions
    assert loaded.model.nbytes + loaded.clip.nbytes + loaded.vae.nbytes == weights + buffers
