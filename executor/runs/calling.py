"""Calls of one node: what its inputs hold, which lazy ones it asks for, what its function gives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import cast

from ..caches.memory_cache import Entry
from ..graphs.graph import Link, Node
from ..node_types.context import Context
from ..node_types.node_type import NodeType
from ..node_types.results import Blocked
from ..problems import Json, listing
from .calls import Result, blocked_result, call, call_async
from .lists import blocker, calls_for
from .running_graph import Running
from .scopes import Scopes
from .setting import Setting
from .telling import Report, Teller

PARTIAL = "partial "
"""Before the cache keys of what nodes remember while they work, so that none is taken for a node's result."""


class UnknownInputError(ValueError):
    """A node's `needs` function asked for an input that the node does not have."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The lazy inputs that a node wants before it is called."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What a node raised."""

    error: BaseException


Outcome = list[Result] | Asked | Fault
"""What became of a job: a result for each call, or why there is none."""


class Job:
    """One node that is to be called: the arguments of each call, or what blocks it."""

    __slots__ = ("asked", "blockers", "calls", "current", "name", "node", "report", "seconds", "type")

    def __init__(self, name: str, node: Node, node_type: NodeType, asked: frozenset[str]) -> None:
        self.name, self.node, self.type, self.asked = name, node, node_type, asked
        self.calls: list[dict[str, object]] = []
        self.blockers: list[Blocked | None] = []
        self.current: dict[str, object] = {}
        """The arguments of the call that was begun last."""
        self.report: Report | None = None
        self.seconds = 0.0

    @property
    def is_called(self) -> bool:
        """Whether there is anything to call."""
        return None in self.blockers


class Caller:
    """Makes jobs of nodes and carries them out; `hidden` finds what the engine fills in, by kind and node."""

    def __init__(
        self,
        setting: Setting,
        running: Running,
        teller: Teller,
        result: Callable[[str], Entry | None],
        check: Callable[[], None],
        is_cancelled: Callable[[], bool],
        prompt: Callable[[], Json],
        scopes: Scopes,
    ) -> None:
        self._setting, self._running, self._teller, self._scopes = setting, running, teller, scopes
        self._result, self._check, self._is_cancelled = result, check, is_cancelled
        self._prompt = prompt

    def prepare(self, name: str, asked: frozenset[str]) -> Job:
        """Return the job of a node whose sources, and the lazy ones that it asked for, have their results."""
        node = self._running.nodes[name]
        node_type = self._setting.table[node.class_type]
        job = Job(name, node, node_type, asked)
        declared = node_type.inputs
        held = dict(node_type.defaults)
        for key, given in node.inputs.items():
            spec = declared.get(key)
            if spec is None:
                continue
            if not isinstance(given, Link) or spec.raw_link:
                held[key] = given
            elif spec.lazy and key not in asked:
                held[key] = None
            else:
                held[key] = self.value(given)
        for key, kind in node_type.hidden.items():
            held[key] = self._hidden(kind, name)
        job.calls = calls_for(node_type, held)
        job.blockers = [blocker(arguments) for arguments in job.calls]
        if node_type.takes_context and job.is_called:
            job.report = Report(self._teller, name)
        return job

    def value(self, link: Link) -> object:
        """Return what the slot at the end of a link holds; raises LookupError when it is not at hand."""
        entry = self._result(link.node)
        if entry is None:
            raise LookupError(f"the result of node {link.node!r} is not at hand")
        return entry.outputs[link.slot]

    def perform(self, job: Job) -> Outcome:
        """Carry out a job on this thread."""
        began = time.perf_counter()
        try:
            self._scopes.enter()
            began = time.perf_counter()  # that may have loaded torch, which is no node's time
            if job.type.needs is not None:
                needs = [job.type.needs.ask(each) for each, no in self._pairs(job) if no is None]
                if new := self._new(job, needs):
                    return Asked(new)
            self._teller.started(job.name)
            results: list[Result] = []
            for index, (arguments, blocked) in enumerate(self._pairs(job)):
                if blocked is not None:
                    results.append(blocked_result(job.type, failed=blocked.failed))
                    continue
                job.current = arguments
                if index:
                    self._check()
                results.append(call(job.type, self._context(job, index), arguments))
            return results
        except BaseException as error:  # noqa: BLE001 -- whatever a node raises is told, with its place
            return Fault(error)
        finally:
            job.seconds = time.perf_counter() - began

    async def perform_async(self, job: Job) -> Outcome:
        """Carry out the job of an async node, all its calls at once, in the running event loop."""
        began = time.perf_counter()
        tasks: list[asyncio.Task[Result]] = []
        try:
            if job.type.needs is not None:
                needs = [await job.type.needs.ask_async(each) for each, no in self._pairs(job) if no is None]
                if new := self._new(job, needs):
                    return Asked(new)
            self._teller.started(job.name)
            for index, (arguments, blocked) in enumerate(self._pairs(job)):
                if blocked is None:
                    job.current = arguments
                    called = call_async(job.type, self._context(job, index), arguments)
                    tasks.append(asyncio.ensure_future(called))
            done = iter(await asyncio.gather(*tasks))
            return [
                next(done) if no is None else blocked_result(job.type, failed=no.failed)
                for no in job.blockers
            ]
        except BaseException as error:  # noqa: BLE001 -- whatever a node raises is told, with its place
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            return Fault(error)
        finally:
            job.seconds = time.perf_counter() - began

    def _pairs(self, job: Job) -> Iterable[tuple[dict[str, object], Blocked | None]]:
        return zip(job.calls, job.blockers, strict=True)

    def _new(self, job: Job, needs: Iterable[object]) -> tuple[str, ...]:
        """Return the names of inputs that are asked for and not yet there."""
        wanted: dict[str, None] = {}
        for names in needs:
            if isinstance(names, str):
                raise TypeError(f"{job.type.name}: needs= must return several names, not the text {names!r}")
            wanted |= dict.fromkeys(cast("Iterable[str]", names or ()))
        if unknown := [name for name in wanted if name not in job.type.inputs]:
            known = listing(job.type.lazy_inputs)
            raise UnknownInputError(
                f"{job.type.name} asks for {', '.join(map(repr, unknown))}; its lazy inputs: {known}"
            )
        return tuple(
            name
            for name in wanted
            if job.type.inputs[name].lazy
            and name not in job.asked
            and isinstance(job.node.inputs.get(name), Link)
        )

    def _context(self, job: Job, index: int) -> Context | None:
        if job.report is None:
            return None
        kept = f"{PARTIAL}{index} " if index else PARTIAL  # keys do not tell the values of a list apart
        return Context(
            folders=self._setting.folders,
            device=self._setting.device,
            previews=self._setting.previews,
            memory=self._setting.memory,
            node_id=job.name,
            call=index,
            cancelled=self._is_cancelled,
            report=job.report,
            keys=self._running.parts(job.name),
            recall=partial(self._recall, kept),
            remember=partial(self._remember, job.type.name, kept),
            note=partial(self._teller.noted, job.name),
            took=partial(self._teller.took, job.name),
            receipts=self._setting.receipts,
        )

    def _recall(self, kept: str, key: str) -> object | None:
        entry = self._setting.cache.get(kept + key)
        return None if entry is None else entry.outputs[0]

    def _remember(self, class_type: str, kept: str, key: str, value: object, seconds: float = 0.0) -> None:
        entry = Entry(outputs=(value,), seconds=seconds, class_type=class_type)
        self._setting.cache.put(kept + key, entry)

    def _hidden(self, kind: str, name: str) -> object:
        match kind:
            case "UNIQUE_ID":
                return name
            case "DYNPROMPT":
                return self._running.view
            case "PROMPT":
                return self._prompt()
            case _:
                return self._setting.hidden.get(kind)
