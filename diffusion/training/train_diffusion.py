"""Train the U-Net and the text tower together on latents and captions of drawn scenes.

Velocity prediction (arXiv 2202.00512) on a schedule with zero terminal SNR (arXiv 2305.08891), so that a
picture's mean colour is learnt too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from ..clip import Clip
from ..latents.latent_format import SD1
from ..model import Model
from ..networks.autoencoder import Autoencoder
from ..networks.text import TextSpec, TextTower
from ..networks.towers import initialise
from ..networks.unet import UNet, UNetSpec
from ..prompts.tokenizer import Tokenizer
from ..schedules.prediction import V
from ..schedules.schedule import discrete_schedule
from ..vae import Vae
from .captions import training_caption
from .latents import Latents
from .loop import Plan, Training, generator, ignore, seed_everything, train
from .scenes import training_scene

TEXT_WIDTH, TEXT_LAYERS = 128, 4
EARLY = 0.4
"""Times are u to this power, u even in 0..1: what the words decide is decided while there is much noise."""
UNET_SPEC = UNetSpec(
    channels=(96, 128),
    res_blocks=1,
    input_depths=(0, 1),
    middle_depth=1,
    output_depths=(1, 1, 1, 1),
    context_channels=TEXT_WIDTH,
)


def text_spec(tokenizer: Tokenizer) -> TextSpec:
    """Give the shape of inklet's text tower."""
    return TextSpec(
        vocabulary=tokenizer.size,
        width=TEXT_WIDTH,
        layers=TEXT_LAYERS,
        heads=TEXT_WIDTH // 64,
        hidden=4 * TEXT_WIDTH,
    )


class Denoiser(nn.Module):
    """U-Net and text tower, trained together."""

    def __init__(self, unet: UNet, tower: TextTower, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.unet, self.tower, self.tokenizer = unet, tower, tokenizer

    def forward(self, x: Tensor, timesteps: Tensor, captions: list[str]) -> Tensor:
        """Predict the velocity [B,4,h,w] of noisy latents under captions."""
        ids = torch.tensor([self.tokenizer.row(text) for text in captions]).to(x.device)
        context = self.tower(ids, self.tokenizer.eos).hidden
        return self.unet(x, timesteps, context)

    def handles(self, vae: Autoencoder) -> tuple[Model, Clip, Vae]:
        """Give what the engine samples with; `vae` has the normalisation folded in."""
        schedule = discrete_schedule(zero_terminal_snr=True)
        device = next(self.parameters()).device
        return (
            Model(self.unet, V, schedule, SD1, device=device),
            Clip({"clip_l": self.tower}, self.tokenizer, device=device),
            Vae(vae, device=device),
        )


def new_denoiser(tokenizer: Tokenizer, unet: UNetSpec = UNET_SPEC) -> Denoiser:
    """Give an untrained network."""
    tower = TextTower(text_spec(tokenizer))
    initialise(tower.text_model.encoder)
    for name, weight in tower.named_parameters():
        if "embedding" in name:  # CLIP's own 0.02 is meant for wide towers
            nn.init.normal_(weight, std=0.1)
    return Denoiser(UNet(unet), tower, tokenizer)


def _attention(device: str) -> AbstractContextManager[object]:
    """On a CPU the plain formula is faster than torch's fused one, whose backward pass is slow there."""
    return cast("Any", sdpa_kernel)(SDPBackend.MATH) if device == "cpu" else nullcontext()


def loss_function(plan: Plan, latents: Latents) -> Callable[[nn.Module, int], Tensor]:
    """Give the loss of the denoiser at a step of a plan: the mean square error of the velocity."""
    alphas = discrete_schedule(zero_terminal_snr=True).alphas_cumprod.float()
    count = len(latents.values)

    def loss_of(network: nn.Module, step: int) -> Tensor:
        rng = generator(plan.seed, step)
        index = torch.randint(count, (plan.batch,), generator=rng)
        scenes = [training_scene(latents.seed, int(i)) for i in index]
        captions = [
            training_caption(scene, plan.seed, step * plan.batch + k) for k, scene in enumerate(scenes)
        ]
        x0 = latents.normalised(index)
        noise = torch.randn(x0.shape, generator=rng)
        # One time in each of `batch` parts of the schedule: less variance than independent times.
        times = (torch.arange(plan.batch) + torch.rand(plan.batch, generator=rng)) / plan.batch
        times = (times**EARLY * len(alphas)).long()
        a = alphas[times][:, None, None, None]
        x, target = a.sqrt() * x0 + (1 - a).sqrt() * noise, a.sqrt() * noise - (1 - a).sqrt() * x0
        with _attention(plan.device), torch.autocast(plan.device, torch.bfloat16):
            v = network(x.to(plan.device), times.to(plan.device), captions)
        return F.mse_loss(v.float(), target.to(plan.device))

    return loss_of


def train_diffusion(
    run: Path,
    plan: Plan,
    latents: Latents,
    tokenizer: Tokenizer,
    *,
    unet: UNetSpec = UNET_SPEC,
    minutes: float = math.inf,
    report: Callable[[str], None] = ignore,
    examine: Callable[[Denoiser, int], str] | None = None,
    examine_seconds: float = 300.0,
) -> Denoiser:
    """Train, or go on training, text tower and U-Net in the run folder; give the averaged network."""
    seed_everything(plan.seed)
    training = Training(new_denoiser(tokenizer, unet), plan, run / "diffusion.pt")
    train(
        training,
        loss_function(plan, latents),
        minutes=minutes,
        report=report,
        examine=None if examine is None else lambda network, step: examine(cast(Denoiser, network), step),
        examine_seconds=examine_seconds,
    )
    return cast(Denoiser, training.average)
