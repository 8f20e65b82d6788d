"""A real server of the toy nodes, in a process of its own: what the tests of those who ask a server share.

As a program: `python served.py ROOT PORT`, where port 0 means any that is free.
"""

import asyncio
import importlib.util
import subprocess
import sys
from pathlib import Path

TOY = Path(__file__).parent / "server" / "toy.py"


class Served:
    """A server, which may be killed and started anew at the same place."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, and return when it answers."""
        command = [sys.executable, __file__, str(self.root), str(self._port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())

    def kill(self) -> None:
        """End it as a failing machine would: it says nothing, and cleans up nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


async def serve(root: Path, port: int) -> None:
    """Serve a root folder, and print the port once it answers; ends with who holds the other end of stdin."""
    from aiohttp import web

    from inkloom.executor import Folders
    from inkloom.server.app import make_app

    spec = importlib.util.spec_from_file_location("toy", TOY)
    assert spec is not None
    assert spec.loader is not None
    toy = importlib.util.module_from_spec(spec)
    sys.modules["toy"] = toy
    spec.loader.exec_module(toy)
    app = make_app(toy.TABLE, Folders(root), [(sys.executable, str(TOY), str(root))])
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(runner.addresses[0][1], flush=True)
    try:
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
