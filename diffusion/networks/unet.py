"""The latent-diffusion U-Net with cross attention (SD1 family and its relatives), shaped by a file's keys.

Rombach et al. 2022, "High-Resolution Image Synthesis with Latent Diffusion Models" (arXiv:2112.10752).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import cast

import torch
from torch import Tensor, nn

from ..errors import CheckpointError
from .attention import Context, KeysValues, Row, SpatialTransformer, TransformerBlock, repeated, through
from .blocks import Block, Downsample, ResBlock, Upsample, timestep_embedding
from .hooks import NO_HOOKS, Call, Hooks, Part, Place
from .layers import GroupNorm, Linear, SiLU
from .supply import Lend, Streamable

Shapes = Mapping[str, tuple[int, ...]]

COARSE = 3
"""From this level on maps have few cells: a 64th of the latent's at most."""


@dataclass(frozen=True, kw_only=True)
class UNetSpec:
    """The shape of a U-Net.

    `channels` are the widths of the levels, finest first. Depths count transformer blocks, one entry a row:
    `input_depths` has `len(channels) * res_blocks` entries from the finest level down, `output_depths`
    `len(channels) * (res_blocks + 1)` from the deepest level up. Either `heads` is the number of heads
    everywhere, or `head_channels` is the width of one head.
    """

    channels: tuple[int, ...]
    input_depths: tuple[int, ...]
    middle_depth: int
    output_depths: tuple[int, ...]
    context_channels: int
    res_blocks: int
    in_channels: int = 4
    out_channels: int = 4
    label_channels: int | None = None
    linear_projections: bool = False
    heads: int | None = 8
    head_channels: int | None = None

    def __post_init__(self) -> None:
        levels = len(self.channels)
        if len(self.input_depths) != levels * self.res_blocks:
            raise ValueError(
                f"{levels} levels of {self.res_blocks} rows, but input_depths {self.input_depths}"
            )
        if len(self.output_depths) != levels * (self.res_blocks + 1):
            raise ValueError(
                f"{levels} levels of {self.res_blocks + 1} rows, but output_depths {self.output_depths}"
            )
        if (self.heads is None) == (self.head_channels is None):
            raise ValueError(f"give heads or head_channels, not both: {self.heads=}, {self.head_channels=}")

    @property
    def embedding_channels(self) -> int:
        """Width of the time embedding after its two layers."""
        return 4 * self.channels[0]

    def heads_of(self, channels: int) -> int:
        """Return the number of attention heads in a row of this width."""
        return max(1, channels // self.head_channels) if self.head_channels else self.heads or 1

    @classmethod
    def from_shapes(
        cls, shapes: Shapes, *, heads: int | None = None, head_channels: int | None = None
    ) -> UNetSpec:
        """Read the shape from a state dict's keys (without prefix) and shapes.

        The number of heads leaves no trace in a file: unless given, it is 8 where the transformers project by
        1x1 convolution (SD1), 64 channels a head where they project linearly (SD2, SDXL).
        Raises CheckpointError when the keys are not a U-Net's.
        """
        rows = _rows(shapes, "input_blocks")
        levels = 1 + sum(f"input_blocks.{i}.0.op.weight" in shapes for i in range(rows))
        res_blocks = (rows - levels) // levels
        if res_blocks < 1 or rows != levels * (res_blocks + 1):
            raise CheckpointError(
                f"not a known U-Net: {rows} input_blocks do not form {levels} levels of equal length"
            )
        starts = [level * (res_blocks + 1) + 1 for level in range(levels)]
        proj = next((v for k, v in shapes.items() if k.endswith(".proj_in.weight")), None)
        context = next((v for k, v in shapes.items() if k.endswith(".attn2.to_k.weight")), None)
        if proj is None or context is None:
            raise CheckpointError("not a known U-Net: no row has cross attention (…attn2.to_k.weight)")
        linear = len(proj) == 2
        if heads is None and head_channels is None:
            heads, head_channels = (None, 64) if linear else (8, None)
        label = shapes.get("label_emb.0.0.weight")
        return cls(
            channels=tuple(_shape(shapes, f"input_blocks.{i}.0.out_layers.3.weight")[0] for i in starts),
            input_depths=tuple(
                _depth(shapes, f"input_blocks.{i + j}.1") for i in starts for j in range(res_blocks)
            ),
            middle_depth=_depth(shapes, "middle_block.1"),
            output_depths=tuple(
                _depth(shapes, f"output_blocks.{i}.1") for i in range(levels * (res_blocks + 1))
            ),
            context_channels=context[1],
            res_blocks=res_blocks,
            in_channels=_shape(shapes, "input_blocks.0.0.weight")[1],
            out_channels=_shape(shapes, "out.2.weight")[0],
            label_channels=label[1] if label else None,
            linear_projections=linear,
            heads=heads,
            head_channels=head_channels,
        )


class UNet(Streamable):
    """Predicts noise (or velocity) from a noisy latent, a timestep and a text context.

    State-dict keys are those of the original checkpoints, without `model.diffusion_model.`.
    """

    def __init__(self, spec: UNetSpec) -> None:
        super().__init__()
        self.spec = spec
        emb = spec.embedding_channels
        self.time_embed = nn.Sequential(Linear(spec.channels[0], emb), nn.SiLU(), Linear(emb, emb))
        if spec.label_channels is not None:
            label = nn.Sequential(Linear(spec.label_channels, emb), nn.SiLU(), Linear(emb, emb))
            self.label_emb = nn.Sequential(label)

        width, skips = spec.channels[0], [spec.channels[0]]
        self.input_blocks = nn.ModuleList([Block([nn.Conv2d(spec.in_channels, width, 3, padding=1)])])
        depths = iter(spec.input_depths)
        for level, channels in enumerate(spec.channels):
            for _ in range(spec.res_blocks):
                self.input_blocks.append(Block(self._layers(width, channels, next(depths), level)))
                width = channels
                skips.append(width)
            if level < len(spec.channels) - 1:
                self.input_blocks.append(Block([Downsample(width)]))
                skips.append(width)

        deepest = len(spec.channels) - 1
        self.middle_block = Block(self._layers(width, width, spec.middle_depth, deepest))
        if spec.middle_depth:
            self.middle_block.append(ResBlock(width, width, emb, coarse=deepest >= COARSE))

        self.output_blocks = nn.ModuleList()
        depths = iter(spec.output_depths)
        for level, channels in reversed(list(enumerate(spec.channels))):
            for j in range(spec.res_blocks + 1):
                block = Block(self._layers(width + skips.pop(), channels, next(depths), level))
                width = channels
                if level and j == spec.res_blocks:
                    block.append(Upsample(width))
                self.output_blocks.append(block)

        last = nn.Conv2d(width, spec.out_channels, 3, padding=1)
        for parameter in last.parameters():
            nn.init.zeros_(parameter)  # an untrained network predicts zero
        self.out = nn.Sequential(GroupNorm(32, width), SiLU(), last)

    def _layers(self, in_channels: int, out_channels: int, depth: int, level: int) -> Iterator[nn.Module]:
        """Layers of one row: a residual block and, where the row has one, a transformer."""
        spec = self.spec
        yield ResBlock(in_channels, out_channels, spec.embedding_channels, coarse=level >= COARSE)
        if depth:
            yield SpatialTransformer(
                out_channels,
                spec.context_channels,
                spec.heads_of(out_channels),
                depth,
                linear=spec.linear_projections,
            )

    def layers(self) -> list[nn.Module]:
        """Return the layers that are asked for one after the other (`Streamable`)."""
        rows = [*self.input_blocks, self.middle_block, *self.output_blocks]
        labels = [] if self.spec.label_channels is None else [self.label_emb]
        return [self.time_embed, *labels, *(layer for row in rows for layer in cast(Block, row)), self.out]

    def project_context(self, tokens: Tensor) -> Context:
        """Return a text [B,S,context_channels] with the keys and values that cross attentions make of it.

        They are the same at every step, so a run makes them once. Raises ValueError for another width.
        """
        self._check_context(tokens)
        crossing = [layer.attn2 for layer in self.modules() if isinstance(layer, TransformerBlock)]
        known: dict[nn.Module, KeysValues] = {}
        with self.supply.in_turn([part for layer in crossing for part in (layer.to_k, layer.to_v)]) as lend:
            for layer in crossing:
                with lend(layer.to_k):
                    k = layer.split(layer.to_k(tokens))
                with lend(layer.to_v):
                    known[layer] = KeysValues(k, layer.split(layer.to_v(tokens)))
        return Context(tokens, known)

    def forward(
        self,
        x: Tensor,
        timesteps: Tensor,
        context: Tensor | Context,
        y: Tensor | None = None,
        *,
        hooks: Hooks = NO_HOOKS,
    ) -> Tensor:
        """Predict [B,out_channels,h,w] from `x` [B,in_channels,h,w], which is scaled by `scale_in(sigma)`.

        `timesteps` [B] (or a single one) may be fractional, in 0..999; `context` is [B,T,context_channels] or
        what `project_context` made of it, `y` [B,label_channels] where the network takes a vector. Of `x` and
        `timesteps` there may be fewer items than of `context`, a whole fraction: then they are taken again
        and again, and what the items share is computed once. Hooks see all items.
        Raises ValueError for inputs that this network does not take.
        """
        context = context if isinstance(context, Context) else Context(context)
        timesteps = timesteps.reshape(-1)
        self._check(x, timesteps, context.tokens, y)
        with self.supply.in_turn(self.layers()) as lend:
            return self._computed(x, timesteps, context, y, hooks, lend)

    def _computed(
        self, x: Tensor, timesteps: Tensor, context: Context, y: Tensor | None, hooks: Hooks, lend: Lend
    ) -> Tensor:
        with lend(self.time_embed):
            emb: Tensor = self.time_embed(timestep_embedding(timesteps, self.spec.channels[0]).to(x.dtype))
        if y is not None:
            with lend(self.label_emb):
                emb = repeated(emb, y) + self.label_emb(y)
        if hooks or len(emb) > len(x):
            x = repeated(x, context.tokens)
        x = x.contiguous(memory_format=torch.channels_last)  # so that maps and tokens are views of each other
        call = Call(repeated(timesteps, x), *x.shape[-2:])

        def row(part: Part, number: int) -> Row | None:
            return Row(hooks, Place(part, number, self.spec.channels[0], call)) if hooks else None

        skips: list[Tensor] = []
        for number, block in enumerate(self.input_blocks):
            at = row("input", number)
            x = block(x, emb, context, row=at, lend=lend)
            x, skip = through(hooks.after_input, at, x, x)
            skips.append(skip)
        at = row("middle", 0)
        x = self.middle_block(x, emb, context, row=at, lend=lend)
        if at:
            for function in hooks.after_middle:
                x = function(at.place, x)
        for number, block in enumerate(self.output_blocks):
            at = row("output", number)
            x, skip = through(hooks.before_output, at, x, skips.pop())
            x = torch.cat([x, repeated(skip, x)], dim=1)
            size = tuple(skips[-1].shape[-2:]) if skips else tuple(x.shape[-2:])
            x = block(x, emb, context, size, at, lend)
        with lend(self.out):
            return self.out(x)

    def _check(self, x: Tensor, timesteps: Tensor, context: Tensor, y: Tensor | None) -> None:
        spec = self.spec
        if x.shape[1] != spec.in_channels:
            raise ValueError(
                f"this U-Net takes latents of {spec.in_channels} channels, not {x.shape[1]}; "
                "one with 9 repaints and one with 8 edits a picture, which it wants beside the latent"
            )
        self._check_context(context)
        for what, items in {
            "latents": x,
            "timesteps": timesteps,
            "vectors": context if y is None else y,
        }.items():
            if len(context) % len(items):
                raise ValueError(f"{len(items)} {what} cannot be shared out among {len(context)} texts")
        if (y is None) != (spec.label_channels is None):
            given = "none" if y is None else f"one of {y.shape[-1]} channels"
            raise ValueError(f"label_channels is {spec.label_channels}, but the vector given is {given}")

    def _check_context(self, context: Tensor) -> None:
        if context.shape[-1] != self.spec.context_channels:
            raise ValueError(
                f"this U-Net attends to text encodings of {self.spec.context_channels} channels, "
                f"not {context.shape[-1]}; use the text encoder of the same checkpoint"
            )


def _rows(shapes: Shapes, name: str) -> int:
    """Count the rows `name.0`, `name.1`, ... ."""
    pattern = re.compile(rf"{name}\.(\d+)\.")
    return len({match[1] for key in shapes if (match := pattern.match(key))})


def _depth(shapes: Shapes, name: str) -> int:
    """Count the transformer blocks of one spatial transformer; 0 where there is none."""
    return next(k for k in count() if f"{name}.transformer_blocks.{k}.norm1.weight" not in shapes)


def _shape(shapes: Shapes, key: str) -> tuple[int, ...]:
    try:
        return shapes[key]
    except KeyError:
        raise CheckpointError(f"not a known U-Net: there is no key {key}") from None
