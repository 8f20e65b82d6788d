"""Draw scenes with Pillow: flat colours, smooth edges, broad and mild patterns."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .scenes import BACKGROUNDS, COLOURS, SIDE, SIZES, Rgb, Scene, Thing

FINE = 4
"""Pixels are drawn this much finer and averaged."""
SHADE = 0.22
"""How far a pattern's second shade lies from the object's colour towards black (white objects) or white."""
STRIPE = 14
"""Period of stripes in pixels."""
DOT_GAP, DOT_RADIUS = 16, 5

Points = list[tuple[float, float]]
Box = tuple[float, float, float, float]


def _polygon(points: Points) -> Callable[[ImageDraw.ImageDraw, float], None]:
    def draw(pen: ImageDraw.ImageDraw, side: float) -> None:
        pen.polygon([((x + 1) / 2 * side, (y + 1) / 2 * side) for x, y in points], fill=255)

    return draw


def _box(side: float, x: float, y: float, radius: float) -> Box:
    return tuple((v + 1) / 2 * side for v in (x - radius, y - radius, x + radius, y + radius))  # type: ignore[return-value]  # a tuple of four


def _ellipses(*rings: tuple[float, float, float, int]) -> Callable[[ImageDraw.ImageDraw, float], None]:
    def draw(pen: ImageDraw.ImageDraw, side: float) -> None:
        for x, y, radius, fill in rings:
            pen.ellipse(_box(side, x, y, radius), fill=fill)

    return draw


def _star() -> Points:
    corners: Points = []
    for k in range(10):
        radius, angle = (1.0 if k % 2 == 0 else 0.44), math.pi * (k / 5 - 0.5)
        corners.append((radius * math.cos(angle), radius * math.sin(angle) + 0.05))
    return corners


def _heart() -> Points:
    curve: Points = []
    for k in range(80):
        t = 2 * math.pi * k / 80
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        curve.append((x / 16.5, -(y + 2.5) / 15.5))
    return curve


def _cross(arm: float = 0.34) -> Points:
    return [
        (-arm, -1), (arm, -1), (arm, -arm), (1, -arm), (1, arm), (arm, arm),
        (arm, 1), (-arm, 1), (-arm, arm), (-1, arm), (-1, -arm), (-arm, -arm),
    ]  # fmt: skip


OUTLINES: dict[str, Callable[[ImageDraw.ImageDraw, float], None]] = {
    "circle": _ellipses((0, 0, 1.0, 255)),
    "square": _polygon([(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)]),
    "triangle": _polygon([(0, -0.95), (1.0, 0.85), (-1.0, 0.85)]),
    "star": _polygon(_star()),
    "heart": _polygon(_heart()),
    "cross": _polygon(_cross()),
    "ring": _ellipses((0, 0, 1.0, 255), (0, 0, 0.5, 0)),
    "crescent": _ellipses((0, 0, 1.0, 255), (0.52, -0.12, 0.78, 0)),
}
"""How to draw each shape's outline into a square of the given side, by the names of `scenes.SHAPES`."""


def outline(shape: str, diameter: int) -> Image.Image:
    """Give the shape as a smooth mask, mode L, `diameter` pixels wide and high."""
    mask = Image.new("L", (diameter * FINE, diameter * FINE), 0)
    OUTLINES[shape](ImageDraw.Draw(mask), diameter * FINE - 1)
    return mask.reduce(FINE)


def _pattern(name: str, diameter: int) -> Image.Image:
    """Give where the second shade lies, mode L; the pattern is anchored at the object."""
    side = diameter * FINE
    mask = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(mask)
    if name == "striped":
        period = STRIPE * FINE
        for k in range(-side // period - 1, 2 * side // period + 2):
            start = k * period
            pen.polygon(
                [
                    (start, 0),
                    (start + period / 2, 0),
                    (start + period / 2 - side, side),
                    (start - side, side),
                ],
                fill=255,
            )
    elif name == "dotted":
        gap, radius, middle = DOT_GAP * FINE, DOT_RADIUS * FINE, side / 2
        reach = int(middle // gap) + 1
        for row in range(-reach, reach + 1):
            for column in range(-reach, reach + 1):
                x, y = middle + gap * (column + 0.5 * (row % 2)), middle + gap * row * 0.87
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return mask.reduce(FINE)


def second_shade(colour: Rgb) -> Rgb:
    """Give the milder shade that stripes and dots have on this colour."""
    target = 0 if sum(colour) > 540 else 255
    red, green, blue = (round(v + SHADE * (target - v)) for v in colour)
    return red, green, blue


def draw_thing(picture: Image.Image, thing: Thing) -> None:
    """Draw one object onto a picture."""
    diameter = SIZES[thing.size]
    colour = COLOURS[thing.colour]
    surface = Image.new("RGB", (diameter, diameter), colour)
    surface.paste(second_shade(colour), mask=_pattern(thing.pattern, diameter))
    corner = (thing.middle[0] - diameter // 2, thing.middle[1] - diameter // 2)
    picture.paste(surface, corner, outline(thing.shape, diameter))


def draw(scene: Scene) -> Image.Image:
    """Draw a scene, RGB, 128x128."""
    picture = Image.new("RGB", (SIDE, SIDE), BACKGROUNDS[scene.background])
    for thing in scene.things:
        draw_thing(picture, thing)
    return picture


def pixels(scene: Scene) -> NDArray[np.uint8]:
    """Draw a scene as uint8 [H,W,3]."""
    return np.asarray(draw(scene), dtype=np.uint8)
