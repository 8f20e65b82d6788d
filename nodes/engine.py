"""The executor, fitted out for pictures: these nodes, a user's folders, torch without gradients."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field

from .. import diffusion
from ..executor import (
    CancelToken,
    DiskCache,
    Event,
    Explanation,
    Folders,
    Graph,
    History,
    Json,
    Manager,
    Memory,
    MemoryCache,
    NodeFinished,
    NodeTable,
    Receipts,
    RunDone,
    Tiers,
    Validation,
    Workspaces,
    explain,
    run,
    validate,
)
from ..executor.caches.disk_space import default_size
from ..executor.caches.disk_writer import MOST_BYTES
from ..executor.explaining.estimate import Estimate, estimate
from ..executor.explaining.history import FILE as HISTORY_FILE
from ..executor.explaining.recording import Scribe
from ..executor.memory.meter import Watch, machine_bytes, watched
from ..executor.memory.workspaces import FILE as WORKSPACES_FILE
from ..executor.runs.standby import Standby
from .code_stamp import code_stamp
from .codecs import ValueCodec
from .data_folder import cache_folder
from .devices import CPU, Device, processor
from .sizes import sizes

PREVIEW_METHODS = ("auto", "latent2rgb", "taesd")
"""How samplers show what they have so far: by a fast estimate of colours, by a small decoder, or by the best
there is for the model."""


MUCH = 0.05
"""Seconds of computing after which a run gives back memory."""

SETTLING, SETTLING_SHARE = 1.0, 0.1
"""Seconds that the end of a run waits at most until what cost much is on the disk, and the part of what the
run computed: so what is lost when the process is killed just then costs little."""


def memory_budget() -> int:
    """Return the bytes that models and computing may take: two thirds of what this process may have."""
    return machine_bytes() * 2 // 3


def memory_cache(budget: int | None = None) -> MemoryCache:
    """Return a cache in memory that takes a quarter of the budget for computing, besides it."""
    return MemoryCache((memory_budget() if budget is None else budget) // 4, sizes)


def open_memory(
    folders: Folders, budget: int | None = None, device: Device | None = None, beside: int | None = None
) -> Memory:
    """Return the memory to compute in, so many bytes of it; what it measures is kept in the data folder.

    Without `budget` it is that of the device, by default the processor; beside a card there is room on the
    processor too, for what is to compute there: `beside` bytes, by default `memory_budget`.
    """
    place = processor() if device is None else device
    budgets = {
        CPU: memory_budget() if beside is None else beside,
        place.name: place.budget if budget is None else budget,
    }
    workspaces = Workspaces(cache_folder(folders.base) / WORKSPACES_FILE)
    return Memory(Manager(budgets), workspaces, ran_out, watched_on)


def watched_on(device: str) -> AbstractContextManager[Watch]:
    """Look what memory is taken on a device while something computes."""
    return watched() if device == CPU else diffusion.watched_card(device)


def ran_out(error: Exception) -> bool:
    """Tell whether memory ran out, by what torch or Python raises then."""
    return diffusion.ran_out_of_memory(error)


def open_cache(folders: Folders, size: int | None = None, memory: int | None = None) -> Tiers:
    """Return the cache of results of a data folder, in memory and on its disk; read and written when used.

    `size` are the bytes on the disk: by default what `default_size` says; 0 is for no cache there. `memory`
    are the bytes to compute in, of which `memory_cache` takes its share; results that wait to be written hold
    a sixteenth as much, and no more than `MOST_BYTES`.
    """
    results = memory_cache(memory)
    folder = cache_folder(folders.base)
    if size == 0:
        return Tiers(results)
    room = default_size(folder) if size is None else size
    waiting = min(MOST_BYTES, (memory_budget() if memory is None else memory) // 16)
    return Tiers(results, DiskCache(folder, ValueCodec(), room, stamp=code_stamp(), waiting=waiting))


def open_history(folders: Folders, cache: Tiers | None = None) -> History:
    """Return what earlier runs on a data folder took and were made of; its file is made by the first run.

    Where there is a `cache`, it says which code runs, which takes a moment to find out.
    """
    disk = None if cache is None else cache.disk
    stamp = code_stamp() if disk is None else disk.stamp
    return History(cache_folder(folders.base) / HISTORY_FILE, stamp=stamp)


@dataclass(frozen=True)
class Engine:
    """Runs workflows over one data folder and remembers results from run to run, by default in memory.

    With a `history` it also remembers what runs took and were made of, so that the next can be explained.
    Models compute on `device`. It enters no key, since it decides no result: so what one engine has in memory
    is only for engines of the same device, while what is on the disk is for all.
    """

    table: NodeTable
    folders: Folders
    cache: MemoryCache | Tiers = field(default_factory=memory_cache)
    history: History | None = None
    memory: Memory = field(default_factory=lambda: Memory(Manager({"cpu": memory_budget()}), ran_out=ran_out))
    device: Device = field(default_factory=processor)
    _scribe: Scribe | None = field(init=False, repr=False, compare=False, default=None)
    _threads: Standby = field(init=False, repr=False, compare=False, default_factory=Standby)

    def __post_init__(self) -> None:
        if self.history is not None:
            object.__setattr__(self, "_scribe", Scribe(self.history, self.table, self.folders))

    def validate(self, graph: Graph, targets: Iterable[str] | None = None) -> Validation:
        """Check a workflow; loads no torch."""
        return validate(graph, self.table, self.folders, targets)

    def explain(
        self,
        graph: Graph,
        targets: Iterable[str] | None = None,
        *,
        validation: Validation | None = None,
    ) -> Explanation:
        """Tell what a run of a workflow would do, and why; runs nothing and loads no torch.

        Raises WorkflowError when nothing of it can run.
        """
        checked = validation or self.validate(graph, targets)
        checked.raise_if_nothing_runs()
        if self._scribe is not None:
            self._scribe.flush()
        return explain(checked, self.table, self.folders, self.cache, self.history)

    def estimate(
        self,
        graph: Graph,
        targets: Iterable[str] | None = None,
        *,
        validation: Validation | None = None,
    ) -> Estimate:
        """Tell what a run of a workflow would take, from what is known of its nodes; runs nothing.

        Raises WorkflowError when nothing of it can run.
        """
        checked = validation or self.validate(graph, targets)
        explanation = self.explain(graph, validation=checked)
        return estimate(explanation, checked, self.table, self.cache, self.memory, self.device.name)

    def run(
        self,
        graph: Graph,
        *,
        targets: Iterable[str] | None = None,
        validation: Validation | None = None,
        cancel: CancelToken | None = None,
        extra_pnginfo: Json = None,
        previews: str | None = None,
        receipts: Receipts | None = None,
        pausing: Callable[[], object] = lambda: None,
    ) -> Generator[Event]:
        """Run a workflow and tell what happens; raises WorkflowError at once when nothing of it can run.

        `previews` is one of `PREVIEW_METHODS`, None for no previews; `receipts` are those of earlier attempts
        at this run. `pausing` is called whenever there is nothing to tell for a moment.
        """
        checked = validation or self.validate(graph, targets)
        digests: dict[str, str] = {}
        events = run(
            graph,
            self.table,
            self.folders,
            self.cache,
            validation=checked,
            cancel=cancel or CancelToken(),
            scope=without_gradients,
            hidden={"EXTRA_PNGINFO": extra_pnginfo},
            device=self.device.name,
            previews=previews,
            memory=self.memory,
            receipts=receipts,
            digests=digests,
            start=self._threads.start,
            pausing=pausing,
        )
        if self._scribe is not None:
            events = self._scribe.noted(events, checked.graph, digests)
        return tidied(events, settle=self.cache.settle if isinstance(self.cache, Tiers) else None)

    def free(self, *, results: bool = False) -> None:
        """Give up all weights that nobody computes with, and with `results` what is remembered in memory.

        What is on the disk stays. To be called between runs.
        """
        if results:
            self.cache.clear()
        gc.collect()
        for device in self.memory.manager.devices():
            self.memory.manager.free(device)
        give_back_free()

    def close(self, seconds: float) -> bool:
        """Wait until the disk has all results, no longer than so many seconds; tell whether it has.

        The history is written too. The end of a process does so by itself, unless it is a sudden one
        (`os._exit`).
        """
        if self._scribe is not None:
            self._scribe.close()
        return not isinstance(self.cache, Tiers) or self.cache.flush(seconds)


def give_back_free() -> None:
    """Give back the memory that is free, where torch was loaded: without it, little was ever taken."""
    if "torch" in sys.modules:
        diffusion.give_back_free()


def tidied(
    events: Generator[Event],
    give_back: Callable[[], object] = give_back_free,
    settle: Callable[[float], object] | None = None,
) -> Generator[Event]:
    """Yield the events of a run; when it is over and much was computed, give back the memory that is free.

    That takes a few milliseconds. Then `settle` is called with the seconds that the disk may take to have the
    results. Of a run that did not come to its end the last node does not tell how long it computed: there the
    time since the run began counts.
    """
    computed, at, done = 0.0, 0.0, False
    try:
        with closing(events):
            for event in events:
                at, done = event.at, isinstance(event, RunDone)
                if isinstance(event, NodeFinished) and not event.cached:
                    computed += event.seconds
                yield event
    finally:
        # Only now does nothing run any more, however this ended.
        took = computed if done else at
        if took >= MUCH:
            give_back()
        if settle is not None:
            settle(min(SETTLING, SETTLING_SHARE * took))


def without_gradients() -> AbstractContextManager[object]:
    """Return what node functions run inside: torch's inference mode."""
    import torch  # here, since validating and listing nodes needs none

    return torch.inference_mode()
