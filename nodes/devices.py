"""What a process computes on, chosen once when it starts: the processor, or one graphics card.

Cards are known from NVIDIA's driver, which is asked without torch: that takes milliseconds. Torch is asked
where it computes, since it may not be built for what the driver has.
"""

from __future__ import annotations

import ctypes
import logging
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from .. import diffusion
from ..executor.memory.meter import machine_bytes

log = logging.getLogger(__name__)

CPU, ALL = "cpu", "all"
SETTING = re.compile(r"auto|cpu|cuda(:(0|[1-9][0-9]{0,2}))?")
"""What may be asked for: "cuda" is the first card, "auto" that too where there is one, or else "cpu"."""

DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
CUDA_VERSION = re.compile(r"^cuda\b[^=\n]*=\s*['\"]", re.MULTILINE)
"""How torch's file version.py names the CUDA that it was built for; it is None where it was for none."""

MAJOR, MINOR = 75, 76
"""What the driver calls the two numbers of a card's compute capability."""

LEAST_RESERVE, RESERVED_SHARE = 2**30, 0.1
"""What is left free on a card: for what torch and the driver take besides, and for gaps between tensors."""


class DeviceError(Exception):
    """There is no such device, or nothing can be computed on it; the message lists those there are."""


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card: its number, what it is called, its bytes, and how new it is ((8, 0): Ampere)."""

    index: int
    title: str
    total: int
    capability: tuple[int, int]

    @property
    def name(self) -> str:
        """Its name as torch writes it."""
        return f"cuda:{self.index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What a process computes on.

    `name` is torch's ("cpu", "cuda:0"), `title` for people; `total` and `budget` are bytes: its memory, and
    what of that models and computing may take. `capability` is a card's.
    """

    name: str
    title: str
    total: int
    budget: int
    capability: tuple[int, int] | None = None

    @property
    def kind(self) -> str:
        """Its kind: "cpu" or "cuda"."""
        return self.name.partition(":")[0]


def check_setting(setting: str) -> str:
    """Return what `--device` was given as it is; raises DeviceError where it is no name of a device."""
    if SETTING.fullmatch(setting) is None:
        raise DeviceError(f"{setting!r} is no device; there are auto, cpu, cuda and cuda:0, cuda:1 and so on")
    return setting


def chosen_card(setting: str, cards: Sequence[Card]) -> Card | None:
    """Return the card that a setting means, None for the processor. Raises DeviceError."""
    check_setting(setting)
    if setting == CPU or (setting == "auto" and not cards):
        return None
    wanted = 0 if ":" not in setting else int(setting.partition(":")[2])
    for card in cards:
        if card.index == wanted:
            return card
    there = ", ".join([CPU, *(f"{card.name} ({card.title})" for card in cards)])
    raise DeviceError(f"there is no device {setting} here that torch can compute on; there is {there}")


def chosen_cards(settings: str, cards: Sequence[Card]) -> tuple[Card | None, ...]:
    """Return the cards that several settings mean, with commas between them; "all" are all cards.

    Raises DeviceError, also where one is named twice.
    """
    if settings == ALL:
        if not cards:
            raise DeviceError("there is no graphics card here that torch can compute on; there is cpu")
        return tuple(cards)
    chosen = tuple(chosen_card(setting, cards) for setting in settings.split(","))
    for card in chosen:
        if chosen.count(card) > 1:
            name = CPU if card is None else card.name
            raise DeviceError(f"{settings}: {name} is meant more than once, and a device has one worker")
    return chosen


def told_cards() -> tuple[Card, ...]:
    """Return the cards that the driver tells of, if torch is built for cards; loads no torch."""
    return driver_cards() if is_built_for_cards(_torch_version()) else ()


def usable_cards() -> tuple[Card, ...]:
    """Return the cards that torch can compute on; loads torch only where the driver tells of any."""
    told = told_cards()
    if not told:
        return ()
    cards = tuple(Card(one.index, one.title, one.total, one.capability) for one in diffusion.found_cards())
    if not cards:
        log.warning(
            "there is %s, but torch can't compute on it: its driver may be older than this torch needs",
            " and ".join(card.title for card in told),
        )
    return cards


def told_device(setting: str, budget: int | None = None) -> Device:
    """Return the device that a setting means as far as can be told without torch. Raises DeviceError.

    `budget` are the bytes to compute in; by default all that a card has.
    """
    card = chosen_card(setting, told_cards())
    return processor(budget) if card is None else _of(card, card.total if budget is None else budget)


def told_devices(settings: str, budget: int | None = None) -> tuple[Device, ...]:
    """Return the devices that `chosen_cards` chooses, as far as can be told without torch.

    `budget` are the bytes to compute in on each. Raises DeviceError.
    """
    chosen = chosen_cards(settings, told_cards())
    return tuple(
        processor(budget) if card is None else _of(card, card.total if budget is None else budget)
        for card in chosen
    )


def open_device(setting: str, budget: int | None = None) -> Device:
    """Return the device that this process is to compute on, made ready. Raises DeviceError.

    `budget` are the bytes to compute in: by default two thirds of the machine's memory, or what is free on a
    card, less a reserve.
    """
    card = chosen_card(setting, () if setting == CPU else usable_cards())
    if card is None:
        return processor(budget)
    diffusion.compute_exactly()
    free = diffusion.free_bytes(card.name)
    return _of(card, free - reserve(free) if budget is None else budget)


def processor(budget: int | None = None) -> Device:
    """Return the processor as a device, to compute in two thirds of what memory this process may have."""
    total = machine_bytes()
    return Device(name=CPU, title=CPU, total=total, budget=total * 2 // 3 if budget is None else budget)


def reserve(free: int) -> int:
    """Return what of a card's free bytes is left alone: 1 GiB or a tenth, but no more than half."""
    return min(max(LEAST_RESERVE, int(free * RESERVED_SHARE)), free // 2)


def driver_cards(driver: str = DRIVER) -> tuple[Card, ...]:
    """Return the cards that NVIDIA's driver tells of, in its order; none where it is not installed."""
    try:
        cuda = ctypes.CDLL(driver)
        count = ctypes.c_int()
        if cuda.cuInit(0) or cuda.cuDeviceGetCount(ctypes.byref(count)):
            return ()
        return tuple(_driver_card(cuda, index) for index in range(count.value))
    except (OSError, AttributeError):  # no such library, or another one of that name
        return ()


def _driver_card(cuda: ctypes.CDLL, index: int) -> Card:
    handle, total, title = ctypes.c_int(), ctypes.c_size_t(), ctypes.create_string_buffer(256)
    cuda.cuDeviceGet(ctypes.byref(handle), index)
    cuda.cuDeviceGetName(title, len(title), handle)
    cuda.cuDeviceTotalMem_v2(ctypes.byref(total), handle)
    major, minor = (_attribute(cuda, which, handle) for which in (MAJOR, MINOR))
    return Card(index, title.value.decode("utf-8", "replace"), total.value, (major, minor))


def _attribute(cuda: ctypes.CDLL, which: int, handle: ctypes.c_int) -> int:
    found = ctypes.c_int()
    cuda.cuDeviceGetAttribute(ctypes.byref(found), which, handle)
    return found.value


def is_built_for_cards(version: str) -> bool:
    """Tell from the text of its file version.py whether a torch has code for cards."""
    return CUDA_VERSION.search(version) is not None


def _torch_version() -> str:
    spec = find_spec("torch")  # finds it, and does not load it
    if spec is None or spec.origin is None:
        return ""
    try:
        return Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _of(card: Card, budget: int) -> Device:
    return Device(
        name=card.name, title=card.title, total=card.total, budget=budget, capability=card.capability
    )
