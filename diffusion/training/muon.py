"""Muon: momentum whose update is made orthogonal, for weight matrices; AdamW for everything else.

For small networks it needs about half the steps of AdamW. Source: Keller Jordan et al. 2024,
https://kellerjordan.github.io/posts/muon/ (the five-step Newton-Schulz iteration and its coefficients).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5


def orthogonalise(matrices: Tensor) -> Tensor:
    """Bring the singular values of each matrix of [N,rows,columns] near 1, keeping its singular vectors.

    It need not be exact, and is computed in bfloat16.
    """
    a, b, c = COEFFICIENTS
    x = (matrices / (matrices.square().sum(dim=(1, 2), keepdim=True).sqrt() + 1e-7)).bfloat16()
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    for _ in range(ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).to(matrices)


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, made orthogonal; a convolution's weight counts as outputs x (inputs * taps).

    `lr` is the size of an update relative to a matrix with unit singular values; `weight_decay` is decoupled.
    """

    def __init__(
        self, weights: Iterable[nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(weights, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # no closure here
        """Move every weight that has a gradient; matrices of one shape are handled in one batch."""
        assert closure is None
        for group in self.param_groups:
            alike: dict[tuple[int, ...], list[nn.Parameter]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    alike[tuple(weight.flatten(1).shape)].append(weight)
            for shape, weights in alike.items():
                updates = torch.stack([self._momentum(weight, group["momentum"]) for weight in weights])
                updates = orthogonalise(updates)
                size = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for weight, update in zip(weights, updates, strict=True):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(update.view_as(weight), alpha=-size)

    def _momentum(self, weight: nn.Parameter, momentum: float) -> Tensor:
        gradient = weight.grad
        assert gradient is not None
        state: dict[str, Any] = self.state[weight]
        if not state:
            state["average"] = torch.zeros_like(weight)
        average: Tensor = state["average"]
        average.lerp_(gradient, 1 - momentum)
        return gradient.lerp(average, momentum).flatten(1)


def optimizers(
    network: nn.Module, *, matrix_lr: float, other_lr: float, weight_decay: float = 0.0
) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    """Give Muon for the inner matrices of a network, AdamW for vectors, embeddings and first and last layers.

    A layer counts as inner when both its sides are wider than 16.
    """
    embeddings = {id(m.weight) for m in network.modules() if isinstance(m, nn.Embedding)}
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for weight in network.parameters():
        inner = weight.ndim >= 2 and id(weight) not in embeddings and min(weight.shape[:2]) > 16
        (matrices if inner else others).append(weight)
    return (
        Muon(matrices, lr=matrix_lr, weight_decay=weight_decay),
        torch.optim.AdamW(others, lr=other_lr, betas=(0.9, 0.98), weight_decay=0.0),
    )
