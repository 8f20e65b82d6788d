"""The transformer that CLIP's text and vision towers are made of; its names are those of files.

Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision"
(arXiv:2103.00020), with layer norms before each part (Xiong et al. 2020, arXiv:2002.04745).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Activation: TypeAlias = Literal["quick_gelu", "gelu"]


def quick_gelu(x: Tensor) -> Tensor:
    """Return x times the logistic function of 1.702 x, which OpenAI's towers were trained with."""
    return x * torch.sigmoid(1.702 * x)


ACTIVATIONS: Mapping[Activation, Callable[[Tensor], Tensor]] = MappingProxyType(
    {"quick_gelu": quick_gelu, "gelu": F.gelu}
)


class SelfAttention(nn.Module):
    """Multi-head attention of [B,T,C] over itself; with `causal` a token sees those before it and itself."""

    def __init__(self, width: int, heads: int, *, causal: bool) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{width} channels do not divide among {heads} heads")
        self.heads, self.causal = heads, causal
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.q_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """[B,T,C] -> [B,T,C]."""
        q, k, v = (self._split(project(x)) for project in (self.q_proj, self.k_proj, self.v_proj))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.out_proj(mixed.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        """[B,T,C] -> [B,heads,T,C/heads]."""
        batch, tokens, width = x.shape
        return x.view(batch, tokens, self.heads, width // self.heads).transpose(1, 2)


class FeedForward(nn.Module):
    """Two linear layers, `hidden` wide inside."""

    def __init__(self, width: int, hidden: int, activation: Activation) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[activation]
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """[B,T,C] -> [B,T,C]."""
        return self.fc2(self.activation(self.fc1(x)))


class Block(nn.Module):
    """Attention, then feed-forward, each after a layer norm and with a residual."""

    def __init__(self, width: int, heads: int, hidden: int, activation: Activation, *, causal: bool) -> None:
        super().__init__()
        self.self_attn = SelfAttention(width, heads, causal=causal)
        self.layer_norm1 = nn.LayerNorm(width)
        self.mlp = FeedForward(width, hidden, activation)
        self.layer_norm2 = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """[B,T,C] -> [B,T,C]."""
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class Blocks(nn.Module):
    """Blocks, one after the other, under the name that files have for them."""

    def __init__(
        self, layers: int, width: int, heads: int, hidden: int, activation: Activation, *, causal: bool
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            Block(width, heads, hidden, activation, causal=causal) for _ in range(layers)
        )


def initialise(blocks: Blocks) -> None:
    """Draw weights as CLIP's authors did: small for wide towers, smaller for what many layers add up."""
    for module in blocks.modules():
        if isinstance(module, SelfAttention):
            width = module.out_proj.in_features
            residual = width**-0.5 * (2 * len(blocks.layers)) ** -0.5
            for layer in (module.q_proj, module.k_proj, module.v_proj):
                nn.init.normal_(layer.weight, std=residual)
            nn.init.normal_(module.out_proj.weight, std=width**-0.5)
        elif isinstance(module, FeedForward):
            width = module.fc1.in_features
            nn.init.normal_(module.fc1.weight, std=(2 * width) ** -0.5)
            nn.init.normal_(module.fc2.weight, std=width**-0.5 * (2 * len(blocks.layers)) ** -0.5)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
