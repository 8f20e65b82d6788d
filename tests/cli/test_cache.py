"""`inkloom cache`: what is told of the results on the disk, and how they are deleted."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import pytest

from inkloom.cli import disk
from inkloom.cli.main import command_line
from inkloom.executor import DiskCache, Entry
from inkloom.nodes import cache_folder
from inkloom.nodes.codecs import ValueCodec


@pytest.fixture
def root(tmp_path: Path) -> Path:
    cache = DiskCache(cache_folder(tmp_path), ValueCodec(), 2**20, stamp="a")
    picture = tmp_path / "two\x1b[31m.png"
    picture.touch()
    cache.put("1" * 40, Entry(outputs=(b"x" * 10_000,), seconds=2.5, class_type="Two\x1b[31m"))
    cache.put("2" * 40, Entry(files=(picture,), seconds=90.0))
    for step in range(3):
        state = Entry(outputs=("state",), seconds=step + 1, class_type="KSampler")
        cache.put(f"partial {'3' * 40} {step}", state)
        assert cache.flush(10)
    for age, path in enumerate(sorted(cache.folder.rglob("*.safetensors"))):
        os.utime(path, (0, time.time() - 60 * (age + 1) - 1))
    return tmp_path


def test_ls_lists_results_the_latest_first(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line(["cache", "ls", "--root", str(root)]) == 0
    heads, *rows = capsys.readouterr().out.splitlines()
    assert heads.split() == ["last", "used", "node", "took", "size", "key", "holds"]
    assert [row.split() for row in rows] == [
        ["1", "min", "ago", "Two\\x1b[31m", "2", "s", "12", "kB", "1" * 12, "U8", "10000"],
        ["2", "min", "ago", "2", "min", "4.1", "kB", "2" * 12, "two\\x1b[31m.png"],
        [
            *("3", "min", "ago", "KSampler", "3", "s", "12", "kB", "3" * 12),
            *("3", "states", "of", "a", "sampler,", "each", "values"),
        ],
    ]


def test_size_and_clear(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = cache_folder(root) / "history-2.sqlite"
    other.touch()
    assert command_line(["cache", "size", "--root", str(root)]) == 0
    assert capsys.readouterr().out.startswith("5 results, 29 kB, in ")
    assert command_line(["cache", "clear", "--root", str(root)]) == 0
    assert capsys.readouterr().out.startswith("deleted 29 kB of results in ")
    assert command_line(["cache", "size", "--root", str(root)]) == 0
    assert capsys.readouterr().out.startswith("0 results, 0 B, in ")
    assert command_line(["cache", "ls", "--root", str(root)]) == 0
    assert capsys.readouterr().out.startswith("no results in ")
    assert other.exists()


def test_a_root_without_a_cache_is_not_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for action in ("ls", "size", "clear"):
        assert command_line(["cache", action, "--root", str(tmp_path / "none")]) == 0
    assert capsys.readouterr().err == ""
    assert not list(tmp_path.iterdir())


def size(*argv: str) -> int | None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    disk.arguments(parser)
    return parser.parse_args(argv).cache_size


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ((), None),
        (("--no-disk-cache",), 0),
        (("--cache-size", "0"), 0),
        (("--cache-size", "1000"), 1000),
        (("--cache-size", "1.5k"), 1536),
        (("--cache-size", "500M"), 500 * 2**20),
        (("--cache-size", "20 GiB"), 20 * 2**30),
        (("--cache-size", "2TB"), 2 * 2**40),
    ],
)
def test_sizes(argv: tuple[str, ...], expected: int | None) -> None:
    assert size(*argv) == expected


@pytest.mark.parametrize("text", ["", "x", "-1", "1x", "1 2", "G", "1e9", "١"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentError, match=r"such as 500M|expected one argument"):
        size("--cache-size", text)
