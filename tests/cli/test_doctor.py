"""`inkloom doctor`: what it finds, and that it changes nothing."""

import os
import sqlite3
from pathlib import Path

import pytest

from inkloom.cli.doctor import database, models, worker
from inkloom.cli.main import command_line
from inkloom.executor import Folders


def test_it_looks_at_everything_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "root"
    assert command_line(["doctor", "--root", str(root)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert [line.split()[1] for line in lines if not line.split()[1].startswith("cuda")] == [
        name
        for name in ("python", "worker", "torch", "devices", "editor", "root", "database", "models")
        if name != "devices" or not any("cuda" in line for line in lines)
    ]
    assert not root.exists()


@pytest.mark.parametrize(
    ("torch", "told"),
    [
        (
            'raise OSError("libcudart.so.12: no such file")',
            "status 1 while it loaded torch: OSError: libcudart.so.12",
        ),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGILL)",
            "was killed by SIGILL while it loaded torch: ",
        ),
        ("import time; time.sleep(60)", "not ready after 3 seconds"),
    ],
)
def test_a_worker_that_can_not_start_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, torch: str, told: str
) -> None:
    (tmp_path / "torch.py").write_text(torch)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    found = worker(patience=3 if "sleep" in torch else 60)
    assert (found.verdict, found.what) == ("broken", "worker")
    assert told in found.found
    assert found.remedy


def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "jobs.sqlite"
    assert database(file).verdict == "ok"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE one (two)")
    connection.close()
    assert database(file).verdict == "ok"
    file.write_bytes(b"no database at all" * 100)
    told = database(file)
    assert (told.verdict, "recover" in told.remedy) == ("broken", True)


def test_checkpoints_are_counted(tmp_path: Path) -> None:
    assert models(Folders(tmp_path)).verdict == "missing"
    folder = tmp_path / "models" / "checkpoints"
    folder.mkdir(parents=True)
    for name in ("one", "two"):
        (folder / f"{name}.safetensors").touch()
    assert "2 checkpoints" in models(Folders(tmp_path)).found
