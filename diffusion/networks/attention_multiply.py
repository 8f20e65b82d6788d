"""Multiply an attention's queries, keys, values or output: an experiment on trained networks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from ..model import Model
from .hooks import Attend, Heads, Hooks, Kind, Mix, Site, Sources


@dataclass(frozen=True)
class MultiplyHeads:
    """Multiply queries, keys and values of one kind of attention."""

    kind: Kind
    q: float
    k: float
    v: float

    def __call__(self, site: Site, heads: Heads, mix: Mix) -> Tensor:
        """Scale what is mixed."""
        if site.kind != self.kind:
            return mix(heads)
        return mix(Heads(heads.q * self.q, heads.k * self.k, heads.v * self.v))


@dataclass(frozen=True)
class MultiplyOutput:
    """Multiply the output of one kind of attention, bias included."""

    kind: Kind
    out: float

    def __call__(self, site: Site, sources: Sources, attend: Attend) -> Tensor:
        """Scale what comes out."""
        return attend(sources) * self.out if site.kind == self.kind else attend(sources)


def with_multiplied_attention(model: Model, kind: Kind, q: float, k: float, v: float, out: float) -> Model:
    """Return the model with factors in all its self or cross attentions; factors of 1 change nothing."""
    more = Hooks(
        attention=(MultiplyOutput(kind, out),) if out != 1 else (),
        mix=(MultiplyHeads(kind, q, k, v),) if (q, k, v) != (1, 1, 1) else (),
    )
    return replace(model, hooks=model.hooks + more)
