"""What any network's weights tell about it."""

from __future__ import annotations

from torch import Tensor, nn


def example(network: nn.Module) -> Tensor:
    """Return a tensor with the network's dtype and device."""
    return next(network.parameters())


def nbytes(network: nn.Module) -> int:
    """Return the bytes of memory that a network's weights take."""
    return sum(tensor.nbytes for tensor in (*network.parameters(), *network.buffers()))
