"""POST /v1/explain: what a run would do, and why."""

import msgspec
from aiohttp import web

from ...client.values import Explanation, Question
from ..access.guard import identity_of
from ..routing import Route
from ..state import SERVER
from .asking import problem_of, runnable
from .routing import answer, body_of, errors
from .workers import answered


async def post_explain(request: web.Request) -> web.Response:
    """Tell what a workflow would do if it was queued now, and why; nothing runs."""
    found = await runnable(request, await body_of(request, Question))
    crew, user = request.app[SERVER].crew, identity_of(request).name
    explained = await answered(crew.explain(found.graph.to_api(), found.outputs_good, user))
    explanation = msgspec.convert({**explained, "problems": []}, Explanation)
    return answer(msgspec.structs.replace(explanation, problems=[problem_of(one) for one in found.problems]))


ROUTES = (
    Route(
        "POST",
        "/v1/explain",
        post_explain,
        tag="workflows",
        body=Question,
        answers={200: Explanation} | errors(400, 413, 415, 422, 500, 503),
    ),
)
"""What tells what a run would do."""
