"""Which files /view gives out and as what, and which status each way out of the folder gets."""

from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import web
from PIL import ExifTags, Image

from inkloom.server.files.pictures import PictureError, alpha, colours, masked, preview
from inkloom.server.files.serving import serve
from inkloom.server.files.view import find


@pytest.fixture
def roots(tmp_path: Path) -> dict[str, tuple[Path, ...]]:
    found = {name: tmp_path / name for name in ("input", "output", "temp")}
    for root in found.values():
        (root / "sub").mkdir(parents=True)
        (root / "sub" / "b.png").write_bytes(b"b")
        (root / "a.png").write_bytes(root.name.encode())
    (tmp_path / "secret.png").write_bytes(b"secret")
    (found["output"] / "link.png").symlink_to(tmp_path / "secret.png")
    (found["output"] / "up").symlink_to(tmp_path)
    (found["output"] / "round.png").symlink_to("round.png")
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "scene.png").write_bytes(b"scene")
    (tmp_path / "shipped" / "a.png").write_bytes(b"another")
    return {
        **{name: (root,) for name, root in found.items()},
        "input": (found["input"], tmp_path / "shipped"),
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"filename": "a.png"}, "output/a.png"),
        ({"filename": "a.png", "type": "input"}, "input/a.png"),
        ({"filename": "a.png", "type": "temp"}, "temp/a.png"),
        ({"filename": "a.png [input]"}, "input/a.png"),
        ({"filename": "scene.png", "type": "input"}, "shipped/scene.png"),
        ({"filename": "a.png [temp]", "type": "input"}, "temp/a.png"),
        ({"filename": "b.png", "subfolder": "sub"}, "output/sub/b.png"),
        ({"filename": "sub/a.png"}, "output/a.png"),  # only the last part of a name counts
        ({"filename": "b.png", "subfolder": "sub/"}, "output/sub/b.png"),
        ({"filename": "a.png", "subfolder": "sub/.."}, 403),
        ({"filename": "a.png", "subfolder": "sub\\.."}, 403),
        ({"filename": "con.png"}, 403),
        ({"filename": "\ud800.png"}, 404),
        ({}, 404),
        ({"filename": ""}, 400),
        ({"filename": "/etc/passwd"}, 400),
        ({"filename": "../secret.png"}, 400),
        ({"filename": "a..png"}, 400),
        ({"filename": "a\0.png"}, 400),
        ({"filename": "a.png", "type": "models"}, 400),
        ({"filename": "a.png", "type": ""}, 400),
        ({"filename": "secret.png", "subfolder": ".."}, 403),
        ({"filename": "passwd", "subfolder": "/etc"}, 403),
        ({"filename": "secret.png", "subfolder": "up"}, 403),
        ({"filename": "link.png"}, 403),
        ({"filename": "none.png"}, 404),
        ({"filename": "x" * 3000}, 404),
        ({"filename": "round.png"}, 403),  # nobody can tell where it leads
        ({"filename": "sub"}, 404),
        # the checks come in this order: type before subfolder before file
        ({"filename": "none.png", "type": "x", "subfolder": ".."}, 400),
        ({"filename": "none.png", "subfolder": ".."}, 403),
    ],
)
def test_find(
    tmp_path: Path, roots: dict[str, tuple[Path, ...]], query: dict[str, str], expected: str | int
) -> None:
    if isinstance(expected, str):
        assert find(roots, query) == tmp_path / expected
        return
    with pytest.raises(web.HTTPException) as refused:
        find(roots, query)
    assert refused.value.status == expected
    said = refused.value.text or ""
    assert not said.startswith(str(expected)), "it says no more than its status"
    assert str(tmp_path) not in said


PNG, JPEG = BytesIO(), BytesIO()
Image.new("RGB", (2, 2)).save(PNG, "png")
Image.new("RGB", (2, 2)).save(JPEG, "jpeg")
HTML = b"<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("name", "content", "content_type", "disposition"),
    [
        ("a.png", PNG.getvalue(), "image/png", 'filename="a.png"'),
        ("a.png", JPEG.getvalue(), "image/jpeg", 'filename="a.png"'),
        ("a.html", PNG.getvalue(), "image/png", 'filename="a.html"'),  # what it is, not what it says
        ("a.png", HTML, "image/png", 'attachment; filename="a.png"'),
        ("a.png", PNG.getvalue()[:40], "image/png", 'attachment; filename="a.png"'),
        ("a.html", HTML, "application/octet-stream", 'attachment; filename="a.html"'),
        ("a.js", HTML, "application/octet-stream", 'attachment; filename="a.js"'),
        ("a.svg", HTML, "application/octet-stream", 'attachment; filename="a.svg"'),
        ("a.xml", HTML, "application/octet-stream", 'attachment; filename="a.xml"'),
        ("a.unknown", b"", "application/octet-stream", 'attachment; filename="a.unknown"'),
        ("a.mp4", b"", "video/mp4", 'attachment; filename="a.mp4"'),
        ('"\\.txt', b"", "text/plain", 'attachment; filename="\\"\\\\.txt"'),
        ("ä\r\n.txt", b"", "text/plain", "attachment; filename*=UTF-8''%C3%A4%0D%0A.txt"),
    ],
)
def test_what_a_browser_may_make_of_a_file(
    tmp_path: Path, name: str, content: bytes, content_type: str, disposition: str
) -> None:
    (tmp_path / name).write_bytes(content)
    headers = serve(tmp_path / name).headers
    assert headers["Content-Type"] == content_type
    assert headers["Content-Disposition"] == disposition
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("wanted", "channel", "kind", "mode"),
    [
        ("webp;75", "", "WEBP", "RGBA"),
        ("webp", "rgb", "WEBP", "RGB"),
        ("jpeg", "", "JPEG", "RGB"),
        ("jpeg;50", "rgba", "WEBP", "RGBA"),
        ("jpeg;50", "a", "WEBP", "RGBA"),
        ("bmp;50", "", "WEBP", "RGBA"),
        ("", "", "WEBP", "RGBA"),
        ("90", "", "WEBP", "RGBA"),
        (f"jpeg;{'9' * 5000}", "", "JPEG", "RGB"),
        ("jpeg;²", "", "JPEG", "RGB"),
    ],
)
def test_previews(tmp_path: Path, wanted: str, channel: str, kind: str, mode: str) -> None:
    Image.new("RGBA", (3, 2), (0, 255, 0, 128)).save(tmp_path / "a.png")
    made, content_type = preview(tmp_path / "a.png", wanted, channel)
    with Image.open(BytesIO(made)) as picture:
        assert (picture.format, picture.mode, picture.size) == (kind, mode, (3, 2))
    assert content_type == f"image/{kind.lower()}"


TURN_LEFT = 8
"""What a camera notes of a picture whose left side is to be its lower one."""


def test_a_picture_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    noted = Image.Exif()
    noted[ExifTags.Base.Orientation] = TURN_LEFT
    picture, mask = Image.new("RGB", (6, 4), "red"), Image.new("RGBA", (4, 6), (0, 0, 0, 7))
    picture.paste("blue", (0, 0, 3, 4))
    picture.save(tmp_path / "a.png", exif=noted)
    mask.save(tmp_path / "mask.png")
    made = [*colours(tmp_path / "a.png")[:1], *alpha(tmp_path / "a.png")[:1]]
    made += [preview(tmp_path / "a.png", "webp", "")[0], masked(tmp_path / "a.png", tmp_path / "mask.png")]
    for one in made:
        with Image.open(BytesIO(one)) as found:
            assert (found.size, found.getexif().get(ExifTags.Base.Orientation, 1)) == ((4, 6), 1)
    with Image.open(BytesIO(made[-1])) as found:
        assert [found.getpixel((1, y)) for y in (0, 5)] == [(255, 0, 0, 7), (0, 0, 255, 7)]


def test_what_is_too_large_or_no_picture_is_not_decoded(tmp_path: Path) -> None:
    Image.new("1", (2**13 + 1, 2**13)).save(tmp_path / "large.png")
    (tmp_path / "text.png").write_text("no picture")
    for name, told in (("large.png", "8193x8192"), ("text.png", "not a picture"), ("none.png", "not a")):
        for make in (colours, alpha):
            with pytest.raises(PictureError, match=told):
                make(tmp_path / name)
