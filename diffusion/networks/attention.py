"""Attention of the U-Net: self attention, cross attention to the text, gated feed-forward.

Module names follow the original checkpoint layout, so that a file's keys are the module's keys.
Ho et al. 2020 (arXiv:2006.11239), Rombach et al. 2022 (arXiv:2112.10752), Shazeer 2020 (arXiv:2002.05202).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from .hooks import Heads, Hooks, Kind, OnStreams, Place, Site, Sources, Streams
from .layers import Conv1x1, GatedLinear, GroupNorm, Linear, added
from .mixing import mix

Value = TypeVar("Value")

TOKENS_AT_ONCE = 1024
"""How many tokens a CPU feeds forward at a time: what is eight times as wide inside stays in its cache."""


class KeysValues(NamedTuple):
    """The keys and values of one attention, [B,heads,S,d]."""

    k: Tensor
    v: Tensor


@dataclass(frozen=True, eq=False)
class Context:
    """The text that cross attention looks at, [B,S,D], with the keys and values that are known of it.

    `known` belongs to the network that made it (`UNet.project_context`); another one ignores it.
    """

    tokens: Tensor
    known: Mapping[nn.Module, KeysValues] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, eq=False, slots=True)
class Row:
    """The hooks of a call, where a row calls them."""

    hooks: Hooks
    place: Place

    def site(self, attention: Attention, kind: Kind, block: int, size: tuple[int, int]) -> At:
        """Return the hooks of one attention of this row; `size` is the feature map's."""
        return At(self.hooks, Site(self.place, block, kind, attention.heads, *size))


@dataclass(frozen=True, eq=False, slots=True)
class At:
    """The hooks of a call, where an attention calls them."""

    hooks: Hooks
    site: Site


class Attention(nn.Module):
    """Multi-head scaled dot-product attention of `x` [B,T,C] over itself or a context [B,S,D]."""

    def __init__(self, channels: int, context_channels: int, heads: int) -> None:
        super().__init__()
        if channels % heads:
            raise ValueError(f"{channels} channels do not divide among {heads} heads")
        self.heads = heads
        self.to_q = Linear(channels, channels, bias=False)
        self.to_k = Linear(context_channels, channels, bias=False)
        self.to_v = Linear(context_channels, channels, bias=False)
        self.to_out = nn.Sequential(Linear(channels, channels))

    def forward(self, x: Tensor, context: Context | None = None, at: At | None = None) -> Tensor:
        """Return [B,T,C]; without a context this is self attention."""
        tokens = context.tokens if context else x
        sources = Sources(x, tokens, tokens)
        if at is None:
            return self.joined(mix(self.projected(sources, context)))

        def rest(sources: Sources) -> Tensor:
            return self.joined(wrapped(at.hooks.mix, at.site, mix)(self.projected(sources, context)))

        return wrapped(at.hooks.attention, at.site, rest)(sources)

    def projected(self, sources: Sources, context: Context | None) -> Heads:
        """Return queries, keys and values; those that the context knows are not made again."""
        known = context.known.get(self) if context else None
        if context and known and sources.k is context.tokens and sources.v is context.tokens:
            return Heads(self.split(self.to_q(sources.x)), *known)
        return Heads(self.split(self.to_q(sources.x)), *self.keys_values(sources.k, sources.v))

    def keys_values(self, k: Tensor, v: Tensor) -> KeysValues:
        """Project the tokens [B,S,D] that keys and values are made of."""
        return KeysValues(self.split(self.to_k(k)), self.split(self.to_v(v)))

    def split(self, x: Tensor) -> Tensor:
        """[B,T,C] -> [B,heads,T,C/heads], a view."""
        batch, tokens, channels = x.shape
        return x.view(batch, tokens, self.heads, channels // self.heads).transpose(1, 2)

    def joined(self, mixed: Tensor) -> Tensor:
        """[B,heads,T,C/heads] -> [B,T,C], projected out."""
        return self.to_out(mixed.transpose(1, 2).flatten(2))


def through(
    functions: tuple[OnStreams, ...], row: Row | None, hidden: Tensor, skip: Tensor
) -> tuple[Tensor, Tensor]:
    """Pass both streams through the functions, at a row."""
    if row:
        for function in functions:
            hidden, skip = function(row.place, Streams(hidden, skip))
    return hidden, skip


def wrapped(
    functions: tuple[Callable[[Site, Value, Callable[[Value], Tensor]], Tensor], ...],
    site: Site,
    rest: Callable[[Value], Tensor],
) -> Callable[[Value], Tensor]:
    """Return `rest` with the functions around it, the first outermost."""
    for function in reversed(functions):
        rest = _around(function, site, rest)
    return rest


def _around(
    function: Callable[[Site, Value, Callable[[Value], Tensor]], Tensor],
    site: Site,
    rest: Callable[[Value], Tensor],
) -> Callable[[Value], Tensor]:
    return lambda value: function(site, value, rest)


class GatedProjection(nn.Module):
    """The gated linear layer, under the name that files know it by."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.proj = GatedLinear(channels, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """[B,T,C] -> [B,T,hidden]."""
        return self.proj(x)


class FeedForward(nn.Module):
    """Gated feed-forward, four times as wide inside."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        # The file numbers the second linear 2: index 1 was dropout, which sampling does not use.
        self.net = nn.Sequential(
            GatedProjection(channels, 4 * channels), nn.Identity(), Linear(4 * channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B,T,C] -> [B,T,C]."""
        if torch.is_grad_enabled() or x.device.type != "cpu":
            return self.net(x)
        tokens = x.flatten(0, 1)
        starts = range(0, len(tokens), TOKENS_AT_ONCE)
        return torch.cat([self.net(tokens[start : start + TOKENS_AT_ONCE]) for start in starts]).view_as(x)


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

    def forward(
        self,
        x: Tensor,
        context: Context,
        row: Row | None = None,
        block: int = 0,
        size: tuple[int, int] = (0, 0),
    ) -> Tensor:
        """[B,T,C] -> [B,T,C]; `block` is this block's number in its row, `size` that of the feature map."""
        at = row.site(self.attn1, "self", block, size) if row else None
        x = x + self.attn1(self.norm1(x), None, at)
        if at:
            for function in at.hooks.between_attentions:
                x = function(at.site, x)
        x = repeated(x, context.tokens)
        at = row.site(self.attn2, "cross", block, size) if row else None
        x = x + self.attn2(self.norm2(x), context, at)
        return x + self.ff(self.norm3(x))


class SpatialTransformer(nn.Module):
    """`depth` transformer blocks over the pixels of a feature map, with a residual around them.

    `linear` says whether the projections in and out are linear layers (SD2, SDXL) or 1x1 convolutions (SD1).
    """

    def __init__(self, channels: int, context_channels: int, heads: int, depth: int, *, linear: bool) -> None:
        super().__init__()
        self.linear = linear
        self.norm = GroupNorm(32, channels, eps=1e-6)
        self.proj_in = Linear(channels, channels) if linear else Conv1x1(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList(
            TransformerBlock(channels, context_channels, heads) for _ in range(depth)
        )
        self.proj_out = Linear(channels, channels) if linear else Conv1x1(channels, channels, 1)
        for parameter in self.proj_out.parameters():
            nn.init.zeros_(parameter)  # an untrained block is the identity

    def forward(self, x: Tensor, context: Context, row: Row | None = None) -> Tensor:
        """[B,C,h,w] -> [B,C,h,w]."""
        h, w = x.shape[-2:]
        y = self.norm(x)
        y = self.proj_in(_to_tokens(y)) if self.linear else _to_tokens(self.proj_in(y))
        for block, layer in enumerate(self.transformer_blocks):
            y = layer(y, context, row, block, (h, w))
        y = _to_map(self.proj_out(y), h, w) if self.linear else self.proj_out(_to_map(y, h, w))
        return added(y, repeated(x, y))


def repeated(x: Tensor, other: Tensor) -> Tensor:
    """Repeat the items of `x` until it has as many as `other`, whose number is a multiple of it."""
    copies: int = other.shape[0] // x.shape[0]
    return x if copies == 1 else torch.cat([x] * copies)


def _to_tokens(x: Tensor) -> Tensor:
    """[B,C,h,w] -> [B,h*w,C], a view where channels come last in memory."""
    return x.flatten(2).transpose(1, 2)


def _to_map(x: Tensor, h: int, w: int) -> Tensor:
    """[B,h*w,C] -> [B,C,h,w], a view with the channels last in memory."""
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], h, w)
