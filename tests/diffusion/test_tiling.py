"""Pictures and latents computed in tiles: the same numbers, whatever the tiles and however little is held."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.networks.autoencoder import Autoencoder, AutoencoderSpec
from inkloom.diffusion.networks.tiling import Moments, in_tiles, planned
from inkloom.diffusion.vae import Vae

SIZES = [(9, 7), (3, 11)]


@pytest.fixture(scope="module")
def tiny() -> Autoencoder:
    torch.manual_seed(0)
    network = Autoencoder(AutoencoderSpec(widths=(32, 64, 32), blocks=1))
    for parameter in network.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape)
    return network.eval().requires_grad_(False)


def uneven(height: int, width: int) -> Tensor:
    """A picture whose parts differ as much as can be: what tiles of their own statistics do worst."""
    picture = torch.rand(1, height, width, 3, generator=torch.Generator().manual_seed(0))
    picture[:, : height // 2] *= 0.05
    picture[:, :, width // 2 :] = 1 - 0.1 * picture[:, :, width // 2 :]
    return picture


@pytest.mark.parametrize("limit", [0, 200_000, 2**30])
@pytest.mark.parametrize("tile", [2, 5])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_steps_in_tiles_are_the_whole(tiny: Autoencoder, height: int, width: int, tile: int, limit: int):
    pixels = uneven(4 * height, 4 * width).movedim(-1, 1) * 2 - 1
    fine = in_tiles(tiny.encoder.fine_steps(), pixels, 4 * tile, limit)
    latents = tiny.latents(tiny.encoder.coarse(fine))
    torch.testing.assert_close(latents, tiny.encode(pixels), rtol=0, atol=1e-5)
    coarse = tiny.decoder.coarse(tiny.decodable(latents))
    decoded = in_tiles(tiny.decoder.fine_steps(), coarse, tile, limit)
    torch.testing.assert_close(decoded, tiny.decode(latents), rtol=0, atol=1e-5)


def test_an_autoencoder_of_one_level_has_little_to_tile():
    torch.manual_seed(0)
    network = Autoencoder(AutoencoderSpec(widths=(32,), blocks=1)).eval().requires_grad_(False)
    vae, latents = Vae(network), torch.randn(1, 4, 9, 9)
    torch.testing.assert_close(vae.decode(latents, 4), vae.decode(latents), rtol=0, atol=1e-5)


def test_every_normalisation_is_measured_before_it_is_used(tiny: Autoencoder):
    steps = tiny.decoder.fine_steps()
    for limit in (0, 10**5, 10**6, 10**9):
        measured: set[int] = set()
        place = 0
        for one in planned(steps, torch.zeros(1, 32, 40, 40), limit):
            assert one.start == place
            needed = {k for k in range(one.start, one.stop) if steps[k].norm}
            assert needed <= measured
            measured.add(one.stop)
            place = one.stop if one.store else place
        assert place == len(steps)
    little, much = (planned(steps, torch.zeros(1, 32, 40, 40), limit) for limit in (0, 10**9))
    assert sum(one.store for one in little) == 1
    assert sum(one.store for one in much) > 4


def test_moments_of_parts_add_up():
    x = torch.randn(1, 6, 7, 9) * 3 + 100
    moments = Moments.of(x[..., :2], 2)
    for part in (x[..., 2:3], x[..., 3:]):
        moments.add(Moments.of(part, 2))
    norm = torch.nn.GroupNorm(2, 6)
    torch.nn.init.normal_(norm.weight)
    with torch.no_grad():
        torch.testing.assert_close(moments.normalised(norm, x), norm(x), rtol=1e-4, atol=1e-4)


def test_tiles_of_a_batch_are_reported_in_turn(tiny: Autoencoder):
    vae, latents = Vae(tiny), torch.randn(2, 4, 6, 6)
    told: list[tuple[int, int]] = []
    decoded = vae.decode(latents, 16, lambda *counts: told.append(counts))
    assert told == [(k + 1, len(told)) for k in range(len(told))]
    assert len(told) % (2 * 4) == 0
    torch.testing.assert_close(decoded, vae.decode(latents), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("room", "tiled"), [(2**30, False), (2**20, False), (2**19, True)])
def test_what_does_not_fit_at_once_is_tiled(tiny: Autoencoder, room: int, tiled: bool):
    # 4 maps of 64 channels, 4 bytes each, 32 x 32 pixels: 2^20 bytes an item.
    picture = torch.cat([uneven(32, 32), 1 - uneven(32, 32)])
    told: list[int] = []
    encoded = Vae(tiny, room=room).encode(picture, report=lambda done, _: told.append(done))
    assert bool(told) == tiled
    torch.testing.assert_close(encoded, Vae(tiny).encode(picture), rtol=0, atol=1e-5)


def test_half_precision_is_near_enough_for_pictures(tiny: Autoencoder):
    latents = Vae(tiny).encode(uneven(64, 64))
    full, half = (Vae(tiny, dtype=dtype).decode(latents) for dtype in (torch.float32, torch.bfloat16))
    assert half.dtype == torch.float32
    assert not torch.equal(half, full)
    psnr = -10 * (half - full).square().mean().log10()
    assert psnr > 35
    tiled = Vae(tiny, dtype=torch.bfloat16).decode(latents, 16)
    assert -10 * (tiled - full).square().mean().log10() > 35
