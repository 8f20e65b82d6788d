"""Files that were only shown: old ones go when the server starts, others stay."""

import os
from pathlib import Path

from inkloom.nodes import open_folders
from inkloom.server.files.tidying import KEPT, tidy
from inkloom.server.users.places import temporary_folders

NOW = 1_700_000_000.0


def made(path: Path, age: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (NOW - age, NOW - age))
    return path


def test_only_old_files_go(tmp_path: Path) -> None:
    temp = tmp_path / "temp"
    old = [made(temp / "a.png", KEPT + 1), made(temp / "deep" / "b.png", 2 * KEPT)]
    new = [made(temp / "c.png", KEPT - 1), made(temp / "deep" / "d.png", 0)]
    outside = made(tmp_path / "kept.png", 2 * KEPT)
    (temp / "link.png").symlink_to(outside)
    (temp / "folder").symlink_to(tmp_path, target_is_directory=True)
    assert tidy(temp, NOW) == 2
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in [*new, outside, temp / "link.png", temp / "folder"])
    assert tidy(temp, NOW) == 0
    assert tidy(tmp_path / "none", NOW) == 0


def test_everybodys_temporary_folder_is_tidied(tmp_path: Path) -> None:
    folders = open_folders(tmp_path)
    (tmp_path / "users" / "ann").mkdir(parents=True)
    assert temporary_folders(folders) == [tmp_path / "temp", tmp_path / "users" / "ann" / "temp"]
