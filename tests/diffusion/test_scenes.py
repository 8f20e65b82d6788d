"""Scenes, their drawings and captions: reproducible, held-out combinations unseen, no false word."""

from __future__ import annotations

import itertools
import random
import re

import numpy as np
import pytest

from inkloom.diffusion.training import captions
from inkloom.diffusion.training.captions import caption, exam_caption, training_caption
from inkloom.diffusion.training.drawing import OUTLINES, outline, pixels, second_shade
from inkloom.diffusion.training.scenes import (
    BACKGROUNDS,
    COLOURS,
    PAIRS,
    PATTERNS,
    POSITIONS,
    SHAPES,
    SIDE,
    SIZES,
    combinations,
    exam_scene,
    held_out,
    training_scene,
)

MANY = 1500
TRAINING = [training_scene(0, index) for index in range(MANY)]


def kinds(scene):
    return {(thing.shape, thing.colour, scene.background) for thing in scene.things}


def test_there_is_as_much_to_draw_as_was_asked_for():
    assert len(SHAPES) >= 8
    assert len(COLOURS) >= 10
    assert len(BACKGROUNDS) >= 10
    assert (len(SIZES), len(POSITIONS)) == (3, 5)
    assert set(PATTERNS) == {"plain", "striped", "dotted"}
    assert set(OUTLINES) == set(SHAPES)


def test_a_tenth_of_the_combinations_is_held_out():
    held, free = combinations(held=True), combinations(held=False)
    assert not set(held) & set(free)
    assert 0.08 < len(held) / (len(held) + len(free)) < 0.12
    # The split must never change: these are three of the exam's combinations.
    assert held[:3] == [combination for combination in held if held_out(*combination)][:3]


def test_training_never_shows_what_is_held_out_and_the_exam_shows_nothing_else():
    assert not any(held_out(*kind) for scene in TRAINING for kind in kinds(scene))
    assert all(held_out(*kind) for index in range(300) for kind in kinds(exam_scene(0, index)))


def test_training_shows_everything_else():
    seen = set().union(*(kinds(training_scene(1, index)) for index in range(8000)))
    assert seen == set(combinations(held=False))
    two = [scene for scene in TRAINING if len(scene.things) == 2]
    assert {scene.place for scene in two} == set(PAIRS)
    assert 0.15 < len(two) / MANY < 0.25


def test_scenes_and_pictures_depend_on_seed_and_index_alone():
    again = [training_scene(0, index) for index in range(MANY)]
    assert again == TRAINING
    assert [training_scene(1, index) for index in range(20)] != TRAINING[:20]
    assert all((pixels(scene) == pixels(scene)).all() for scene in TRAINING[:5])


def test_pictures_show_their_colours_inside_the_picture():
    for scene in TRAINING[:200]:
        picture = pixels(scene)
        assert picture.shape == (SIDE, SIDE, 3)
        assert tuple(picture[0, 0]) == BACKGROUNDS[scene.background]
        for thing in scene.things:
            seen = {tuple(rgb) for rgb in picture.reshape(-1, 3)}
            assert {COLOURS[thing.colour], second_shade(COLOURS[thing.colour])} & seen


@pytest.mark.parametrize("shape", SHAPES)
def test_outlines_are_smooth_and_fill_their_box(shape):
    mask = np.asarray(outline(shape, 48))
    assert mask.shape == (48, 48)
    assert 0.2 < (mask > 127).mean() < 0.9
    edge = (mask > 0) & (mask < 255)
    assert edge.any() or shape == "square"


def words_for(table):
    """Map every word of a table of wordings to the names that it may stand for."""
    return {
        word: {
            name
            for name, forms in table.items()
            if word in {w for f in forms for w in re.findall("[a-z]+", f)}
        }
        for forms in table.values()
        for form in forms
        for word in re.findall("[a-z]+", form)
    }


def test_captions_name_only_what_is_there():
    colours = {name: captions.SPELLINGS.get(name, (name,)) for name in (*COLOURS, *BACKGROUNDS)}
    neutral = {"in", "on", "the", "at", "of", "picture", "side", "a", "sized"}
    for draw, scene in itertools.product(range(3), TRAINING[:600]):
        text = training_caption(scene, draw, TRAINING.index(scene))
        words = [word for word in re.findall("[a-z]+", text) if word not in neutral]
        true = {
            "shape": {thing.shape for thing in scene.things},
            "size": {thing.size for thing in scene.things},
            "pattern": {thing.pattern for thing in scene.things},
            "colour": {scene.background, *(thing.colour for thing in scene.things)},
        }
        tables = {
            "shape": captions.SHAPE_WORDS,
            "size": captions.SIZE_WORDS,
            "pattern": captions.PATTERN_WORDS,
            "colour": colours,
        }
        if len(scene.things) == 1:
            true["place"], tables["place"] = {scene.place}, captions.PLACE_WORDS
        for kind, table in tables.items():
            meanings = words_for(table)
            assert all(meanings[word] & true[kind] for word in words if word in meanings), (text, scene)


def test_colours_of_two_objects_stay_with_their_shapes():
    for draw, scene in enumerate(scene for scene in TRAINING if len(scene.things) == 2):
        text = caption(scene, random.Random(draw))
        for thing in scene.things:
            for form in captions.SHAPE_WORDS[thing.shape]:
                for found in re.finditer(rf"(\w+) {form}\b", text):
                    others = {other.colour for other in scene.things if other.shape == thing.shape}
                    assert found[1] not in COLOURS or found[1] in others, text


def test_wording_varies_and_some_captions_are_empty():
    texts = [training_caption(scene, 0, index) for index, scene in enumerate(TRAINING)]
    assert 0.07 < texts.count("") / MANY < 0.13
    assert len({training_caption(TRAINING[0], 0, draw) for draw in range(100)}) > 50
    assert texts == [training_caption(scene, 0, index) for index, scene in enumerate(TRAINING)]


def test_an_exam_prompt_names_all_that_is_judged():
    for index in range(200):
        scene = exam_scene(0, index)
        text, thing = exam_caption(scene, 0, index), scene.things[0]
        assert thing.colour in text
        assert any(word in text for word in captions.SPELLINGS.get(scene.background, (scene.background,)))
        assert any(word in text for word in captions.SHAPE_WORDS[thing.shape])
        assert any(word in text for word in captions.PLACE_WORDS[scene.place])
