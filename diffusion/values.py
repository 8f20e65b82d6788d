"""What passes between the stages, in the conventions of this field.

IMAGE is a tensor float32 [B,H,W,C] in 0..1, MASK a tensor float32 [B,H,W] in 0..1.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypeAlias, TypedDict

from torch import Tensor

CELL = 8
"""Pixels on a side for one cell of a latent."""

Conditioning: TypeAlias = list[list[Any]]
"""Pairs `[tensor [B,T,C], options]`: a text's encoding and a dict such as `{"pooled_output": [B,C]}`.

Lists, not tuples, because nodes written for this field index, copy and extend them.
"""


class Latent(TypedDict):
    """A picture as the autoencoder sees it.

    `samples` [B,C,h,w] is not scaled to any model; `noise_mask` [B,1,H,W] in 0..1 says where to repaint (1);
    `batch_index` names the items for noise where they are not 0, 1, 2, ..., and `batch_size` says how many
    there were in the batch that they come from, where that is known.
    """

    samples: Tensor
    noise_mask: NotRequired[Tensor]
    batch_index: NotRequired[list[int]]
    batch_size: NotRequired[int]
