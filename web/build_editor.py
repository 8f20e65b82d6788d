"""Builds the editor in web/ into server/_web, from which the server serves it: `python web/build_editor.py`.

With the name of a script of web/package.json (test, e2e, types, lint, format), it runs that instead.

setup.py does the same as one step of the normal build. INKLOOM_WEB says what is wanted:

auto (default)  build when web/ has changed since the last build and Node is there; go on without it otherwise
skip            never build
require         fail when the built editor cannot be had: for releases and continuous integration
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

WEB = Path(__file__).resolve().parent
OUT = WEB.parent / "server" / "_web"

STAMP = ".build.json"
"""The file of the built editor that says what it was built from."""

MODES = ("auto", "skip", "require")

NO_SOURCES = ("node_modules", "e2e", "bench", "testdata", "dist")
"""Folders that nothing of the built editor comes from."""

NO_SOURCE = re.compile(r"\.(test\.tsx?|py|pyc)$")
"""Files that nothing of the built editor comes from."""

SUPPORTED = ((20, 19), (22, 12))
"""The oldest release of Node that will do, of the lines that have one; every line after the last will do."""


class EditorError(Exception):
    """The editor can't be built; the message says why."""


def digest(web: Path) -> str:
    """Return one hash of all that the editor is built from; line ends do not count."""
    found = hashlib.sha256()
    for path in sorted(_sources(web), key=lambda path: path.relative_to(web).as_posix()):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        found.update(f"{path.relative_to(web).as_posix()}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def _sources(web: Path) -> list[Path]:
    found: list[Path] = []
    for folder, inner, names in os.walk(web):
        inner[:] = [name for name in inner if name not in NO_SOURCES]
        found += [Path(folder, name) for name in names if NO_SOURCE.search(name) is None]
    return found


def is_built(web: Path, out: Path) -> bool:
    """Tell whether what lies in `out` was built from what lies in `web`."""
    try:
        stamp = json.loads((out / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return stamp == {"source": digest(web)} and (out / "index.html").is_file()


def node_problem(answer: str | None) -> str | None:
    """Return what is wrong with Node by its answer to --version (None: there is no Node); None if nothing."""
    if answer is None:
        return "Node.js (node and npm) was not found"
    found = re.fullmatch(r"v(\d+)\.(\d+)\..*", answer)
    if found is None:
        return f"Node.js answered {answer!r} to --version"
    version = (int(found[1]), int(found[2]))
    fits = any(version[0] == line and version >= (line, least) for line, least in SUPPORTED)
    if fits or version[0] > SUPPORTED[-1][0]:
        return None
    needed = " or ".join(f"{line}.{least}" for line, least in SUPPORTED)
    return f"Node.js {answer} does not do: {needed} or newer is needed"


def version_of_node() -> str | None:
    """Return what Node says to --version, None when it or npm is not there."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    return subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()


def install(web: Path) -> None:
    """Install what the lock file names, unless it is installed; raises EditorError."""
    lock, installed = web / "package-lock.json", web / "node_modules" / ".installed"
    if installed.is_file() and installed.read_bytes() == lock.read_bytes():
        return
    _npm(web, "ci", "--no-audit", "--no-fund", "--prefer-offline")
    installed.write_bytes(lock.read_bytes())


def build(web: Path, out: Path) -> None:
    """Build the editor; what was built before is there until the new one is whole. Raises EditorError."""
    if problem := node_problem(version_of_node()):
        raise EditorError(problem)
    install(web)
    source = digest(web)
    new = out.with_name(out.name + ".new")
    _npm(web, "run", "build", "--", "--outDir", str(new), "--emptyOutDir")
    (new / STAMP).write_text(json.dumps({"source": source}) + "\n", encoding="utf-8")
    if out.exists():
        shutil.rmtree(out)
    new.rename(out)


def _npm(web: Path, *arguments: str) -> None:
    npm = shutil.which("npm")
    assert npm is not None
    try:
        subprocess.run([npm, *arguments], cwd=web, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EditorError(f"npm {arguments[0]} failed ({error})") from error


def build_editor(environment: Mapping[str, str], web: Path = WEB, out: Path = OUT) -> str | None:
    """Build the editor if that is wanted and needed; return why it is not there although it is wanted.

    Raises EditorError when it is required and can't be built, or when INKLOOM_WEB says something unknown.
    """
    mode = environment.get("INKLOOM_WEB", "auto")
    if mode not in MODES:
        raise EditorError(f"INKLOOM_WEB is one of {', '.join(MODES)}, not {mode!r}")
    if mode == "skip":
        return None
    if not (web / "package.json").is_file():
        problem = None if (out / "index.html").is_file() else f"there is no {web / 'package.json'}"
    elif is_built(web, out):
        problem = None
    else:
        try:
            build(web, out)
            return None
        except EditorError as error:
            problem = str(error)
    if problem is not None and mode == "require":
        raise EditorError(problem)
    return problem


def run_script(script: str, environment: Mapping[str, str], web: Path = WEB) -> str | None:
    """Run a script of package.json; return why it can't be run here. Raises EditorError when it fails."""
    problem = node_problem(version_of_node())
    if problem is None:
        install(web)
        _npm(web, "run", "--silent", script)
    elif environment.get("INKLOOM_WEB") == "require":
        raise EditorError(problem)
    return problem


def main(environment: Mapping[str, str], script: str | None = None) -> None:
    """Build the editor for a person or a build, who are told if it is not there."""
    try:
        problem = build_editor(environment) if script is None else run_script(script, environment)
    except EditorError as error:
        sys.exit(f"inkloom: the editor's {script or 'build'} failed: {error}")
    if problem and script is not None:
        print(f"skipped: the editor's {script}: {problem}")
        return
    if problem:
        print(
            f"\n*** The editor was not built: {problem}."
            " The server's API and the command line work without it. ***\n",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main(os.environ, *sys.argv[1:2])
