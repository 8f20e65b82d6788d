"""Room is handed out within the budget, the longest unused gives way first, and what can't fit is refused."""

from __future__ import annotations

import gc
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from inkloom.executor import Manager, NoRoomError, Way

ALL = Way(title="at once")
STREAMED = Way(title="streamed", stream=True)


@dataclass(eq=False)
class Model:
    """Weights of equal layers that note what they were told."""

    size: int
    count: int = 4
    name: str = "model"
    told: list[object] = field(default_factory=list[object])

    @property
    def layers(self) -> Mapping[str, int]:
        each = self.size // self.count
        return {"rest": self.size - self.count * each} | {str(k): each for k in range(self.count)}

    @property
    def least(self) -> int:
        return self.size // self.count

    @property
    def present(self) -> int:
        return 0

    def load(self) -> None:
        self.told.append("load")

    def stream(self, room: int) -> None:
        self.told.append(room)

    def unload(self) -> None:
        self.told.append("unload")


def used(manager: Manager) -> int:
    usage = manager.usage()
    return usage.weights + usage.workspaces


def test_without_a_budget_everything_lies_whole():
    manager, models = Manager(), [Model(10**15), Model(10**15)]
    with manager.lease(*models, way=Way(title="at once", workspace=10**15)):
        pass
    assert [model.told for model in models] == [["load"], ["load"]]
    assert manager.usage().budget is None


def test_the_longest_unused_gives_way_and_only_as_many_as_must():
    manager, models = Manager({"cpu": 100}), [Model(40), Model(40), Model(40)]
    for model in (models[0], models[1], models[0]):
        with manager.lease(model, way=ALL):
            pass
    with manager.lease(models[2], way=ALL):
        assert used(manager) == 80
    assert [model.told for model in models] == [["load", "load"], ["load", "unload"], ["load"]]


def test_who_asks_is_told_of_weights_that_made_way_and_of_its_room():
    manager, models = Manager({"cpu": 100}), [Model(40), Model(50), Model(400, count=20)]
    told: list[tuple[object, int]] = []

    def given_up(weights: object, nbytes: int) -> None:
        told.append((weights, nbytes))

    for model in models[:2]:
        with manager.lease(model, way=ALL, given_up=given_up) as room:
            assert room == model.size
    assert told == []
    with manager.lease(models[2], models[0], way=STREAMED, given_up=given_up) as room:
        assert room == 100
    assert told == [(models[1], 50)]
    manager.free(given_up=given_up)
    assert sorted(nbytes for _, nbytes in told[1:]) == [40, 60]


def test_a_workspace_makes_weights_give_way_too():
    manager, old, new = Manager({"cpu": 100}), Model(40), Model(40)
    with manager.lease(old, way=ALL):
        pass
    with manager.lease(new, way=Way(title="at once", workspace=30)):
        assert used(manager) == 70
    assert old.told == ["load", "unload"]
    assert used(manager) == 40


def test_weights_in_use_do_not_give_way():
    manager, inner, outer = Manager({"cpu": 100}), Model(80), Model(60)
    with manager.lease(outer, way=ALL), manager.lease(inner, way=STREAMED):
        assert outer.told == ["load"]
        assert inner.told == [40]
        assert used(manager) == 100


def test_the_small_ones_lie_whole_and_the_largest_streams_in_what_is_left():
    manager, small, large = Manager({"cpu": 100}), Model(20), Model(400, count=20)
    with manager.lease(large, small, way=Way(title="streamed", workspace=10, stream=True)):
        assert small.told == ["load"]
        assert large.told == [70]


def test_streamed_weights_lie_whole_again_when_there_is_room():
    manager, model, other = Manager({"cpu": 100}), Model(80), Model(50)
    with manager.lease(other, way=ALL), manager.lease(model, way=STREAMED):
        pass
    with manager.lease(model, way=STREAMED):
        pass
    assert (other.told, model.told) == (["load", "unload"], [50, "load"])


def test_leases_nest_and_count_the_same_weights_once():
    manager, model = Manager({"cpu": 100}), Model(80)
    with manager.lease(model, way=ALL), manager.lease(model, way=Way(title="at once", workspace=20)):
        assert used(manager) == 100
    assert model.told == ["load"]
    assert manager.usage().workspaces == 0


def test_the_same_weights_twice_in_one_lease_count_once():
    manager, model = Manager({"cpu": 100}), Model(80)
    with manager.lease(model, model, way=ALL):
        assert used(manager) == 80


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_a_lease_ends_however_it_is_left(end: type[BaseException]):
    manager = Manager({"cpu": 100})
    with pytest.raises(end), manager.lease(Model(10), way=Way(title="at once", workspace=60)):
        raise end
    with manager.lease(Model(10), way=Way(title="at once", workspace=60)):
        pass


def test_what_can_not_fit_is_refused_with_the_numbers_and_nothing_is_moved():
    manager, there, model = Manager({"cpu": 100_000_000}), Model(50_000_000), Model(400_000_000)
    with manager.lease(there, way=ALL):
        pass
    ways = [
        Way(title="at once", workspace=900_000_000),
        Way(title="thrifty", workspace=10_000_000, stream=True),
    ]
    with pytest.raises(NoRoomError) as caught:
        manager.fitting([model], ways)
    assert (caught.value.needed, caught.value.budget, caught.value.taken) == (110_000_000, 100_000_000, 0)
    for text in (
        "1.21 GiB (at once)",
        "105 MiB at the least (thrifty)",
        "budget of cpu is 95 MiB",
        "--memory 105M",
    ):
        assert text in str(caught.value)
    assert there.told == ["load"]
    assert manager.fitting([model], [*ways, STREAMED]) == [STREAMED]


def test_what_this_thread_holds_counts_and_what_others_hold_does_not():
    manager = Manager({"cpu": 100})
    with manager.lease(Model(60), way=ALL):
        with pytest.raises(NoRoomError, match="of which 0 MiB are in use"):
            manager.fitting([Model(60)], [ALL])
        found = in_thread(lambda: manager.fitting([Model(60)], [ALL]))
    assert found == [ALL]


def in_thread(work: object) -> object:
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(work()))  # type: ignore[operator]  # any callable
    thread.start()
    thread.join()
    return results[0]


def test_who_has_nothing_waits_for_others_and_may_give_up():
    manager, mine, other = Manager({"cpu": 100}), Model(60), Model(60)
    waits, has, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        with manager.lease(other, way=ALL, waiting=waits.set):
            has.set()
        done.set()

    thread = threading.Thread(target=work)
    with manager.lease(mine, way=ALL):
        thread.start()
        assert waits.wait(10)
        assert not has.is_set()
    assert done.wait(10)
    thread.join()
    assert (mine.told, other.told) == (["load", "unload"], ["load"])


class GaveUpError(Exception):
    pass


def test_waiting_ends_when_nobody_wants_it_any_more():
    manager, left = Manager({"cpu": 100}), threading.Event()

    def tired() -> None:
        raise GaveUpError

    def work() -> None:
        with pytest.raises(GaveUpError), manager.lease(Model(60), way=ALL, waiting=tired):
            pass
        left.set()

    with manager.lease(Model(60), way=ALL):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert left.is_set()


def test_what_never_fits_is_not_waited_for():
    manager = Manager({"cpu": 100})
    with manager.lease(Model(60), way=ALL):

        def work() -> bool:
            with pytest.raises(NoRoomError), manager.lease(Model(101), way=ALL):
                pass
            return True

        assert in_thread(work)


def test_many_threads_never_exceed_the_budget():
    manager, models = Manager({"cpu": 100}), [Model(size) for size in (20, 30, 50, 70)]
    most: list[int] = []

    def work(number: int) -> None:
        for turn in range(30):
            model = models[(number + turn) % len(models)]
            with manager.lease(model, way=Way(title="x", workspace=10, stream=True)):
                most.append(used(manager))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 120
    assert max(most) <= 100
    assert manager.usage().workspaces == 0


def test_all_that_is_idle_can_be_given_up():
    manager, idle, busy = Manager({"cpu": 100}), Model(30), Model(40)
    with manager.lease(idle, way=ALL):
        pass
    with manager.lease(busy, way=ALL):
        assert manager.free() == 30
    assert (idle.told, busy.told) == (["load", "unload"], ["load"])
    assert used(manager) == 40


def test_a_model_that_nobody_has_any_more_takes_nothing():
    manager, model = Manager({"cpu": 100}), Model(60)
    with manager.lease(model, way=ALL):
        pass
    del model
    gc.collect()
    assert used(manager) == 0


def test_a_device_has_a_budget_of_its_own():
    manager, here, there = Manager({"cpu": 100, "cuda:0": 50}), Model(80), Model(80)
    with manager.lease(here, way=ALL), manager.lease(there, way=STREAMED, device="cuda:0"):
        assert (here.told, there.told) == (["load"], [50])
