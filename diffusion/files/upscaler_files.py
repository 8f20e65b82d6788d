"""Loading upscale networks; which one a file holds is read off its keys and shapes, by one table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from math import isqrt
from pathlib import Path
from typing import TypeAlias

from torch import Tensor

from ..errors import CheckpointError
from ..networks.unfilled import on_meta
from ..networks.upscalers.base import UpscaleModel, UpscaleNetwork
from ..networks.upscalers.compact import CompactNet, CompactSpec
from ..networks.upscalers.rrdb import RRDBNet, RRDBSpec
from .checkpoint import naming
from .filling import Part, fill
from .kinds import described
from .tensorfile import open_tensors

Shapes: TypeAlias = Mapping[str, tuple[int, ...]]

COLOURS = 3


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One way in which files write down a kind of network.

    A file that has the key `mark` is taken for one. `names` gives the network's own name of each key; `build`
    makes the network, empty, from shapes by these names, and raises CheckpointError where it can't.
    """

    title: str
    mark: str
    names: Callable[[Iterable[str]], dict[str, str]]
    build: Callable[[Shapes], UpscaleNetwork]


def load_upscale_model(path: Path) -> UpscaleModel:
    """Load an upscale network; its kind and shape are found from the file's keys.

    Raises CheckpointError: no file of tensors, of no kind that is known, not whole, or not for pictures of
    three colours.
    """
    tensors = {key.removeprefix("module."): tensor for key, tensor in open_tensors(path).tensors.items()}
    with naming(path):
        layout = next((layout for layout in LAYOUTS if layout.mark in tensors), None)
        if layout is None:
            known = ", ".join(dict.fromkeys(layout.title for layout in LAYOUTS))
            raise CheckpointError(
                f"it holds no upscale network that is known. {described(tensors)}. Known are {known}"
            )
        part = _named(tensors, layout)
        network = layout.build(part.shapes)
        fill((network, part))
        return UpscaleModel(network)


def _named(tensors: Mapping[str, Tensor], layout: Layout) -> Part:
    """Return a file's tensors under the network's own names."""
    names = layout.names(tensors)
    theirs = {ours: key for key, ours in names.items()}
    return Part({ours: tensors[key] for ours, key in theirs.items()}, lambda name: theirs.get(name, name))


def _same(keys: Iterable[str]) -> dict[str, str]:
    return {key: key for key in keys}


# ESRGAN's first names, by what they became. Of its convolutions outside of the trunk only numbers are told.
FIRST_TRUNK = {
    r"model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.": r"body.\1.rdb\2.conv\3.",
    r"model\.1\.sub\.(\d+)\.RDB(\d)\.conv1x1\.": r"body.\1.rdb\2.conv1x1.",
    r"model\.1\.sub\.\d+\.(?=weight$|bias$)": "conv_body.",
    r"model\.0\.": "conv_first.",
}
SECOND = {
    r"RRDB_trunk\.(\d+)\.RDB(\d)\.": r"body.\1.rdb\2.",
    r"trunk_conv\.": "conv_body.",
    r"upconv(\d)\.": r"conv_up\1.",
    r"HRconv\.": "conv_hr.",
}


def _first_names(keys: Iterable[str]) -> dict[str, str]:
    """Name the keys of ESRGAN's first layout, a row of layers counted with those that have no weights."""
    keys = list(keys)
    found = {int(match[1]) for key in keys if (match := re.match(r"model\.(\d+)\.(weight|bias)$", key))}
    # A doubling is three layers, the second of which has weights; then two convolutions, one apart.
    doublings = max((max(found, default=0) - 4) // 3, 0)
    after = 3 * doublings + 2
    tail = {3 * k + 3: f"conv_up{k + 1}." for k in range(doublings)}
    tail |= {after: "conv_hr.", after + 2: "conv_last."}
    return _renamed(keys, FIRST_TRUNK | {rf"model\.{number}\.": name for number, name in tail.items()})


def _second_names(keys: Iterable[str]) -> dict[str, str]:
    return _renamed(keys, SECOND)


def _renamed(keys: Iterable[str], rules: Mapping[str, str]) -> dict[str, str]:
    """Name each key by the first rule whose pattern it begins with; others keep their names."""
    names: dict[str, str] = {}
    for key in keys:
        rule = next((pattern for pattern in rules if re.match(pattern, key)), None)
        names[key] = key if rule is None else re.sub(rf"^{rule}", rules[rule], key)
    return names


def _rrdb(shapes: Shapes) -> RRDBNet:
    width, in_channels = _kernel(shapes, "conv_first.weight")
    spec = RRDBSpec(
        width=width,
        growth=_kernel(shapes, "body.0.rdb1.conv1.weight")[0],
        blocks=_count(shapes, "body.{}.rdb1.conv1.weight"),
        doublings=_count(shapes, "conv_up{}.weight", first=1),
        in_channels=in_channels,
        out_channels=_kernel(shapes, "conv_last.weight")[0],
        summed="body.0.rdb1.conv1x1.weight" in shapes,
    )
    known = {COLOURS * factor**2: factor for factor in (1, 2, 4)}
    if spec.out_channels != COLOURS or in_channels not in known or spec.scale < 1:
        raise CheckpointError(
            f"it makes pictures of {spec.out_channels} channels from {in_channels} channels, doubled "
            f"{spec.doublings} times. Here pictures have {COLOURS} colours, which come in as 3 channels, "
            "as 12 (pixels folded in twos, then doubled at least once) or as 48 (in fours, at least twice)"
        )
    return on_meta(RRDBNet, spec)


def _compact(shapes: Shapes) -> CompactNet:
    width, channels = _kernel(shapes, "body.0.weight")
    layers = _count(shapes, "body.{}.weight", step=2) - 2
    outputs = _kernel(shapes, f"body.{2 * layers + 2}.weight")[0]
    scale = isqrt(outputs // COLOURS)
    if channels != COLOURS or outputs != COLOURS * scale**2:
        raise CheckpointError(
            f"it makes {outputs} channels from {channels}, but pictures here have {COLOURS} colours, "
            f"of which it would make {COLOURS} times a square"
        )
    return on_meta(CompactNet, CompactSpec(width=width, layers=layers, scale=scale, channels=channels))


def _count(shapes: Shapes, name: str, first: int = 0, step: int = 1) -> int:
    """Count the keys `name` with `first` in it, and each `step` further."""
    return next(k for k in count() if name.format(first + k * step) not in shapes)


def _kernel(shapes: Shapes, key: str) -> tuple[int, int]:
    """Return the channels that a convolution gives and takes. Raises CheckpointError where it is none."""
    shape = shapes.get(key, ())
    if len(shape) != 4:
        raise CheckpointError(f"it is not whole: {key} is no convolution, or not there")
    return shape[:2]


ESRGAN, COMPACT = "ESRGAN (Real-ESRGAN, BSRGAN, ESRGAN+)", "Real-ESRGAN compact (SRVGGNet)"

LAYOUTS = (
    Layout(title=ESRGAN, mark="body.0.rdb1.conv1.weight", names=_same, build=_rrdb),
    Layout(title=ESRGAN, mark="RRDB_trunk.0.RDB1.conv1.weight", names=_second_names, build=_rrdb),
    Layout(title=ESRGAN, mark="model.1.sub.0.RDB1.conv1.0.weight", names=_first_names, build=_rrdb),
    Layout(title=COMPACT, mark="body.1.weight", names=_same, build=_compact),
)
"""The one table of upscale networks, by the layouts that their files have."""
