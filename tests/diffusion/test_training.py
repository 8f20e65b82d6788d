"""Training: a run taken up again equals one never stopped; what is exported is what was trained."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from safetensors.torch import save_file

from inkloom.diffusion.files.checkpoint import load_checkpoint
from inkloom.diffusion.files.tensorfile import open_tensors
from inkloom.diffusion.latents.latent_format import SD1
from inkloom.diffusion.latents.previews import COLOURS
from inkloom.diffusion.networks.autoencoder import Autoencoder, AutoencoderSpec
from inkloom.diffusion.networks.unet import UNetSpec
from inkloom.diffusion.prompts.tokenizer import folder_tokenizer
from inkloom.diffusion.training import train_diffusion as diffusion_training
from inkloom.diffusion.training.exam import Settings, questions, sample, score
from inkloom.diffusion.training.export import export, stamp
from inkloom.diffusion.training.latents import Latents, encode_scenes, fold_normalisation
from inkloom.diffusion.training.loop import Plan, Training, averaged, train
from inkloom.diffusion.training.muon import Muon, orthogonalise
from inkloom.diffusion.training.scenes import training_scene
from inkloom.diffusion.training.train_diffusion import new_denoiser, train_diffusion
from inkloom.diffusion.training.train_vae import (
    loss_function,
    pictures,
    polish_decoder,
    psnr,
    reconstruction_loss,
    to_bytes,
    to_signed,
    train_vae,
    trained_vae,
)
from inkloom.diffusion.training.vocabulary import learn_merges, words_of, write_tokenizer

VAE = AutoencoderSpec(widths=(32, 32, 32, 32), blocks=1)
UNET = UNetSpec(
    channels=(32,),
    res_blocks=1,
    input_depths=(1,),
    middle_depth=0,
    output_depths=(0, 0),
    context_channels=128,
)
PLAN = Plan(steps=4, batch=2, warm_up=1)
LATENTS = Latents(
    seed=0,
    values=torch.randn(16, 4, 16, 16, generator=torch.Generator().manual_seed(0)).half(),
    mean=torch.zeros(4),
    std=torch.ones(4),
)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "tokenizer"
    captions = ["a red circle on a blue background", "a large red star, left"]
    write_tokenizer(folder, learn_merges(words_of(captions), 50))
    return folder


@pytest.fixture(scope="module")
def tokenizer(tokenizer_folder):
    return folder_tokenizer(tokenizer_folder)


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_autoencoder_training_resumes_to_the_same_numbers(tmp_path):
    for name in ("whole", "stopped"):
        (tmp_path / name).mkdir()
    loss_of = loss_function(PLAN)
    torch.manual_seed(0)
    whole = Training(Autoencoder(VAE), PLAN, tmp_path / "whole" / "vae.pt")
    losses = [float(whole.advance(loss_of)) for _ in range(4)]
    torch.manual_seed(0)
    stopped = Training(Autoencoder(VAE), PLAN, tmp_path / "stopped" / "vae.pt")
    first = [float(stopped.advance(loss_of)) for _ in range(2)]
    stopped.save()
    resumed = Training(Autoencoder(VAE), PLAN, tmp_path / "stopped" / "vae.pt")
    assert resumed.step == 2
    assert first + [float(resumed.advance(loss_of)) for _ in range(2)] == losses
    assert equal(resumed.network, whole.network)
    assert equal(resumed.average, whole.average)
    assert not equal(whole.average, whole.network)


def test_diffusion_training_resumes_to_the_same_numbers(tmp_path, tokenizer):
    runs = [tmp_path / name for name in ("whole", "stopped")]
    for run in runs:
        run.mkdir()
    whole = train_diffusion(runs[0], PLAN, LATENTS, tokenizer, unet=UNET)
    train_diffusion(runs[1], PLAN, LATENTS, tokenizer, unet=UNET, minutes=0)
    assert (runs[1] / "diffusion.pt").exists()
    steps = Training(new_denoiser(tokenizer, UNET), PLAN, runs[1] / "diffusion.pt")
    assert steps.step == 0
    for _ in range(3):
        steps.advance(diffusion_training.loss_function(PLAN, LATENTS))
    steps.save()
    assert equal(train_diffusion(runs[1], PLAN, LATENTS, tokenizer, unet=UNET), whole)
    assert equal(averaged(new_denoiser(tokenizer, UNET), runs[0] / "diffusion.pt"), whole)


def test_a_stop_signal_ends_training_cleanly(tmp_path):
    network = torch.nn.Linear(20, 20)
    training = Training(network, replace(PLAN, steps=100), tmp_path / "file.pt")

    def loss_of(module, step):
        if step == 5:
            os.kill(os.getpid(), signal.SIGTERM)
        return module(torch.ones(1, 20)).square().sum()

    lines = []
    train(training, loss_of, report=lines.append, examine=lambda average, step: "looked")
    assert training.step == 6
    assert torch.load(tmp_path / "file.pt", weights_only=True)["step"] == 6
    assert lines == ["step 6 looked"]
    with pytest.raises(FileNotFoundError, match="nothing has been trained"):
        averaged(network, tmp_path / "other.pt")


def test_learning_rates_rise_stay_and_fall_to_zero():
    plan = Plan(steps=100, batch=1, warm_up=10, decay=0.5)
    rates = [plan.rate(step) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:50] == [1.0] * 40
    assert all(a > b for a, b in pairwise(rates[50:]))
    assert rates[75] == pytest.approx(0.5)
    assert rates[100] == 0


def test_orthogonalise_brings_singular_values_near_one():
    for shape in ((3, 20, 60), (2, 60, 20)):
        matrices = torch.randn(shape, generator=torch.Generator().manual_seed(1))
        values = torch.linalg.svdvals(orthogonalise(matrices))
        assert values.min() > 0.5
        assert values.max() < 1.3


def test_muon_lowers_a_loss_that_has_a_best_matrix():
    generator = torch.Generator().manual_seed(0)
    weight = torch.nn.Parameter(torch.zeros(20, 20))
    goal = torch.randn(20, 20, generator=generator) / 20**0.5
    optimizer = Muon([weight], lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        (weight - goal).square().sum().backward()
        optimizer.step()
    assert (weight - goal).norm() < 0.3 * goal.norm()


def test_pixels_survive_the_way_to_minus_one_to_one_and_back():
    levels = torch.arange(256, dtype=torch.uint8)[None, None, :, None]
    assert torch.equal(to_bytes(to_signed(levels)), levels)
    assert to_signed(levels).aminmax() == (-1, 1)


def test_psnr_of_a_known_error():
    x = torch.full((2, 3, 4, 4), 100, dtype=torch.uint8)
    y = torch.stack([x[0] + 1, x[1] + 10])
    torch.testing.assert_close(psnr(y, x), torch.tensor([48.1308, 28.1308]))


def test_errors_on_the_object_count_more_than_on_the_background():
    x = to_signed(pictures([training_scene(0, 0)]))
    inside = (x != x[:, :, :1, :1]).any(dim=1, keepdim=True)
    wrong = [torch.where(where, 0.2, 0.0) / where.float().mean() for where in (inside, ~inside)]
    on_object, on_background = (float(reconstruction_loss(x + error, x)) for error in wrong)
    assert on_object > 2 * on_background
    assert float(reconstruction_loss(x, x)) == 0


def test_latents_are_cached_and_normalised(tmp_path):
    torch.manual_seed(0)
    vae = Autoencoder(VAE).eval()
    first = encode_scenes(vae, tmp_path / "latents.pt", seed=0, count=6)
    values = first.normalised(torch.arange(6))
    torch.testing.assert_close(values.mean(dim=(0, 2, 3)), torch.zeros(4), atol=1e-3, rtol=0)
    torch.testing.assert_close(values.std(dim=(0, 2, 3)), torch.ones(4), atol=1e-2, rtol=0)
    again = encode_scenes(Autoencoder(VAE), tmp_path / "latents.pt", seed=0, count=6)
    assert torch.equal(again.values, first.values)


@torch.no_grad()
def test_folding_keeps_the_pictures_and_normalises_the_latents():
    torch.manual_seed(0)
    vae = Autoencoder(VAE).eval()
    x = to_signed(pictures([training_scene(0, index) for index in range(2)]))
    latents = vae.encode(x)
    mean, std = latents.mean(dim=(0, 2, 3)), latents.std(dim=(0, 2, 3))
    folded = fold_normalisation(vae, mean, std)
    scaled = SD1.to_model(folded.encode(x))
    torch.testing.assert_close(scaled.mean(dim=(0, 2, 3)), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(scaled.std(dim=(0, 2, 3)), torch.ones(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(folded(x), vae(x), atol=1e-4, rtol=0)
    (_, before), (_, after) = vae.encode_moments(x), folded.encode_moments(x)
    noise_before, noise_after = (0.5 * before).exp(), (0.5 * after).exp()
    torch.testing.assert_close(SD1.to_model(noise_after * std[:, None, None]), noise_before)


def test_what_is_exported_loads_strictly_and_samples_the_same(tmp_path, tokenizer, tokenizer_folder):
    torch.manual_seed(0)
    denoiser, vae = new_denoiser(tokenizer, UNET).eval(), Autoencoder(VAE).eval()
    for parameter in denoiser.unet.out.parameters():
        torch.nn.init.normal_(parameter, std=0.1)  # an untrained one predicts zero
    for part in (denoiser, vae):
        part.half().float()
    shutil.copytree(tokenizer_folder, tmp_path / "tokenizer")
    size = export(tmp_path / "inklet.safetensors", denoiser, vae)
    assert size == (tmp_path / "inklet.safetensors").stat().st_size
    assert not list(tmp_path.glob("*.tmp"))
    loaded = load_checkpoint(tmp_path / "inklet.safetensors")
    assert loaded.model.prediction.name == "v"
    assert float(loaded.model.schedule.sigmas[-1]) > 4000
    assert len(loaded.model.latent_format.rgb) == 4
    assert loaded.model.latent_format.rgb != SD1.rgb
    written = open_tensors(tmp_path / "inklet.safetensors")
    save_file(dict(written.tensors), tmp_path / "bare.safetensors", {"modelspec.title": "bare"})
    stamp(tmp_path / "bare.safetensors")
    stamped = open_tensors(tmp_path / "bare.safetensors")
    assert stamped.metadata == {"modelspec.title": "bare", COLOURS: written.metadata[COLOURS]}
    assert stamped.tensors.keys() == written.tensors.keys()
    assert all(torch.equal(stamped.tensors[key], value) for key, value in written.tensors.items())
    prompts, settings = ["a red circle", ""], Settings(steps=2)
    expected = sample(*denoiser.handles(vae), prompts, settings)
    assert torch.equal(sample(loaded.model, loaded.clip, loaded.vae, prompts, settings), expected)


def test_a_sample_does_not_depend_on_its_batch(tokenizer):
    torch.manual_seed(0)
    handles = new_denoiser(tokenizer, UNET).eval().handles(Autoencoder(VAE).eval())
    prompts, settings = ["a red circle", "a blue star", "nothing"], Settings(steps=2)
    one, many = (sample(*handles, prompts, settings, batch=batch) for batch in (1, 3))
    assert (one.int() - many.int()).abs().max() <= 1


def test_the_exam_scores_true_pictures_as_right():
    asked = questions(12)
    drawn = pictures([question.scene for question in asked]).permute(0, 2, 3, 1)
    assert set(score(drawn, asked).values()) == {1.0}
    assert score(drawn.roll(1, 0), asked)["background"] < 0.5
    assert questions(12)[:5] == questions(5)


def test_polishing_changes_the_decoder_and_no_latent(tmp_path):
    lines = []
    trained = train_vae(tmp_path, replace(PLAN, steps=1), spec=VAE, exam=2, report=lines.append)
    assert (tmp_path / "vae.png").exists()
    assert "PSNR" in lines[-1]
    assert equal(trained_vae(tmp_path, VAE), trained)
    polished = polish_decoder(tmp_path, replace(PLAN, steps=2), spec=VAE, exam=2)
    assert equal(trained_vae(tmp_path, VAE), polished)
    before, after = trained.state_dict(), polished.state_dict()
    changed = {key.split(".")[0] for key in before if not torch.equal(before[key], after[key])}
    assert changed == {"decoder", "post_quant_conv"}
