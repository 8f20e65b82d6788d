"""What each route asks of whoever wants it: one table, and what is not in it is for admins alone."""

from collections.abc import Mapping
from typing import Literal

Right = Literal["anybody", "user", "admin"]
"""Anybody: no token is needed. User: a token is, and jobs and files are those of its owner."""

ANYBODY = ("GET /login", "POST /login", "POST /logout")

USERS = (
    "GET /",
    "POST /prompt",
    "GET /prompt",
    "GET /queue",
    "POST /queue",
    "POST /interrupt",
    "GET /history",
    "GET /history/{prompt_id}",
    "POST /history",
    "GET /object_info",
    "GET /object_info/{node_class}",
    "GET /features",
    "GET /ws",
    "GET /system_stats",
    "GET /models",
    "GET /models/{folder}",
    "GET /embeddings",
    "GET /experiment/models",
    "GET /experiment/models/{folder}",
    "GET /experiment/models/preview/{folder}/{path_index}/{filename}",
    "GET /view_metadata/{folder}",
    "GET /workflow_templates",
    "GET /workflow_templates/{pack}/{name}.json",
    "GET /extensions",
    "GET /i18n",
    "GET /templates/index.json",
    "GET /templates/{name}.json",
    "GET /view",
    "POST /upload/image",
    "POST /upload/mask",
    "GET /users",
    "POST /users",
    "GET /settings",
    "POST /settings",
    "GET /settings/{id}",
    "POST /settings/{id}",
    "GET /userdata",
    "GET /v2/userdata",
    "GET /userdata/{file}",
    "POST /userdata/{file}",
    "DELETE /userdata/{file}",
    "POST /userdata/{file}/move/{dest}",
    "GET /internal/files/{kind}",
    "POST /v1/explain",
)

ADMINS = (
    "POST /free",
    "GET /internal/logs",
    "GET /internal/logs/raw",
    "PATCH /internal/logs/subscribe",
    "GET /internal/folder_paths",
)

RIGHTS: Mapping[str, Right] = {
    **dict.fromkeys(ANYBODY, "anybody"),
    **dict.fromkeys(USERS, "user"),
    **dict.fromkeys(ADMINS, "admin"),
}
"""What a route asks for, by its method and path."""


def right_of(method: str, path: str) -> Right:
    """Return what a route asks for; `path` is as it was declared, with or without /api."""
    asked = "GET" if method == "HEAD" else method
    return RIGHTS.get(f"{asked} {path.removeprefix('/api')}", "admin")
