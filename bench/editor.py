"""What the editor costs with 1,000 nodes of six fields each in headless Chromium (`web/bench/editor.mjs`)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "web" / "bench" / "editor.mjs"
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
INKLOOM = str(Path(sys.executable).with_name("inkloom"))
LONGEST = 300
"""Seconds that all of it may take; it takes half of that on a busy machine of two cores."""


def main() -> None:
    """Start a server over an empty folder and print what the script measures against it."""
    node = shutil.which("node")
    if node is None or not (ROOT / "web" / "node_modules" / "playwright-core").is_dir():
        print("Node.js and the packages of web/ are needed: run 'make test-web' once")
        return
    if not CHROMIUM.exists():
        print(f"there is no {CHROMIUM}: install Chromium, or say with CHROMIUM where another browser is")
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [INKLOOM, "serve", "--root", folder, "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
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
