"""Train the autoencoder on drawn scenes."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from ..networks.autoencoder import Autoencoder, AutoencoderSpec
from .drawing import pixels
from .judge import ATTRIBUTES, Verdict, judge, truth
from .loop import Plan, Training, averaged, generator, ignore, seed_everything, train
from .scenes import Scene, exam_scene, training_scene

VAE_FILE, DECODER_FILE = "vae.pt", "decoder.pt"
EXAM, SHOWN = 64, 16
SPEC = AutoencoderSpec(widths=(64, 64, 64, 64), blocks=1)
KL_WEIGHT = 2e-4
GRADIENT_WEIGHT = 0.5
SQUARE_WEIGHT = 4.0
OBJECT_WEIGHT = 5.0
POLISH_NOISE = 0.2
"""Largest error of latents while the decoder is polished, as a share of their spread."""


def pictures(scenes: list[Scene]) -> Tensor:
    """Draw scenes as uint8 [B,3,H,W]."""
    return torch.tensor(np.stack([pixels(scene) for scene in scenes])).permute(0, 3, 1, 2).contiguous()


def to_signed(picture: Tensor) -> Tensor:
    """Bring uint8 pixels to -1..1."""
    return picture.float() / 127.5 - 1


def to_bytes(x: Tensor) -> Tensor:
    """Bring -1..1 to uint8 pixels, rounded and clamped."""
    return ((x.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def emphasis(x: Tensor) -> Tensor:
    """Give each pixel's weight [B,1,H,W], mean 1: objects are small, but their colours matter most.

    What differs from the top left corner, which no scene covers, is an object.
    """
    objects = (x - x[:, :, :1, :1]).abs().amax(dim=1, keepdim=True) > 0.02
    weight = 1 + OBJECT_WEIGHT * objects.float()
    return weight / weight.mean()


def _slopes(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def reconstruction_loss(y: Tensor, x: Tensor) -> Tensor:
    """Compare pictures: absolute and square error, and the absolute error of their slopes."""
    error = (y - x).abs()
    slopes = sum((F.l1_loss(a, b) for a, b in zip(_slopes(y), _slopes(x), strict=True)), torch.zeros(()))
    errors = (emphasis(x) * (error + SQUARE_WEIGHT * error.square())).mean()
    return errors + GRADIENT_WEIGHT * slopes


def loss_function(plan: Plan) -> Callable[[nn.Module, int], Tensor]:
    """Give the loss of the autoencoder at a step of a plan."""

    def loss_of(network: nn.Module, step: int) -> Tensor:
        vae = cast(Autoencoder, network)
        scenes = [training_scene(plan.seed, step * plan.batch + k) for k in range(plan.batch)]
        x = to_signed(pictures(scenes).to(plan.device))
        with torch.autocast(plan.device, torch.bfloat16):
            mean, logvar = (part.float() for part in vae.encode_moments(x))
            noise = torch.randn(mean.shape, generator=generator(plan.seed, step)).to(plan.device)
            y = vae.decode(mean + (0.5 * logvar).exp() * noise).float()
        kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
        return reconstruction_loss(y, x) + KL_WEIGHT * kl

    return loss_of


def polish_function(plan: Plan) -> Callable[[nn.Module, int], Tensor]:
    """Give the loss of the decoder alone, on latents that are a little wrong, as those of a U-Net are."""

    def loss_of(network: nn.Module, step: int) -> Tensor:
        vae = cast(Autoencoder, network)
        rng = generator(plan.seed, step, purpose=1)
        scenes = [training_scene(plan.seed, step * plan.batch + k) for k in range(plan.batch)]
        x = to_signed(pictures(scenes).to(plan.device))
        with torch.autocast(plan.device, torch.bfloat16):
            with torch.no_grad():
                z = vae.encode(x).float()
            share = POLISH_NOISE * torch.rand(len(z), 1, 1, 1, generator=rng)
            error = share * torch.randn(z.shape, generator=rng)
            y = vae.decode(z + error.to(plan.device) * z.std(dim=(0, 2, 3), keepdim=True)).float()
        return reconstruction_loss(y, x)

    return loss_of


def psnr(y: Tensor, x: Tensor) -> Tensor:
    """Give the peak signal-to-noise ratio in dB of each of the uint8 pictures [B,3,H,W]."""
    error = (y.float() - x.float()).square().flatten(1).mean(1).clamp(min=1e-3)
    return 10 * torch.log10(255.0**2 / error)


def _parts(x: Tensor, size: int) -> list[Tensor]:
    return [x[start : start + size] for start in range(0, len(x), size)]


@torch.no_grad()
def reconstruct(vae: Autoencoder, x: Tensor, batch: int = 16) -> Tensor:
    """Give uint8 pictures [B,3,H,W] as they come back from their latents, computed in float32."""
    device = next(vae.parameters()).device
    return torch.cat([to_bytes(vae(to_signed(part.to(device)))).cpu() for part in _parts(x, batch)])


def unseen_pictures(count: int) -> Tensor:
    """Draw pictures of held-out combinations, uint8 [B,3,H,W]; always the same ones."""
    return pictures([exam_scene(1, index) for index in range(count)])


def shares(back: Tensor, truths: list[Verdict]) -> dict[str, float]:
    """Give the share of pictures, uint8 [B,3,H,W], in which the judge still sees what they showed."""
    seen = [judge(picture.permute(1, 2, 0).numpy()) for picture in back]
    return {
        name: sum(getattr(a, name) == getattr(b, name) for a, b in zip(seen, truths, strict=True)) / len(seen)
        for name in ATTRIBUTES
    }


def sheet(rows: list[Tensor]) -> Image.Image:
    """Lay rows of uint8 pictures [B,3,H,W] out as one picture."""
    lines = [torch.cat(list(row), dim=2) for row in rows]
    return Image.fromarray(torch.cat(lines, dim=1).permute(1, 2, 0).contiguous().numpy())


def train_vae(
    run: Path,
    plan: Plan,
    *,
    spec: AutoencoderSpec = SPEC,
    exam: int = EXAM,
    minutes: float = math.inf,
    report: Callable[[str], None] = ignore,
) -> Autoencoder:
    """Train, or go on training, the autoencoder in the run folder; give the averaged network.

    It is examined on `exam` unseen pictures.
    """
    seed_everything(plan.seed)
    training = Training(Autoencoder(spec), plan, run / VAE_FILE)
    examine = _examination(run / "vae.png", plan, exam)
    train(training, loss_function(plan), minutes=minutes, report=report, examine=examine)
    return cast(Autoencoder, training.average)


def polish_decoder(
    run: Path,
    plan: Plan,
    *,
    spec: AutoencoderSpec = SPEC,
    exam: int = EXAM,
    minutes: float = math.inf,
    report: Callable[[str], None] = ignore,
) -> Autoencoder:
    """Train the decoder further while the encoder, and so every latent, stays as it is."""
    seed_everything(plan.seed)
    network = averaged(Autoencoder(spec), run / VAE_FILE)
    for part in (network.decoder, network.post_quant_conv):
        if part is not None:
            part.requires_grad_(True)
    training = Training(network, plan, run / DECODER_FILE)
    examine = _examination(run / "decoder.png", plan, exam)
    train(training, polish_function(plan), minutes=minutes, report=report, examine=examine)
    return cast(Autoencoder, training.average)


def trained_vae(run: Path, spec: AutoencoderSpec = SPEC) -> Autoencoder:
    """Give the run's autoencoder, with its polished decoder where there is one.

    Raises FileNotFoundError before any training.
    """
    polished = run / DECODER_FILE
    return averaged(Autoencoder(spec), polished if polished.exists() else run / VAE_FILE)


def _examination(page: Path, plan: Plan, count: int) -> Callable[[nn.Module, int], str]:
    """Give what looks at unseen pictures: a line of figures, and some of the pictures on a page."""
    exam = unseen_pictures(count)
    truths = [truth(exam_scene(1, index)) for index in range(count)]

    def examine(network: nn.Module, step: int) -> str:
        del step
        vae = cast(Autoencoder, network)
        back = reconstruct(vae, exam)
        sheet([exam[:SHOWN], back[:SHOWN]]).save(page)
        with torch.no_grad():
            mean, logvar = vae.encode_moments(to_signed(exam).to(plan.device))
        figures = [
            f"PSNR {psnr(back, exam).mean():.2f} dB, lowest {psnr(back, exam).min():.2f}",
            f"latent std {float(mean.std()):.2f}, noise {float((0.5 * logvar).exp().mean()):.3f}",
            *(f"{name} {share:.0%}" for name, share in shares(back, truths).items()),
        ]
        return ", ".join(figures)

    return examine
