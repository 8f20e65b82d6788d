"""A few node types that need no torch, and what the editor's files in these tests are made with."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import pytest

from inkloom.executor import Choice, Files, NodeTable, Optional, Port, Range, Seed, Text, Ui, node
from inkloom.executor.ui_format import convert

Model = Annotated[object, Port("MODEL")]
Clip = Annotated[object, Port("CLIP")]
Image = Annotated[object, Port("IMAGE")]
Anything = Annotated[Any, Port("*")]
Prompt = Annotated[str, Text(multiline=True, dynamic_prompts=True)]


class Loaded(NamedTuple):
    MODEL: Model
    CLIP: Clip


@node("Load", category="test", display_name="Load a model")
def load(*, name: Annotated[str, Choice(("a", "b"))]) -> Loaded:
    """Load."""
    raise AssertionError(name)


@node("Lora", category="test")
def lora(*, model: Model, clip: Clip, strength: float = 1.0) -> Loaded:
    """Patch."""
    raise AssertionError(model, clip, strength)


@node("Sample", category="test")
def sample(
    *,
    model: Model,
    seed: Annotated[int, Seed()] = 0,
    steps: Annotated[int, Range(1, 100)] = 20,
    cfg: Annotated[float, Range(0.0, 100.0)] = 8.0,
    sampler: Annotated[str, Choice(("euler", "heun"))],
    prompt: Prompt,
    tiled: bool | None = None,
) -> Image:
    """Sample."""
    raise AssertionError(model, seed, steps, cfg, sampler, prompt, tiled)


@node("Picture", category="test")
def picture(*, image: Annotated[str, Files("input", upload=True)]) -> Image:
    """Read."""
    raise AssertionError(image)


@node("Noted", category="test")
def noted(
    *,
    note: Annotated[str, Optional()] = "",
    image: Annotated[str, Files("input", upload=True)],
    mark: str,
) -> Image:
    """Read a picture that one has a note of."""
    raise AssertionError(image, note, mark)


@node("Noise", category="test")
def noise(*, noise_seed: int = 0, mark: str = "") -> Image:
    """Make noise."""
    raise AssertionError(noise_seed, mark)


@node("Mix", category="test")
def mix(*, a: Image, amount: float = 0.5, b: Image | None = None) -> Image:
    """Mix."""
    raise AssertionError(a, b, amount)


@node("Any", category="test")
def anything(*, value: Anything) -> Anything:
    """Give back."""
    return value


@node("Save", category="test", output=True)
def save(*, images: Image, filename_prefix: str = "x") -> Ui:
    """Save."""
    raise AssertionError(images, filename_prefix)


TABLE = NodeTable.collect(sys.modules[__name__])

Api = dict[str, tuple[str, dict[str, Any]]]


@pytest.fixture
def table() -> NodeTable:
    return TABLE


@pytest.fixture
def api() -> Callable[[dict[str, Any]], Api]:
    """Return a converter to {id: (class, inputs)}; of alternatives it draws the last."""

    def converted(document: dict[str, Any]) -> Api:
        now = datetime(2025, 3, 9, 4, 5, 6)
        graph = convert(document, TABLE, now=now, choose=lambda count: count - 1)
        nodes = graph.to_api()
        return {name: (str(found["class_type"]), found["inputs"]) for name, found in nodes.items()}  # type: ignore[misc] -- JSON

    return converted
