"""The CLIP text tower, from transformers, shaped by a file's keys.

Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision"
(arXiv:2103.00020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, NamedTuple, cast

import torch
from torch import Tensor, nn

from .errors import CheckpointError


@dataclass(frozen=True, kw_only=True)
class TextSpec:
    """The shape of a CLIP text tower; `hidden` is the width inside its feed-forward parts."""

    vocabulary: int
    width: int
    layers: int
    heads: int
    hidden: int
    positions: int = 77
    activation: Literal["quick_gelu", "gelu"] = "quick_gelu"

    @classmethod
    def from_shapes(cls, shapes: Mapping[str, tuple[int, ...]], *, heads: int | None = None) -> TextSpec:
        """Read the shape from a state dict's keys (`text_model.…`) and shapes.

        The number of heads leaves no trace in a file: unless given, heads are 64 channels wide, as in every
        published CLIP text tower, and there is at least one.
        Raises CheckpointError when the keys are not a CLIP tower's.
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
        )


class TextOutput(NamedTuple):
    """`hidden` [B,T,width] for cross attention, `pooled` [B,width] for the text as a whole."""

    hidden: Tensor
    pooled: Tensor


class TextTower(nn.Module):
    """A CLIP text tower whose state-dict keys are those of files on disk (`text_model.…`)."""

    def __init__(self, spec: TextSpec) -> None:
        super().__init__()
        # transformers takes seconds to import; only a process that encodes text pays for it.
        from transformers.models.clip.configuration_clip import CLIPTextConfig
        from transformers.models.clip.modeling_clip import CLIPTextModel

        self.spec = spec
        config = CLIPTextConfig(
            vocab_size=spec.vocabulary,
            hidden_size=spec.width,
            intermediate_size=spec.hidden,
            num_hidden_layers=spec.layers,
            num_attention_heads=spec.heads,
            max_position_embeddings=spec.positions,
            hidden_act=spec.activation,
            # Pooling is done here, where the tokenizer's EOS is known; transformers' own result is not used.
            bos_token_id=spec.vocabulary - 2,
            eos_token_id=spec.vocabulary - 1,
            pad_token_id=spec.vocabulary - 1,
        )
        self.text_model = cast("Any", CLIPTextModel(config))
        # Not in any file, so a tower built on the meta device would be left without it.
        self.text_model.embeddings.position_ids = torch.arange(spec.positions, device="cpu")[None]

    def forward(self, ids: Tensor, eos: int, layer: int = -1) -> TextOutput:
        """Encode token ids [B,T], T at most `spec.positions`.

        `hidden` is the output of layer `layer` (-1 the last, -2 the one before) through the final layer norm;
        `pooled` is the last layer's, normed, at each row's first `eos`.
        Raises ValueError for a layer that the tower does not have.
        """
        if not -self.spec.layers <= layer <= -1:
            raise ValueError(f"layer {layer} of a text tower with layers {-self.spec.layers} to -1")
        out = self.text_model(input_ids=ids, output_hidden_states=layer != -1)
        last: Tensor = out.last_hidden_state
        hidden: Tensor = last if layer == -1 else self.text_model.final_layer_norm(out.hidden_states[layer])
        first_eos = (ids == eos).int().argmax(dim=-1)
        return TextOutput(hidden, last[torch.arange(len(ids), device=ids.device), first_eos])
