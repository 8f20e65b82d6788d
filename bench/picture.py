"""A whole picture of a real-size Stable Diffusion 1.5, beside diffusers: memory, loading.

A random model in float16 is written as diffusers lays it out; every way then loads that folder and makes
the same picture of it in a process of its own: 512x512 pixels, a few Euler steps with guidance, decoded.
Memory is the operating system's word: the peak of anonymous memory (`RssAnon`), and of all that was resident,
mapped files included, each less what the imports took. On a graphics card (`python -m bench.picture --device
cuda:0`) it is that of the machine still. Needs diffusers: pip install -e ".[bench]".
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

STEPS = 4
CFG = 7.5
SEED = 7
Times = tuple[float, float, float, float]
"""Seconds: to load, until ready, for a step, to decode."""

Estimate = Callable[[Tensor, float], Tensor]
"""Estimates x0 [1,4,64,64] at a noise level, guided."""


@dataclass(frozen=True)
class Measured:
    """What one way took: seconds to load, and until the weights are as they compute; memory in bytes."""

    load: float
    ready: float
    step: float
    decode: float
    anonymous: int
    resident: int


def main(device: str = "cpu") -> None:
    """Print the table."""
    if importlib.util.find_spec("diffusers") is None:
        print('diffusers is not installed; for this measurement: pip install -e ".[bench]"', file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="inkloom-bench-") as place:
        folder = Path(place)
        _in_a_child("write", folder, device)
        measured = {way: json.loads(_in_a_child(way, folder, device)) for way in WAYS}
        pictures = {way: torch.load(folder / f"{way}.pt") for way in WAYS}
    exact = pictures["diffusers-float32"]
    times = f"{'load s':>8}{'ready s':>9}{'step s':>8}{'decode s':>10}"
    print(f"{'':34}{times}{'anonymous':>11}{'resident':>10}{'PSNR':>9}")
    for way, found in measured.items():
        error = (pictures[way] - exact).square().mean().item()
        likeness = "" if way == "diffusers-float32" else f"{-10 * torch.tensor(error).log10().item():.1f} dB"
        print(
            f"{WAYS[way]:34}{found['load']:8.2f}{found['ready']:9.2f}{found['step']:8.2f}{found['decode']:10.2f}"
            f"{found['anonymous'] / 2**20:8.0f} MB{found['resident'] / 2**20:7.0f} MB{likeness:>9}"
        )
    print(
        "wanted: memory <= that of diffusers with least memory in that precision, load <= half of diffusers';"
    )
    print("        inkloom in bfloat16 >= 35 dB from diffusers in float32")


def _in_a_child(way: str, folder: Path, device: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bench.picture", "--device", device, way, str(folder)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


def write(folder: Path) -> None:
    """Write a random model in float16, in which no activation vanishes or explodes."""
    from .sd15 import filled, reference

    diffusers, transformers = (importlib.import_module(name) for name in ("diffusers", "transformers"))
    levels = len(WIDTHS)
    vae = diffusers.AutoencoderKL(
        block_out_channels=WIDTHS,
        down_block_types=["DownEncoderBlock2D"] * levels,
        up_block_types=["UpDecoderBlock2D"] * levels,
        layers_per_block=2,
        latent_channels=4,
        sample_size=512,
    )
    text = transformers.CLIPTextModel(transformers.CLIPTextConfig(**TEXT))
    for name, network in {"unet": reference(), "vae": filled(vae), "text_encoder": text}.items():
        network.half().save_pretrained(folder / name)
    diffusers.EulerDiscreteScheduler(**SCHEDULE).save_pretrained(folder / "scheduler")
    parts = {
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
    }
    index = {"_class_name": "StableDiffusionPipeline", **parts}
    (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")


WIDTHS = (128, 256, 512, 512)
TEXT = {
    "vocab_size": 49408,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "hidden_act": "quick_gelu",
}
SCHEDULE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def given() -> tuple[Tensor, Tensor]:
    """Return the noise [1,4,64,64] and the texts [2,77,768], the negative first, that all ways start from."""
    generator = torch.Generator().manual_seed(SEED)
    return torch.randn(1, 4, 64, 64, generator=generator), torch.randn(2, 77, 768, generator=generator)


def levels() -> Tensor:
    """Return the noise levels of all steps, and 0."""
    betas = torch.linspace(SCHEDULE["beta_start"] ** 0.5, SCHEDULE["beta_end"] ** 0.5, 1000).double() ** 2
    products = (1 - betas).cumprod(0)
    known = ((1 - products) / products).sqrt()
    return torch.cat([known[torch.linspace(999, 0, STEPS + 1).round().long()[:-1]], torch.zeros(1)]).float()


def sampled(noise: Tensor, estimate: Estimate) -> tuple[Tensor, float]:
    """Return the latent after Euler's steps, and the seconds of the quickest one."""
    sigmas = levels()
    x, least = noise * sigmas[0], float("inf")
    for sigma, following in zip(sigmas.tolist(), sigmas[1:].tolist(), strict=False):
        start = time.perf_counter()
        x = x + (x - estimate(x, sigma)) / sigma * (following - sigma)
        least = min(least, time.perf_counter() - start)
    return x, least


def by_diffusers(
    folder: Path, dtype: torch.dtype, device: torch.device, *, least_memory: bool
) -> tuple[Tensor, Times]:
    """Make the picture with diffusers' networks."""
    diffusers = importlib.import_module("diffusers")
    start = time.perf_counter()
    pipe: Any = diffusers.StableDiffusionPipeline.from_pretrained(
        folder, torch_dtype=dtype, tokenizer=None, safety_checker=None, feature_extractor=None
    )
    pipe.to(device)
    if least_memory:
        pipe.enable_attention_slicing("max")
        pipe.vae.enable_slicing()
        pipe.vae.enable_tiling()
    else:
        pipe.unet.to(memory_format=torch.channels_last)
        pipe.vae.to(memory_format=torch.channels_last)
    load = time.perf_counter() - start  # which includes bringing all weights to the dtype
    noise, texts = given()
    known = levels_of(pipe.scheduler)

    def estimate(x: Tensor, sigma: float) -> Tensor:
        step = (known - sigma).abs().argmin()
        both = (x / (sigma**2 + 1) ** 0.5).to(device, dtype).repeat(2, 1, 1, 1)
        negative, positive = pipe.unet(both, step, texts.to(device, dtype)).sample.float().cpu().chunk(2)
        return x - sigma * (negative + CFG * (positive - negative))

    x, step = sampled(noise, estimate)
    start = time.perf_counter()
    pixels = pipe.vae.decode((x / 0.18215).to(device, dtype)).sample.float().cpu()
    picture = (pixels / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    return picture, (load, load, step, time.perf_counter() - start)


def levels_of(scheduler: Any) -> Tensor:
    """Return the noise level of each of a diffusers scheduler's timesteps."""
    products = scheduler.alphas_cumprod
    return ((1 - products) / products).sqrt()


def by_inkloom(folder: Path, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Times]:
    """Make the picture with inkloom."""
    from dataclasses import replace

    from inkloom import diffusion
    from inkloom.diffusion.guidance.canvas import canvas_of
    from inkloom.diffusion.vae import DECODER

    start = time.perf_counter()
    loaded = diffusion.load_diffusers(folder)
    model = replace(loaded.model, dtype=dtype, device=device)
    vae = replace(loaded.vae, dtype=dtype, device=device)
    load = time.perf_counter() - start
    _ = model.network, vae.copies.ready(vae.autoencoder, dtype, device, DECODER)
    ready = time.perf_counter() - start
    noise, (negative, positive) = given()
    guider = diffusion.CfgGuider(model, [[positive[None], {}]], [[negative[None], {}]], CFG)
    denoise = guider.begin(canvas_of(model, {"samples": torch.zeros_like(noise)}))
    x, step = sampled(noise, denoise)
    start = time.perf_counter()
    pixels = vae.decode(model.latent_format.to_autoencoder(x))
    return pixels, (load, ready, step, time.perf_counter() - start)


class Watch:
    """Notes the peak of this process's memory, beyond what it had when it began."""

    def __init__(self) -> None:
        self._began = self._peak = _memory()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.01):
            now = _memory()
            self._peak = tuple(max(pair) for pair in zip(self._peak, now, strict=True))

    def stop(self) -> tuple[int, ...]:
        """Return the peaks of anonymous and of all resident memory, in bytes."""
        self._over.set()
        self._thread.join()
        return tuple(peak - began for peak, began in zip(self._peak, self._began, strict=True))


def _memory() -> tuple[int, ...]:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return tuple(int(status[name].split()[0]) * 1024 for name in ("RssAnon", "VmRSS"))


WAYS = {
    "diffusers-float32": "diffusers, float32, channels last",
    "diffusers-float32-least": "diffusers, float32, least memory",
    "diffusers-bfloat16-least": "diffusers, bfloat16, least memory",
    "inkloom-float32": "inkloom, float32",
    "inkloom-bfloat16": "inkloom, bfloat16",
}


def child(way: str, folder: Path, device: torch.device) -> None:
    """Do one thing in this process; a way of making the picture prints what it took as JSON."""
    if way == "write":
        write(folder)
        return
    program, name, *least = way.split("-")
    dtype = getattr(torch, name)
    importlib.import_module("diffusers" if program == "diffusers" else "inkloom.diffusion")
    if program == "inkloom":
        importlib.import_module("inkloom.diffusion.sampling")
        importlib.import_module("inkloom.diffusion.files.diffusers_folder")
    else:
        importlib.import_module("diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion")
    watch = Watch()
    with torch.inference_mode():
        if program == "diffusers":
            picture, times = by_diffusers(folder, dtype, device, least_memory=bool(least))
        else:
            picture, times = by_inkloom(folder, dtype, device)
    anonymous, resident = watch.stop()
    torch.save(picture, folder / f"{way}.pt")
    print(json.dumps(asdict(Measured(*times, anonymous, resident))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument("child", nargs="*", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        way, place = asked.child
        child(way, Path(place), torch.device(asked.device))
    else:
        main(asked.device)
