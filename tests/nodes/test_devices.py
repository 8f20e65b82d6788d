"""What a process computes on: which card a setting means, what is left free there, and a run elsewhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from inkloom import diffusion
from inkloom.executor import Event, Graph, Manager, Memory, MemoryCache, RunDone, RunFailed, run
from inkloom.executor.caches.memory_cache import Entry
from inkloom.nodes import NODES, Device, DeviceError, chosen_precision, open_folders, open_memory
from inkloom.nodes.devices import (
    Card,
    chosen_card,
    chosen_cards,
    driver_cards,
    is_built_for_cards,
    open_device,
    reserve,
    told_device,
)
from inkloom.nodes.engine import without_gradients
from inkloom.nodes.kept_steps import Stand

from ..elsewhere import NAME, Elsewhere, elsewhere

OLD = Card(0, "NVIDIA T4", 15 * 2**30, (7, 5))
NEW = Card(1, "NVIDIA H200", 140 * 2**30, (9, 0))
GIB = 2**30


@pytest.mark.parametrize(
    ("setting", "cards", "chosen"),
    [
        ("auto", (), None),
        ("auto", (OLD, NEW), OLD),
        ("cpu", (OLD, NEW), None),
        ("cpu", (), None),
        ("cuda", (OLD, NEW), OLD),
        ("cuda:0", (OLD, NEW), OLD),
        ("cuda:1", (OLD, NEW), NEW),
    ],
)
def test_settings_mean_devices(setting: str, cards: tuple[Card, ...], chosen: Card | None):
    assert chosen_card(setting, cards) is chosen


@pytest.mark.parametrize(("setting", "cards"), [("cuda", ()), ("cuda:2", (OLD, NEW)), ("cuda:1", (OLD,))])
def test_a_card_that_is_not_there_is_an_error_that_lists_what_is(setting: str, cards: tuple[Card, ...]):
    with pytest.raises(DeviceError, match="there is no device " + setting) as error:
        chosen_card(setting, cards)
    for there in ("cpu", *(f"{card.name} ({card.title})" for card in cards)):
        assert there in str(error.value)


@pytest.mark.parametrize(
    ("settings", "chosen"),
    [
        *(("all", (OLD, NEW)), ("auto", (OLD,)), ("cuda:1", (NEW,))),
        *(("cuda:1,cuda:0", (NEW, OLD)), ("cuda:0,cpu", (OLD, None))),
    ],
)
def test_several_devices_are_named_in_the_order_of_their_workers(
    settings: str, chosen: tuple[Card | None, ...]
):
    assert chosen_cards(settings, (OLD, NEW)) == chosen


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        *(("cuda,cuda:0", "cuda:0 is meant more than once"), ("cpu,cuda:1,cpu", "cpu is meant more than")),
        *(
            ("cuda:0,", "'' is no device"),
            ("all,cpu", "'all' is no device"),
            ("cpu,cuda:7", "no device cuda:7"),
        ),
    ],
)
def test_several_devices_that_are_not_there_or_are_one(settings: str, told: str):
    with pytest.raises(DeviceError, match=told):
        chosen_cards(settings, (OLD, NEW))


def test_all_cards_where_there_are_none():
    with pytest.raises(DeviceError, match="no graphics card"):
        chosen_cards("all", ())


@pytest.mark.parametrize(
    "setting", ["", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:01", "cuda:x", "cpu:0", "cuda:1 "]
)
def test_what_is_no_name_of_a_device_is_an_error_that_lists_them(setting: str):
    with pytest.raises(DeviceError, match="auto, cpu, cuda and cuda:0"):
        chosen_card(setting, (OLD,))


@pytest.mark.parametrize(
    ("free", "left"), [(GIB, GIB // 2), (4 * GIB, GIB), (10 * GIB, GIB), (80 * GIB, 8 * GIB)]
)
def test_some_of_a_card_is_left_free(free: int, left: int):
    assert reserve(free) == left


@pytest.mark.parametrize("driver", ["libno-such-driver.so.1", "libc.so.6"])
def test_without_a_driver_there_are_no_cards(driver: str):
    assert driver_cards(driver) == ()


@pytest.mark.parametrize(
    ("version", "built"),
    [
        ("__version__ = '2.13.0+cu130'\ncuda: Optional[str] = '13.0'\nhip: Optional[str] = None\n", True),
        ("__version__ = '2.6.0'\ncuda = '12.4'\nhip = None\n", True),
        ("__version__ = '2.13.0+cpu'\ncuda: Optional[str] = None\nhip: Optional[str] = None\n", False),
        (
            "__all__ = ['__version__', 'cuda']\ncuda: Optional[str] = None\nhip: Optional[str] = '6.4'\n",
            False,
        ),
        ("", False),
    ],
)
def test_torch_says_in_a_file_whether_it_is_built_for_cards(version: str, built: bool):
    assert is_built_for_cards(version) is built


def test_that_file_is_there_and_says_what_torch_says():
    text = Path(torch.__file__).with_name("version.py").read_text(encoding="utf-8")
    assert is_built_for_cards(text) is (torch.version.cuda is not None)


DRIVER = r"""
#include <string.h>
int cuInit(unsigned flags) { return flags != 0; }
int cuDeviceGetCount(int *count) { *count = 2; return 0; }
int cuDeviceGet(int *device, int index) { *device = 40 + index; return 0; }
int cuDeviceGetName(char *name, int length, int device) {
    strncpy(name, device == 40 ? "NVIDIA T4" : "NVIDIA H200", length);
    return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) {
    *bytes = (device == 40 ? 15UL : 140UL) << 30;
    return 0;
}
int cuDeviceGetAttribute(int *value, int which, int device) {
    if (which != 75 && which != 76) return 1;
    *value = device == 40 ? (which == 75 ? 7 : 5) : (which == 75 ? 9 : 0);
    return 0;
}
"""
"""What of NVIDIA's driver is asked, as its header declares it."""


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler to make a driver with")
def test_the_driver_tells_of_its_cards(tmp_path: Path):
    source, library = tmp_path / "driver.c", tmp_path / "libcuda.so.1"
    source.write_text(DRIVER, encoding="ascii")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    assert driver_cards(str(library)) == (OLD, NEW)


@pytest.mark.parametrize(
    ("setting", "card", "chosen"),
    [
        ("auto", OLD, "float16"),
        ("auto", NEW, "bfloat16"),
        ("float32", NEW, "float32"),
        ("float16", NEW, "float16"),
        ("bfloat16", OLD, "bfloat16"),
    ],
)
def test_cards_compute_in_what_they_are_quick_in(setting: str, card: Card, chosen: str):
    assert chosen_precision(setting, card=card.capability) == chosen


def test_processors_do_not_compute_in_float16():
    with pytest.raises(ValueError, match="graphics cards"):
        chosen_precision("float16")


def test_autoencoders_do_not_compute_in_float16(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("inkloom.diffusion.precision.LARGE_NETWORK", 1)
    folders = open_folders(tmp_path)
    loaded = diffusion.load_checkpoint(folders.path("checkpoints", folders.names("checkpoints")[0]))
    assert diffusion.in_precision(loaded.model, "float16").dtype == torch.float16
    assert diffusion.in_precision(loaded.vae, "float16").dtype == torch.float32


def test_the_processor_is_told_and_opened_alike():
    assert open_device("cpu") == told_device("cpu")
    assert open_device("cpu", 123).budget == 123


def test_choosing_the_processor_loads_no_torch():
    code = (
        "import sys; from inkloom.nodes import open_device; open_device('cpu'); print('torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_memory_of_a_card_is_beside_that_of_the_processor(tmp_path: Path):
    card = Device(name="cuda:1", title="a card", total=9 * GIB, budget=8 * GIB)
    manager = open_memory(open_folders(tmp_path), device=card).manager
    assert manager.usage("cuda:1").budget == 8 * GIB
    assert manager.usage("cpu").budget is not None
    assert open_memory(open_folders(tmp_path), GIB, card).manager.usage("cuda:1").budget == GIB


def tensors_in(value: Any) -> list[Tensor]:
    match value:
        case Tensor():
            return [value]
        case dict():
            return [tensor for one in value.values() for tensor in tensors_in(one)]
        case list() | tuple():
            return [tensor for one in value for tensor in tensors_in(one)]
        case Stand(state=state):
            return tensors_in([state.x, state.denoised])
        case _:
            return []


class Watched(MemoryCache):
    """A cache that shows what was put there."""

    def __init__(self) -> None:
        super().__init__(GIB)
        self.kept: dict[str, Entry] = {}

    def put(self, key: str, entry: Entry) -> None:
        super().put(key, entry)
        self.kept[key] = entry


GRAPH = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "inklet.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a (red:1.3) circle", "clip": ["1", 1]}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["1", 1]}},
    "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "5": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["1", 0],
            "positive": ["2", 0],
            "negative": ["3", 0],
            "latent_image": ["4", 0],
            "seed": 1,
            "steps": 2,
            "cfg": 4.0,
            "sampler_name": "dpmpp_2m",
            "scheduler": "normal",
            "denoise": 1.0,
        },
    },
    "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
    "7": {"class_type": "VAEEncode", "inputs": {"pixels": ["6", 0], "vae": ["1", 2]}},
    "8": {"class_type": "SaveLatent", "inputs": {"samples": ["7", 0], "filename_prefix": "there"}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "there"}},
}


def made(folder: Path, device: str, scope: Any, budget: int = GIB) -> tuple[Event, dict[str, Entry], Manager]:
    cache, manager = Watched(), Manager({device: budget})
    events = run(
        Graph.parse(GRAPH),
        NODES,
        open_folders(folder),
        cache,
        scope=scope,
        device=device,
        memory=Memory(manager),
    )
    with closing(events):
        *_, last = events
    return last, cache.kept, manager


def test_a_run_elsewhere_gives_what_a_run_here_gives_and_all_of_it_lies_here(tmp_path: Path):
    done, here, _ = made(tmp_path / "here", "cpu", without_gradients)
    also_done, there, manager = made(tmp_path / "there", NAME, elsewhere)
    assert isinstance(done, RunDone)
    assert isinstance(also_done, RunDone)
    assert manager.usage(NAME).weights > 0
    assert manager.usage("cpu").weights == 0
    assert {one.device for one in manager.resident()} == {NAME}
    assert here.keys() == there.keys()  # no key tells of the device
    compared = 0
    for key, entry in here.items():
        for one, other in zip(tensors_in(entry.outputs), tensors_in(there[key].outputs), strict=True):
            assert not isinstance(other, Elsewhere)
            assert (one.shape, one.dtype, one.device) == (other.shape, other.dtype, other.device)
            torch.testing.assert_close(other, one, rtol=0, atol=1e-3 * max(1.0, float(one.abs().max())))
            compared += 1
    assert compared >= 8


def test_what_does_not_fit_there_is_refused_with_the_name_of_the_device(tmp_path: Path):
    last, *_ = made(tmp_path, NAME, elsewhere, budget=2**20)
    assert isinstance(last, RunFailed)
    assert f"the budget of {NAME} is 1 MiB" in last.message
