"""Nodes between pictures and latents."""

from __future__ import annotations

from typing import Annotated

from ..executor import Context, Range, node
from .fitting import decoding, encoding
from .foreseeing import decoded, decoded_in_tiles, encoded, encoded_in_tiles
from .ports import Image, Latent, Vae

Overlap = Annotated[int, Range(0, 4096, step=32)]
Frames = Annotated[int, Range(8, 4096, step=4)]
FrameOverlap = Annotated[int, Range(4, 4096, step=4)]


@node("VAEEncode", category="latent", display_name="VAE Encode", foresees=encoded)
def vae_encode(ctx: Context, *, pixels: Image, vae: Vae) -> Latent:
    """Encode a picture to a latent; sides are cut evenly to multiples of 8 pixels.

    One that is too big to be encoded at once is encoded in tiles, with the same result.
    """
    return {"samples": encoding(ctx, vae, pixels, lambda vae: vae.encode(pixels, report=ctx.progress))}


@node("VAEDecode", category="latent", display_name="VAE Decode", foresees=decoded)
def vae_decode(ctx: Context, *, samples: Latent, vae: Vae) -> Image:
    """Decode a latent to a picture eight times its size.

    One that is too big to be decoded at once is decoded in tiles, with the same result.
    """
    latents = samples["samples"]
    return decoding(ctx, vae, latents, lambda vae: vae.decode(latents, report=ctx.progress))


@node("VAEEncodeTiled", category="_for_testing", display_name="VAE Encode (Tiled)", foresees=encoded_in_tiles)
def vae_encode_tiled(
    ctx: Context,
    *,
    pixels: Image,
    vae: Vae,
    tile_size: Annotated[int, Range(64, 4096, step=64)] = 512,
    overlap: Overlap = 64,
    temporal_size: Frames = 64,
    temporal_overlap: FrameOverlap = 8,
) -> Latent:
    """Encode a picture in tiles: the smaller they are, the less memory and the more time it takes.

    The result is that of VAE Encode: tiles see as much of their neighbours as they need, whatever `overlap`
    says, and are normalised together. The last two inputs are for video.
    """
    del overlap, temporal_size, temporal_overlap
    coded = encoding(ctx, vae, pixels, lambda vae: vae.encode(pixels, report=ctx.progress), tile_size)
    return {"samples": coded}


@node("VAEDecodeTiled", category="_for_testing", display_name="VAE Decode (Tiled)", foresees=decoded_in_tiles)
def vae_decode_tiled(
    ctx: Context,
    *,
    samples: Latent,
    vae: Vae,
    tile_size: Annotated[int, Range(64, 4096, step=32)] = 512,
    overlap: Overlap = 64,
    temporal_size: Frames = 64,
    temporal_overlap: FrameOverlap = 8,
) -> Image:
    """Decode a latent in tiles: the smaller they are, the less memory and the more time it takes.

    The result is that of VAE Decode: tiles see as much of their neighbours as they need, whatever `overlap`
    says, and are normalised together. The last two inputs are for video.
    """
    del overlap, temporal_size, temporal_overlap
    latents = samples["samples"]
    return decoding(ctx, vae, latents, lambda vae: vae.decode(latents, report=ctx.progress), tile_size)
