"""Recorded exchanges, replayed against a running server: the same requests must get the same answers.

Not compared are the order between HTTP and websocket, the order inside lists that come from sets, pixels of
sampled pictures, and how often progress is told as long as each node's last state is. Every other difference
is in `DIFFERENCES`, with its reason.
"""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientWebSocketResponse
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image

from inkloom.nodes import NODES, open_folders
from inkloom.server.app import make_app
from inkloom.server.worker_process import command

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRANSCRIPTS = Path(__file__).parent.parent / "data" / "transcripts"
RECORDED_MODEL = "sd15-random.safetensors"
MODEL = "inklet.safetensors"

DIFFERENCES = {
    ("d_invalid_inputs", 52): "a node without `inputs` lacks its required inputs; there it was a KeyError",
    (
        "d_invalid_inputs",
        98,
    ): "a body that is not JSON gets 400 with line and column, not a bare 500",
    ("f_cycle", 3): "the details name the nodes of the cycle; there the reasons got lost",
    ("f_cycle", 6): "the details name the nodes of the cycle; there the reasons got lost",
}

UNORDERED = {"executed", "current_outputs", "errors"}
NOT_COMPARED = {"tooltip", "description", "output_tooltips", "pixel_0_0_rgba", "len", "magic"}


class MismatchError(AssertionError):
    """A place where an answer is not the recorded one."""


class Matcher:
    """Compares values with recorded ones; a tag stands for the same text wherever it comes again."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known
        self.offset: float | None = None  # queue numbers go on counting between transcripts

    def match(self, want: Any, got: Any, where: str = "", key: str = "") -> None:
        if isinstance(want, dict) and isinstance(got, dict):
            self._objects(want, got, where)
        elif want == ["<frame>"] and isinstance(got, list):
            return
        elif isinstance(want, list) and isinstance(got, list):
            if len(want) != len(got):
                raise MismatchError(f"{where}: wanted {want}, got {got}")
            if key in UNORDERED:
                want, got = (sorted(items, key=json.dumps) for items in (want, got))
            for index, (one, other) in enumerate(zip(want, got, strict=True)):
                self.match(one, other, f"{where}/{index}", "number" if index == 0 and key == "prompt" else "")
        elif key == "number":
            ahead: float = got - want
            self.offset = ahead if self.offset is None else self.offset
            self._equal(self.offset, ahead, where)
        elif want == "<ts>":
            self._equal(True, isinstance(got, int), where)
        elif isinstance(want, str) and isinstance(got, str):
            self._texts(want, got, where)
        else:
            self._equal(want, got, where)

    def fill(self, value: Any) -> Any:
        """Put what tags stand for into a recorded request."""
        text = json.dumps(value)
        for tag, known in self.known.items():
            text = text.replace(tag, known)
        return json.loads(text)

    def _objects(self, want: dict[str, Any], got: dict[str, Any], where: str) -> None:
        for name in [name for name in want if name.startswith("<prompt:")]:
            want = {**want, self.known.get(name, name): want[name]}
            del want[name]
        want, got = ({k: v for k, v in one.items() if k not in NOT_COMPARED} for one in (want, got))
        self._equal(sorted(want), sorted(got), f"{where} keys")
        for name, value in want.items():
            self.match(value, got[name], f"{where}/{name}", name)

    def _texts(self, want: str, got: str, where: str) -> None:
        if want in self.known:
            self._equal(self.known[want], got, where)
        elif re.fullmatch(r"<(prompt|client):\w+>", want):
            self.known[want] = got
        else:
            pattern = re.sub(r"<(rand|path)>", lambda tag: {"rand": "[a-z]{5}", "path": ".*"}[tag[1]], want)
            parts = re.split(r"(\[a-z\]\{5\}|\.\*)", pattern)
            regex = "".join(p if i % 2 else re.escape(p) for i, p in enumerate(parts))
            self._equal(True, re.fullmatch(regex, got) is not None, f"{where}: {want!r} and {got!r}")

    def _equal(self, want: object, got: object, where: str) -> None:
        if want != got:
            raise MismatchError(f"{where}: wanted {want!r}, got {got!r}")


def thinned(messages: list[Any]) -> tuple[list[Any], list[Any]]:
    """Split off the messages that tell of progress in the middle of a node."""
    kept: list[Any] = []
    middle: list[Any] = []
    for message in messages:
        states = message["data"].get("nodes", {}).values() if message["type"] == "progress_state" else ()
        under_way = any(state["state"] == "running" and state["value"] for state in states)
        (middle if message["type"] == "progress" or under_way else kept).append(message)
    return kept, middle


class Replay:
    """One transcript, line by line."""

    def __init__(self, client: TestClient, name: str, known: dict[str, str]) -> None:
        self.client, self.name, self.matcher = client, name, Matcher(known)
        self.sockets: dict[str, ClientWebSocketResponse] = {}
        self.wanted: dict[str, list[Any]] = {}
        self.answer: dict[str, Any] = {}
        self.found: list[tuple[int, str]] = []

    async def play(self) -> None:
        lines = (TRANSCRIPTS / f"{self.name}.jsonl").read_text(encoding="utf-8")
        for line in lines.replace(RECORDED_MODEL, MODEL).splitlines():
            event = json.loads(line)
            match event["kind"]:
                case "ws_open":
                    await self._open(event)
                case "ws":
                    self.wanted.setdefault(event["client"], []).append((event["seq"], event["json"]))
                case "request":
                    await self._hear()
                    await self._ask(event)
                case "response":
                    seq = event.pop("seq")
                    self._compare(seq, event, {"kind": "response", **self.answer})
                case _:
                    pass
        await self._hear()
        for socket in self.sockets.values():
            await socket.close()
        told = [(seq, text) for seq, text in self.found if (self.name, seq) not in DIFFERENCES]
        assert not told
        gone = [seq for name, seq in DIFFERENCES if name == self.name and seq not in dict(self.found)]
        assert not gone, "these differences are gone; take them off the list"

    async def _open(self, event: Any) -> None:
        tag = event["path"].partition("=")[2]
        self.matcher.known[tag] = f"{self.name}-{event['client']}"
        self.sockets[event["client"]] = await self.client.ws_connect(self.matcher.fill(event["path"]))

    async def _ask(self, event: Any) -> None:
        body = {"json": self.matcher.fill(event["json"])} if "json" in event else {"data": event.get("text")}
        path = self.matcher.fill(event["path"])
        async with self.client.request(event["method"], path, headers=event.get("headers"), **body) as answer:
            kept = ("Content-Type", "Content-Disposition")
            headers = {name: answer.headers[name] for name in kept if name in answer.headers}
            kind = answer.headers.get("Content-Type", "")
            self.answer = {"status": answer.status, "headers": headers}
            if "json" in kind:
                self.answer["json"] = await answer.json()
            elif kind.startswith("text/"):
                self.answer["text"] = await answer.text()
            elif content := await answer.read():
                self.answer["blob"] = picture_facts(content)

    async def _hear(self) -> None:
        """Receive as many messages as were recorded, and compare all but those about the middle of a node."""
        for name, wanted in self.wanted.items():
            kept, middle = thinned([message for _, message in wanted])
            seqs = [seq for seq, message in wanted if message in kept]
            got: list[Any] = []
            while len(thinned(got)[0]) < len(kept):
                async with asyncio.timeout(240):
                    got.append(json.loads(await self.sockets[name].receive_str()))
            for seq, want, message in zip(seqs, kept, thinned(got)[0], strict=True):
                self._compare(seq, want, message)
            for message in thinned(got)[1]:
                want = next(want for want in middle if want["type"] == message["type"])
                assert want["data"].keys() == message["data"].keys()
        self.wanted.clear()

    def _compare(self, seq: int, want: Any, got: Any) -> None:
        try:
            self.matcher.match(want, got)
        except MismatchError as mismatch:
            self.found.append((seq, str(mismatch)))


def picture_facts(content: bytes) -> dict[str, Any]:
    """Reduce a picture to what a recording holds of it."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        facts: dict[str, Any] = {"format": picture.format, "size": list(picture.size), "mode": picture.mode}
        texts = {key: json.loads(value) for key, value in picture.info.items() if isinstance(value, str)}
        return facts | ({"text_chunks": texts} if texts else {})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TestClient]:
    root = tmp_path_factory.mktemp("root")
    folders = open_folders(root)
    if MODEL not in folders.names("checkpoints"):
        # Enough for everything but sampling: validation looks at names.
        (root / "models" / "checkpoints").mkdir(parents=True)
        (root / "models" / "checkpoints" / MODEL).write_bytes(b"")
    app = make_app(NODES, folders, command(root))
    async with TestClient(TestServer(app)) as found:
        yield found


@pytest.mark.parametrize("name", ["d_invalid_inputs", "e_missing_class", "f_cycle"])
async def test_transcript(client: TestClient, name: str) -> None:
    await Replay(client, name, {}).play()


async def test_transcripts_that_sample(client: TestClient) -> None:
    for name in ("a_txt2img", "b_same_again", "c_one_widget_changed"):
        await Replay(client, name, {}).play()
