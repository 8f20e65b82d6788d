"""Answers that leave compressed: JSON and text, for those who take it, and the same as they would be."""

import gzip
import json
from pathlib import Path

import pytest
from PIL import Image

from inkloom.server.streaming import WHOLE

from .conftest import Serve

TAKES = {"Accept-Encoding": "gzip, deflate"}


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("path", ["/queue", "/object_info", "/features", "/userdata"])
async def test_answers(serve: Serve, compress: bool, path: str) -> None:
    async with serve(compress=compress) as server, server.client(auto_decompress=False) as client:
        async with client.get(path, headers={"Accept-Encoding": "identity"}) as answer:
            plain = await answer.read()
            assert "Content-Encoding" not in answer.headers
        async with client.get(path, headers=TAKES) as answer:
            found = await answer.read()
            assert answer.headers.get("Content-Encoding") == ("gzip" if compress else None)
            assert int(answer.headers["Content-Length"]) == len(found)
            assert (gzip.decompress(found) if compress else found) == plain
        async with client.head(path, headers=TAKES) as answer:
            assert await answer.read() == b""


async def test_what_is_no_text_leaves_as_it_is(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "output" / "a.png")
    async with serve(compress=True) as server, server.client(auto_decompress=False) as client:
        for path in ("/view?filename=a.png", "/view?filename=a.png&preview=webp", "/login"):
            async with client.get(path, headers=TAKES) as answer:
                assert answer.status == 200
                assert "Content-Encoding" not in answer.headers


async def test_answers_in_pieces(serve: Serve) -> None:
    extra = {"long": "x" * WHOLE}
    body = {"prompt": {"1": {"class_type": "Show", "inputs": {"value": 1}}}, "extra_data": extra}
    async with serve(compress=True) as server, server.client(auto_decompress=False) as client:
        for _ in range(2):
            async with client.post("/prompt", json=body) as answer:
                assert answer.status == 200
        async with client.get("/queue", headers=TAKES) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            told = json.loads(gzip.decompress(await answer.read()))
        assert [item[3] for item in told["queue_running"] + told["queue_pending"]] == [extra] * 2
