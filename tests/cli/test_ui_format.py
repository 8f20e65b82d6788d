"""Workflows as an editor saved them: from files, from pictures, and `inkloom convert`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from inkloom.cli.sources.webp_text import webp_text

SAVED: dict[str, Any] = {
    "version": 0.4,
    "nodes": [
        {"id": 1, "type": "EmptyImage", "widgets_values": [8, 8, 1, 255]},
        {"id": 2, "type": "ImageInvert", "title": "Opposite", "inputs": [{"name": "image", "link": 1}]},
        {"id": 3, "type": "SaveImage", "inputs": [{"name": "images", "link": 2}], "widgets_values": ["inv"]},
        {"id": 4, "type": "Note", "widgets_values": ["yellow"]},
    ],
    "links": [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"]],
}
"""The workflow of conftest.py."""


def png(path: Path, **texts: str) -> str:
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    Image.new("RGB", (2, 2)).save(path, pnginfo=info)
    return str(path)


def webp(path: Path, *texts: str) -> str:
    exif = Image.Exif()
    for number, text in enumerate(texts):
        exif[0x0110 - number] = text
    Image.new("RGB", (2, 2)).save(path, exif=exif)
    return str(path)


def test_a_saved_file_is_right_and_runs(inkloom: Any, write: Any, root: Path) -> None:
    path = write(SAVED)
    assert "3 nodes, output node 3" in inkloom("validate", path).out
    said = inkloom("run", path, "--set", 'Opposite.image=["1", 0]')
    assert said.status == 0, said.err
    with Image.open(said.out.strip()) as picture:
        assert picture.getpixel((0, 0)) == (255, 255, 0)
        assert "workflow" not in picture.info, "it would say something else"


def test_a_picture_carries_the_file_it_is_of(inkloom: Any, write: Any) -> None:
    picture = inkloom("run", write(SAVED)).out.strip()
    with Image.open(picture) as opened:
        assert json.loads(opened.info["workflow"]) == SAVED
        assert json.loads(opened.info["prompt"])["3"]["inputs"]["images"] == ["2", 0]


def test_problems_name_the_node(inkloom: Any, write: Any) -> None:
    wrong = json.loads(json.dumps(SAVED))
    wrong["nodes"][0]["widgets_values"][0] = 0
    wrong["nodes"][1]["type"] = "ImageInvrt"
    said = inkloom("validate", write(wrong))
    assert said.status == 2
    for words in ("node 1", "input width", "node 2", '"Opposite"', "did you mean 'ImageInvert'?"):
        assert words in said.err
    wrong["nodes"][1]["mode"] = "off"
    said = inkloom("validate", write(wrong), "--json")
    [problem] = json.loads(said.out)["problems"]
    assert (problem["node"], problem["pointer"]) == ("2", "/nodes/1/mode")


@pytest.mark.parametrize("keys", [("workflow",), ("prompt",), ("workflow", "prompt")])
@pytest.mark.parametrize("kind", ["png", "webp"])
def test_pictures(inkloom: Any, tmp_path: Path, kind: str, keys: tuple[str, ...]) -> None:
    """`prompt` is what made the picture, `workflow` the file of the editor that it came from."""
    size = {"width": 8, "height": 8, "batch_size": 1, "color": 0}
    api = {"7": {"class_type": "EmptyImage", "inputs": size},
           "8": {"class_type": "PreviewImage", "inputs": {"images": ["7", 0]}}}  # fmt: skip
    texts = {key: json.dumps(api if key == "prompt" else SAVED) for key in keys}
    if kind == "png":
        path = png(tmp_path / "x.png", **texts)
    else:
        path = webp(tmp_path / "x.webp", *(f"{key}:{text}" for key, text in texts.items()))
    said = inkloom("validate", path)
    assert said.status == 0, said.err
    assert ("output node 8" if "prompt" in keys else "output node 3") in said.out


def test_pictures_that_carry_nothing(inkloom: Any, tmp_path: Path) -> None:
    for path in (png(tmp_path / "x.png"), webp(tmp_path / "x.webp"), webp(tmp_path / "y.webp", "other:{}")):
        said = inkloom("validate", path)
        assert said.status == 2
        assert "carries no workflow" in said.err


def test_damaged_webp(inkloom: Any, tmp_path: Path) -> None:
    whole = Path(webp(tmp_path / "x.webp", "workflow:" + json.dumps(SAVED))).read_bytes()
    damaged = tmp_path / "damaged.webp"
    for size in range(12, len(whole) - 1, 7):
        damaged.write_bytes(whole[:size])
        said = inkloom("validate", str(damaged))
        assert said.status == 2
        assert "is not a whole WebP picture" in said.err
    for at in range(12, len(whole)):
        changed = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        try:
            webp_text(changed, "workflow")
        except ValueError as error:
            assert str(error).startswith("its ")  # noqa: PT017 -- most changes do no harm


def test_convert_there_and_back(inkloom: Any, write: Any) -> None:
    api = json.loads(inkloom("convert", write(SAVED)).out)
    assert api["3"]["inputs"] == {"filename_prefix": "inv", "images": ["2", 0]}
    assert json.loads(inkloom("convert", write(api), "--to", "api").out) == api
    drawn = json.loads(inkloom("convert", write(api)).out)
    assert drawn["version"] == 0.4
    assert json.loads(inkloom("convert", write(drawn)).out) == api
    assert json.loads(inkloom("convert", write(SAVED), "--to", "ui").out) == drawn


@pytest.mark.parametrize(
    ("workflow", "words"),
    [
        ({"nodes": [{"id": 1, "type": "Nobody's", "widgets_values": [1]}]}, ("Nobody's", "not known here")),
        ({"nodes": [3]}, ("a node must be an object",)),
        ({"1": {"class_type": "ImageInvert", "inputs": {"image": ["9", 0]}}}, ("node 1", "'9'")),
        ("{", ("line 1",)),
    ],
)
def test_convert_refuses(inkloom: Any, write: Any, workflow: Any, words: tuple[str, ...]) -> None:
    said = inkloom("convert", write(workflow))
    assert (said.status, said.out) == (2, "")
    assert all(word in said.err for word in words), said.err
