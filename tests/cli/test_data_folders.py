"""Files of extra model paths, given on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inkloom.cli.main import command_line


def test_models_are_also_found_where_a_given_file_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "mine.safetensors").write_text("", encoding="utf-8")
    config = tmp_path / "paths.yaml"
    config.write_text("mine:\n  vae: far\n", encoding="utf-8")
    argv = ["nodes", "VAELoader", "--json", "--root", str(tmp_path / "root")]
    assert command_line([*argv, "--extra-model-paths-config", str(config)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert "mine.safetensors" in shown["VAELoader"]["input"]["required"]["vae_name"][0]


def test_a_wrong_file_is_told_and_ends_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line(["nodes", "--extra-model-paths-config", str(tmp_path / "none.yaml")]) == 2
    assert f"{tmp_path / 'none.yaml'} can't be read" in capsys.readouterr().err
