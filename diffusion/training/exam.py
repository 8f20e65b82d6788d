"""Sample pictures for prompts, many at a time, and count what the judge sees in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..clip import Clip
from ..guidance.guiders import CfgGuider
from ..model import Model
from ..noise.random_noise import RandomNoise
from ..samplers import sampler_by_name
from ..sampling import final_latent, sample_states
from ..schedules.sigmas import sigmas_for
from ..vae import Vae
from ..values import Conditioning
from .captions import exam_caption
from .judge import ATTRIBUTES, judge, truth
from .scenes import SIDE, Scene, exam_scene


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to sample: what a KSampler node is set to."""

    sampler: str = "dpmpp_2m"
    scheduler: str = "sgm_uniform"
    steps: int = 20
    cfg: float = 4.0
    seed: int = 7


@dataclass(frozen=True, kw_only=True)
class Question:
    """One prompt of the exam and the scene it describes."""

    scene: Scene
    prompt: str


def questions(count: int, seed: int = 0) -> list[Question]:
    """Give the first `count` questions, all on combinations that training never showed."""
    scenes = [exam_scene(seed, index) for index in range(count)]
    return [
        Question(scene=scene, prompt=exam_caption(scene, seed, index)) for index, scene in enumerate(scenes)
    ]


def _together(conditionings: list[Conditioning]) -> Conditioning:
    return [[torch.cat([entries[0][0] for entries in conditionings]), {}]]


@torch.inference_mode()
def sample(
    model: Model, clip: Clip, vae: Vae, prompts: Sequence[str], settings: Settings, batch: int = 25
) -> Tensor:
    """Sample a picture for each prompt, uint8 [B,H,W,3]; picture k has batch index k under the one seed."""
    sigmas = sigmas_for(model.schedule, settings.scheduler, settings.steps)
    pictures: list[Tensor] = []
    for start in range(0, len(prompts), batch):
        part = prompts[start : start + batch]
        empty = torch.zeros(len(part), model.latent_format.channels, SIDE // 8, SIDE // 8)
        *_, state = sample_states(
            CfgGuider(
                model, _together([clip.encode(prompt) for prompt in part]), clip.encode(""), settings.cfg
            ),
            sampler_by_name(settings.sampler),
            sigmas=sigmas,
            latent={"samples": empty, "batch_index": list(range(start, start + len(part)))},
            noise=RandomNoise(settings.seed),
        )
        image = vae.decode(final_latent(model, state))
        pictures.append((image * 255).round().to("cpu", torch.uint8))
    return torch.cat(pictures)


def score(pictures: Tensor, asked: Sequence[Question]) -> dict[str, float]:
    """Give the share (0..1) of pictures, uint8 [B,H,W,3], that are right in each attribute."""
    pairs = [(judge(picture.numpy()), truth(q.scene)) for picture, q in zip(pictures, asked, strict=True)]
    return {
        name: sum(getattr(seen, name) == getattr(right, name) for seen, right in pairs) / len(pairs)
        for name in ATTRIBUTES
    }
