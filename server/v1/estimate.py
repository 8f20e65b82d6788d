"""POST /v1/estimate: what a run would take."""

import msgspec
from aiohttp import web

from ...client.values import Estimate, Question
from ..access.guard import identity_of
from ..routing import Route
from ..state import SERVER
from .asking import runnable
from .routing import answer, body_of, errors
from .workers import answered


async def post_estimate(request: web.Request) -> web.Response:
    """Tell how long a workflow would take if it was run now, and how much memory; nothing runs."""
    found = await runnable(request, await body_of(request, Question))
    crew, user = request.app[SERVER].crew, identity_of(request).name
    estimated = await answered(crew.estimate(found.graph.to_api(), found.outputs_good, user))
    return answer(msgspec.convert(estimated, Estimate))


ROUTES = (
    Route(
        "POST",
        "/v1/estimate",
        post_estimate,
        tag="workflows",
        body=Question,
        answers={200: Estimate} | errors(400, 413, 415, 422, 500, 503),
    ),
)
"""What tells what a run would take."""
