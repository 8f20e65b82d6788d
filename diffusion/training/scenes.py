"""What inklet's pictures show: scenes as values, drawn by chance from a seed and an index.

Some combinations of shape, colour and background never occur in training; they are the exam.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

Rgb = tuple[int, int, int]

SIDE = 128
"""Width and height of a picture in pixels."""

SHAPES = ("circle", "square", "triangle", "star", "heart", "cross", "ring", "crescent")
COLOURS: dict[str, Rgb] = {
    "red": (214, 32, 38),
    "orange": (246, 132, 24),
    "yellow": (252, 220, 48),
    "green": (34, 150, 58),
    "turquoise": (44, 206, 196),
    "blue": (36, 76, 222),
    "purple": (128, 40, 168),
    "pink": (252, 126, 190),
    "brown": (116, 66, 30),
    "white": (252, 252, 252),
}
"""Colours of objects."""
BACKGROUNDS: dict[str, Rgb] = {
    "black": (24, 24, 28),
    "grey": (128, 130, 134),
    "white": (244, 244, 244),
    "beige": (205, 175, 125),
    "red": (196, 90, 84),
    "green": (130, 192, 100),
    "blue": (98, 140, 206),
    "yellow": (242, 234, 112),
    "pink": (244, 182, 214),
    "navy": (30, 40, 96),
}
"""Colours of backgrounds: those that share a name with an object's colour are paler, and never go with it."""
SIZES: dict[str, int] = {"small": 36, "medium": 52, "large": 70}
"""Diameter of an object in pixels."""
POSITIONS: dict[str, tuple[int, int]] = {
    "centre": (64, 64),
    "left": (37, 64),
    "right": (91, 64),
    "top": (64, 37),
    "bottom": (64, 91),
}
"""Where the middle of a single object lies, (x, y) in pixels."""
PATTERNS = ("plain", "striped", "dotted")
PAIRS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "left of": ((34, 64), (94, 64)),
    "above": ((64, 34), (64, 94)),
}
"""Relation of the first of two objects to the second, and where both lie."""

JITTER = 2
"""Objects are off their place by at most this many pixels each way."""
HELD_OUT_SHARE = 10
"""One in so many combinations is held out."""
PAIR_SHARE = 0.2
"""Share of scenes with two objects."""


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One object: names of its attributes and the middle (x, y) in pixels."""

    shape: str
    colour: str
    size: str
    pattern: str
    middle: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A picture's content; `place` names a position for one thing and a relation for two."""

    background: str
    things: tuple[Thing, ...]
    place: str


def held_out(shape: str, colour: str, background: str) -> bool:
    """Tell whether this combination is kept out of training; the same on every machine and for ever."""
    digest = hashlib.blake2b(f"{shape}/{colour}/{background}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % HELD_OUT_SHARE == 0


def combinations(*, held: bool) -> list[tuple[str, str, str]]:
    """List the possible (shape, colour, background) that are held out, or those that are not."""
    return [
        (shape, colour, background)
        for shape in SHAPES
        for colour in COLOURS
        for background in BACKGROUNDS
        if colour != background and held_out(shape, colour, background) == held
    ]


_TRAINING = combinations(held=False)
_EXAM = combinations(held=True)


def _thing(
    rng: random.Random, shape: str, colour: str, sizes: tuple[str, ...], place: tuple[int, int]
) -> Thing:
    return Thing(
        shape=shape,
        colour=colour,
        size=rng.choice(sizes),
        pattern=rng.choice(PATTERNS),
        middle=(place[0] + rng.randint(-JITTER, JITTER), place[1] + rng.randint(-JITTER, JITTER)),
    )


def training_scene(seed: int, index: int) -> Scene:
    """Give the training scene number `index` of a seed: one object or two, never a held-out combination."""
    rng = random.Random(f"training {seed} {index}")
    shape, colour, background = rng.choice(_TRAINING)
    if rng.random() >= PAIR_SHARE:
        return _single(rng, shape, colour, background)
    relation = rng.choice(tuple(PAIRS))
    others = [(s, c) for s, c, b in _TRAINING if b == background and (s, c) != (shape, colour)]
    kinds = ((shape, colour), rng.choice(others))
    things = tuple(
        _thing(rng, s, c, ("small", "medium"), place)
        for (s, c), place in zip(kinds, PAIRS[relation], strict=True)
    )
    return Scene(background=background, things=things, place=relation)


def exam_scene(seed: int, index: int) -> Scene:
    """Give the exam scene number `index` of a seed: one object, a combination that training never shows."""
    rng = random.Random(f"exam {seed} {index}")
    return _single(rng, *rng.choice(_EXAM))


def _single(rng: random.Random, shape: str, colour: str, background: str) -> Scene:
    position = rng.choice(tuple(POSITIONS))
    thing = _thing(rng, shape, colour, tuple(SIZES), POSITIONS[position])
    return Scene(background=background, things=(thing,), place=position)
