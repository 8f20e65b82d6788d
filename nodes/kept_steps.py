"""Steps of samplers that outlive their run: one that was stopped goes on, two that begin alike share it.

Each step's state is remembered under a key made of all that decides it: the content keys of model, prompts
and latent, the sampler, the noise, and the noise levels up to there. Where a sampler looks further ahead, or
a mask makes every step depend on the whole schedule, all levels decide, no two runs share steps, and only the
latest state is remembered.
"""

from __future__ import annotations

import hashlib
import json
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..executor import Context
from .ports import Latent, Noise, Sampler

if TYPE_CHECKING:
    from ..diffusion import State

    Memory = dict[Any, Any]

TAG = "inkloom-steps/1"
"""Format of the keys; a change of what is kept or of what decides it changes this."""


@dataclass(frozen=True)
class Stand:
    """Where a run stands after a step: its sampler's state, and what rules of guidance remember.

    `seconds` is what all steps up to there took.
    """

    state: State
    memory: Memory
    seconds: float


@dataclass
class KeptSteps:
    """The steps of one run, kept as they are made; `identity` is None where its content is not known.

    `memory` is what rules of guidance remember: given to the run, changed by it with every step. `began` is
    when the run began, on the clock `time.perf_counter`: one that goes on, so much sooner than now.
    """

    ctx: Context
    identity: bytes | None
    looks_ahead: bool
    memory: Memory = field(default_factory=dict[Any, Any])
    began: float = field(default_factory=time.perf_counter)

    def latest(self, first: State) -> State:
        """Return the last state that is known of the run with this first one, or that one itself."""
        for key in reversed(self._keys(first)):
            found = self.ctx.recall(key)
            if isinstance(found, Stand):
                self.memory.update(found.memory)
                self.began = time.perf_counter() - found.seconds
                return replace(found.state, sigmas=first.sigmas)
        return first

    def keep(self, state: State) -> None:
        """Remember a state after a step."""
        keys = self._keys(state)
        if keys:
            key = keys[0] if self.looks_ahead else keys[state.index - 1]
            seconds = time.perf_counter() - self.began
            self.ctx.remember(key, Stand(state, dict(self.memory), seconds), seconds)

    def _keys(self, state: State) -> list[str]:
        """Return the keys that a run's states have after each of its steps, or the one that all have.

        They are two words, the first of them common to all runs that may share steps: a cache lets older ones
        of those go first.
        """
        if self.identity is None:
            return []
        keys: list[str] = []
        digest = hashlib.blake2b(self.identity, digest_size=20)
        family = digest.hexdigest()
        for level in state.sigmas:
            digest.update(struct.pack("<d", level))
            keys.append(f"{family} {digest.hexdigest()}")
        return keys[-1:] if self.looks_ahead else keys[1:]


def kept_steps(
    ctx: Context, guider: Sequence[object] | None, sampler: Sampler, noise: Noise, latent: Latent
) -> KeptSteps:
    """Return what is kept of a run by the node of `ctx`, whose input for the latent is `latent_image`.

    `guider` is what decides the guider, from `decided_by`.
    """
    source = ctx.keys.get("latent_image")
    ahead = sampler.looks_ahead or "noise_mask" in latent
    if guider is None or source is None:
        return KeptSteps(ctx, None, ahead)
    parts = [TAG, guider, source, sampler.name, sampler.options, repr(noise), ahead]
    return KeptSteps(ctx, json.dumps(parts).encode(), ahead)


def decided_by(ctx: Context, kind: str, *handles: str, **values: float) -> Sequence[object] | None:
    """Return what decides a value that a node makes of inputs and numbers; None outside of a run."""
    sources = [ctx.keys.get(name) for name in handles]
    return None if None in sources else [kind, sources, sorted(values.items())]
