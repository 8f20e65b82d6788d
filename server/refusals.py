"""Refusals, in the form that ComfyUI's clients know; under /v1 they are told as `Error`s."""

from dataclasses import dataclass

from aiohttp import web

from .jobs.reasons import error_body


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not done, whatever form that is told in."""

    kind: str
    message: str
    details: str = ""


REFUSAL = web.ResponseKey("inkloom.refusal", Refusal)
"""Where an answer has the refusal that it tells."""


def refused(status: int, kind: str, message: str, details: str = "") -> web.Response:
    """Return a refusal in the form that clients know from refused prompts."""
    response = web.json_response(error_body(kind, message, details), status=status)
    response[REFUSAL] = Refusal(kind, message, details)
    return response
