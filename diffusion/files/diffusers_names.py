"""What diffusers calls the modules of U-Nets and autoencoders, beside their original names.

The pairs are names of modules; those of the tensors in them follow, and are the same in both layouts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

Pair = tuple[str, str]
"""An original name and diffusers' name of the same module."""

UNET_RES = (
    ("in_layers.0", "norm1"),
    ("in_layers.2", "conv1"),
    ("emb_layers.1", "time_emb_proj"),
    ("out_layers.0", "norm2"),
    ("out_layers.3", "conv2"),
    ("skip_connection", "conv_shortcut"),
)
UNET_ENDS = (
    ("time_embed.0", "time_embedding.linear_1"),
    ("time_embed.2", "time_embedding.linear_2"),
    ("label_emb.0.0", "add_embedding.linear_1"),
    ("label_emb.0.2", "add_embedding.linear_2"),
    ("input_blocks.0.0", "conv_in"),
    ("out.0", "conv_norm_out"),
    ("out.2", "conv_out"),
)
VAE_RES = (("nin_shortcut", "conv_shortcut"),)
VAE_ATTENTION = (
    ("norm", "group_norm"),
    ("q", "to_q"),
    ("k", "to_k"),
    ("v", "to_v"),
    ("proj_out", "to_out.0"),
)
VAE_OLD_ATTENTION = (("q", "query"), ("k", "key"), ("v", "value"), ("proj_out", "proj_attn"))


def unet_pairs(keys: Collection[str]) -> Iterator[Pair]:
    """Give the names of a U-Net's modules; `keys` are those of a file with diffusers' names."""
    levels, blocks = _count(keys, "down_blocks"), _count(keys, "down_blocks.0.resnets")
    yield from UNET_ENDS
    yield from _below("middle_block.0", "mid_block.resnets.0", UNET_RES)
    yield ("middle_block.1", "mid_block.attentions.0")
    yield from _below("middle_block.2", "mid_block.resnets.1", UNET_RES)
    for level in range(levels):
        for block in range(blocks):
            row = f"input_blocks.{1 + level * (blocks + 1) + block}"
            yield from _below(f"{row}.0", f"down_blocks.{level}.resnets.{block}", UNET_RES)
            yield (f"{row}.1", f"down_blocks.{level}.attentions.{block}")
        yield (f"input_blocks.{(level + 1) * (blocks + 1)}.0.op", f"down_blocks.{level}.downsamplers.0.conv")
        for block in range(blocks + 1):
            row = f"output_blocks.{level * (blocks + 1) + block}"
            yield from _below(f"{row}.0", f"up_blocks.{level}.resnets.{block}", UNET_RES)
            yield (f"{row}.1", f"up_blocks.{level}.attentions.{block}")
        last = (level + 1) * (blocks + 1) - 1
        place = 2 if any(key.startswith(f"up_blocks.{level}.attentions.{blocks}.") for key in keys) else 1
        yield (f"output_blocks.{last}.{place}.conv", f"up_blocks.{level}.upsamplers.0.conv")


def vae_pairs(keys: Collection[str]) -> Iterator[Pair]:
    """Give the names of an autoencoder's modules; `keys` are those of a file with diffusers' names."""
    old = any(".attentions.0.query." in key for key in keys)
    for half in ("encoder", "decoder"):
        yield (f"{half}.norm_out", f"{half}.conv_norm_out")
        yield from _below(f"{half}.mid.block_1", f"{half}.mid_block.resnets.0", VAE_RES)
        yield from _below(
            f"{half}.mid.attn_1",
            f"{half}.mid_block.attentions.0",
            (VAE_ATTENTION[0], *VAE_OLD_ATTENTION) if old else VAE_ATTENTION,
        )
        yield from _below(f"{half}.mid.block_2", f"{half}.mid_block.resnets.1", VAE_RES)
    levels, blocks = _count(keys, "encoder.down_blocks"), _count(keys, "encoder.down_blocks.0.resnets")
    for level in range(levels):
        for block in range(blocks):
            theirs = f"encoder.down_blocks.{level}.resnets.{block}"
            yield from _below(f"encoder.down.{level}.block.{block}", theirs, VAE_RES)
        yield (f"encoder.down.{level}.downsample", f"encoder.down_blocks.{level}.downsamplers.0")
        # The original counts from the full resolution in both halves.
        up = levels - 1 - level
        for block in range(blocks + 1):
            theirs = f"decoder.up_blocks.{level}.resnets.{block}"
            yield from _below(f"decoder.up.{up}.block.{block}", theirs, VAE_RES)
        yield (f"decoder.up.{up}.upsample", f"decoder.up_blocks.{level}.upsamplers.0")


def renamed(key: str, names: Mapping[str, str]) -> str:
    """Return a key with the longest of its beginnings that is in `names` replaced, if there is one."""
    end = len(key)
    while (end := key.rfind(".", 0, end)) > 0:
        if key[:end] in names:
            return names[key[:end]] + key[end:]
    return key


def _below(original: str, theirs: str, names: Iterable[Pair]) -> Iterator[Pair]:
    yield (original, theirs)
    for ours, other in names:
        yield (f"{original}.{ours}", f"{theirs}.{other}")


def _count(keys: Collection[str], name: str) -> int:
    """Count the children `name.0`, `name.1`, … ."""
    start = re.compile(rf"{re.escape(name)}\.(\d+)\.")
    return len({found[1] for key in keys if (found := start.match(key))})
