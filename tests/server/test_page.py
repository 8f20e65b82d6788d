"""The page of GET /: which pictures it shows."""

import os
from pathlib import Path

from inkloom.server.page import SHOWN, newest_pictures


def test_newest_pictures(tmp_path: Path) -> None:
    for number in range(SHOWN + 2):
        picture = tmp_path / f"{number}.png"
        picture.touch()
        os.utime(picture, (number, number))
    (tmp_path / "notes.txt").touch()
    (tmp_path / "gone.png").symlink_to(tmp_path / "deleted.png")
    assert newest_pictures(tmp_path) == [f"{number}.png" for number in reversed(range(2, SHOWN + 2))]
    assert newest_pictures(tmp_path / "none") == []
