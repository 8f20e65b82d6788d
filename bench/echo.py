"""The least that a server can do with a workflow: read it as JSON and answer. `python -m bench.echo PORT`."""

from __future__ import annotations

import sys

from aiohttp import web


async def answer(request: web.Request) -> web.Response:
    """Answer with how many nodes there are."""
    body = await request.json()
    return web.json_response({"prompt_id": str(len(body["prompt"]))})


def main(port: int) -> None:
    """Answer until the process is ended."""
    app = web.Application(client_max_size=2**26)
    app.router.add_post("/prompt", answer)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
