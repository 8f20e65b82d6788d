"""Loading: what comes out of a good file, and what is said about a bad one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.files.checkpoint import load_checkpoint, load_unet, load_vae
from inkloom.diffusion.files.kinds import described

UNET, VAE, TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer."


def saved(path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    save_file({key: value.contiguous() for key, value in tensors.items()}, path)
    return path


def refusal(path: Path, load=load_checkpoint) -> str:
    with pytest.raises(CheckpointError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_checkpoint_gives_its_parts_in_the_files_dtype(tiny_checkpoint, tiny_tensors):
    loaded = load_checkpoint(tiny_checkpoint)
    parts = {UNET: loaded.model.unet, VAE: loaded.vae.autoencoder, TEXT: loaded.clip.towers["clip_l"]}
    state = {
        prefix + key: value for prefix, part in parts.items() for key, value in part.state_dict().items()
    }
    assert state.keys() == tiny_tensors.keys()
    for key, value in state.items():
        assert value.dtype == torch.float16
        assert torch.equal(value, tiny_tensors[key]), key
    assert not any(part.training for part in parts.values())
    assert loaded.model.family.name == "sd1"
    assert loaded.model.latent_format.scale == 0.18215
    assert loaded.clip.tokenizer.size == 515


def test_the_real_sd15_loads_without_copying_its_weights(golden, tmp_path):
    resource = pytest.importorskip("resource")
    unit = 1 if sys.platform == "darwin" else 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    loaded = load_checkpoint(golden.hollow(tmp_path / "sd15.safetensors", golden.keys("sd15-full")))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before
    assert grown < 1e9 < loaded.model.nbytes
    parameters = sum(parameter.numel() for parameter in loaded.model.unet.parameters())
    assert parameters == 859_520_964
    assert loaded.clip.towers["clip_l"].spec.layers == 12
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


def test_keys_of_no_network_are_logged_and_do_no_harm(tiny_checkpoint, tiny_tensors, caplog):
    more = {"embedding_manager.weight": torch.zeros(1), "thing": torch.zeros(1)}
    load_checkpoint(saved(tiny_checkpoint, {**tiny_tensors, **more}))
    assert "2 keys belong to no network and are not read: embedding_manager.weight, thing" in caplog.text
    caplog.clear()
    load_checkpoint(saved(tiny_checkpoint, {**tiny_tensors, "betas": torch.zeros(1)}))
    assert not caplog.text


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
    assert f"this one lacks {part.partition('.')[0]}." in refusal(saved(tiny_checkpoint, rest))


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (f"{UNET}input_blocks.1.0.op.weight", "input_blocks do not form"),
        (f"{UNET}out.2.weight", "there is no key out.2.weight"),
        (f"{VAE}encoder.conv_in.weight", "encoder.conv_in.weight"),
        (f"{TEXT}text_model.embeddings.position_embedding.weight", "position_embedding.weight"),
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
        ({"context": 24 + 8}, "attends to 32 channels of text, but the text encoders give 24"),
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
    path = golden.hollow(tiny_checkpoint.parent / "sd15.safetensors", golden.keys("sd15-full"))
    message = refusal(path)
    assert "has 49,408 tokens, but the vocabulary in" in message
    assert "has 515; put the model into a folder of its own" in message


OTHERS = {
    "lora-kohya-sd15-rank4": "a LoRA",
    "lora-kohya-sdxl-rank4": "a LoRA",
    "controlnet-sd15-original": "a ControlNet",
    "controlnet-sd15-diffusers": "a ControlNet",
    "controlnet-sdxl-diffusers": "a ControlNet",
    "ip-adapter-sd15": "an IP-Adapter",
    "ip-adapter-sd15-full-face": "an IP-Adapter",
    "ip-adapter-sd15-plus": "an IP-Adapter",
    "ip-adapter-sdxl": "an IP-Adapter",
    "ip-adapter-sdxl-plus": "an IP-Adapter",
    "t2i-adapter-sd15-original": "a T2I-Adapter",
    "t2i-adapter-sd15-diffusers": "a T2I-Adapter",
    "sd3-medium-transformer": "a Stable Diffusion 3 model",
    "diffusers-sd3-medium-transformer": "a Stable Diffusion 3 model",
    "flux-schnell-transformer": "a Flux model",
    "flux-dev-transformer": "a Flux model",
    "diffusers-flux-schnell-transformer": "a Flux model",
    "diffusers-flux-dev-transformer": "a Flux model",
    "taesd-encoder-original": "a small preview autoencoder (TAESD)",
    "taesd-decoder-original": "a small preview autoencoder (TAESD)",
    "taesd-diffusers": "a small preview autoencoder (TAESD)",
}
PARTS = {
    "sdxl-refiner-unet": "an SDXL U-Net",
    "sd15-inpainting-unet": "a U-Net alone",
    "diffusers-sd15-unet": "a U-Net under diffusers' names",
    "diffusers-vae-kl-f8": "an image autoencoder under diffusers' names",
    "diffusers-clip-l": "a text encoder alone",
    "sdxl-refiner-text": "a text encoder alone",
    "vae-kl-f8": "an image autoencoder alone",
    "vae-sd3": "an image autoencoder alone",
}
MORE = {
    "model.diffusion_model.time_embedding.cond_proj.weight": "a U-Net distilled to take its guidance scale",
    "model.diffusion_model.input_blocks.1.1.time_stack.0.norm1.weight": "a Stable Video Diffusion model",
}


@pytest.mark.parametrize(("name", "kind"), OTHERS.items())
def test_a_file_of_another_kind_is_named_by_every_loader(golden, tmp_path, name, kind):
    path = golden.hollow(tmp_path / "other.safetensors", golden.keys(name))
    for load in (load_checkpoint, load_unet, load_vae):
        assert f"It looks like {kind}" in refusal(path, load)


@pytest.mark.parametrize(("key", "kind"), MORE.items())
def test_relatives_that_are_not_supported_are_named(tiny_checkpoint, tiny_tensors, key, kind):
    path = saved(tiny_checkpoint, {**tiny_tensors, key: torch.zeros(1)})
    assert f"It looks like {kind}" in refusal(path)


@pytest.mark.parametrize(("name", "kind"), PARTS.items())
def test_a_part_alone_is_no_checkpoint(golden, tmp_path, name, kind):
    path = golden.hollow(tmp_path / "part.safetensors", golden.keys(name))
    assert f"It looks like {kind}" in refusal(path)


@pytest.mark.parametrize(("keys", "said"), [([], "holds no tensors"), (["b", "a"], "It has a, b")])
def test_unknown_files_are_shown(keys, said):
    assert said in described(keys)
