"""GET /v1/residency: what is in memory now."""

from aiohttp import web

from ...client.values import Residency
from ..routing import Route
from ..state import SERVER
from .routing import answer, errors
from .workers import answered


async def get_residency(request: web.Request) -> web.Response:
    """Tell which models are in memory, and what the caches of results hold; also while a job runs."""
    return answer(await answered(request.app[SERVER].crew.look()))


ROUTES = (
    Route(
        "GET",
        "/v1/residency",
        get_residency,
        tag="server",
        answers={200: Residency} | errors(500, 503),
    ),
)
"""What tells about memory."""
