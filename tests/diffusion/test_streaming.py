"""A network that streams its weights gives the same bits, within its room, however the call ends."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from inkloom.diffusion.files.filling import Part, fill
from inkloom.diffusion.files.tensorfile import open_tensors
from inkloom.diffusion.networks.brought import Brought
from inkloom.diffusion.networks.hooks import Hooks, Streams
from inkloom.diffusion.networks.placing import Placed
from inkloom.diffusion.networks.streaming import LayerSize, least_room, room_ahead, staying
from inkloom.diffusion.networks.text import TextSpec, TextTower
from inkloom.diffusion.networks.unet import UNet, UNetSpec
from inkloom.diffusion.networks.unfilled import on_meta
from inkloom.diffusion.networks.weights import Copies

SPEC = UNetSpec(
    channels=(32, 64, 64, 64),
    input_depths=(1, 1, 0, 0),
    middle_depth=1,
    output_depths=(0, 0, 1, 1, 0, 0, 1, 1),
    context_channels=24,
    res_blocks=1,
    label_channels=6,
)


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(like.shape, generator=generator) * 0.1 + (like.ndim == 1)
        for name, like in network.state_dict().items()
    }


def unet(dtype: torch.dtype = torch.float16) -> UNet:
    network = on_meta(UNet, SPEC)
    fill((network, Part({name: tensor.to(dtype) for name, tensor in weights_of(network).items()})))
    return network


def answer(network: UNet, dtype: torch.dtype, hooks: Hooks | None = None) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    x, text, y = (torch.randn(shape, generator=generator) for shape in ((1, 4, 16, 16), (2, 7, 24), (2, 6)))
    with torch.inference_mode():
        context = network.project_context(text.to(dtype))
        given = {} if hooks is None else {"hooks": hooks}
        return network(x.to(dtype), torch.tensor([500.0]), context, y.to(dtype), **given)


def rooms(placed: Placed) -> tuple[int, ...]:
    """Return rooms for one layer, for some, for almost all."""
    whole = sum(placed.layers.values())
    return placed.least, 2 * placed.least, whole // 2, whole - 1


KINDS = [
    (torch.float16, torch.float32),
    (torch.float16, torch.bfloat16),
    (torch.bfloat16, torch.float32),
    (torch.float32, torch.bfloat16),
]


@pytest.mark.parametrize(("stored", "dtype"), KINDS)
def test_streamed_or_not_the_bits_are_the_same(stored: torch.dtype, dtype: torch.dtype):
    network, copies = unet(stored), Copies()
    placed = copies.placed(network, dtype)
    whole = answer(copies.ready(network, dtype), dtype)
    for room in rooms(placed):
        placed.stream(room)
        for _ in range(2):
            assert torch.equal(answer(copies.ready(network, dtype), dtype), whole)
    placed.load()
    assert torch.equal(answer(copies.ready(network, dtype), dtype), whole)


def test_no_more_than_the_room_is_taken_at_any_time():
    network, copies = unet(), Copies()
    placed = copies.placed(network, torch.float32)
    seen: list[int] = []

    def look(_: object, value: Tensor) -> Tensor:
        seen.append(placed.present)
        return value

    looking = Hooks(
        between_attentions=(look,),
        after_middle=(look,),
        before_output=(lambda place, streams: Streams(look(place, streams.hidden), streams.skip),),
    )
    for room in rooms(placed):
        placed.stream(room)
        answer(copies.ready(network, torch.float32), torch.float32, looking)
        assert 0 < max(seen) <= room
        assert placed.present <= room
        seen.clear()
    placed.unload()
    assert placed.present == 0


def test_the_next_layer_is_there_while_one_computes_where_there_is_room():
    network, copies = unet(), Copies()
    placed = copies.placed(network, torch.float32)
    sizes = list(placed.layers.values())
    placed.stream(2 * max(sizes) + placed.least)
    twin = copies.ready(network, torch.float32)
    layers = twin.layers()
    with twin.supply.in_turn(layers) as lend, lend(layers[0]):
        # It comes on another thread; the next lending waits for it.
        while placed.present < sizes[0] + sizes[1]:
            pass


class StopError(Exception):
    pass


def test_a_call_that_fails_gives_up_what_it_had():
    network, copies = unet(), Copies()
    placed = copies.placed(network, torch.float32)
    whole = answer(copies.ready(network, torch.float32), torch.float32)

    def stop(*_: object) -> Tensor:
        raise StopError

    for room in rooms(placed):
        placed.stream(room)
        assert torch.equal(answer(copies.ready(network, torch.float32), torch.float32), whole)
        staying = placed.present
        with pytest.raises(StopError):
            answer(copies.ready(network, torch.float32), torch.float32, Hooks(after_middle=(stop,)))
        assert placed.present == staying
        assert torch.equal(answer(copies.ready(network, torch.float32), torch.float32), whole)


def test_layers_may_be_left_out_and_come_in_another_order():
    network, copies = unet(), Copies()
    placed = copies.placed(network, torch.float32)
    placed.stream(3 * placed.least)
    twin = copies.ready(network, torch.float32)
    layers = twin.layers()
    with twin.supply.in_turn(layers) as lend:
        for place in (0, 3, 2, 5):
            with lend(layers[place]):
                plain = [one for one in layers[place].parameters() if not one.is_mkldnn]
                assert {one.dtype for one in plain} == {torch.float32}
    assert placed.present <= 3 * placed.least


def test_a_call_inside_of_a_call_is_an_error():
    network, copies = unet(), Copies()
    placed = copies.placed(network, torch.float32)
    placed.stream(placed.least)
    twin = copies.ready(network, torch.float32)
    again = Hooks(after_middle=(lambda place, value: answer(twin, torch.float32),))
    with pytest.raises(RuntimeError, match="from inside of itself"):
        answer(twin, torch.float32, again)


def test_a_listener_is_told_of_whole_copies_once_and_of_those_that_passed_by_in_sum():
    network, copies = unet(), Copies("U-Net of x")
    placed = copies.placed(network, torch.float32)
    whole = sum(placed.layers.values())
    told: list[Brought] = []

    def hear(brought: Brought, ago: float) -> None:
        assert 0 < brought.seconds <= ago + 1e-6
        told.append(brought)

    with placed.heard(hear):
        for _ in range(2):
            answer(copies.ready(network, torch.float32), torch.float32)
        assert [(one.nbytes, one.layers) for one in told] == [(whole, 0)]
    for room in (placed.least, 2 * max(placed.layers.values()) + placed.least):  # without one ahead, and with
        placed.stream(room)
        before = len(told)
        with placed.heard(hear):
            for _ in range(2):
                answer(copies.ready(network, torch.float32), torch.float32)
            assert len(told) == before
        [streamed] = told[before:]
        assert streamed.nbytes > whole
        assert streamed.layers > len(placed.layers)
    with placed.heard(hear):
        pass
    placed.load()
    answer(copies.ready(network, torch.float32), torch.float32)
    assert len(told) == 3
    assert placed.name == "U-Net of x"


def test_two_threads_may_call_it_at_once():
    network, copies = unet(), Copies()
    whole = answer(copies.ready(network, torch.float32), torch.float32)
    placed = copies.placed(network, torch.float32)
    placed.stream(placed.least)
    found: list[Tensor] = []
    calls: list[Callable[[], None]] = [
        lambda: found.append(answer(copies.ready(network, torch.float32), torch.float32)) for _ in range(4)
    ]
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(torch.equal(one, whole) for one in found)


def test_a_text_tower_streams_to_the_same_bits():
    spec = TextSpec(vocabulary=50, width=64, layers=3, heads=1, hidden=128, projection=16)
    tower = on_meta(TextTower, spec)
    fill((tower, Part({name: tensor.half() for name, tensor in weights_of(tower).items()})))
    copies, ids = Copies(), torch.arange(20).view(2, 10)
    placed = copies.placed(tower, torch.float32)

    def read() -> tuple[Tensor, Tensor]:
        with torch.inference_mode():
            return copies.ready(tower, torch.float32)(ids, 9, -2, norm=True)

    whole = read()
    placed.stream(placed.least)
    assert all(torch.equal(one, other) for one, other in zip(read(), whole, strict=True))
    assert placed.present == 0


def test_a_copy_that_streams_does_not_keep_its_network():
    network, copies = unet(), Copies()
    placed = copies.placed(network, torch.float32)
    placed.stream(placed.least)
    answer(copies.ready(network, torch.float32), torch.float32)
    gone, twin = weakref.ref(network), weakref.ref(copies.ready(network, torch.float32))
    del network, placed
    gc.collect()
    assert gone() is None
    assert twin() is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is mapped")
def test_pages_that_were_read_are_given_back(tmp_path: Path):
    path = tmp_path / "unet.safetensors"
    save_file({name: tensor.half() for name, tensor in weights_of(on_meta(UNet, SPEC)).items()}, path)
    network, copies = on_meta(UNet, SPEC), Copies()
    fill((network, Part(open_tensors(path).tensors)))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    assert mapped_bytes(path) > path.stat().st_size // 2
    placed = copies.placed(network, torch.float32)
    placed.stream(placed.least)
    answer(copies.ready(network, torch.float32), torch.float32)
    assert mapped_bytes(path) < path.stat().st_size // 4
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def mapped_bytes(path: Path) -> int:
    """Return how much of a file is in this process's memory."""
    total, here = 0, False
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        first, *rest = line.split()
        if not first.endswith(":"):
            here = bool(rest) and rest[-1] == str(path)
        elif here and first == "Rss:":
            total += int(rest[0]) * 1024
    return total


def sizes(*held: int, besides: int = 0) -> list[LayerSize]:
    return [LayerSize(one, besides) for one in held]


@pytest.mark.parametrize(
    ("layers", "room", "stay"),
    [
        (sizes(5, 5, 5, 5), 20, {0, 1, 2, 3}),
        (sizes(5, 5, 5, 5), 19, {0}),
        (sizes(5, 5, 5, 5), 10, set()),
        (sizes(1, 9, 1, 1, 1), 11, {1}),
        (sizes(5, 5, 5, 5, besides=2), 17, {0}),
        (sizes(5, 5), 10, {0, 1}),
    ],
)
def test_what_fits_beside_two_that_pass_by_stays(layers: list[LayerSize], room: int, stay: set[int]):
    assert staying(layers, room) == stay
    passing = [size for place, size in enumerate(layers) if place not in stay]
    assert sum(layers[place].held for place in stay) + room_ahead(passing) <= max(room, room_ahead(layers))


def test_the_least_room_is_that_of_the_largest_layer():
    assert least_room(sizes(1, 7, 3, besides=2)) == 9
    assert least_room([]) == 0
    assert replace(LayerSize(3), besides=1) == LayerSize(3, 1)
