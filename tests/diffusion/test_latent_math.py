"""Arithmetic on latents, operations on them, and noise between two seeds."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from inkloom.diffusion.latents import latent_math
from inkloom.diffusion.latents.latent_operations import Sharpen, TonemapReinhard
from inkloom.diffusion.noise.mixed_noise import mix_noises
from inkloom.diffusion.noise.random_noise import RandomNoise
from inkloom.diffusion.values import Latent


def latent(seed: int, batch: int = 2, height: int = 6, width: int = 5) -> Latent:
    return {"samples": torch.randn(batch, 4, height, width, generator=torch.Generator().manual_seed(seed))}


A, B = latent(1), latent(2)
a, b = A["samples"], B["samples"]
MIXES = {
    "blend": latent_math.blend_latents,
    "interpolate": latent_math.interpolate_latents,
    "slerp": latent_math.slerp_latents,
}


def test_sums_and_multiples():
    torch.testing.assert_close(latent_math.add_latents(A, B)["samples"], a + b)
    torch.testing.assert_close(latent_math.subtract_latents(A, B)["samples"], a - b)
    torch.testing.assert_close(latent_math.multiply_latent(A, -2.5)["samples"], -2.5 * a)


@pytest.mark.parametrize("name", MIXES)
def test_a_mix_has_its_ends(name: str):
    torch.testing.assert_close(MIXES[name](A, B, 1.0)["samples"], a)
    torch.testing.assert_close(MIXES[name](A, B, 0.0)["samples"], b)


def test_interpolation_mixes_unit_directions_and_lengths_apart():
    mixed = latent_math.interpolate_latents(A, B, 0.25)["samples"]
    direction = 0.25 * a / a.norm(dim=1, keepdim=True) + 0.75 * b / b.norm(dim=1, keepdim=True)
    length = 0.25 * a.norm(dim=1, keepdim=True) + 0.75 * b.norm(dim=1, keepdim=True)
    torch.testing.assert_close(mixed, direction / direction.norm(dim=1, keepdim=True) * length)


def test_opposite_and_empty_vectors_give_numbers():
    nothing: Latent = {"samples": torch.zeros_like(a)}
    opposite: Latent = {"samples": -a}
    assert latent_math.interpolate_latents(A, opposite, 0.5)["samples"].abs().max() == 0
    for other in (nothing, opposite, A):
        for mix in MIXES.values():
            assert mix(A, other, 0.3)["samples"].isfinite().all()
    torch.testing.assert_close(latent_math.slerp_latents(A, nothing, 0.5)["samples"], a / 2)


def test_a_slerp_of_equal_lengths_keeps_the_length_and_halves_the_angle():
    x, y = torch.tensor([[2.0, 0, 0]]), torch.tensor([[0.0, 2, 0]])
    middle = latent_math.slerp(x, y, 0.5)
    torch.testing.assert_close(middle, torch.tensor([[math.sqrt(2), math.sqrt(2), 0]]))
    third = latent_math.slerp(x, y, 1 / 3)
    assert float(third[0, 0] / 2) == pytest.approx(math.cos(math.pi / 6))


def test_the_second_is_brought_to_the_size_and_batch_of_the_first():
    first: Latent = {**latent(1, batch=3), "batch_index": [4, 5, 6]}
    mixed = latent_math.add_latents(first, {"samples": torch.ones(1, 4, 12, 30)})
    torch.testing.assert_close(mixed["samples"], first["samples"] + 1)
    assert mixed.get("batch_index") == [4, 5, 6]
    with pytest.raises(ValueError, match=r"have 4 \(.*\) and 16 \(.*\) channels"):
        latent_math.add_latents(A, {"samples": torch.zeros(1, 16, 6, 5)})


def test_tone_mapping_keeps_directions_and_holds_back_the_longest():
    mapped = TonemapReinhard(0.5)(a)
    before, after = a.norm(dim=1, keepdim=True), mapped.norm(dim=1, keepdim=True)
    torch.testing.assert_close(mapped / after, a / before)
    spread = before.flatten(1).std(1).reshape(-1, 1, 1, 1)
    top = 0.5 * (before.mean((1, 2, 3), keepdim=True) + 5 * spread)
    torch.testing.assert_close(after, before * top / (before + top))
    assert TonemapReinhard(0.0)(a).abs().max() == 0
    assert TonemapReinhard(1.0)(torch.ones(1, 4, 1, 1)).isfinite().all()


def test_sharpening_leaves_flat_latents_and_lengths_of_directions():
    flat = torch.ones(1, 4, 3, 3)
    torch.testing.assert_close(Sharpen(9, 1.0, 0.3)(flat), flat)
    torch.testing.assert_close(Sharpen(3, 1.0, 0.0)(a), a)
    edge = torch.ones(1, 2, 4, 8)
    edge[..., 4:] = torch.tensor([1.0, -1.0]).reshape(1, 2, 1, 1)
    sharper = Sharpen(1, 1.0, 0.1)(edge)
    # Weights exp(-1/2), 1, exp(-1/2): at the edge a third vector in three is of the other side.
    side = math.exp(-0.5) / (1 + 2 * math.exp(-0.5))
    torch.testing.assert_close(sharper[0, 1, 0, 3], torch.tensor(1 + 2 * side))
    assert sharper[0, 1, 0, 1] == pytest.approx(1)


def test_sharpening_is_a_convolution_of_the_directions_with_mirrors_at_the_edges():
    length = a.norm(dim=1, keepdim=True)
    at = torch.linspace(-1, 1, 5)
    kernel = torch.exp(-(at[:, None] ** 2 + at**2) / (2 * 0.8**2))
    kernel = -10 * 0.2 * kernel / kernel.sum()
    kernel[2, 2] += 1 + 10 * 0.2
    padded = F.pad(a / length, (2, 2, 2, 2), mode="reflect")
    expected = F.conv2d(padded, kernel.expand(4, 1, 5, 5), groups=4) * length
    torch.testing.assert_close(Sharpen(2, 0.8, 0.2)(a), expected, rtol=1e-4, atol=1e-4)
    assert Sharpen(31, 1.0, 0.2)(a).isfinite().all()  # mirrors in mirrors, where the latent is small


def test_equal_operations_are_equal():
    assert Sharpen(9, 1.0, 0.1) == Sharpen(9, 1.0, 0.1) != Sharpen(9, 1.0, 0.2)


def test_noise_between_two_seeds_is_unit_noise_with_their_ends():
    one, two = RandomNoise(1), RandomNoise(2)
    shape = (2, 4, 32, 32)
    ends = [noise.at_start(shape) for noise in (one, two)]
    for share, end in zip((0.0, 1.0), ends, strict=True):
        torch.testing.assert_close(mix_noises(one, two, share).at_start(shape), end)
    middle = mix_noises(one, two, 0.5).at_start(shape)
    assert middle.flatten(1).std(1).tolist() == pytest.approx([1, 1], abs=0.03)
    for end in ends:
        alike = torch.corrcoef(torch.stack([middle.flatten(), end.flatten()]))[0, 1]
        assert alike == pytest.approx(0.71, abs=0.03)
    alone = mix_noises(one, two, 0.5).at_start((1, 4, 32, 32), [1], 2)
    torch.testing.assert_close(alone, middle[1:])
    assert mix_noises(one, two, 0.5) == mix_noises(one, two, 0.5)
