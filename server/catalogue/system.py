"""GET /system_stats: the machine, the program and the devices that it computes on; loads no torch."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from aiohttp import web

from ...executor.memory.meter import MEMINFO, machine_bytes
from ..routing import Route
from ..state import SERVER
from ..workers.crew import Crew
from ..workers.given import WorkerDiedError
from ..workers.process import NoAnswerError
from ..workers.protocol import Ready

SPOKEN = "0.3.64"
"""The version of ComfyUI whose interface this server speaks: clients ask for it to know what they may ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device that jobs compute on, with its memory in bytes, as the wire tells it."""

    name: str
    type: str
    index: int | None
    vram_total: int
    vram_free: int
    torch_vram_total: int
    torch_vram_free: int


@dataclass(frozen=True, slots=True)
class Ram:
    """The memory of this machine that a process may have, in bytes."""

    total: int
    free: int


def ram() -> Ram:
    """Look how much memory there is; what is free is told by Linux alone, 0 elsewhere."""
    total = machine_bytes()
    free = 0
    if sys.platform == "linux":
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
        free = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), 0)
    return Ram(total, min(free, total))


def processor(memory: Ram) -> Device:
    """Return the processor as a device: what it computes in is the machine's memory."""
    return Device(
        name="cpu",
        type="cpu",
        index=None,
        vram_total=memory.total,
        vram_free=memory.free,
        torch_vram_total=memory.total,
        torch_vram_free=memory.free,
    )


def card(told: Ready, used: int) -> Device:
    """Return a graphics card as a device, of which so many bytes are used."""
    kind, _, index = told.device.partition(":")
    free = max(told.total - used, 0)
    return Device(
        name=f"{told.device} {told.title}",
        type=kind,
        index=int(index),
        vram_total=told.total,
        vram_free=free,
        torch_vram_total=told.total,
        torch_vram_free=free,
    )


def stats(cards: Sequence[Device] = ()) -> dict[str, object]:
    """Return what GET /system_stats answers, where models compute on these cards, or else the processor."""
    memory = ram()
    return {
        "system": {
            "os": os.name,
            "ram_total": memory.total,
            "ram_free": memory.free,
            "comfyui_version": SPOKEN,
            "required_frontend_version": "",
            "installed_templates_version": "",
            "required_templates_version": "",
            "python_version": sys.version,
            "pytorch_version": _version("torch"),
            "embedded_python": False,
            "argv": sys.argv[:1],  # what follows may hold secrets
        },
        "devices": [asdict(one) for one in cards or (processor(memory),)],
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


async def get_system_stats(request: web.Request) -> web.Response:
    """Tell about the machine, the program and its devices."""
    cards = await _cards(request.app[SERVER].crew)
    return web.json_response(await asyncio.to_thread(stats, cards))


async def _cards(crew: Crew) -> list[Device]:
    """Return the cards that the workers compute on which are there."""
    told = [one for one in crew.told if one.device != "cpu"]
    if not told:
        return []
    try:
        used = {one.name: one.used_bytes for one in (await crew.look()).devices}
    except (WorkerDiedError, NoAnswerError):
        used = dict[str, int]()  # they start again: nothing is used
    return [card(one, used.get(one.device, 0)) for one in told]


ROUTES = (Route("GET", "/system_stats", get_system_stats, tag="server", answers={200: dict[str, Any]}),)
"""What tells about the machine."""
