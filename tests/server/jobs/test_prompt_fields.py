"""What a prompt says besides its workflow: taken as clients send it, and no secret of theirs is kept."""

import json
from types import ModuleType
from typing import Any

import pytest

from inkloom.executor import Folders
from inkloom.server.jobs.prompt import accept
from inkloom.server.store import Accepted, NewJob

SHOW = {"1": {"class_type": "Show", "inputs": {"value": 1}}}


class Kept:
    """Takes jobs, and keeps them."""

    def __init__(self) -> None:
        self.jobs: list[NewJob] = []

    async def put(self, job: NewJob) -> Accepted:
        self.jobs.append(job)
        return Accepted(number=job.number or 0.0, ticket=1)

    async def skip_number(self) -> None:
        pass


async def kept(toy: ModuleType, tmp_path: Any, **fields: Any) -> NewJob:
    queue = Kept()
    body = json.dumps({"prompt": SHOW, **fields}).encode()
    await accept(body, "default", queue, toy.TABLE, Folders(tmp_path))
    [job] = queue.jobs
    return job


@pytest.mark.parametrize(
    ("given", "number"), [(None, None), (3, 3.0), (-0.5, -0.5), ("5", 5.0), (" -1.5 ", -1.5)]
)
async def test_numbers(toy: ModuleType, tmp_path: Any, given: object, number: float | None) -> None:
    assert (await kept(toy, tmp_path, number=given)).number == number


async def test_what_pays_for_another_service_is_not_kept(toy: ModuleType, tmp_path: Any) -> None:
    extra = {"auth_token_comfy_org": "secret", "api_key_comfy_org": "secret", "mine": 1}
    job = await kept(toy, tmp_path, extra_data=extra)
    assert "secret" not in f"{job}"
    assert json.loads(job.extra_data) == {"mine": 1}
