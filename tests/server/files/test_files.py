"""What the editor asks for beside the routes of the wire: the files that a folder has."""

import pytest
from aiohttp.test_utils import TestClient

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_files_of_a_folder_are_listed(client: TestClient) -> None:
    found = await client.get("/internal/files/output")
    assert found.status == 200
    assert isinstance(await found.json(), list)
    assert (await client.get("/api/internal/files/output")).status == 404


@pytest.mark.parametrize("kind", ["models", "checkpoints", "x"])
async def test_other_folders_are_not(client: TestClient, kind: str) -> None:
    refused = await client.get(f"/internal/files/{kind}")
    assert refused.status == 400
    assert await refused.json() == {"error": "Invalid directory type"}
