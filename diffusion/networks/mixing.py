"""softmax(q k) v: what attention does between its projections, however it is computed fastest."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from . import onednn
from .hooks import Heads

CHUNK = 2**21
"""How many scores are computed at a time: in bfloat16 they stay in cache."""

LEAST_KEYS = 64

LARGEST_SCORE = 36.0
"""Exponentials from minus this to this, further divided by `exp(MARGIN)`, are numbers of full precision."""

MARGIN = 7.0
"""A logistic function so far below its middle is an exponential, but for a thousandth."""

MULTIPLE = 16
"""To a multiple of this processors fill up the values' width: what is free holds more than values."""


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
    q = (q * q.shape[-1] ** -0.5).contiguous()
    k = (k - k.mean(2, keepdim=True)).contiguous()
    if v.shape[-1] % MULTIPLE == 0:
        return _by_softmax(q, k, v.contiguous())
    # Each query's scores have the mean 0 now, so its largest is no less; and by Cauchy and Schwarz no more.
    bounds = (q.square().sum(-1).amax(-1) * k.square().sum(-1).amax(-1)).sqrt()
    if bounds.max() > LARGEST_SCORE or not onednn.inferring(q):
        return _by_softmax(q, k, v.contiguous())
    return _by_exponentials(q, k, v, bounds)


def _by_softmax(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    out = q.new_empty(q.shape[0], q.shape[2], q.shape[1], q.shape[3])  # tokens before heads, as they go on
    for item, head, some in _chunks(q, k):
        weights = torch.mm(q[item, head, some], k[item, head].t()).softmax(-1)
        out[item, some, head] = torch.mm(weights, v[item, head])
    return out.transpose(1, 2)


def _by_exponentials(q: Tensor, k: Tensor, v: Tensor, bounds: Tensor) -> Tensor:
    """Divide by the exponentials' sum at last: it comes with the products, by a value of 1.

    oneDNN has no exponential to finish products with while they are in registers, but the logistic function,
    1 / (1 + exp(-s)): far below 0 it is exp(s). What is taken off all scores for that leaves their ratios.
    """
    width = v.shape[-1]
    wide = v.new_zeros(*v.shape[:2], -(-width // MULTIPLE) * MULTIPLE, v.shape[2])
    wide[:, :, :width] = v.transpose(2, 3)
    wide[:, :, width] = 1
    below = -(bounds + MARGIN)[..., None].expand(-1, -1, k.shape[2]).contiguous()
    out = q.new_empty(*q.shape[:-1], wide.shape[2])
    for item, head, some in _chunks(q, k):
        weights = onednn.logistic(q[item, head, some], k[item, head], below[item, head])
        out[item, head, some] = onednn.linear(weights, wide[item, head], None)
    out = out.transpose(1, 2)
    return (out[..., :width] / out[..., width, None]).transpose(1, 2)


def _chunks(q: Tensor, k: Tensor) -> Iterator[tuple[int, int, slice]]:
    """Yield items, heads and runs of queries [B,heads,T,d], whose scores are `CHUNK` at most."""
    items, heads, tokens, _ = q.shape
    step = max(1, CHUNK // k.shape[2])
    for item, head, start in product(range(items), range(heads), range(0, tokens, step)):
        yield item, head, slice(start, start + step)
