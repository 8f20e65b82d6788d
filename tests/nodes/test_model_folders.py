"""extra_model_paths.yaml: where it leads, and what it says when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from inkloom.executor import ExtraFolder
from inkloom.nodes import ExtraPathsError, open_folders
from inkloom.nodes.model_folders import extra_folders


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "extra_model_paths.yaml"


def test_sections_lead_to_folders(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELS_AT", "/data")
    monkeypatch.setenv("HOME", "/home/user")
    file.write_text(
        "webui:\n  base_path: $MODELS_AT/webui/\n  is_default: true\n  checkpoints: models/SD\n"
        "  loras: |\n    models/Lora\n    models/LyCORIS\n\n  vae:\n"
        "beside:\n  embeddings: emb\n  custom_kind: /abs\n"
        "mine:\n  base_path: ~/m\n  clip: .\n"
        "empty:\n",
        encoding="utf-8",
    )
    assert extra_folders(file) == (
        ExtraFolder(kind="checkpoints", path=Path("/data/webui/models/SD"), first=True),
        ExtraFolder(kind="loras", path=Path("/data/webui/models/Lora"), first=True),
        ExtraFolder(kind="loras", path=Path("/data/webui/models/LyCORIS"), first=True),
        ExtraFolder(kind="embeddings", path=file.parent / "emb"),
        ExtraFolder(kind="custom_kind", path=Path("/abs")),
        ExtraFolder(kind="clip", path=Path("/home/user/m")),
    )


def test_an_empty_file_adds_nothing(file: Path) -> None:
    file.write_text("# nothing yet\n", encoding="utf-8")
    assert extra_folders(file) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1", "is not YAML"),
        ("- a\n", "must be a table of names, not list"),
        ("a: text\n", "section 'a' must be a table of names, not str"),
        ("a:\n  is_default: perhaps\n", "is_default must be true or false, not 'perhaps'"),
        ("a:\n  base_path: [x]\n", "base_path must be a folder"),
        ("a:\n  loras: [x, y]\n", "several on lines of a block"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(file: Path, text: str, told: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ExtraPathsError, match=r"extra_model_paths\.yaml.*" + told.replace("(", r"\(")):
        extra_folders(file)


def test_the_data_folders_own_file_and_given_ones_are_followed(tmp_path: Path, file: Path) -> None:
    file.write_text("a:\n  loras: own\n", encoding="utf-8")
    other = tmp_path / "elsewhere" / "more.yaml"
    other.parent.mkdir()
    other.write_text("b:\n  loras: more\n", encoding="utf-8")
    for folder in ("own", "elsewhere/more"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{Path(folder).name}.safetensors").write_text("", encoding="utf-8")
    assert open_folders(tmp_path, extra_paths=[other]).names("loras") == (
        "more.safetensors",
        "own.safetensors",
    )
    with pytest.raises(ExtraPathsError, match="can't be read"):
        open_folders(tmp_path, extra_paths=[tmp_path / "none.yaml"])
