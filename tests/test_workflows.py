"""Every file in workflows/ runs with the embedded model, and the promises made about them hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from inkloom.executor import (
    CancelToken,
    Event,
    Graph,
    NodeFinished,
    NodeStarted,
    Progress,
    RunCancelled,
    RunDone,
)
from inkloom.nodes import NODES, Engine, open_folders

WORKFLOWS = Path(__file__).resolve().parent.parent / "workflows"
OTHER_MODELS = {"sdxl_base_and_refiner", "lcm"}  # see test_family_workflows.py
NAMES = sorted({path.stem for path in WORKFLOWS.glob("*.json")} - OTHER_MODELS)
SIZES = {
    "outpainting": [(128, 192, 3)],
    "two_passes": [(192, 192, 3)],
    "between_two_seeds": [(128, 128, 3)] * 3,
    "many_prompts": [(128, 128, 3)] * 3,
    "where_words_look": [(128, 128, 3)] * 10,
}
"""Shapes of the pictures that a workflow saves, where they are not one of 128x128."""

Flow = dict[str, Any]


def load(name: str) -> Flow:
    return json.loads((WORKFLOWS / f"{name}.json").read_text(encoding="utf-8"))


def changed(flow: Flow, **inputs: dict[str, object]) -> Flow:
    """Return the workflow with some inputs of some nodes (`n3` for id 3) set anew."""
    flow = json.loads(json.dumps(flow))
    for name, values in inputs.items():
        flow[name[1:]]["inputs"] |= values
    return flow


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(NODES, open_folders(tmp_path_factory.mktemp("root")))


def fresh(engine: Engine) -> Engine:
    """The same folders without anything in the cache."""
    return Engine(engine.table, engine.folders)


def run(engine: Engine, flow: Flow) -> list[Event]:
    events = list(engine.run(Graph.parse(flow)))
    assert isinstance(events[-1], RunDone), events[-1]
    return events


def pictures(engine: Engine, events: list[Event]) -> list[np.ndarray[Any, np.dtype[np.int16]]]:
    """Open every picture that a run saved or showed."""
    shown = [event.ui["images"] for event in events if isinstance(event, NodeFinished) and event.ui]
    found = [
        engine.folders.root(image["type"]) / image["subfolder"] / image["filename"]
        for images in cast("list[list[dict[str, str]]]", shown)
        for image in images
    ]
    return [np.asarray(Image.open(path)).astype(np.int16) for path in found]


def called(events: list[Event]) -> set[str]:
    return {event.display_node for event in events if isinstance(event, NodeStarted)}


@pytest.mark.parametrize("name", NAMES)
def test_every_workflow_gives_a_picture(engine: Engine, name: str):
    validation = engine.validate(Graph.parse(load(name)))
    assert validation.problems == ()
    found = pictures(engine, run(engine, load(name)))
    assert [picture.shape for picture in found] == SIZES.get(name, [(128, 128, 3)])
    assert all(picture.std() > 5 for picture in found)  # not one flat colour


def scene() -> np.ndarray[Any, np.dtype[np.int16]]:
    return np.asarray(Image.open(WORKFLOWS / "input" / "scene.png").convert("RGB")).astype(np.int16)


def test_inpainting_keeps_every_pixel_outside_of_the_mask(engine: Engine):
    [picture] = pictures(engine, run(engine, load("inpainting")))
    outside = np.ones((128, 128), bool)
    outside[24:104, 24:104] = False
    assert np.array_equal(picture[outside], scene()[outside])
    inside = picture[~outside] - scene()[~outside]
    assert np.abs(inside).mean() > 20  # a red circle where a blue square was


def test_outpainting_goes_on_where_the_picture_ends(engine: Engine):
    [picture] = pictures(engine, run(engine, load("outpainting")))
    old, new = picture[:, :96], picture[:, 128:]
    assert np.abs(old - scene()[:, :96]).mean() < 30  # what was there, through the autoencoder
    assert new.std() > 5


def test_between_two_seeds_lies_between_their_pictures(engine: Engine):
    first, middle, last = pictures(engine, run(engine, load("between_two_seeds")))
    whole = np.abs(first - last).mean()
    assert 0 < np.abs(first - middle).mean() < whole
    assert 0 < np.abs(middle - last).mean() < whole


def test_sampling_by_hand_is_ksampler_to_the_bit(engine: Engine):
    [at_once] = pictures(engine, run(engine, load("text_to_image")))
    [by_hand] = pictures(engine, run(engine, load("sampling_by_hand")))
    assert np.array_equal(at_once, by_hand)


@pytest.mark.parametrize("sampler", ["euler", "euler_ancestral", "ddpm", "lms"])
def test_by_hand_agrees_for_every_sampler_of_one_call_a_step(engine: Engine, sampler: str):
    chosen: dict[str, object] = {"sampler_name": sampler}
    [at_once] = pictures(engine, run(engine, changed(load("text_to_image"), n3={**chosen, "steps": 4})))
    by_hand = changed(load("sampling_by_hand"), n14=chosen, n11={"steps": 4})
    [picture] = pictures(engine, run(engine, by_hand))
    assert np.array_equal(at_once, picture)


def test_the_same_seed_gives_the_same_pixels_in_another_engine(engine: Engine):
    flow = changed(load("text_to_image"), n3={"steps": 4})
    [one] = pictures(engine, run(fresh(engine), flow))
    [two] = pictures(engine, run(fresh(engine), flow))
    [other] = pictures(engine, run(engine, changed(flow, n3={"seed": 8})))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_a_second_run_computes_nothing_and_shows_the_same_picture(engine: Engine):
    flow = changed(load("text_to_image"), n3={"steps": 3})
    first = run(engine, flow)
    second = run(engine, flow)
    assert called(second) == set()
    assert [event.ui for event in second if isinstance(event, NodeFinished) and event.ui] == [
        event.ui for event in first if isinstance(event, NodeFinished) and event.ui
    ]


def test_a_lost_picture_is_saved_again_without_sampling(engine: Engine):
    flow = changed(load("text_to_image"), n3={"steps": 3, "seed": 100})
    run(engine, flow)
    for path in engine.folders.root("output").glob("text_to_image*"):
        path.unlink()
    assert called(run(engine, flow)) == {"9"}


@pytest.mark.parametrize(
    ("change", "runs"),
    [
        ({"n9": {"filename_prefix": "other"}}, {"9"}),
        ({"n3": {"cfg": 2.0}}, {"3", "8", "9"}),
        ({"n7": {"text": "blurry"}}, {"7", "3", "8", "9"}),
        ({"n6": {"text": "a blue square"}}, {"6", "3", "8", "9"}),
        ({"n5": {"width": 64}}, {"5", "3", "8", "9"}),
    ],
)
def test_one_changed_widget_runs_only_what_depends_on_it(
    engine: Engine, change: dict[str, dict[str, object]], runs: set[str]
):
    flow = changed(load("text_to_image"), n3={"steps": 2})
    run(engine, flow)
    assert called(run(engine, changed(flow, **change))) == runs


@pytest.mark.parametrize("sampler", ["dpmpp_2m", "euler_ancestral"])
def test_an_item_of_a_batch_equals_the_same_item_sampled_alone(engine: Engine, sampler: str):
    flow = changed(load("text_to_image"), n3={"steps": 4, "sampler_name": sampler}, n5={"batch_size": 3})
    batch = pictures(engine, run(engine, flow))
    assert len(batch) == 3
    for item in range(3):
        alone = changed(flow, n3={"latent_image": ["10", 0]})
        alone["10"] = {
            "class_type": "LatentFromBatch",
            "inputs": {"samples": ["5", 0], "batch_index": item, "length": 1},
        }
        [picture] = pictures(engine, run(engine, alone))
        assert np.abs(picture - batch[item]).max() <= 1


def test_cancel_stops_within_one_step_and_keeps_what_was_done(engine: Engine):
    flow = changed(load("text_to_image"), n3={"steps": 50, "seed": 1234})
    cancel = CancelToken()
    seen: list[Event] = []
    for event in engine.run(Graph.parse(flow), cancel=cancel):
        seen.append(event)
        if isinstance(event, Progress) and event.done == 3:
            cancel.cancel()
    assert isinstance(seen[-1], RunCancelled)
    assert (seen[-1].node, seen[-1].done) in {("3", 3), ("3", 4), ("3", 5)}
    assert {"4", "6", "7"}.isdisjoint(called(run(engine, changed(flow, n3={"steps": 2}))))


def test_two_samplers_in_a_row_are_one(engine: Engine):
    """KSamplerAdvanced to step 2 with leftover noise, then from step 2, is KSampler."""
    flow = changed(load("text_to_image"), n3={"steps": 5, "sampler_name": "euler"})
    [whole] = pictures(engine, run(engine, flow))
    common = {k: v for k, v in flow["3"]["inputs"].items() if k not in ("seed", "denoise")}
    common |= {"noise_seed": flow["3"]["inputs"]["seed"]}
    flow["30"] = {
        "class_type": "KSamplerAdvanced",
        "inputs": common
        | {
            "add_noise": "enable",
            "start_at_step": 0,
            "end_at_step": 2,
            "return_with_leftover_noise": "enable",
        },
    }
    flow["3"] = {
        "class_type": "KSamplerAdvanced",
        "inputs": common
        | {"add_noise": "disable", "start_at_step": 2, "end_at_step": 10000}
        | {"return_with_leftover_noise": "disable", "latent_image": ["30", 0]},
    }
    [parts] = pictures(engine, run(engine, flow))
    assert np.abs(whole - parts).max() <= 1


def test_the_workflow_in_a_saved_picture_runs_to_the_same_pixels(engine: Engine):
    events = run(engine, changed(load("text_to_image"), n3={"steps": 3}, n9={"filename_prefix": "again"}))
    [picture] = pictures(engine, events)
    [path] = sorted(engine.folders.root("output").glob("again*"))[-1:]
    with Image.open(path) as file:
        inside = json.loads(file.text["prompt"])  # type: ignore[attr-defined]
    [again] = pictures(engine, run(fresh(engine), inside))
    assert np.array_equal(picture, again)
