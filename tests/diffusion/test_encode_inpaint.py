"""Pictures encoded with a hole, and the mask that says where it is."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.latents.encode_inpaint import encode_for_inpaint, grown, hollowed
from inkloom.diffusion.latents.noise_masks import set_noise_mask
from inkloom.diffusion.networks.autoencoder import Autoencoder, AutoencoderSpec
from inkloom.diffusion.vae import Vae
from inkloom.diffusion.values import Latent


def mask_of(latent: Latent) -> Tensor:
    mask = latent.get("noise_mask")
    assert mask is not None
    return mask


@pytest.mark.parametrize(
    ("by", "ones"),
    [(0, [4]), (1, [4]), (2, [4, 5]), (3, [3, 4, 5]), (6, [2, 3, 4, 5, 6, 7])],
)
def test_a_mask_grows_by_a_square(by: int, ones: list[int]):
    mask = torch.zeros(1, 1, 9, 9)
    mask[..., 4, 4] = 1
    wide = grown(mask, by)
    assert wide.shape == mask.shape
    assert wide[0, 0, 4].nonzero().flatten().tolist() == ones
    assert wide[0, 0, :, 4].nonzero().flatten().tolist() == ones


def test_the_hole_is_grey_and_the_rest_stays():
    image, mask = torch.rand(2, 4, 4, 3), torch.zeros(1, 1, 4, 4)
    mask[..., 1:3, 2] = 1
    hollow = hollowed(image, mask)
    assert (hollow[:, 1:3, 2] == 0.5).all()
    assert torch.equal(hollow[:, :, :2], image[:, :, :2])


def test_the_mask_is_cut_with_the_picture_and_rounded():
    torch.manual_seed(0)
    vae = Vae(Autoencoder(AutoencoderSpec(widths=(32, 32), blocks=1)).requires_grad_(False))
    image, mask = torch.rand(1, 11, 8, 3), torch.zeros(1, 22, 16)
    mask[:, 10:] = 0.6
    latent = encode_for_inpaint(vae, image, mask, 0)
    seen = mask_of(latent)
    assert seen.shape == (1, 1, 10, 8)
    assert seen.unique().tolist() == [0, 1]
    wide = encode_for_inpaint(vae, image, mask, 4)
    assert torch.equal(wide["samples"], latent["samples"])  # the hole itself does not grow
    assert mask_of(wide).sum() > seen.sum()
    painted = image.clone()
    painted[:, 5:] = 0.5
    torch.testing.assert_close(latent["samples"], vae.encode(painted))


def test_any_mask_becomes_a_noise_mask():
    latent = set_noise_mask({"samples": torch.zeros(2, 4, 2, 2), "batch_index": [1, 2]}, torch.ones(3, 5))
    assert mask_of(latent).shape == (1, 1, 3, 5)
    assert latent.get("batch_index") == [1, 2]
