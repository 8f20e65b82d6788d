"""Start noise between that of two seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ..latents.latent_math import slerp
from .random_noise import RandomNoise


@dataclass(frozen=True, kw_only=True)
class MixedNoise(RandomNoise):
    """Noise on the arc from `first` to `second`; `share` in 0..1 is how far.

    Each item goes along its own arc (`slerp`), so that it is unit noise everywhere, and pictures change
    smoothly from one seed's to the other's where a sampler adds no noise of its own (Song et al. 2020,
    arXiv:2010.02502, appendix D.5). What steps add follows `seed`, which is the first's.
    """

    first: RandomNoise
    second: RandomNoise
    share: float

    def at_start(
        self,
        shape: Sequence[int],
        batch_index: Sequence[int] | None = None,
        batch_size: int | None = None,
    ) -> Tensor:
        """Return what a run starts from, float32 `shape` ([B, C, h, w]) on the CPU."""
        first = self.first.at_start(shape, batch_index, batch_size)
        return slerp(first, self.second.at_start(shape, batch_index, batch_size), self.share)


def mix_noises(first: RandomNoise, second: RandomNoise, share: float) -> MixedNoise:
    """Return noise `share` of the way from `first` to `second`."""
    return MixedNoise(seed=first.seed, first=first, second=second, share=share)
