"""What adapters and options change inside a U-Net: functions at typed points, never its weights.

A `Hooks` value names them all; the network calls them while it computes and knows nothing else of them. At
two points, functions are wrapped around a computation: each gets what goes in and the rest to call, so it may
change what goes in, change what comes out, or not call the rest at all. The first of a tuple is outermost. At
the other points a value passes through the functions in their order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Literal, NamedTuple

from torch import Tensor

Part = Literal["input", "middle", "output"]
Kind = Literal["self", "cross"]


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of a U-Net: its timesteps [B], and the size of the latent it was given, in cells."""

    timesteps: Tensor
    height: int
    width: int


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A row of a U-Net during a call, numbered as in the file: `input_blocks.4` is part "input", row 4.

    The middle is one row, number 0. `base` is the network's narrowest width: 320 in SD1 and SDXL.
    """

    part: Part
    row: int
    base: int
    call: Call


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One attention of a row: that of which transformer block, over what, with how many heads.

    The row's tokens are the cells of a feature map of `height` x `width`, line by line.
    """

    place: Place
    block: int
    kind: Kind
    heads: int
    height: int
    width: int


class Sources(NamedTuple):
    """What an attention projects: `x` [B,T,C] to queries, `k` and `v` [B,S,D] to keys and values.

    All three are the same tensor in self attention; `k` and `v` are the text in cross attention.
    """

    x: Tensor
    k: Tensor
    v: Tensor


class Heads(NamedTuple):
    """Queries [B,heads,T,d], keys and values [B,heads,S,d]."""

    q: Tensor
    k: Tensor
    v: Tensor


class Streams(NamedTuple):
    """The two tensors [B,C,h,w] between rows: one goes on to the next row, one skips to the output part."""

    hidden: Tensor
    skip: Tensor


Attend = Callable[[Sources], Tensor]
"""The rest of an attention: projections, `Mix`, projection out; gives [B,T,C]."""
Mix = Callable[[Heads], Tensor]
"""The rest of what happens between the projections: gives [B,heads,T,d]."""

AroundAttention = Callable[[Site, Sources, Attend], Tensor]
AroundMix = Callable[[Site, Heads, Mix], Tensor]
BetweenAttentions = Callable[[Site, Tensor], Tensor]
OnMiddle = Callable[[Place, Tensor], Tensor]
OnStreams = Callable[[Place, Streams], Streams]


@dataclass(frozen=True)
class Hooks:
    """Functions that a U-Net calls at named points; none by default.

    attention            around a whole attention, from the normed tokens to its output before the residual
    mix                  around softmax(q k) v alone, between the projections to q, k, v and the one out
    between_attentions   on the tokens [B,T,C] between self and cross attention; told the site of the former
    after_input          on what leaves an input row; hidden and skip are still the same tensor
    after_middle         on what leaves the middle
    before_output        on what enters an output row, before the two are put together
    """

    attention: tuple[AroundAttention, ...] = ()
    mix: tuple[AroundMix, ...] = ()
    between_attentions: tuple[BetweenAttentions, ...] = ()
    after_input: tuple[OnStreams, ...] = ()
    after_middle: tuple[OnMiddle, ...] = ()
    before_output: tuple[OnStreams, ...] = ()

    def __add__(self, other: Hooks) -> Hooks:
        """Return hooks that have, at each point, these functions and then the other's."""
        points = [field.name for field in fields(self)]
        return Hooks(**{point: getattr(self, point) + getattr(other, point) for point in points})

    def __bool__(self) -> bool:
        """Tell whether there is any function."""
        return any(getattr(self, field.name) for field in fields(self))


NO_HOOKS = Hooks()
