"""No GET changes anything: every route is asked, and what there is stays as it was."""

from pathlib import Path
from typing import Any

from inkloom.server.routes import ROUTES
from inkloom.server.state import SERVER

from .conftest import Running, Serve

VALUES = {
    "{prompt_id}": "waits",
    "{node_class}": "Number",
    "{folder}": "checkpoints",
    "{path_index}": "0",
    "{filename:.*}": "a.safetensors",
    "{name:.+}": "index.js",
    "{pack}": "inkloom",
    "{name}": "text_to_image",
    "{id}": "colour",
    "{file}": "a.json",
    "{kind}": "input",
}
QUERIES = (
    "",
    "?filename=a.png&type=input&preview=webp",
    "?dir=.&clear=true&delete=waits&overwrite=true&max_items=1",
)


def state_of(server: Running) -> dict[str, Any]:
    files = {
        path.relative_to(server.root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(server.root.rglob("*"))
        if path.is_file() and "jobs" not in path.relative_to(server.root).parts
    }
    return {"files": files, "remaining": server.app[SERVER].jobs.remaining}


async def test_no_get_changes_anything(serve: Serve, tmp_path: Path) -> None:
    for name in ("input/a.png", "output/b.png", "models/checkpoints/a.safetensors", "user/default/a.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"content")
    asked = 0
    async with serve() as server, server.client() as client:
        queue: dict[str, list[Any]] = {"queue_running": []}
        for name in ("runs", "waits"):  # one for ever, since its worker is none
            body = {"prompt": {"1": {"class_type": "Show", "inputs": {"value": 1}}}, "prompt_id": name}
            async with client.post("/prompt", json=body) as answer:
                assert answer.status == 200
            while not queue["queue_running"] or (name == "waits" and not queue["queue_pending"]):
                async with client.get("/queue") as answer:
                    queue = await answer.json()
        before = state_of(server)
        for route in ROUTES:
            path = route.path
            if route.method != "GET" or path == "/ws":
                continue
            for placeholder, value in VALUES.items():
                path = path.replace(placeholder, value)
            assert "{" not in path, "a placeholder without a value"
            for verb in ("GET", "HEAD"):
                for query in QUERIES:
                    async with client.request(verb, path + query, data=b'{"clear": true}') as answer:
                        # This server's worker is none, and so has nothing in memory to tell of.
                        assert answer.status < 500 or path == "/v1/residency"
                        if answer.content_type != "text/event-stream":  # that has no end
                            await answer.read()
                    asked += 1
        assert state_of(server) == before
        async with client.get("/queue") as answer:
            assert await answer.json() == queue
    assert asked > 100
