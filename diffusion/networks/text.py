"""CLIP text towers, shaped by a file's keys.

Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision"
(arXiv:2103.00020); Cherti et al. 2022 (arXiv:2212.07143) for OpenCLIP's ViT-H and ViT-bigG.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from ..errors import CheckpointError
from ..names import row
from .supply import Streamable
from .towers import Activation, Blocks
from .unfilled import on_meta


@dataclass(frozen=True)
class TowerKind:
    """What a text tower's keys do not tell: its activation, and whether rows are padded with 0 or EOS."""

    title: str
    activation: Activation
    pads_with_zero: bool


TOWER_KINDS: Mapping[str, TowerKind] = {
    "clip_l": TowerKind("CLIP ViT-L/14", "quick_gelu", pads_with_zero=False),
    "open_clip_h": TowerKind("OpenCLIP ViT-H/14", "gelu", pads_with_zero=True),
    "open_clip_g": TowerKind("OpenCLIP ViT-bigG/14", "gelu", pads_with_zero=True),
}
"""The text towers of the Stable Diffusion family."""


@dataclass(frozen=True, kw_only=True)
class TextSpec:
    """The shape of a CLIP text tower; `hidden` is the width inside its feed-forward parts.

    `projection` is the width of the pooled output where the tower projects it.
    """

    vocabulary: int
    width: int
    layers: int
    heads: int
    hidden: int
    positions: int = 77
    activation: Activation = "quick_gelu"
    projection: int | None = None

    @classmethod
    def from_shapes(
        cls, shapes: Mapping[str, tuple[int, ...]], *, heads: int | None = None, kind: str = "clip_l"
    ) -> TextSpec:
        """Read the shape from a tower's keys (`text_model.…`, `text_projection.weight`) and shapes.

        The number of heads leaves no trace in a file: unless given, heads are 64 channels wide, as in every
        published CLIP text tower, and there is at least one. Neither does the activation: `kind` is a row of
        TOWER_KINDS.
        Raises CheckpointError when the keys are not a CLIP tower's, UnknownNameError for an unknown kind.
        """
        names = {
            "tokens": "text_model.embeddings.token_embedding.weight",
            "positions": "text_model.embeddings.position_embedding.weight",
            "hidden": "text_model.encoder.layers.0.mlp.fc1.weight",
        }
        if missing := [name for name in names.values() if len(shapes.get(name, ())) != 2]:
            raise CheckpointError(f"not a known CLIP text tower: there is no matrix {', '.join(missing)}")
        vocabulary, width = shapes[names["tokens"]]
        layer = "text_model.encoder.layers.{}.layer_norm1.weight"
        return cls(
            vocabulary=vocabulary,
            width=width,
            layers=next(i for i in count() if layer.format(i) not in shapes),
            heads=heads or max(1, width // 64),
            hidden=shapes[names["hidden"]][0],
            positions=shapes[names["positions"]][0],
            activation=row(TOWER_KINDS, kind, "text tower").activation,
            projection=next(iter(shapes.get("text_projection.weight", ())), None),
        )


class TextOutput(NamedTuple):
    """`hidden` [B,T,width] for cross attention, `pooled` [B,projection or width] for the text as a whole."""

    hidden: Tensor
    pooled: Tensor


class Insert(NamedTuple):
    """A vector [width] that stands at a place of a batch of rows instead of a token's."""

    row: int
    column: int
    vector: Tensor


Pause: TypeAlias = Callable[[], None]
"""Called between two layers; what it raises ends the encoding there."""


def no_pause() -> None:
    """Go on at once."""


class Embeddings(nn.Module):
    """The vectors of tokens, and of their places in a row."""

    def __init__(self, spec: TextSpec) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(spec.vocabulary, spec.width)
        self.position_embedding = nn.Embedding(spec.positions, spec.width)


class TextModel(nn.Module):
    """All of a tower but the projection, under the names that files have for it."""

    def __init__(self, spec: TextSpec) -> None:
        super().__init__()
        self.embeddings = Embeddings(spec)
        self.encoder = Blocks(spec.layers, spec.width, spec.heads, spec.hidden, spec.activation, causal=True)
        self.final_layer_norm = nn.LayerNorm(spec.width)


class TextTower(Streamable):
    """A CLIP text tower; its keys are those of files (`text_model.…`, `text_projection.weight`)."""

    def __init__(self, spec: TextSpec) -> None:
        super().__init__()
        self.spec = spec
        self.text_model = TextModel(spec)
        self.text_projection = (
            None if spec.projection is None else nn.Linear(spec.width, spec.projection, bias=False)
        )

    def layers(self) -> list[nn.Module]:
        """Return the layers that are asked for one after the other (`Streamable`)."""
        model = self.text_model
        last = [] if self.text_projection is None else [self.text_projection]
        return [model.embeddings, *model.encoder.layers, model.final_layer_norm, *last]

    def forward(
        self,
        ids: Tensor,
        eos: int,
        layer: int = -1,
        *,
        norm: bool = True,
        inserts: Sequence[Insert] = (),
        pause: Pause = no_pause,
    ) -> TextOutput:
        """Encode token ids [B,T], T at most `spec.positions`; `inserts` stand in place of some.

        `hidden` is the output of layer `layer` (-1 the last, -2 the one before), with `norm` through the
        final layer norm; `pooled` is the last layer's, normed, at each row's first `eos`, and projected
        where the tower has a projection.
        Raises ValueError for a layer that the tower does not have, or an insert of another width.
        """
        layers = self.spec.layers
        if not -layers <= layer <= -1:
            raise ValueError(f"layer {layer} of a text tower with layers {-layers} to -1")
        with self.supply.in_turn(self.layers()) as lend:
            with lend(self.text_model.embeddings):
                x = self._embedded(ids, inserts)
            hidden = x
            for index, block in enumerate(self.text_model.encoder.layers, start=-layers):
                pause()
                with lend(block):
                    x = block(x)
                if index == layer:
                    hidden = x
            with lend(self.text_model.final_layer_norm):
                last: Tensor = self.text_model.final_layer_norm(x)
                if norm:
                    hidden = last if layer == -1 else self.text_model.final_layer_norm(hidden)
            first_eos = (ids == eos).int().argmax(dim=-1)
            pooled = last[torch.arange(len(ids), device=ids.device), first_eos]
            if self.text_projection is not None:
                with lend(self.text_projection):
                    pooled = self.text_projection(pooled)
        return TextOutput(hidden, pooled)

    def _embedded(self, ids: Tensor, inserts: Sequence[Insert]) -> Tensor:
        """Return the tokens' vectors [B,T,width] with their positions added."""
        embeddings = self.text_model.embeddings
        tokens: Tensor = embeddings.token_embedding(ids)
        if inserts:
            vectors = torch.stack([insert.vector for insert in inserts]).to(tokens)
            if vectors.shape[-1] != self.spec.width:
                raise ValueError(f"a vector of {vectors.shape[-1]} channels in a tower of {self.spec.width}")
            rows, columns = ([insert[i] for insert in inserts] for i in (0, 1))
            tokens = tokens.clone()
            tokens[rows, columns] = vectors
        return tokens + embeddings.position_embedding.weight[: ids.shape[1]]


def with_weights(tower: TextTower, changed: Mapping[str, Tensor]) -> TextTower:
    """Return a tower that has `changed` weights by key and shares all others with `tower`.

    Raises CheckpointError for keys that the tower does not have.
    """
    state = tower.state_dict()
    if unknown := sorted(changed.keys() - state.keys()):
        raise CheckpointError(f"a text tower has no {', '.join(unknown)}")
    other = on_meta(TextTower, tower.spec)
    other.load_state_dict({**state, **changed}, assign=True)
    return other.requires_grad_(False).eval()


def scaled_attention(tower: TextTower, *, q: float, k: float, v: float, out: float) -> TextTower:
    """Return a tower whose queries, keys, values and attention outputs are multiplied by these factors."""
    factors = {"q_proj": q, "k_proj": k, "v_proj": v, "out_proj": out}
    changed = {
        key: tensor * factors[projection]
        for key, tensor in tower.state_dict().items()
        if (projection := key.split(".")[-2]) in factors and factors[projection] != 1
    }
    return with_weights(tower, changed) if changed else tower
