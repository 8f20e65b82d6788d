"""Graphics cards as torch knows them: which there are, what they have room for, and handles that use one.

Everything that is no network is computed on the CPU, and so is what networks give: a device is only where the
weights of a handle compute.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import torch

from .clip import Clip
from .model import Model
from .networks.taesd import TinyDecoder, TinyVae
from .networks.upscalers.base import UpscaleModel
from .networks.vision import ClipVision
from .vae import Vae

Part = TypeVar("Part")


def on_device(part: Part, device: str) -> Part:
    """Return a handle that computes on a device ("cpu", "cuda:0"); what has no network comes back as it is.

    Weights stay where they were loaded, and are copied when they are first used; those of small previewers
    go at once.
    """
    place = torch.device(device)
    match part:
        case Model() | Vae() | Clip() | ClipVision() | UpscaleModel():
            return cast(Part, replace(part, device=place))
        case TinyVae():
            return cast(Part, replace(part, encoder=part.encoder.to(place), decoder=part.decoder.to(place)))
        case TinyDecoder():
            return cast(Part, part.to(place))
        case _:
            return part


@dataclass(frozen=True, slots=True)
class Found:
    """A card as torch tells of it: its number, what it is called, and how new it is ((8, 0): Ampere)."""

    index: int
    title: str
    total: int
    capability: tuple[int, int]


def found_cards() -> tuple[Found, ...]:
    """Return the cards that torch can compute on."""
    if not torch.cuda.is_available():
        return ()
    cards: list[Found] = []
    for index in range(torch.cuda.device_count()):
        told = cast(Any, torch.cuda).get_device_properties(index)  # it has no type
        cards.append(Found(index, told.name, told.total_memory, (told.major, told.minor)))
    return tuple(cards)


def free_bytes(device: str) -> int:
    """Return what is free on a card: with this, torch has begun to use it."""
    free, _ = torch.cuda.mem_get_info(torch.device(device))
    return free


def compute_exactly() -> None:
    """Have cards compute float32 as float32, and the same at every run, from now on, in this process.

    By itself torch rounds what convolutions multiply to 10 bits (TF32), and takes kernels whose sums come in
    another order each time.
    """
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.deterministic = True


@dataclass
class CardPeak:
    """The most memory of a card that tensors took, beyond what they had taken before; None while it runs."""

    grown: int | None = None


@contextmanager
def watched_card(device: str) -> Generator[CardPeak]:
    """Look at what tensors take on a card; torch counts every one."""
    place, peak = torch.device(device), CardPeak()
    before = torch.cuda.memory_allocated(place)
    torch.cuda.reset_peak_memory_stats(place)
    try:
        yield peak
    finally:
        peak.grown = torch.cuda.max_memory_allocated(place) - before
