"""The examples of docs/client.md, run as they stand against a real server with its own model."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import inkloom
from inkloom.client import client

ROOT = Path(str(inkloom.__file__)).parent

GUIDE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")

MAIN = "from inkloom.cli.main import main; main()"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Yield an environment in which $INKLOOM_URL is a server that runs, and `inkloom` a command."""
    root = tmp_path_factory.mktemp("root")
    program = root / "bin" / "inkloom"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{MAIN}\n")
    program.chmod(0o755)
    serve = [sys.executable, "-c", MAIN, "serve", "--port", "0", "--root", str(root)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found is not None
        path = os.pathsep.join([str(program.parent), os.environ.get("PATH", "")])
        yield {**os.environ, "INKLOOM_URL": found[0], "PATH": path}
        server.terminate()


@pytest.mark.parametrize("language", ["python", "sh"])
def test_examples_run(language: str, environ: dict[str, str], tmp_path: Path) -> None:
    command = {"python": [sys.executable, "-W", "error"], "sh": ["sh", "-eu"]}[language]
    (tmp_path / "mine.json").write_bytes((ROOT / "workflows" / "text_to_image.json").read_bytes())
    said = ""
    for number, block in enumerate(blocks(language)):
        script = tmp_path / f"example{number}"
        script.write_text(block)
        done = subprocess.run(
            [*command, str(script)], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (block, done.stdout, done.stderr)
        said += done.stdout
    assert list((tmp_path / "pictures").glob("*.png"))
    if language == "python":
        assert "done" in said.split()
        assert said.splitlines()[-1] == "seed"


GROUPS = {"": client.Client, "jobs.": client.Jobs, "files.": client.Files, "workflows.": client.Workflows}


def test_every_method_is_in_the_guide() -> None:
    told = set(re.findall(r"`([\w.]+)\(", GUIDE))
    methods = {
        group + name
        for group, kind in GROUPS.items()
        for name, value in vars(kind).items()
        if not name.startswith("_") and callable(value) and name != "close"
    }
    assert methods <= told


def test_every_error_is_in_the_guide() -> None:
    from inkloom.client import EXPORTS

    errors = {name for name in EXPORTS if name.endswith("Error")}
    assert errors <= set(re.findall(r"`(\w+Error)`", GUIDE))
