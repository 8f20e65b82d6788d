"""Saved pictures: numbering, tokens, safety, and nothing half written."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inkloom.nodes.numbered import OutputError, workflow_texts
from inkloom.nodes.pictures import PictureError, read_picture, save_pngs

GREY = np.full((4, 6, 3), 128, np.uint8)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def save(folder: Path, prefix: str = "a", count: int = 1) -> list[str]:
    paths = save_pngs([GREY] * count, folder, prefix, {}, 1)
    return [path.relative_to(folder.resolve()).as_posix() for path in paths]


@pytest.mark.parametrize(
    ("there", "prefix", "first"),
    [
        ([], "a", "a_00001_.png"),
        (["a_00001_.png", "a_00007_.png"], "a", "a_00008_.png"),
        (["a_00003_.txt"], "a", "a_00004_.png"),  # any extension counts
        (["ab_00009_.png", "a_nine_.png", "b_a_00005_.png"], "a", "a_00001_.png"),
        (["a_99999_.png"], "a", "a_100000_.png"),
        (["sub/a_00002_.png"], "sub/a", "sub/a_00003_.png"),
        ([], "%width%x%height%_%batch_num%", "6x4_0_00001_.png"),
        ([], "%nosuch%", "%nosuch%_00001_.png"),
    ],
)
def test_numbers_go_on_from_the_highest_one(tmp_path: Path, there: list[str], prefix: str, first: str):
    for name in there:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert save(tmp_path, prefix) == [first]


@pytest.mark.parametrize("prefix", ["../a", "/etc/a", "..\\a", "x/../../a", "a\0b"])
def test_a_prefix_cannot_leave_the_output_folder(tmp_path: Path, prefix: str):
    output = tmp_path / "output"
    output.mkdir()
    with pytest.raises(OutputError, match="leads out of the output folder"):
        save(output, prefix)
    assert names(tmp_path) == []


def test_a_link_inside_the_output_folder_cannot_lead_out_of_it(tmp_path: Path):
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "door").symlink_to(tmp_path)
    with pytest.raises(OutputError, match="leads out"):
        save(tmp_path / "output", "door/a")


def test_savers_at_the_same_time_overwrite_nothing(tmp_path: Path):
    threads = [threading.Thread(target=save, args=(tmp_path, "a", 10)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(tmp_path) == [f"a_{number:05}_.png" for number in range(1, 81)]


def test_a_folder_that_is_a_file_is_told_in_one_sentence(tmp_path: Path):
    (tmp_path / "taken").touch()
    with pytest.raises(OutputError, match="a file has the name of a folder in its path"):
        save(tmp_path, "taken/a")


def test_a_write_cut_short_leaves_no_file(tmp_path: Path):
    """The kernel refuses the file half-way, as a full disk would; apart, since the limit stays."""
    code = (
        "import resource, signal, sys, numpy, pathlib\n"
        "from inkloom.nodes.pictures import save_pngs; from inkloom.nodes.numbered import OutputError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "noise = numpy.random.default_rng(0).integers(0, 256, (64, 64, 3), numpy.uint8)\n"
        "try:\n    save_pngs([noise], pathlib.Path(sys.argv[1]), 'a', {}, 1)\n"
        "except OutputError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "can't write to" in done.stdout
    assert "larger than this process may write" in done.stdout
    assert names(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS])
def test_a_file_system_without_hard_links_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
):
    """A real one needs a mount; the kernel's refusal is all that differs."""

    def refuse(*_: object) -> None:
        raise OSError(number, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    assert save(tmp_path, "a", 2) == ["a_00001_.png", "a_00002_.png"]

    monkeypatch.setattr(os, "replace", lambda *_: refuse())
    with pytest.raises(OutputError):
        save(tmp_path)
    assert names(tmp_path) == ["a_00001_.png", "a_00002_.png"]


def test_what_a_killed_process_left_is_swept_away_once_it_is_old(tmp_path: Path):
    old, new = tmp_path / ".1234.part", tmp_path / ".5678.part"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    save(tmp_path)
    assert (old.exists(), new.exists()) == (False, True)


def test_the_workflow_travels_in_the_text_chunks(tmp_path: Path):
    [path] = save_pngs([GREY], tmp_path, "a", workflow_texts({"1": {}}, {"workflow": {"x": "ü"}}), 4)
    with Image.open(path) as file:
        assert file.text == {"prompt": '{"1": {}}', "workflow": '{"x": "\\u00fc"}'}  # type: ignore[attr-defined]
        assert np.array_equal(np.asarray(file), GREY)


def write(path: Path, picture: Image.Image, **options: Any) -> Path:
    picture.save(path, **options)
    return path


def test_reading_keeps_colour_alpha_orientation_and_frames(tmp_path: Path):
    transparent = Image.new("RGBA", (2, 1), (10, 20, 30, 255))
    transparent.putpixel((1, 0), (10, 20, 30, 0))
    [colour], alpha = read_picture(write(tmp_path / "a.png", transparent))
    assert colour.tolist() == [[[10, 20, 30], [10, 20, 30]]]
    assert alpha is not None
    assert alpha[0].tolist() == [[255, 0]]

    turned = Image.new("RGB", (3, 1))
    exif = Image.Exif()
    exif[0x0112] = 6  # "rotate by a quarter to see it upright"
    [colour], alpha = read_picture(write(tmp_path / "b.jpg", turned, exif=exif))
    assert (colour.shape, alpha) == ((3, 1, 3), None)

    frames = [Image.new("RGB", (2, 2), colour) for colour in ("red", "lime", "blue")]
    colours, _ = read_picture(write(tmp_path / "c.gif", frames[0], save_all=True, append_images=frames[1:]))
    assert [frame[0, 0].tolist() for frame in colours] == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]

    deep = Image.fromarray(np.array([[0, 32896, 65535]], np.uint16))
    [colour], _ = read_picture(write(tmp_path / "d.png", deep))
    assert colour[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"])
def test_what_is_no_picture_is_told_so(tmp_path: Path, content: bytes):
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(PictureError, match=r"x\.png can't be read as a picture"):
        read_picture(tmp_path / "x.png")


def test_a_truncated_picture_is_told_so(tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    path = write(tmp_path / "x.png", Image.fromarray(noise))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(PictureError, match="is this one whole"):
        read_picture(path)


def test_what_hands_a_file_to_another_program_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n%%EOF\n"
    )
    with pytest.raises(PictureError, match="cannot identify"):
        read_picture(tmp_path / "a.png")


def test_frames_that_have_too_many_pixels_together(tmp_path: Path) -> None:
    frames = [Image.new("1", (2**12, 2**12), number % 2) for number in range(9)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(PictureError, match="9 frames of 4096x4096 pixels"):
        read_picture(tmp_path / "a.gif")
