"""What is public is documented: commands, routes, problem codes, pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from inkloom.cli.main import COMMANDS
from inkloom.executor import CODES, REASONS
from inkloom.server.routes import ROUTES
from inkloom.server.routing import Route

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize("command", [command.NAME for command in COMMANDS])
def test_every_command_has_a_section(command: str):
    assert f"## inkloom {command}" in (DOCS / "command-line.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_has_a_row(route: Route):
    page = "api.md" if route.path.startswith("/v1/") else "server.md"
    assert f"| `{route.method} {route.path}` |" in (DOCS / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("code", CODES)
def test_every_problem_code_has_a_row(code: str):
    assert f"| `{code}` |" in (DOCS / "problems.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_to_run_is_explained(code: str):
    assert re.search(rf"^\| .*`{code}`.* \|", (DOCS / "explain.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_every_link_and_file_that_a_page_names_exists(page: Path):
    text = page.read_text(encoding="utf-8")
    links = [found for found in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in found]
    files = re.findall(
        r"`((?:cli|diffusion|executor|nodes|server|tests|workflows|docs|bench)/[\w./]*)`", text
    )
    missing = [link for link in links if not (page.parent / link).exists()]
    missing += [name for name in files if not (ROOT / name).exists()]
    assert missing == []
