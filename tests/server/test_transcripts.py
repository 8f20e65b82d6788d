"""Recorded exchanges, replayed against a running server: the same requests must get the same answers.

Not compared are the order between HTTP and websocket, the order inside lists that come from sets, pixels of
sampled pictures, how often progress is told as long as each node's last state is, and what an error says in
words where the recording has its status alone. Every other difference is in `DIFFERENCES`, with its reason.
"""

import asyncio
import hashlib
import io
import json
import re
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientWebSocketResponse, FormData, WSMsgType
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image
from yarl import URL

from inkloom.executor import Folders
from inkloom.nodes import NODES, open_folders
from inkloom.server.app import make_app
from inkloom.server.workers.process import command

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRANSCRIPTS = Path(__file__).parent.parent / "data" / "transcripts"
RECORDED_MODEL = "sd15-random.safetensors"
MODEL = "inklet.safetensors"

DIFFERENCES = {
    ("d_invalid_inputs", 52): "a node without `inputs` lacks its required inputs; there it was a KeyError",
    ("d_invalid_inputs", 98): "a body that is not JSON gets 400 with line and column, not a bare 500",
    ("f_cycle", 3): "the details name the nodes of the cycle; there the reasons got lost",
    ("f_cycle", 6): "the details name the nodes of the cycle; there the reasons got lost",
    ("g_runtime_exception", 13): "the message says which formats can be read",
    ("g_runtime_exception", 17): "the message says which formats can be read",
    ("g_runtime_exception", 33): "the message says what a prefix may be",
    ("g_runtime_exception", 37): "the message says what a prefix may be",
    ("i_upload_view", 72): "what a browser would run is an attachment, whatever its type",
    (
        "i_upload_view",
        79,
    ): "a mask whose picture can't be had is refused; there nothing was saved and the answer was 200",
    (
        "i_upload_view",
        81,
    ): "a mask whose picture can't be had is refused; there nothing was saved and the answer was 200",
    ("l_misc_routes", 11): "kinds of models are sorted, and there is no folder of custom nodes",
    ("l_misc_routes", 21): "the checkpoint of this test is another one",
    ("l_misc_routes", 25): "there are no scripts that extend the editor",
    ("l_misc_routes", 33): "there are templates: the workflows that come with inkloom",
    ("l_misc_routes", 39): "the checkpoint of this test has notes in its header",
    ("l_misc_routes", 95): "there is a picture to begin with",
    ("l_misc_routes", 99): "there is no folder of custom nodes",
    ("l_misc_routes", 103): "an unknown path gets a line of text",
}

CONTENTS = {hashlib.sha256(one).hexdigest(): one for one in (b"<b>hi</b>", b"this is not an image")}
"""Files that were uploaded and are no pictures."""

KINDS = {"<int>": int, "<str>": str, "<ts>": (int, float)}
"""What stands for any value of a kind."""

UNORDERED = {"executed", "current_outputs", "errors"}
NOT_COMPARED = {"tooltip", "description", "output_tooltips", "len", "magic"}


class MismatchError(AssertionError):
    """A place where an answer is not the recorded one."""


class Matcher:
    """Compares values with recorded ones; a tag stands for the same text wherever it comes again."""

    def __init__(self, known: dict[str, str], *, pixels: bool = False) -> None:
        self.known = known
        self.skipped = NOT_COMPARED if pixels else NOT_COMPARED | {"pixel_0_0_rgba"}
        self.offset: float | None = None  # queue numbers go on counting between transcripts

    def match(self, want: Any, got: Any, where: str = "", key: str = "") -> None:
        if isinstance(want, dict) and isinstance(got, dict):
            self._objects(want, got, where)
        elif want in (["<frame>"], ["<string>"], "<list of {t, m}>") and isinstance(got, list):
            return
        elif key == "pixel_0_0_rgba":
            near = max(abs(one - other) for one, other in zip(want, got, strict=True)) <= 3  # lossy formats
            self._equal(True, near, where)
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
        elif isinstance(want, str) and want in KINDS:
            self._equal(True, isinstance(got, KINDS[want]), where)
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
        if "<keys>" in want:
            self._equal(want["<keys>"], sorted(got), f"{where} keys")
            return
        for name in [name for name in want if name.startswith("<prompt:")]:
            want = {**want, self.known.get(name, name): want[name]}
            del want[name]
        want, got = ({k: v for k, v in one.items() if k not in self.skipped} for one in (want, got))
        self._equal(sorted(want), sorted(got), f"{where} keys")
        for name, value in want.items():
            self.match(value, got[name], f"{where}/{name}", name)

    def _texts(self, want: str, got: str, where: str) -> None:
        if want in self.known:
            self._equal(self.known[want], got, where)
        elif re.fullmatch(r"<(prompt|client):\w+>", want):
            self.known[want] = got
        elif want == "<server-made sid: 32 hex digits>":
            self._equal(True, re.fullmatch("[0-9a-f]{32}", got) is not None, where)
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
        self.client, self.name, self.matcher = client, name, Matcher(known, pixels=name == "i_upload_view")
        self.sockets: dict[str, ClientWebSocketResponse] = {}
        self.wanted: dict[str, list[Any]] = {}
        self.frames: dict[str, list[Any]] = {}
        self.shapes: dict[str, Any] = {}  # of messages about the middle of a node
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
                case "ws_bin":
                    self.frames.setdefault(event["client"], []).append((event["seq"], event["frame"]))
                case "ws_send":
                    await self._hear()
                    await self.sockets[event["client"]].send_json(event["json"])
                case "request":
                    await self._hear()
                    await self._ask(event)
                case "response":
                    seq = event.pop("seq")
                    if event["status"] >= 400 and not event["headers"]:  # the reference leaves it at that
                        self.answer = {"status": self.answer["status"], "headers": {}}
                    self._compare(seq, event, {"kind": "response", **self.answer})
                case _:
                    pass
        await self._hear()
        for socket in self.sockets.values():
            await socket.close()
        told = [(seq, text) for seq, text in self.found if (self.name, seq) not in DIFFERENCES]
        assert not told, "\n".join(f"{seq}: {text}" for seq, text in told)
        gone = [seq for name, seq in DIFFERENCES if name == self.name and seq not in dict(self.found)]
        assert not gone, "these differences are gone; take them off the list"

    async def _open(self, event: Any) -> None:
        await self._hear()
        tag = event["path"].partition("=")[2]
        if tag:
            self.matcher.known[tag] = f"{self.name}-{tag.strip('<>').replace(':', '-')}"
        self.sockets[event["client"]] = await self.client.ws_connect(self.matcher.fill(event["path"]))

    async def _ask(self, event: Any) -> None:
        body: dict[str, Any] = (
            {"json": self.matcher.fill(event["json"])} if "json" in event else {"data": event.get("text")}
        )
        if "form" in event:
            body = {"data": form_of(event["form"])}
        path = URL(self.matcher.fill(event["path"]), encoded=True)
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
            frames: list[Any] = []
            while len(thinned(got)[0]) < len(kept):
                async with asyncio.timeout(60):
                    frame = await self.sockets[name].receive()
                if frame.type is WSMsgType.BINARY:
                    frames.append(frame_facts(frame.data))
                else:
                    got.append(json.loads(frame.data))
            for seq, want in self.frames.pop(name, [])[:1]:
                self._compare(seq, want, frames[0] if frames else None)
            for seq, want, message in zip(seqs, kept, thinned(got)[0], strict=True):
                self._compare(seq, want, message)
            self.shapes |= {want["type"]: want["data"].keys() for want in middle}
            for message in thinned(got)[1]:
                assert self.shapes[message["type"]] == message["data"].keys()
        self.wanted.clear()

    def _compare(self, seq: int, want: Any, got: Any) -> None:
        try:
            self.matcher.match(want, got)
        except MismatchError as mismatch:
            self.found.append((seq, str(mismatch)))


def form_of(recorded: dict[str, Any]) -> FormData:
    """Return a form with a picture, or a file, that has the facts of the recorded one."""
    form = FormData()
    for name, value in recorded.items():
        if isinstance(value, str):
            form.add_field(name, value)
            continue
        facts = value["image"]
        content = io.BytesIO(CONTENTS.get(facts.get("sha256"), b""))
        if "pixel_0_0_rgba" in facts:
            Image.new(facts["mode"], facts["size"], tuple(facts["pixel_0_0_rgba"])).save(content, "png")
        kind = value["content_type"]
        form.add_field(name, content.getvalue(), filename=value["filename"], content_type=kind)
    return form


def frame_facts(frame: bytes) -> dict[str, Any]:
    """Reduce a binary frame to what a recording holds of it."""
    event, second = struct.unpack(">II", frame[:8])
    if event == 1:
        return {"event": event, "image_type": second, "image": picture_facts(frame[8:])}
    metadata = json.loads(frame[8 : 8 + second])
    return {"event": event, "metadata": metadata, "image": picture_facts(frame[8 + second :])}


def picture_facts(content: bytes) -> dict[str, Any]:
    """Reduce a picture, or a file, to what a recording holds of it."""
    if (known := hashlib.sha256(content).hexdigest()) in CONTENTS:
        return {"sha256": known}
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        facts: dict[str, Any] = {"format": picture.format, "size": list(picture.size), "mode": picture.mode}
        facts["pixel_0_0_rgba"] = list(picture.convert("RGBA").tobytes()[:4])
        texts = {key: json.loads(value) for key, value in picture.info.items() if isinstance(value, str)}
        return facts | ({"text_chunks": texts} if texts else {})


def make_root(root: Path) -> Folders:
    """Return a data folder that has the model."""
    folders = open_folders(root)
    if MODEL not in folders.names("checkpoints"):
        # Enough for everything but sampling: validation looks at names.
        (root / "models" / "checkpoints").mkdir(parents=True)
        (root / "models" / "checkpoints" / MODEL).write_bytes(b"")
    return folders


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TestClient]:
    root = tmp_path_factory.mktemp("root")
    app = make_app(NODES, make_root(root), [command(root)])
    async with TestClient(TestServer(app)) as found:
        yield found


SHARED = ("d_invalid_inputs", "e_missing_class", "f_cycle", "g_runtime_exception", "k_two_clients")


@pytest.mark.parametrize("name", SHARED)
async def test_transcript(client: TestClient, name: str) -> None:
    await Replay(client, name, {}).play()


async def test_transcripts_that_sample(client: TestClient) -> None:
    for name in ("a_txt2img", "b_same_again", "c_one_widget_changed"):
        await Replay(client, name, {}).play()


@pytest.mark.parametrize(
    ("names", "previews"),
    [
        (("h_interrupt",), None),
        (("i_upload_view",), None),
        (("j1_preview_legacy", "j2_preview_with_metadata"), "latent2rgb"),
        (("l_misc_routes",), None),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
async def test_transcripts_of_a_new_server(
    tmp_path: Path, names: tuple[str, ...], previews: str | None
) -> None:
    app = make_app(NODES, make_root(tmp_path), [command(tmp_path)], previews)
    async with TestClient(TestServer(app)) as client:
        for name in names:
            await Replay(client, name, {}).play()
