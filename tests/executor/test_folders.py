"""Names of files in workflows can't lead out of their folders, and content is what counts."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

import pytest

from inkloom.executor import Folders, MissingFileError, UnsafeNameError, annotated
from inkloom.executor.folders import BLOCK


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name, text in {
        "secret.txt": "secret",
        "models/checkpoints/b.safetensors": "b",
        "models/checkpoints/sub/a.safetensors": "a",
        "models/checkpoints/.hidden.safetensors": "h",
        "models/checkpoints/put_models_here.txt": "",
        "input/photo.png": "p",
        "input/sub/other.png": "o",
        "output/made.png": "m",
        "shipped/own.safetensors": "s",
        "shipped/b.safetensors": "another b",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "models" / "checkpoints" / "leak.safetensors").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "input" / "away").symlink_to(tmp_path)
    return tmp_path


@pytest.fixture
def folders(base: Path) -> Folders:
    return Folders(base, bundled={"checkpoints": (base / "shipped",)})


def test_names(folders: Folders) -> None:
    assert folders.names("checkpoints") == ("b.safetensors", "own.safetensors", "sub/a.safetensors")
    assert folders.names("input") == ("photo.png",)
    assert folders.names("loras") == ()
    assert folders.kinds() == ("checkpoints",)


def test_the_users_own_file_wins(folders: Folders, base: Path) -> None:
    assert folders.path("checkpoints", "b.safetensors") == base / "models" / "checkpoints" / "b.safetensors"
    assert folders.path("checkpoints", "own.safetensors") == base / "shipped" / "own.safetensors"
    assert folders.path("input", "sub/other.png").read_text(encoding="utf-8") == "o"


def test_a_name_may_say_its_folder(folders: Folders, base: Path) -> None:
    assert annotated("input", "x.png [output]") == ("output", "x.png")
    assert annotated("checkpoints", "x [output]") == ("checkpoints", "x [output]")
    assert folders.path("input", "made.png [output]") == base / "output" / "made.png"


def test_other_places(base: Path) -> None:
    folders = Folders(base, places={"output": base / "elsewhere"})
    assert folders.root("output") == base / "elsewhere"
    assert folders.root("temp") == base / "temp"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("checkpoints", "../../secret.txt"),
        ("checkpoints", "sub/../../../secret.txt"),
        ("checkpoints", "/etc/passwd"),
        ("checkpoints", "sub\\a.safetensors"),
        ("checkpoints", "C:/a.safetensors"),
        ("checkpoints", "a\0.safetensors"),
        ("checkpoints", "./b.safetensors"),
        ("checkpoints", "sub//a.safetensors"),
        ("checkpoints", ""),
        ("checkpoints", "leak.safetensors"),
        ("input", "away/secret.txt"),
        ("input", "../secret.txt [output]"),
        ("../..", "secret.txt"),
    ],
)
def test_no_way_out(folders: Folders, folder: str, name: str) -> None:
    with pytest.raises(UnsafeNameError):
        folders.path(folder, name)


def test_missing_file_says_where_and_what_instead(folders: Folders, base: Path) -> None:
    with pytest.raises(MissingFileError) as caught:
        folders.path("checkpoints", "onw.safetensors")
    assert caught.value.nearest == "own.safetensors"
    message = str(caught.value)
    assert str(base / "models" / "checkpoints") in message
    assert str(base / "shipped") in message
    assert "did you mean 'own.safetensors'?" in message
    assert "b.safetensors" in message


def test_a_name_too_long_for_the_file_system_is_a_missing_file(folders: Folders) -> None:
    with pytest.raises(MissingFileError):
        folders.path("input", "x" * 5000)


def test_reading_a_big_file_can_be_ended(folders: Folders, base: Path) -> None:
    with (base / "input" / "big").open("wb") as file:
        file.truncate(3 * BLOCK)
    turns: list[int] = []

    def check() -> None:
        turns.append(1)
        if len(turns) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        folders.fingerprint("input", "big", check)
    assert folders.fingerprint("input", "big") == blake2b(bytes(3 * BLOCK), digest_size=20).hexdigest()


def test_fingerprint_is_of_the_content(folders: Folders, base: Path) -> None:
    first = folders.fingerprint("checkpoints", "b.safetensors")
    path = base / "models" / "checkpoints" / "b.safetensors"
    (base / "models" / "checkpoints" / "copy.safetensors").write_bytes(path.read_bytes())
    assert folders.fingerprint("checkpoints", "copy.safetensors") == first
    path.write_text("changed", encoding="utf-8")
    assert folders.fingerprint("checkpoints", "b.safetensors") != first


def test_a_file_is_hashed_once_until_it_changes(folders: Folders, base: Path) -> None:
    path = base / "input" / "photo.png"
    before = path.stat()
    first = folders.fingerprint("input", "photo.png")
    # Same size, same times, same inode: only a second reading would see the new content.
    path.write_text("q", encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert folders.fingerprint("input", "photo.png") == first
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert folders.fingerprint("input", "photo.png") != first
