"""Retrain inklet: python -m inkloom.diffusion.training STAGE --run DIR."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ..networks.autoencoder import Autoencoder
from ..prompts.tokenizer import Tokenizer, folder_tokenizer
from .captions import training_caption
from .exam import Settings, questions, sample, score
from .export import export, stamp
from .latents import Latents, encode_scenes, fold_normalisation
from .loop import Plan, averaged
from .scenes import training_scene
from .train_diffusion import Denoiser, new_denoiser, train_diffusion
from .train_vae import polish_decoder, sheet, train_vae, trained_vae
from .vocabulary import learn_merges, words_of, write_tokenizer

INKLET = Path(__file__).parent.parent / "inklet"
VAE_PLAN = Plan(steps=2300, batch=4, warm_up=50, average=0.998)
DECODER_PLAN = Plan(steps=1200, batch=4, warm_up=50, decay=1.0, average=0.995, matrix_lr=0.01, other_lr=1e-3)
DIFFUSION_PLAN = Plan(steps=6000, batch=48, warm_up=100, decay=0.35, average=0.998, matrix_lr=0.015)
SCENES = 40_000
WORDS_FROM = 20_000
MERGES = 400


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the command line asked for."""

    run: Path
    steps: int | None
    batch: int | None
    seed: int
    minutes: float
    device: str
    scenes: int
    output: Path

    def plan(self, usual: Plan) -> Plan:
        """Give a plan with what was asked for in place of the usual."""
        return replace(
            usual,
            steps=self.steps or usual.steps,
            batch=self.batch or usual.batch,
            seed=self.seed,
            device=self.device,
        )


def report(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def tokenizer_of(order: Order) -> Tokenizer:
    """Give the run's tokenizer."""
    return folder_tokenizer(order.run / "tokenizer")


def vocabulary(order: Order) -> None:
    """Learn the tokens from captions."""
    captions = (training_caption(training_scene(0, index), 0, index) for index in range(WORDS_FROM))
    merges = learn_merges(words_of(captions), MERGES)
    write_tokenizer(order.run / "tokenizer", merges)
    report(f"{tokenizer_of(order).size} tokens in {order.run / 'tokenizer'}")


def vae(order: Order) -> Autoencoder:
    """Train the autoencoder."""
    return train_vae(order.run, order.plan(VAE_PLAN), minutes=order.minutes, report=report)


def decoder(order: Order) -> Autoencoder:
    """Train the decoder further on latents that are a little wrong."""
    return polish_decoder(order.run, order.plan(DECODER_PLAN), minutes=order.minutes, report=report)


def latents(order: Order) -> tuple[Autoencoder, Latents]:
    """Encode the training scenes with the trained autoencoder."""
    trained = trained_vae(order.run).to(order.device)
    encoded = encode_scenes(
        trained, order.run / "latents.pt", seed=order.seed, count=order.scenes, report=report
    )
    return fold_normalisation(trained, encoded.mean, encoded.std), encoded


def diffusion(order: Order) -> None:
    """Train text tower and U-Net, with an examination now and then."""
    folded, encoded = latents(order)
    asked = questions(48, seed=1)

    def examine(denoiser: Denoiser, step: int) -> str:
        pictures = sample(*denoiser.handles(folded), [q.prompt for q in asked], Settings(), batch=24)
        rows = [pictures[k : k + 12].permute(0, 3, 1, 2) for k in range(0, 48, 12)]
        sheet(rows).save(order.run / f"samples-{step:06d}.png")
        return ", ".join(f"{name} {share:.0%}" for name, share in score(pictures, asked).items())

    train_diffusion(
        order.run,
        order.plan(DIFFUSION_PLAN),
        encoded,
        tokenizer_of(order),
        minutes=order.minutes,
        report=report,
        examine=examine,
    )


def write(order: Order) -> None:
    """Write what was trained so far as inklet.safetensors with its tokenizer folder."""
    folded, _ = latents(order)
    denoiser = averaged(new_denoiser(tokenizer_of(order)), order.run / "diffusion.pt")
    target = order.output / "tokenizer"
    target.mkdir(parents=True, exist_ok=True)
    for name in ("vocab.json", "merges.txt"):
        (target / name).write_bytes((order.run / "tokenizer" / name).read_bytes())
    size = export(order.output / "inklet.safetensors", denoiser, folded)
    report(f"{size:,} bytes in {order.output / 'inklet.safetensors'}")


def colours(order: Order) -> None:
    """Fit the colours that previews show latents in, and write them into what is exported already."""
    report(stamp(order.output / "inklet.safetensors"))


def everything(order: Order) -> None:
    """Do all of it in turn."""
    for stage in (vocabulary, vae, latents, diffusion, decoder, write):
        stage(order)


STAGES: dict[str, Callable[[Order], object]] = {
    "vocabulary": vocabulary,
    "vae": vae,
    "latents": latents,
    "diffusion": diffusion,
    "decoder": decoder,
    "export": write,
    "colours": colours,
    "all": everything,
}


def main(arguments: list[str]) -> int:
    """Run one stage; each takes up its run where it was left."""
    parser = argparse.ArgumentParser(prog="python -m inkloom.diffusion.training", description=__doc__)
    parser.add_argument(
        "stage", choices=STAGES, help="; ".join(f"{k}: {v.__doc__}" for k, v in STAGES.items())
    )
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoints, latents and samples")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop cleanly after so many minutes")
    parser.add_argument(
        "--steps", type=int, help="length of the whole plan; may be changed when a run is taken up"
    )
    parser.add_argument("--batch", type=int, help="pictures a step")
    parser.add_argument("--scenes", type=int, default=SCENES, help="training scenes to encode")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--output", type=Path, default=INKLET, help="folder that export writes to")
    given = vars(parser.parse_args(arguments))
    stage = STAGES[given.pop("stage")]
    order = Order(**given)
    order.run.mkdir(parents=True, exist_ok=True)
    stage(order)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
