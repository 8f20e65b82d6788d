"""`inkloom serve --open`: which page, in which browser, and what is said where there is none."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inkloom.cli.browser import page_of

MAIN = "from inkloom.cli.main import main; main()"

BROWSER = """\
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=20) as answer, open(sys.argv[2], "w") as told:
    print(answer.status, sys.argv[1], file=told)
"""
"""Looks at the page, and tells the pipe of its second argument what it saw."""


@contextmanager
def serving(root: Path, *argv: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", MAIN, "serve", "--root", str(root), "--port", "0", *argv]
    without = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    kept = {name: value for name, value in os.environ.items() if name not in without}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=kept | environment) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")
@pytest.mark.parametrize(
    ("argv", "path"), [((), "/"), (("--token", "a token of sixteen"), "/login")], ids=["open", "token"]
)
def test_the_browser_gets_the_page_once_the_server_answers(
    tmp_path: Path, argv: tuple[str, ...], path: str
) -> None:
    pipe, browser = tmp_path / "pipe", tmp_path / "browser"
    os.mkfifo(pipe)
    (tmp_path / "look.py").write_text(BROWSER)
    parts = shlex.join([sys.executable, str(tmp_path / "look.py")])
    browser.write_text(f'#!/bin/sh\nexec {parts} "$1" {shlex.quote(str(pipe))}\n')
    browser.chmod(0o755)
    with serving(tmp_path / "root", "--open", *argv, BROWSER=str(browser)) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[2]
        status, page = pipe.read_text().split()
    assert (status, page) == ("200", url + path)


def test_a_line_says_where_to_go_without_a_browser(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    for environment in ({}, {"BROWSER": missing}):
        with serving(tmp_path / "root", "--open", **environment) as process:
            assert process.stdout is not None
            url = process.stdout.readline().split()[2]
            said = next(line for line in process.stdout if "browser" in line)
        assert said.strip() == f"There is no browser to be opened here ($BROWSER names one): go to {url}/"


@pytest.mark.parametrize(
    ("url", "asks", "page"),
    [
        ("http://127.0.0.1:8188", False, "http://127.0.0.1:8188/"),
        ("https://[::1]:8188", True, "https://[::1]:8188/login"),
        ("https://box.example:1", False, "https://box.example:1/"),
        ("http://0.0.0.0:8188", True, "http://127.0.0.1:8188/login"),
        ("http://[::]:8188", True, "http://[::1]:8188/login"),
    ],
)
def test_the_page_of_a_server(url: str, asks: bool, page: str) -> None:
    assert page_of(url, asks=asks) == page
