"""The judge of inklet's pictures: right on true drawings, also soft ones; at chance level otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from inkloom.diffusion.training.drawing import draw
from inkloom.diffusion.training.judge import ATTRIBUTES, Verdict, judge, truth
from inkloom.diffusion.training.scenes import (
    BACKGROUNDS,
    COLOURS,
    POSITIONS,
    SHAPES,
    exam_scene,
    training_scene,
)

COUNT = 200
SCENES = [exam_scene(11, index) for index in range(COUNT)]
CHOICES = {
    "background": len(BACKGROUNDS),
    "colour": len(COLOURS),
    "shape": len(SHAPES),
    "position": len(POSITIONS),
}


@pytest.fixture(scope="module")
def verdicts():
    return [judge(np.asarray(draw(scene))) for scene in SCENES]


def share(seen, scenes, attribute):
    right = [getattr(truth(scene), attribute) for scene in scenes]
    return sum(getattr(v, attribute) == r for v, r in zip(seen, right, strict=True)) / len(seen)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_true_drawings_are_judged_right(verdicts, attribute):
    assert share(verdicts, SCENES, attribute) >= 0.99


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_shuffled_captions_are_right_by_chance_only(verdicts, attribute):
    shares = [share(verdicts, SCENES[shift:] + SCENES[:shift], attribute) for shift in range(1, COUNT, 20)]
    assert abs(np.mean(shares) - 1 / CHOICES[attribute]) < 0.06


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_soft_and_noisy_pictures_are_judged_well(attribute):
    rng = np.random.default_rng(0)
    soft = [
        np.asarray(draw(scene).filter(ImageFilter.GaussianBlur(1.5)), np.float32) for scene in SCENES[:60]
    ]
    noisy = [np.clip(picture + rng.normal(0, 8, picture.shape), 0, 255).astype(np.uint8) for picture in soft]
    assert share([judge(picture) for picture in noisy], SCENES[:60], attribute) >= 0.95


def test_the_size_of_the_picture_does_not_matter():
    for scene in SCENES[:20]:
        assert judge(np.asarray(draw(scene).resize((192, 192), Image.Resampling.BICUBIC))) == truth(scene)


def test_an_empty_picture_shows_no_object():
    blank = np.full((128, 128, 3), BACKGROUNDS["navy"], np.uint8)
    assert judge(blank) == Verdict(background="navy", colour=None, shape=None, position=None)


def test_two_objects_are_not_for_the_judge():
    scene = next(s for s in (training_scene(0, k) for k in range(100)) if len(s.things) == 2)
    with pytest.raises(ValueError, match="this scene has 2"):
        truth(scene)
