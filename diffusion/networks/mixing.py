"""softmax(q k) v: what attention does between its projections, however it is computed fastest."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .hooks import Heads

CHUNK = 2**20
"""How many scores are computed at a time: in bfloat16 they stay in a core's own cache."""

LEAST_KEYS = 256


def mix(heads: Heads) -> Tensor:
    """Return softmax(q k / sqrt(d)) v, [B,heads,T,d].

    Vaswani et al. 2017, arXiv:1706.03762.
    """
    q, k, _ = heads
    if torch.is_grad_enabled() or q.device.type != "cpu" or q.dtype != torch.bfloat16:
        return F.scaled_dot_product_attention(*heads)
    return mix_in_chunks(heads) if k.shape[2] >= LEAST_KEYS else F.scaled_dot_product_attention(*heads)


def mix_in_chunks(heads: Heads) -> Tensor:
    """Return the same as plain matrix products of some queries at a time.

    On CPUs torch's flash attention multiplies bfloat16 at the speed of float32; plain products have the
    processor's instructions for it. The scores are rounded to bfloat16 then: the keys' mean is taken off
    before, which changes no result (it moves all scores of a query) and makes them small.
    """
    q, k, v = heads
    items, count, tokens, width = q.shape
    q = (q * width**-0.5).contiguous()
    k = (k - k.mean(2, keepdim=True)).contiguous()
    v = v.contiguous()
    out = q.new_empty(items, tokens, count, width)
    step = max(1, CHUNK // k.shape[2])
    for item in range(items):
        for head in range(count):
            keys, values = k[item, head].t(), v[item, head]
            for start in range(0, tokens, step):
                weights = torch.mm(q[item, head, start : start + step], keys).softmax(-1)
                out[item, start : start + step, head] = torch.mm(weights, values)
    return out.transpose(1, 2)
