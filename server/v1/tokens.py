"""POST /v1/tokens: how many tokens a prompt has, by the vocabulary of the model that would read it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from ... import diffusion
from ...client.values import Loader, PromptText, TokenCount
from ...executor import Folders, NodeTable, nearest
from ...executor.problems import listing
from ...nodes.conditioning import EmbeddingFolder
from ..routing import Route
from ..state import SERVER
from ..users.who import folders_of
from .routing import answer, body_of, errors

KINDS = ("checkpoints", "text_encoders", "diffusers")
"""The kinds of files that bring text encoders."""


async def post_tokens(request: web.Request) -> web.Response:
    """Count the tokens of a prompt, without weights and brackets, as the text encoders would read it."""
    asked = await body_of(request, PromptText)
    table, folders = request.app[SERVER].table, folders_of(request)
    return answer(await asyncio.to_thread(_counted, asked, table, folders))


def _counted(asked: PromptText, table: NodeTable, folders: Folders) -> TokenCount:
    try:
        paths = () if asked.loader is None else tuple(_paths(asked.loader, table, folders))
        found = diffusion.prompt_size(
            asked.text, syntax=asked.syntax, paths=paths, embeddings=EmbeddingFolder(folders)
        )
    except (ValueError, OSError) as error:  # an unknown name, an unreadable file: an answer, too
        return TokenCount(
            tokens=None, chunks=None, chunk_size=diffusion.ROOM, vocabulary=None, reason=str(error)
        )
    return TokenCount(
        tokens=found.tokens,
        chunks=found.rows,
        chunk_size=diffusion.ROOM,
        vocabulary="model" if found.own else "clip",
    )


def _paths(loader: Loader, table: NodeTable, folders: Folders) -> Iterator[Path]:
    """Yield the files that a node loads text encoders from, in the order of its inputs."""
    kind = table.get(loader.class_type)
    if kind is None:
        closest = nearest(loader.class_type, table)
        raise ValueError(f"there is no node {loader.class_type!r}; there: {listing(table, closest)}")
    for name, spec in kind.inputs.items():
        if spec.files is None or spec.files.folder not in KINDS:
            continue
        given = loader.inputs.get(name, spec.default)
        if not isinstance(given, str):
            raise ValueError(f"the input {name!r} of {loader.class_type} must be the name of a file")
        yield folders.path(spec.files.folder, given)


ROUTES = (
    Route(
        "POST",
        "/v1/tokens",
        post_tokens,
        tag="workflows",
        body=PromptText,
        answers={200: TokenCount} | errors(400, 413, 415),
    ),
)
"""What counts tokens."""
