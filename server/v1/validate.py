"""POST /v1/validate: everything that is wrong with a workflow, at once."""

from aiohttp import web

from ...client.values import Question, Validity
from ..routing import Route
from .asking import problem_of, validation_of
from .routing import NotDoneError, answer, body_of, errors


async def post_validate(request: web.Request) -> web.Response:
    """Tell everything that is wrong with a workflow, warnings too; nothing runs."""
    question = await body_of(request, Question)
    try:
        found = await validation_of(request, question)
    except NotDoneError as refused:  # it can't even be read: that is what was asked
        return answer(Validity(valid=False, outputs=[], problems=refused.error.problems))
    outputs = list(found.outputs_good)
    wrong = [problem_of(one) for one in (*found.problems, *found.warnings)]
    return answer(Validity(valid=bool(outputs), outputs=outputs, problems=wrong))


ROUTES = (
    Route(
        "POST",
        "/v1/validate",
        post_validate,
        tag="workflows",
        body=Question,
        answers={200: Validity} | errors(400, 413, 415),
    ),
)
"""What says whether a workflow can run."""
