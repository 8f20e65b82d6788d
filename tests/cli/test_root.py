"""Where the default root lies on each platform."""

from pathlib import Path

import pytest

from inkloom.cli.root import default_root

HOME = Path("/home/ada")


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
