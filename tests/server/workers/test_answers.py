"""What a worker tells of its memory: every device that it may compute on, with what there is of it."""

from pathlib import Path

from inkloom.executor.memory.meter import machine_bytes
from inkloom.nodes import NODES, Device, Engine, open_folders, open_memory
from inkloom.server.workers.answers import residency

CARD = Device(name="cuda:1", title="NVIDIA H200", total=140 * 2**30, budget=120 * 2**30)


def test_a_card_is_told_with_the_processor_beside_it(tmp_path: Path) -> None:
    folders = open_folders(tmp_path)
    engine = Engine(NODES, folders, memory=open_memory(folders, device=CARD), device=CARD)
    told = {one.name: one for one in residency(engine).devices}
    assert told.keys() == {"cpu", "cuda:1"}
    assert (told["cuda:1"].kind, told["cuda:1"].total_bytes) == ("cuda", CARD.total)
    assert (told["cuda:1"].budget_bytes, told["cuda:1"].used_bytes) == (CARD.budget, 0)
    assert told["cpu"].total_bytes == machine_bytes()


def test_the_processor_is_the_only_device_of_its_engine(tmp_path: Path) -> None:
    folders = open_folders(tmp_path)
    engine = Engine(NODES, folders, memory=open_memory(folders, 2**30))
    [told] = residency(engine).devices
    assert (told.name, told.kind, told.budget_bytes) == ("cpu", "cpu", 2**30)
