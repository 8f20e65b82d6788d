"""What the editor costs with 1,000 nodes of six fields each in headless Chromium (`web/bench/editor.mjs`)."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "web" / "bench" / "editor.mjs"
INKLOOM = str(Path(sys.executable).with_name("inkloom"))
LONGEST = 600
"""Seconds that all of it may take."""


def main() -> None:
    """Start a server over an empty folder and print what the script measures against it."""
    node = shutil.which("node")
    if node is None or not (ROOT / "web" / "node_modules" / "playwright-core").is_dir():
        print("Node.js and the packages of web/ are needed: run 'make test-web' once")
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [INKLOOM, "serve", "--root", folder, "--port", "0"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as server:
            try:
                subprocess.run([node, str(SCRIPT), served(server)], check=True, timeout=LONGEST)
            finally:
                server.send_signal(signal.SIGINT)


def served(server: subprocess.Popen[str]) -> str:
    """Return the address that a server says it serves; raises RuntimeError where it ends before."""
    for line in server.stdout or ():
        words = line.split()
        if words[:2] == ["inkloom", "serves"]:
            return words[2]
    raise RuntimeError("the server ended before it served anything")
