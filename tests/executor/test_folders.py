"""Names of files in workflows can't lead out of their folders, and content is what counts."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

import pytest

from inkloom.executor import ExtraFolder, Folders, Kind, MissingFileError, UnsafeNameError, annotated
from inkloom.executor.files.hashes import BLOCK


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
    (tmp_path / "input" / "away.png").symlink_to(tmp_path / "secret.txt")
    return tmp_path


@pytest.fixture
def folders(base: Path) -> Folders:
    return Folders(base, bundled={"checkpoints": (base / "shipped",)})


def test_names(folders: Folders) -> None:
    linked = ("b.safetensors", "leak.safetensors", "own.safetensors", "sub/a.safetensors")
    assert folders.names("checkpoints") == linked
    assert folders.names("input") == ("photo.png",)
    assert folders.names("loras") == ()
    assert folders.kinds() == ("checkpoints",)


def test_the_users_own_file_wins(folders: Folders, base: Path) -> None:
    assert folders.path("checkpoints", "b.safetensors") == base / "models" / "checkpoints" / "b.safetensors"
    assert folders.path("checkpoints", "own.safetensors") == base / "shipped" / "own.safetensors"
    assert folders.path("input", "sub/other.png").read_text(encoding="utf-8") == "o"


def test_models_by_the_folder_they_lie_in(folders: Folders) -> None:
    assert folders.located("checkpoints") == (
        (0, "b.safetensors"),
        (0, "leak.safetensors"),
        (0, "sub/a.safetensors"),
        (1, "b.safetensors"),
        (1, "own.safetensors"),
    )


def test_what_no_name_may_be_is_not_listed(folders: Folders, base: Path) -> None:
    for name in ("aux.png", "a\\b.png"):
        (base / "input" / name).write_text("x")
        (base / "models" / "checkpoints" / f"{name}.safetensors").write_text("x")
    assert folders.names("input") == ("photo.png",)
    assert len(folders.names("checkpoints")) == 4
    assert folders.state("input")


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
        ("input", "aux"),
        ("input", "CON.png"),
        ("input", "sub/lpt1 .png"),
        ("input", "nul:x"),
        ("input", "away/secret.txt"),
        ("input", "away.png"),
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


def test_a_linked_folder_of_models_is_followed_once_round(base: Path, folders: Folders) -> None:
    elsewhere = base / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "far.safetensors").write_text("f", encoding="utf-8")
    (elsewhere / "back").symlink_to(base / "models" / "checkpoints")
    (base / "models" / "checkpoints" / "linked").symlink_to(elsewhere)
    names = folders.names("checkpoints")
    assert "linked/far.safetensors" in names
    assert not any(name.startswith("linked/back/linked/") for name in names)
    assert folders.path("checkpoints", "linked/far.safetensors").read_text(encoding="utf-8") == "f"


KINDS = {
    "text_encoders": Kind(folders=("text_encoders", "clip"), outputs=("clip",)),
    "configs": Kind(suffixes=(".yaml",)),
    "diffusers": Kind(marker="model_index.json"),
}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_every_place_of_a_kind_is_searched_in_order(tmp_path: Path) -> None:
    places = ["first", "models/text_encoders", "models/clip", "last", "shipped", "output/clip"]
    for number, place in enumerate(places):
        write(tmp_path / place / "same.safetensors", place)
        write(tmp_path / place / f"own{number}.safetensors", place)
    folders = Folders(
        tmp_path,
        bundled={"text_encoders": (tmp_path / "shipped",)},
        kinds=KINDS,
        aliases={"clip": "text_encoders"},
        extra=[
            ExtraFolder(kind="clip", path=tmp_path / "last"),
            ExtraFolder(kind="text_encoders", path=tmp_path / "first", first=True),
        ],
    )
    for name in ("text_encoders", "clip"):
        assert folders.roots(name) == tuple(tmp_path / place for place in places)
        assert folders.root(name) == tmp_path / "models" / "text_encoders"
        assert len(folders.names(name)) == 1 + len(places)
        assert folders.path(name, "same.safetensors").read_text(encoding="utf-8") == "first"
    assert folders.kinds() == ("configs", "diffusers", "text_encoders")


def test_a_kind_says_which_files_are_models(tmp_path: Path) -> None:
    folders = Folders(tmp_path, kinds=KINDS)
    write(tmp_path / "models/configs/a.yaml", "a")
    write(tmp_path / "models/configs/a.safetensors", "a")
    assert folders.names("configs") == ("a.yaml",)


def test_a_model_may_be_a_folder(tmp_path: Path) -> None:
    folders = Folders(tmp_path, kinds=KINDS)
    index = write(tmp_path / "models/diffusers/family/one/model_index.json", "{}")
    part = write(tmp_path / "models/diffusers/family/one/unet/weights.bin", "w")
    assert folders.names("diffusers") == ("family/one",)
    assert folders.path("diffusers", "family/one") == index.parent
    before = folders.fingerprint("diffusers", "family/one")
    assert before == Folders(tmp_path, kinds=KINDS).fingerprint("diffusers", "family/one")
    part.rename(part.with_name("other.bin"))
    assert folders.fingerprint("diffusers", "family/one") != before
    with pytest.raises(MissingFileError, match="did you mean 'family/one'"):
        folders.path("diffusers", "family/two")


def test_a_listing_follows_every_change(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    deep = tmp_path / "models/loras/a/b"
    seen: list[tuple[str, ...]] = [folders.names("loras")]
    write(deep / "x.safetensors", "x")
    seen.append(folders.names("loras"))
    write(deep / "y.safetensors", "y")
    seen.append(folders.names("loras"))
    (deep / "x.safetensors").unlink()
    seen.append(folders.names("loras"))
    (deep / "y.safetensors").rename(deep.parent / "z.safetensors")
    seen.append(folders.names("loras"))
    assert seen == [
        (),
        ("a/b/x.safetensors",),
        ("a/b/x.safetensors", "a/b/y.safetensors"),
        ("a/b/y.safetensors",),
        ("a/z.safetensors",),
    ]


def test_an_unchanged_folder_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = Folders(tmp_path)
    file = write(tmp_path / "models/loras/x.safetensors", "x")
    long_ago = file.stat().st_mtime_ns - 10**12
    os.utime(file.parent, ns=(long_ago, long_ago))
    assert folders.names("loras") == ("x.safetensors",)
    read: list[str] = []
    scandir = os.scandir

    def counted(path: str) -> object:
        read.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", counted)
    assert folders.names("loras") == ("x.safetensors",)
    assert read == []
    write(file.with_name("y.safetensors"), "y")
    assert folders.names("loras") == ("x.safetensors", "y.safetensors")
    assert len(read) == 1


def test_a_change_within_one_tick_of_the_clock_is_seen(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    file = write(tmp_path / "models/loras/x.safetensors", "x")
    before = file.parent.stat()
    assert folders.names("loras") == ("x.safetensors",)
    write(file.with_name("y.safetensors"), "y")
    os.utime(file.parent, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert folders.names("loras") == ("x.safetensors", "y.safetensors")


def test_a_link_to_nothing_is_no_choice(folders: Folders, base: Path) -> None:
    (base / "models" / "checkpoints" / "gone.safetensors").symlink_to(base / "nowhere")
    assert "gone.safetensors" not in folders.names("checkpoints")
