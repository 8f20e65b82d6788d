"""What a websocket client is told: one frame as a value, and the frames that do not belong to a run."""

import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

from ..json_text import json_of
from .frames import BINARY, TEXT, frame

PREVIEW, PREVIEW_WITH_METADATA = 1, 4
"""Kinds of binary frames."""

JPEG = 1
"""What the picture in a frame of kind PREVIEW is."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One text frame: `{"type": type, "data": data}`, or a binary one with `picture`, a JPEG file.

    A picture has two forms, of which a client gets one: with `data` before it, or bare where `bare`.

    `slot` names the state this message is the newest value of (None: a fact, never dropped); `ends` names the
    slot that this message closes; `weight` counts the nodes that a state repeats.
    """

    type: str
    data: Mapping[str, object]
    slot: str | None = None
    ends: str | None = None
    weight: int = 1
    picture: bytes | None = None
    bare: bool = False

    def since(self, told: "Message") -> "Message":
        """Return this state of nodes without those that another one told to be finished already."""
        before = cast(Mapping[str, object], told.data["nodes"])
        nodes = cast(Mapping[str, Mapping[str, object]], self.data["nodes"])
        # Entries are replaced, never changed: one that is the same object says the same.
        new = {
            name: node
            for name, node in nodes.items()
            if node["state"] != "finished" or before.get(name) is not node
        }
        return replace(self, data={**self.data, "nodes": new})

    @cached_property
    def frame(self) -> bytes:
        """The message as it is written to a socket: made once, however many clients get it."""
        if self.picture is None:
            return frame(TEXT, json_of({"type": self.type, "data": self.data}))
        return frame(BINARY, self.to_bytes())

    def to_json(self) -> str:
        """Return the frame's text."""
        return json_of({"type": self.type, "data": self.data}).decode()

    def to_bytes(self) -> bytes:
        """Return the binary frame of a picture."""
        assert self.picture is not None
        if self.bare:
            return struct.pack(">II", PREVIEW, JPEG) + self.picture
        data = json_of(self.data)
        return struct.pack(">II", PREVIEW_WITH_METADATA, len(data)) + data + self.picture


def status(remaining: int, sid: str | None = None) -> Message:
    """Tell how many jobs wait or run; with `sid`, the first message on a new socket."""
    data: dict[str, object] = {"status": {"exec_info": {"queue_remaining": remaining}}}
    if sid is not None:
        data["sid"] = sid
    return Message(type="status", data=data)


def feature_flags(flags: Mapping[str, object]) -> Message:
    """Answer a client's feature flags with the server's own."""
    return Message(type="feature_flags", data=flags)


def executing(node: str, display_node: str, job: str) -> Message:
    """Tell that a node has started."""
    return Message(type="executing", data={"node": node, "display_node": display_node, "prompt_id": job})


def executing_again(node: str) -> Message:
    """Tell a client that comes back in the middle of its own run which node runs now."""
    return Message(type="executing", data={"node": node})


def end_of_run(job: str) -> Message:
    """Tell that nothing of this job runs any more: the last message of every run."""
    return Message(type="executing", data={"node": None, "prompt_id": job})


def timestamp() -> int:
    """Return milliseconds since the epoch, as the run's messages carry them."""
    return time.time_ns() // 1_000_000
