"""What can be asked of inkloom beyond ComfyUI's interface: routes of its own, under the version of that."""

from aiohttp import web

from ..access.guard import identity_of
from ..jobs.prompt import RefusedError, fields_of, validated
from ..jobs.reasons import error_body, node_errors
from ..state import SERVER
from ..users.who import folders_of
from ..workers.process import NoAnswerError, WorkerDiedError


async def post_explain(request: web.Request) -> web.Response:
    """Tell what a workflow would do if it was queued now, and why; nothing runs."""
    server, folders = request.app[SERVER], folders_of(request)
    try:
        validation = validated(fields_of(await request.read()), server.table, folders, server.limits)
    except RefusedError as refused:
        return web.json_response(refused.answer, status=400)
    try:
        user = identity_of(request).name
        told = await server.worker.explain(validation.graph.to_api(), validation.outputs_good, user)
    except WorkerDiedError as error:
        return web.json_response(error_body("no_worker", str(error)), status=503)
    except NoAnswerError as error:
        return web.json_response(error_body("not_explained", str(error)), status=500)
    return web.json_response({**told, "node_errors": node_errors(validation, server.table, folders)})


ROUTES = (("POST", "/v1/explain", post_explain),)
"""Method, path and handler of every route of inkloom's own."""
