"""A workflow in a picture is data: it is uploaded, looked at and masked, and nothing is queued by that."""

import io
import json

from aiohttp import FormData
from PIL import Image, PngImagePlugin

from inkloom.server.state import SERVER

from .conftest import Serve

WORKFLOW = json.dumps({"1": {"class_type": "Keep", "inputs": {"value": 1, "filename_prefix": "ran"}}})


def picture() -> bytes:
    made, texts = io.BytesIO(), PngImagePlugin.PngInfo()
    texts.add_text("prompt", WORKFLOW)
    texts.add_text("workflow", json.dumps({"nodes": [], "links": []}))
    Image.new("RGB", (4, 4)).save(made, "png", pnginfo=texts)
    return made.getvalue()


async def test_it_is_shown_and_never_run(serve: Serve) -> None:
    sent = picture()
    async with serve(works=True) as server, server.client() as client:
        for path in ("/upload/image", "/upload/mask"):
            form = FormData()
            form.add_field("image", sent, filename="a.png", content_type="image/png")
            form.add_field("original_ref", json.dumps({"filename": "a.png", "type": "input"}))
            async with client.post(path, data=form) as answer:
                assert answer.status == 200
        async with client.post("/userdata/a.png", data=sent) as answer:
            assert answer.status == 200
        async with client.get("/view?filename=a.png&type=input") as answer:
            assert await answer.read() == sent, "whole, with what is in it"
        preview = "/view?filename=a.png&type=input&preview=webp"
        for path in (preview, "/", "/userdata/a.png", "/internal/files/input"):
            async with client.get(path) as answer:
                assert answer.status == 200
        async with client.post("/prompt", data=sent) as answer:
            assert answer.status == 400, "a picture is no prompt"
        async with client.get("/history") as answer:
            assert await answer.json() == {}
        assert server.app[SERVER].jobs.remaining == 0
        assert not list(server.root.glob("output/*"))
