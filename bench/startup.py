"""How long a user waits: each command as a whole process, and the main workflow inside one."""

from __future__ import annotations

import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKFLOW = ROOT / "workflows" / "text_to_image.json"
INKLOOM = [str(Path(sys.executable).with_name("inkloom"))]

COMMANDS = {
    "python -c pass (reference)": ([sys.executable, "-c", "pass"], None),
    "python -c 'import torch' (reference)": ([sys.executable, "-c", "import torch"], None),
    "inkloom --help": ([*INKLOOM, "--help"], 0.3),
    "inkloom validate text_to_image": ([*INKLOOM, "validate", str(WORKFLOW)], 1.0),
}


def main() -> None:
    """Print the table."""
    print(f"{'':42}{'median s':>10}{'worst s':>10}{'goal s':>8}")
    for name, (command, goal) in COMMANDS.items():
        _row(name, _timed(command, 5), goal)
    with tempfile.TemporaryDirectory() as root:
        _row("inkloom serve, first 200 of /system_stats", [_answered(root) for _ in range(5)], 0.7)
    with tempfile.TemporaryDirectory() as output:
        cold = [*INKLOOM, "run", str(WORKFLOW), "--output", output, "--root", output]
        _row("inkloom run text_to_image, cold shell", _timed(cold, 3), 12.0)
    _row("text_to_image once loaded, another seed", _warm(5), 4.0)


def _row(name: str, seconds: list[float], goal: float | None) -> None:
    wanted = "" if goal is None else f"{goal:.1f}"
    print(f"{name:42}{statistics.median(seconds):10.3f}{max(seconds):10.3f}{wanted:>8}", flush=True)


def _timed(command: list[str], times: int) -> list[float]:
    seconds: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    return seconds


def _answered(root: str) -> float:
    """Return the seconds from the start of a server to its first answer."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    start = time.perf_counter()
    command = [*INKLOOM, "serve", "--root", root, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        while not _answers(port):
            if server.poll() is not None:
                raise RuntimeError(f"the server ended with status {server.returncode}")
            time.sleep(0.002)
        seconds = time.perf_counter() - start
        server.terminate()
    return seconds


def _answers(port: int) -> bool:
    with suppress(ConnectionError), closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", "/system_stats")
        return connection.getresponse().status == 200
    return False


def _warm(times: int) -> list[float]:
    """Sample again and again in one process with the model loaded and a new seed each time."""
    from inkloom.executor import Graph
    from inkloom.nodes import NODES, Engine, open_folders

    flow = json.loads(WORKFLOW.read_text(encoding="utf-8"))
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as root:
        engine = Engine(NODES, open_folders(Path(root)))
        for seed in range(times + 1):
            flow["3"]["inputs"]["seed"] = seed
            graph = Graph.parse(flow)
            start = time.perf_counter()
            for _ in engine.run(graph):
                pass
            seconds.append(time.perf_counter() - start)
    return seconds[1:]  # the first one loaded the model
