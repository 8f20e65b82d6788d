"""Attention of the U-Net: self attention, cross attention to the text, gated feed-forward.

Module names follow the original checkpoint layout, so that a file's keys are the module's keys.
Ho et al. 2020 (arXiv:2006.11239), Rombach et al. 2022 (arXiv:2112.10752), Shazeer 2020 (arXiv:2002.05202).
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    """Multi-head scaled dot-product attention of `x` [B,T,C] over `context` [B,S,D]."""

    def __init__(self, channels: int, context_channels: int, heads: int) -> None:
        super().__init__()
        if channels % heads:
            raise ValueError(f"{channels} channels do not divide among {heads} heads")
        self.heads = heads
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(context_channels, channels, bias=False)
        self.to_v = nn.Linear(context_channels, channels, bias=False)
        self.to_out = nn.Sequential(nn.Linear(channels, channels))

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Return [B,T,C]."""
        q, k, v = self.split(self.to_q(x)), self.split(self.to_k(context)), self.split(self.to_v(context))
        return self.to_out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))

    def split(self, x: Tensor) -> Tensor:
        """[B,T,C] -> [B,heads,T,C/heads], a view."""
        batch, tokens, channels = x.shape
        return x.view(batch, tokens, self.heads, channels // self.heads).transpose(1, 2)


class GatedProjection(nn.Module):
    """GEGLU: the second half of the projection, through the erf GELU, gates the first."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, 2 * hidden)

    def forward(self, x: Tensor) -> Tensor:
        """[B,T,C] -> [B,T,hidden]."""
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    """Gated feed-forward, four times as wide inside."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        # The file numbers the second linear 2: index 1 was dropout, which sampling does not use.
        self.net = nn.Sequential(
            GatedProjection(channels, 4 * channels), nn.Identity(), nn.Linear(4 * channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B,T,C] -> [B,T,C]."""
        return self.net(x)


class TransformerBlock(nn.Module):
    """Self attention, cross attention, feed-forward, each after a layer norm and with a residual."""

    def __init__(self, channels: int, context_channels: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = Attention(channels, channels, heads)
        self.norm2 = nn.LayerNorm(channels)
        self.attn2 = Attention(channels, context_channels, heads)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = FeedForward(channels)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """[B,T,C], [B,S,D] -> [B,T,C]."""
        h = self.norm1(x)
        x = x + self.attn1(h, h)
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff(self.norm3(x))


class SpatialTransformer(nn.Module):
    """`depth` transformer blocks over the pixels of a feature map, with a residual around them.

    `linear` says whether the projections in and out are linear layers (SD2, SDXL) or 1x1 convolutions (SD1).
    """

    def __init__(self, channels: int, context_channels: int, heads: int, depth: int, *, linear: bool) -> None:
        super().__init__()
        self.linear = linear
        self.norm = nn.GroupNorm(32, channels, eps=1e-6)
        self.proj_in = nn.Linear(channels, channels) if linear else nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList(
            TransformerBlock(channels, context_channels, heads) for _ in range(depth)
        )
        self.proj_out = nn.Linear(channels, channels) if linear else nn.Conv2d(channels, channels, 1)
        for parameter in self.proj_out.parameters():
            nn.init.zeros_(parameter)  # an untrained block is the identity

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """[B,C,h,w], [B,S,D] -> [B,C,h,w]."""
        h, w = x.shape[-2:]
        y = self.norm(x)
        y = self.proj_in(_to_tokens(y)) if self.linear else _to_tokens(self.proj_in(y))
        for block in self.transformer_blocks:
            y = block(y, context)
        y = _to_map(self.proj_out(y), h, w) if self.linear else self.proj_out(_to_map(y, h, w))
        return x + y


def _to_tokens(x: Tensor) -> Tensor:
    """[B,C,h,w] -> [B,h*w,C]."""
    return x.flatten(2).transpose(1, 2)


def _to_map(x: Tensor, h: int, w: int) -> Tensor:
    """[B,h*w,C] -> [B,C,h,w]."""
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], h, w)
