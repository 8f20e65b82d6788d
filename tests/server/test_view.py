"""Which files /view gives out, and which status each way out of the folder gets."""

from pathlib import Path

import pytest
from aiohttp import web

from inkloom.server.view import answer, find


@pytest.fixture
def roots(tmp_path: Path) -> dict[str, Path]:
    found = {name: tmp_path / name for name in ("input", "output", "temp")}
    for root in found.values():
        (root / "sub").mkdir(parents=True)
        (root / "sub" / "b.png").write_bytes(b"b")
        (root / "a.png").write_bytes(root.name.encode())
    (tmp_path / "secret.png").write_bytes(b"secret")
    (found["output"] / "link.png").symlink_to(tmp_path / "secret.png")
    (found["output"] / "up").symlink_to(tmp_path)
    (found["output"] / "round.png").symlink_to("round.png")
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"filename": "a.png"}, "output/a.png"),
        ({"filename": "a.png", "type": "input"}, "input/a.png"),
        ({"filename": "a.png", "type": "temp"}, "temp/a.png"),
        ({"filename": "a.png [input]"}, "input/a.png"),
        ({"filename": "a.png [temp]", "type": "input"}, "temp/a.png"),
        ({"filename": "b.png", "subfolder": "sub"}, "output/sub/b.png"),
        ({"filename": "sub/a.png"}, "output/a.png"),  # only the last part of a name counts
        ({"filename": "a.png", "subfolder": "sub/.."}, "output/a.png"),
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
        ({"filename": "round.png"}, 404),
        ({"filename": "sub"}, 404),
        # the checks come in this order: type before subfolder before file
        ({"filename": "none.png", "type": "x", "subfolder": ".."}, 400),
        ({"filename": "none.png", "subfolder": ".."}, 403),
    ],
)
def test_find(roots: dict[str, Path], query: dict[str, str], expected: str | int) -> None:
    if isinstance(expected, str):
        assert find(roots, query) == roots["output"].parent / expected
        return
    with pytest.raises(web.HTTPException) as refused:
        find(roots, query)
    assert refused.value.status == expected


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.png", "image/png"),
        ("a.webp", "image/webp"),
        ("a.html", "application/octet-stream"),
        ("a.js", "application/octet-stream"),
        ("a.svg", "application/octet-stream"),
        ("a.unknown", "application/octet-stream"),
    ],
)
def test_what_a_browser_may_make_of_a_file(name: str, content_type: str) -> None:
    headers = answer(Path(name)).headers
    assert headers["Content-Type"] == content_type
    assert headers["Content-Disposition"] == f'filename="{name}"'
    assert headers["X-Content-Type-Options"] == "nosniff"
