"""What values hold is counted once, whoever shares it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from inkloom import diffusion
from inkloom.nodes import open_folders
from inkloom.nodes.sizes import sizes


def loaded(folder: Path) -> Any:
    return diffusion.load_checkpoint(open_folders(folder).path("checkpoints", "inklet.safetensors"))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A checkpoint whose weights lie in memory, not in its file."""
    found = loaded(tmp_path_factory.mktemp("root"))
    for network in (found.model.unet, found.vae.autoencoder, *found.clip.towers.values()):
        own = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        network.load_state_dict(own, assign=True)
    return found


def count(*values: object) -> int:
    return sum(sizes(values).values())


DERIVED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "clip skip": ("clip", lambda clip: clip.with_last_layer(-2)),
    "rules": ("model", lambda model: model.with_rules(diffusion.ScaleNoise(2.0))),
    "a schedule": ("model", lambda model: replace(model, schedule=model.schedule.zero_terminal_snr())),
    "a guider": ("model", lambda model: diffusion.CfgGuider(model, [])),
    "room": ("vae", lambda vae: replace(vae, room=1)),
}


@pytest.mark.parametrize(("part", "derive"), DERIVED.values(), ids=list(DERIVED))
def test_a_derived_handle_holds_no_more(checkpoint: Any, part: str, derive: Callable[[Any], Any]) -> None:
    handle = getattr(checkpoint, part)
    assert count(handle, derive(handle)) == count(handle) > 0


def test_weights_that_lie_in_a_mapped_file_hold_no_memory(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert count(found.model, found.vae, found.clip) == 0


def test_what_a_derived_handle_does_not_share_counts(checkpoint: Any) -> None:
    clip = checkpoint.clip
    scaled = clip.with_scaled_attention(q=2.0, k=1.0, v=1.0, out=1.0)
    assert count(clip) < count(clip, scaled) < 2 * count(clip)


def test_views_of_a_tensor_hold_all_of_it_once(tmp_path: Path) -> None:
    base = torch.zeros(1000, 10)
    assert count(base[0]) == count(base, base[1:], base.T, [base]) == 40_000
    assert count(torch.zeros(0), torch.zeros(4, device="meta")) == 0
    assert count(torch.ones(3).to_sparse(), "12345") == 12 + 5
