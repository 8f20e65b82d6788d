"""The training loop both networks share: resumable, seeded, with a moving average of the weights.

Batches and noise derive from (seed, step), so a run that is stopped and taken up again gives the numbers
of one that was not.
"""

from __future__ import annotations

import copy
import math
import os
import signal
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn

from ..files.pickles import read_own
from .muon import optimizers


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how fast to train.

    The learning rates rise over `warm_up` steps, stay, and fall to zero as a half cosine over the last
    `decay` share of `steps`. `average` is the decay of the moving average of the weights once it is warm.
    """

    steps: int
    batch: int
    seed: int = 0
    matrix_lr: float = 0.02
    other_lr: float = 2e-3
    weight_decay: float = 0.0
    warm_up: int = 100
    decay: float = 0.5
    average: float = 0.999
    clip: float = 1.0
    device: str = "cpu"

    def rate(self, step: int) -> float:
        """Give the factor on the learning rates at a step."""
        rise = min(1.0, (step + 1) / self.warm_up) if self.warm_up else 1.0
        left = (self.steps - step) / max(1.0, self.decay * self.steps)
        return rise * (0.5 - 0.5 * math.cos(math.pi * min(1.0, max(0.0, left))))


def ignore(line: str) -> None:
    """Take a line of progress and drop it."""


def seed_everything(seed: int) -> None:
    """Seed what initialises a network."""
    cast("Any", torch).manual_seed(seed)


def generator(seed: int, step: int, purpose: int = 0) -> torch.Generator:
    """Give the random numbers of one step, the same on every machine."""
    return torch.Generator("cpu").manual_seed((seed * 1_000_003 + step) * 16 + purpose)


def save(path: Path, content: Mapping[str, Any]) -> None:
    """Write a torch file whole or not at all."""
    temporary = path.with_suffix(".tmp")
    torch.save(dict(content), temporary)
    os.replace(temporary, path)


@contextmanager
def stop_signals() -> Generator[list[int]]:
    """Collect SIGTERM and Ctrl-C in a list instead of dying of them."""
    seen: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        del frame
        seen.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Training:
    """A network in training with its moving average, optimizers and step counter."""

    def __init__(self, network: nn.Module, plan: Plan, path: Path) -> None:
        self.plan, self.path = plan, path
        self.network = network.to(plan.device)
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.optimizers = optimizers(
            self.network, matrix_lr=plan.matrix_lr, other_lr=plan.other_lr, weight_decay=plan.weight_decay
        )
        self.step = 0
        if path.exists():
            self._load(read_own(path, plan.device))

    def _load(self, content: Mapping[str, Any]) -> None:
        self.network.load_state_dict(content["network"])
        self.average.load_state_dict(content["average"])
        for optimizer, state in zip(self.optimizers, content["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self.step = int(content["step"])

    def save(self) -> None:
        """Write everything that is needed to go on."""
        save(
            self.path,
            {
                "network": self.network.state_dict(),
                "average": self.average.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "step": self.step,
            },
        )

    def advance(self, loss_of: Callable[[nn.Module, int], Tensor]) -> Tensor:
        """Make one step on `loss_of(network, step)` and give the loss."""
        rate = self.plan.rate(self.step)
        for optimizer, lr in zip(self.optimizers, (self.plan.matrix_lr, self.plan.other_lr), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = lr * rate
            optimizer.zero_grad(set_to_none=True)
        loss = loss_of(self.network, self.step)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        nn.utils.clip_grad_norm_(self.network.parameters(), self.plan.clip)
        for optimizer in self.optimizers:
            optimizer.step()
        keep = min(self.plan.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.network.parameters(), strict=True):
                slow.lerp_(fast, 1 - keep)
        self.step += 1
        return loss.detach()


N = TypeVar("N", bound=nn.Module)


def averaged(network: N, path: Path) -> N:
    """Give a network the averaged weights of a training's file.

    Raises FileNotFoundError before any training.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there: nothing has been trained in this run folder yet")
    network.load_state_dict(read_own(path)["average"])
    return network.eval().requires_grad_(False)


def train(
    training: Training,
    loss_of: Callable[[nn.Module, int], Tensor],
    *,
    minutes: float = math.inf,
    report: Callable[[str], None] = ignore,
    every: int = 50,
    examine: Callable[[nn.Module, int], str] | None = None,
    examine_seconds: float = 180.0,
    save_seconds: float = 120.0,
) -> None:
    """Train to the plan's end, or until the minutes are over or a stop signal comes; then save.

    `examine(average, step)` is asked for a line of figures every `examine_seconds` and at the end.
    """
    started = saved = examined = time.monotonic()
    total, count, since = 0.0, 0, started
    with stop_signals() as stopped:
        while training.step < training.plan.steps and not stopped:
            if time.monotonic() - started > 60 * minutes:
                break
            total, count = total + float(training.advance(loss_of)), count + 1
            now = time.monotonic()
            if count == every:
                speed = count * training.plan.batch / (now - since)
                place = f"step {training.step}/{training.plan.steps}"
                report(f"{place} loss {total / count:.5f} {speed:.1f} pictures/s")
                total, count, since = 0.0, 0, now
            if now - saved > save_seconds:
                training.save()
                saved = time.monotonic()
            if examine is not None and now - examined > examine_seconds:
                report(f"step {training.step} {examine(training.average, training.step)}")
                examined = since = time.monotonic()
                total, count = 0.0, 0
    training.save()
    if examine is not None:
        report(f"step {training.step} {examine(training.average, training.step)}")
