"""Files of a server on the own disk: whole or not at all, in their folder, in place of no other."""

from pathlib import Path

import pytest

from inkloom.client import LocalFileError
from inkloom.client.saving import saving
from inkloom.client.values import File


def named(filename: str, subfolder: str = "") -> File:
    return File(filename=filename, subfolder=subfolder, type="output", url="/view")


def keep(file: File, folder: Path, content: bytes) -> Path:
    with saving(file, folder) as kept:
        kept.write(b"what is lost")
        kept.begin()
        kept.write(content)
        return kept.finish()


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_files_keep_their_names_and_replace_none(tmp_path: Path) -> None:
    told = [("a.png", "", b"1"), ("a.png", "", b"2"), ("a.png", "", b"1"), ("a.png", "x/y", b"3")]
    paths = [keep(named(name, subfolder), tmp_path / "new", content) for name, subfolder, content in told]
    assert [path.relative_to(tmp_path / "new").as_posix() for path in paths] == [
        "a.png",
        "a (1).png",
        "a.png",
        "x/y/a.png",
    ]
    assert files(tmp_path) == {"new/a.png": b"1", "new/a (1).png": b"2", "new/x/y/a.png": b"3"}


def test_what_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    def broken_off() -> None:
        with saving(named("a.png"), tmp_path) as kept:
            kept.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert files(tmp_path) == {}


@pytest.mark.parametrize(
    ("filename", "subfolder"),
    [
        ("..", ""),
        ("a.png", ".."),
        ("a.png", "x/../../y"),
        ("", ""),
        ("a/b.png", ""),
        ("a\\b.png", ""),
        ("c:evil.png", ""),
        ("nul.png", ""),
        ("a\0.png", ""),
        ("a\n.png", ""),
    ],
)
def test_names_that_lead_elsewhere(tmp_path: Path, filename: str, subfolder: str) -> None:
    inner = tmp_path / "inner"
    with pytest.raises(LocalFileError, match="no safe name"):
        keep(named(filename, subfolder), inner, b"x")
    assert files(tmp_path) == {}


def test_links_that_lead_elsewhere(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "x").symlink_to(tmp_path)
    with pytest.raises(LocalFileError, match="leads out of"):
        keep(named("a.png", "x"), inner, b"x")
    assert files(tmp_path) == {}


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(LocalFileError, match="can't be kept"):
        keep(named("a.png"), tmp_path / "file", b"x")
    assert files(tmp_path) == {"file": b"mine"}
