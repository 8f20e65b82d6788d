"""The file of users: what is kept of a token, who may be called what, and what a damaged file does."""

import os
import stat
from pathlib import Path

import pytest

from inkloom.cli.main import command_line
from inkloom.server.access import users
from inkloom.server.access.users import UsersError, UsersOf, add, digest_of, path_of, read, remove


def test_a_token_is_given_once_and_only_its_digest_is_kept(tmp_path: Path) -> None:
    token, other = add(tmp_path, "alice"), add(tmp_path, "bob", is_admin=True)
    assert len(token) > 43
    assert token != other
    kept = path_of(tmp_path).read_text()
    assert token not in kept
    found = read(tmp_path)
    assert {name: (user.digest, user.admin) for name, user in found.items()} == {
        "alice": (digest_of(token), False),
        "bob": (digest_of(other), True),
    }
    remove(tmp_path, "alice")
    assert list(read(tmp_path)) == ["bob"]
    assert add(tmp_path, "alice") != token


@pytest.mark.skipif(os.name == "nt", reason="files have no such rights there")
def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        add(tmp_path, "alice")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path_of(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "name",
    [
        "",
        "default",
        "Alice",
        "a/b",
        "..",
        ".",
        "a.",
        ".a",
        "a b",
        "nul",
        "com1.x",
        "ä",
        "a" * 33,
        "a\n",
        "-a",
    ],
)
def test_names_that_nobody_has(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsersError, match="name of a user"):
        add(tmp_path, name)
    assert not list(tmp_path.iterdir())


def test_what_can_not_be_done_changes_nothing(tmp_path: Path) -> None:
    add(tmp_path, "alice")
    before = path_of(tmp_path).read_bytes()
    with pytest.raises(UsersError, match="already"):
        add(tmp_path, "alice")
    with pytest.raises(UsersError, match="no user bob; users: alice"):
        remove(tmp_path, "bob")
    (tmp_path / f"{users.FILE}.new").touch()
    with pytest.raises(UsersError, match="another"):
        add(tmp_path, "bob")
    (tmp_path / f"{users.FILE}.new").unlink()
    assert path_of(tmp_path).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [users.FILE]


DAMAGED = (
    "",
    "[]",
    "{}",
    '{"users": []}',
    '{"users": {"alice": {"digest": "x", "admin": false}}}',
    '{"users": {"alice": {"digest": "' + "0" * 64 + '"}}}',
    '{"users": {"../alice": {"digest": "' + "0" * 64 + '", "admin": true}}}',
    "[" * 100_000,
)


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_is_an_error_and_stays(tmp_path: Path, content: str) -> None:
    path_of(tmp_path).write_text(content)
    for act in (read, lambda root: add(root, "bob"), lambda root: UsersOf(root).now()):
        with pytest.raises(UsersError, match="not a file of users"):
            act(tmp_path)
    assert path_of(tmp_path).read_text() == content


def test_users_are_read_again_when_they_have_changed(tmp_path: Path) -> None:
    there = UsersOf(tmp_path)
    assert not there.now()
    for number in range(20):  # faster than the clock of most file systems
        add(tmp_path, f"u{number}")
        assert list(there.now()) == [f"u{number}"]
        remove(tmp_path, f"u{number}")
        assert not there.now()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*argv: str) -> tuple[int, str, str]:
        status = command_line(["user", *argv, "--root", str(tmp_path)])
        out, err = capsys.readouterr()
        return status, out, err

    status, token, told = said("add", "alice", "--admin")
    assert f"alice may ask the server over {tmp_path}" in told
    assert (status, read(tmp_path)["alice"].digest) == (0, digest_of(token.strip()))
    assert said("add", "bob")[0] == 0
    assert said("ls") == (0, "alice\tadmin\nbob\n", "")
    assert said("remove", "alice") == (0, "", "")
    assert said("remove", "alice")[::2] == (2, "inkloom: there is no user alice; users: bob\n")
    assert said("add")[0] == said("ls", "bob")[0] == 2
