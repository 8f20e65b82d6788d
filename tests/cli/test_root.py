"""Where the default root lies on each platform."""

from pathlib import Path

import pytest

from inkloom.cli.main import parser
from inkloom.cli.root import default_root, folder
from inkloom.cli.usage import UsageError

HOME = Path("/home/ada")


def test_without_a_home_folder() -> None:
    with pytest.raises(UsageError, match="no home folder"):
        default_root({}, "linux", None)
    assert default_root({"INKLOOM_ROOT": "/mine"}, "linux", None) == Path("/mine")


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert folder("~/x") == HOME / "x"
    assert folder("a~") == Path("a~")
    assert default_root({"INKLOOM_ROOT": "~/x"}, "linux", HOME) == HOME / "x"
    assert default_root({"XDG_DATA_HOME": "~/x"}, "linux", HOME) == HOME / "x/inkloom"
    assert parser().parse_args(["nodes", "--root", "~/x"]).root == HOME / "x"
    assert parser().parse_args(["run", "w", "--output=~/x"]).output == HOME / "x"
    with pytest.raises(UsageError, match="no home folder is known"):
        folder("~nobody-of-this-name/x")


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({}, "linux", HOME / ".local/share/inkloom"),
        ({"XDG_DATA_HOME": "/data"}, "linux", Path("/data/inkloom")),
        ({"XDG_DATA_HOME": "relative"}, "linux", HOME / ".local/share/inkloom"),
        ({"XDG_DATA_HOME": ""}, "freebsd13", HOME / ".local/share/inkloom"),
        ({"XDG_DATA_HOME": "/data"}, "darwin", HOME / "Library/Application Support/inkloom"),
        ({"LOCALAPPDATA": "/local"}, "win32", Path("/local/inkloom")),
        ({}, "win32", HOME / "AppData/Local/inkloom"),
        ({"INKLOOM_ROOT": "/mine", "XDG_DATA_HOME": "/data"}, "linux", Path("/mine")),
        ({"INKLOOM_ROOT": ""}, "linux", HOME / ".local/share/inkloom"),
    ],
)
def test_default_root(environ: dict[str, str], platform: str, expected: Path) -> None:
    assert default_root(environ, platform, HOME) == expected
