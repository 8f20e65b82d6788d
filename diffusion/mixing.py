"""softmax(q k) v: what attention does between its projections, however it is computed fastest."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from .hooks import Heads


def mix(heads: Heads) -> Tensor:
    """Return softmax(q k / sqrt(d)) v, [B,heads,T,d].

    Vaswani et al. 2017, arXiv:1706.03762.
    """
    return F.scaled_dot_product_attention(*heads)
