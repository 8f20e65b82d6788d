"""What can be asked of inkloom beyond ComfyUI's interface: routes of its own, under the version of that."""

from aiohttp import web

from .prompt import RefusedError, fields_of, validated
from .reasons import error_body, node_errors
from .state import SERVER
from .worker_process import NoAnswerError, WorkerDiedError


async def post_explain(request: web.Request) -> web.Response:
    """Tell what a workflow would do if it was queued now, and why; nothing runs."""
    server = request.app[SERVER]
    try:
        validation = validated(fields_of(await request.read()), server.table, server.folders)
    except RefusedError as refused:
        return web.json_response(refused.answer, status=400)
    try:
        told = await server.worker.explain(validation.graph.to_api(), validation.outputs_good)
    except WorkerDiedError as error:
        return web.json_response(error_body("no_worker", str(error)), status=503)
    except NoAnswerError as error:
        return web.json_response(error_body("not_explained", str(error)), status=500)
    return web.json_response({**told, "node_errors": node_errors(validation, server.table, server.folders)})


ROUTES = (("POST", "/v1/explain", post_explain),)
"""Method, path and handler of every route of inkloom's own."""
