"""Does inklet draw what the prompt says? 200 prompts of combinations that its training never showed.

Sampled with the settings of workflows/text_to_image.json, judged from the pixels alone.
Writes docs/inklet.png, a contact sheet of 25 samples.
"""

from __future__ import annotations

import json
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from inkloom.diffusion.files.checkpoint import load_checkpoint
from inkloom.diffusion.training.exam import Question, Settings, questions, sample, score
from inkloom.diffusion.training.train_vae import psnr, reconstruct, unseen_pictures

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "diffusion" / "inklet" / "inklet.safetensors"
WORKFLOW = ROOT / "workflows" / "text_to_image.json"
SHEET = ROOT / "docs" / "inklet.png"
PROMPTS = 200
UNSEEN = 200
WANTED = {"colour": 0.95, "background": 0.95, "shape": 0.90, "position": 0.90}
WANTED_PSNR = 28.0
ROWS, COLUMNS, CAPTION = 5, 5, 56


def workflow_settings() -> Settings:
    """Read how the default workflow samples."""
    nodes: dict[str, dict[str, Any]] = json.loads(WORKFLOW.read_text(encoding="utf-8"))
    (inputs,) = (node["inputs"] for node in nodes.values() if node["class_type"] == "KSampler")
    return Settings(
        sampler=inputs["sampler_name"],
        scheduler=inputs["scheduler"],
        steps=inputs["steps"],
        cfg=inputs["cfg"],
        seed=inputs["seed"],
    )


def contact_sheet(pictures: Tensor, asked: list[Question]) -> Image.Image:
    """Lay 25 pictures, uint8 [B,128,128,3], out with their prompts below them."""
    height, width = pictures.shape[1:3]
    page = Image.new("RGB", (COLUMNS * (width + 8) + 8, ROWS * (height + CAPTION) + 8), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(10)
    for k, (picture, question) in enumerate(zip(pictures[: ROWS * COLUMNS], asked, strict=False)):
        x, y = 8 + k % COLUMNS * (width + 8), 8 + k // COLUMNS * (height + CAPTION)
        page.paste(Image.fromarray(picture.numpy()), (x, y))
        lines = textwrap.wrap(question.prompt, 26)[:4]
        pen.multiline_text((x, y + height + 3), "\n".join(lines), fill="black", font=font, spacing=1)
    return page


def main() -> None:
    """Print the table and write the contact sheet."""
    parts, settings = load_checkpoint(MODEL), workflow_settings()
    asked = questions(PROMPTS)
    print(
        f"{MODEL.name}, {MODEL.stat().st_size / 1e6:.1f} MB; {PROMPTS} prompts, {settings.sampler}, "
        f"{settings.scheduler}, {settings.steps} steps, guidance {settings.cfg:g}"
    )
    started = time.monotonic()
    pictures = sample(parts.model, parts.clip, parts.vae, [q.prompt for q in asked], settings)
    seconds = time.monotonic() - started
    shares = score(pictures, asked)
    exam = unseen_pictures(UNSEEN)
    with torch.inference_mode():
        decibels = float(
            psnr(reconstruct(parts.vae.copies.ready(parts.vae.autoencoder, torch.float32), exam), exam).mean()
        )
    print("\n| what | found | wanted |\n| --- | ---: | ---: |")
    names = {"colour": "object colour", "background": "background colour"}
    for name, wanted in WANTED.items():
        print(f"| {names.get(name, name)} | {shares[name]:.1%} | {wanted:.0%} |")
    print(f"| VAE reconstruction, {UNSEEN} unseen pictures | {decibels:.1f} dB | {WANTED_PSNR:g} dB |")
    print(f"\n{seconds / PROMPTS:.2f} s a picture; contact sheet in {SHEET.relative_to(ROOT)}")
    SHEET.parent.mkdir(exist_ok=True)
    contact_sheet(pictures, asked).save(SHEET, optimize=True)
    if any(shares[name] < wanted for name, wanted in WANTED.items()) or decibels < WANTED_PSNR:
        print("inklet falls short of what is wanted of it", file=sys.stderr)
