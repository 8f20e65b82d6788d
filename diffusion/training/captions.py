"""Put scenes into words: varied wording, attributes left out by chance, never a false one."""

from __future__ import annotations

import random

from .scenes import Scene, Thing

SHAPE_WORDS: dict[str, tuple[str, ...]] = {
    "circle": ("circle", "circle", "disc"),
    "square": ("square",),
    "triangle": ("triangle",),
    "star": ("star",),
    "heart": ("heart",),
    "cross": ("cross", "cross", "plus"),
    "ring": ("ring",),
    "crescent": ("crescent", "crescent", "moon"),
}
SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": ("small", "small", "little", "tiny"),
    "medium": ("medium", "medium-sized"),
    "large": ("large", "large", "big", "huge"),
}
PATTERN_WORDS: dict[str, tuple[str, ...]] = {
    "plain": ("plain",),
    "striped": ("striped",),
    "dotted": ("dotted",),
}
PLACE_WORDS: dict[str, tuple[str, ...]] = {
    "centre": ("centre", "in the centre", "in the middle", "center", "in the center", "middle"),
    "left": ("left", "on the left", "at the left", "on the left side"),
    "right": ("right", "on the right", "at the right", "on the right side"),
    "top": ("top", "at the top", "on top", "at the top of the picture"),
    "bottom": ("bottom", "at the bottom", "at the bottom of the picture"),
}
REVERSED: dict[str, str] = {"left of": "right of", "above": "below"}
UNNAMED = ("shape", "object", "thing")
OPENINGS = ("", "", "", "", "a picture of ", "a drawing of ", "an image of ", "there is ")
SPELLINGS = {"grey": ("grey", "grey", "gray")}


def _colour(rng: random.Random, name: str) -> str:
    return rng.choice(SPELLINGS.get(name, (name,)))


def _article(rng: random.Random, words: str) -> str:
    if rng.random() < 0.2:
        return words
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _name(rng: random.Random, thing: Thing, *, whole: bool) -> str:
    """Name an object, with its size and pattern half the time; shape and colour nearly always, or `whole`."""
    words: list[str] = []
    if rng.random() < 0.5:
        words.append(rng.choice(SIZE_WORDS[thing.size]))
    if rng.random() < (0.3 if thing.pattern == "plain" else 0.7):
        words.insert(rng.randint(0, len(words)), rng.choice(PATTERN_WORDS[thing.pattern]))
    if whole or rng.random() < 0.92:
        words.append(_colour(rng, thing.colour))
    words.append(rng.choice(SHAPE_WORDS[thing.shape] if whole or rng.random() < 0.93 else UNNAMED))
    return _article(rng, " ".join(words))


def _background(rng: random.Random, name: str) -> str:
    colour = _colour(rng, name)
    forms = (
        f" on {_article(rng, f'{colour} background')}",
        f" on {_article(rng, f'{colour} background')}",
        f" against {_article(rng, f'{colour} background')}",
        f", {colour} background",
        f" on {colour}",
    )
    return rng.choice(forms)


def caption(scene: Scene, rng: random.Random, *, whole: bool = False) -> str:
    """Describe a scene; with `whole`, every caption of one object names shape, both colours and position.

    Otherwise each attribute is left out by chance.
    """
    if len(scene.things) == 2:
        return _caption_of_two(scene, rng)
    background = _background(rng, scene.background) if whole or rng.random() < 0.87 else ""
    place = rng.choice(PLACE_WORDS[scene.place]) if whole or rng.random() < 0.8 else ""
    name = _name(rng, scene.things[0], whole=whole)
    match rng.randrange(4) if place else 0:
        case 0 | 1:
            text = f"{name}{background}" + (f", {place}" if place else "")
        case 2:
            text = f"{name}{'' if ' ' in place else ','} {place}{background}"
        case _:
            text = f"{place}: {name}{background}"
    return rng.choice(OPENINGS) + text if not text.startswith(place or "\0") else text


def _caption_of_two(scene: Scene, rng: random.Random) -> str:
    first, second = (_name(rng, thing, whole=False) for thing in scene.things)
    match rng.randrange(5):
        case 0:
            text = f"{first} and {second}"
        case 1:
            text = f"{second} and {first}"
        case 2:
            text = f"{second} {REVERSED[scene.place]} {first}"
        case _:
            text = f"{first} {scene.place} {second}"
    background = _background(rng, scene.background) if rng.random() < 0.87 else ""
    return rng.choice(OPENINGS) + text + background


def training_caption(scene: Scene, seed: int, draw: int) -> str:
    """Give the wording number `draw` of a scene, or nothing one time in ten, for guidance."""
    rng = random.Random(f"caption {seed} {draw}")
    return "" if rng.random() < 0.1 else caption(scene, rng)


def exam_caption(scene: Scene, seed: int, index: int) -> str:
    """Give an exam prompt: it names shape, both colours and position, so that all of them can be judged."""
    return caption(scene, random.Random(f"prompt {seed} {index}"), whole=True)
