"""Conducts one run: takes what is ready, has it called in its lane, and deals with what comes of it.

Everything that is known of a run is guarded by one lock, which a thread holds except while a node's function
runs. The run's own thread calls the nodes of the lane "device"; what other lanes have to do goes to a crew.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from functools import partial
from typing import cast

from ..caches.memory_cache import Entry
from ..checks.validate import Validation
from ..graphs.graph import Link
from ..graphs.order import knots
from ..node_types.context import Cancelled
from ..problems import Json
from .agenda import ASYNC, DEVICE, FILES, SETTLED, WORKER, Agenda
from .calling import Asked, Caller, Fault, Job, Outcome
from .calls import Result, blocked_result
from .crew import CAPACITY, Crew, Loop
from .expand import DependencyCycleError
from .foreseeing import Foresight
from .growing import CollectionError, Growing
from .lists import merged
from .mailbox import Mailbox
from .running_graph import Running, UnkeyedError
from .scopes import Scopes
from .setting import Setting
from .telling import Failure, Teller, failure_of

WATCH_SECONDS = 0.05
"""How often a run that waits for other threads looks whether it was cancelled."""

BACKLOG = 8
"""When more results than this wait to be written, nothing new is computed: they would fill the memory."""


class Conductor:
    """The state of one run; `begin` comes first, then `work`, in a thread of its own if nodes are left."""

    def __init__(self, checked: Validation, setting: Setting, mailbox: Mailbox) -> None:
        self._checked, self._setting, self._mailbox = checked, setting, mailbox
        self._running = Running(
            checked.graph, setting.table, setting.folders, self._check_cancelled, setting.digests
        )
        self._teller = Teller(self._running, mailbox, setting.previews)
        self._failures: dict[str, Failure] = {}  # of nodes of items, by digest
        self._agenda = Agenda(
            self._running.nodes, setting.table, self._running.digests, setting.cache.get, self._failures
        )
        self._scopes = Scopes(setting.scope)
        self._caller = Caller(
            setting,
            self._running,
            self._teller,
            self._agenda.result,
            self._check_cancelled,
            self._is_cancelled,
            self._submitted,
            self._scopes,
        )
        self._growing = Growing(
            self._running, self._agenda, self._teller, self._caller.value, self._check_cancelled
        )
        self._foresight = Foresight(
            setting.table.types, self._running.nodes, setting.memory, setting.device, self._agenda.result
        )
        self._prompt: Json = None
        self._asked: dict[str, frozenset[str]] = {}
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._crew = Crew(self._lock, self._scopes, self._help)
        self._loop = Loop(setting.scope)
        self._active = dict.fromkeys(CAPACITY, 0)
        self._busy = 0  # nodes that run on other threads
        self._crash: BaseException | None = None
        self._closing = False

    def close(self) -> None:
        """Stop within one step of what runs: nobody listens any more."""
        self._closing = True

    def begin(self) -> bool:
        """Find the keys of all nodes and what of them is known; return whether nodes are left to be done."""
        with self._lock:
            self._begin()
            return bool(self._agenda.pending) and not self._teller.is_over

    def work(self) -> None:
        """Do all that is left; the last event is told when nothing runs any more."""
        try:
            try:
                with self._scopes.thread(), self._lock:
                    self._conduct()
            finally:
                self._loop.cancel()
                self._crew.rest()
                with self._wake:
                    while self._busy:
                        self._wake.wait()
                self._loop.rest()
            if self._crash is not None:
                raise self._crash
            self._teller.finale()
            self._mailbox.close()
        except BaseException as error:  # noqa: BLE001 -- a fault of the engine is raised at the listener
            self._mailbox.close(error)

    def _begin(self) -> None:
        running, teller, outputs = self._running, self._teller, self._checked.outputs_good
        order = self._checked.order
        try:
            running.find_keys(order)
        except (Cancelled, UnkeyedError) as error:
            teller.begin((), outputs)
            if isinstance(error, UnkeyedError):
                teller.broken(error.node, failure_of(error.__cause__ or error))
            else:
                teller.cancelled(order)
            return
        self._agenda.begin()
        known = self._agenda.want(outputs)
        teller.begin(self._cached(known), outputs)
        for name in outputs:
            if name in known:
                teller.finished(name, known[name], cached=True)
        if (refused := self._foresight.begin(order, self._agenda.pending)) is not None:
            self._fault(*refused)

    def _cached(self, known: dict[str, Entry]) -> tuple[str, ...]:
        """Name the nodes whose result is known: of those behind others nothing is fetched for it."""
        digests = self._running.digests
        pending = {digests[name] for name in self._agenda.pending}
        there = {digests[name] for name in known}
        decided = pending | there
        behind = [digest for digest in dict.fromkeys(digests.values()) if digest not in decided]
        there |= self._setting.cache.known(behind)
        return tuple([name for name in self._running.nodes if digests.get(name) in there])

    def _conduct(self) -> None:
        """Take what is ready for this thread until all is done; the lock is held."""
        agenda, teller = self._agenda, self._teller
        while not teller.is_over and self._crash is None:
            if self._is_cancelled():
                teller.cancelled(agenda.pending)
            elif (name := agenda.take(SETTLED)) is not None:
                self._handle(name)
            elif self._busy and agenda.count(FILES) > BACKLOG:
                self._hand_out()
                self._wake.wait(WATCH_SECONDS)
            elif (name := agenda.take(DEVICE)) is not None:
                self._handle(name)
            elif lane := self._lane_to_help():
                self._take(lane)
            elif self._busy or agenda.has(ASYNC, FILES, WORKER):
                self._hand_out()
                if not agenda.has(SETTLED, DEVICE):
                    self._wake.wait(WATCH_SECONDS)
            elif agenda.pending:
                cycle = DependencyCycleError(knots(agenda.waits())[0][0])
                blamed = next((name for name in cycle.nodes if name in self._running.parents), cycle.nodes[0])
                teller.broken(blamed, failure_of(cycle), agenda.pending)
            else:
                teller.done(self._growing.failed)

    def _lane_to_help(self) -> str | None:
        """Return a lane from which this thread may take a node itself.

        Only when nothing else runs and nothing could run beside it: what gets ready for this thread would
        wait meanwhile.
        """
        agenda = self._agenda
        if self._busy or agenda.has(ASYNC):
            return None
        files, workers = agenda.count(FILES), agenda.count(WORKER)
        if files and not workers:
            return FILES
        return WORKER if workers == 1 and not files else None

    def _hand_out(self) -> None:
        """Let other threads begin what is ready for them; the lock is held."""
        agenda = self._agenda
        while (name := agenda.take(ASYNC)) is not None:
            self._handle(name)
        for lane, most in CAPACITY.items():
            for _ in range(min(agenda.count(lane), most - self._active[lane])):
                self._crew.wake(lane)

    def _help(self, lane: str) -> bool:
        """Do something on a thread of a lane; return whether there was anything. The lock is held."""
        if self._teller.is_over or self._crash is not None:
            return False
        settled = self._agenda.take(SETTLED)
        if settled is None and not self._may_take(lane):
            return False
        self._busy += 1
        try:
            if settled is not None:
                self._handle(settled)
            else:
                self._take(lane)
            self._hand_out()
        except BaseException as error:  # noqa: BLE001 -- a fault of the engine is raised at the listener
            self._crash = error
        finally:
            self._busy -= 1
            self._wake.notify()
        return True

    def _may_take(self, lane: str) -> bool:
        return self._active[lane] < CAPACITY[lane] and self._agenda.has(lane)

    def _take(self, lane: str) -> None:
        """Take a node of a lane, if one is ready, and carry it out; the lane is not full."""
        if (name := self._agenda.take(lane)) is not None:
            self._active[lane] += 1
            try:
                self._handle(name)
            finally:
                self._active[lane] -= 1

    def _handle(self, name: str) -> None:
        """Do what is to be done next for a node; the lock is held, but not while the node is called."""
        known = self._agenda.result(name)
        if known is not None:
            failure = self._failures.get(self._running.digests[name]) if self._failures else None
            if failure is not None:
                self._fail(name, failure)
            else:
                self._finish(name, known, cached=True)
        elif self._growing.is_waiting(name):
            self._settle(name)
        else:
            job = self._caller.prepare(name, self._asked.get(name, frozenset()))
            if not job.is_called:
                self._skip(job)
            elif job.type.is_async:
                self._busy += 1
                self._loop.start(self._caller.perform_async(job), partial(self._performed, job))
            else:
                if self._agenda.has(ASYNC, FILES, WORKER):
                    self._hand_out()
                self._lock.release()
                try:
                    outcome = self._caller.perform(job)
                finally:
                    self._lock.acquire()
                self._complete(job, outcome)

    def _performed(self, job: Job, task: asyncio.Task[Outcome]) -> None:
        """Go on after an async node, on the thread of the event loop."""
        with self._lock:
            try:
                self._complete(job, Fault(Cancelled()) if task.cancelled() else task.result())
                self._hand_out()
            except BaseException as error:  # noqa: BLE001 -- a fault of the engine is raised at the listener
                self._crash = error
            finally:
                self._busy -= 1
                self._wake.notify()

    def _complete(self, job: Job, outcome: Outcome) -> None:
        name = job.name
        match outcome:
            case Fault(error=error):
                self._fault(name, error, job)
            case Asked(names=names):
                self._asked[name] = job.asked.union(names)
                links = [job.node.inputs[key] for key in names]
                sources = dict.fromkeys(link.node for link in links if isinstance(link, Link))
                self._agenda.ask(name, list(sources))
            case results:
                self._asked.pop(name, None)
                self._tell_blocked(job)
                try:
                    entry = self._result_of(job, results)
                except UnkeyedError as error:
                    self._fault(name, error.__cause__ or error, blamed=error.node)
                except (Cancelled, Exception) as error:  # noqa: BLE001 -- what the node gave is wrong
                    self._fault(name, error, job)
                else:
                    if entry is not None:
                        self._finish(name, entry)

    def _result_of(self, job: Job, results: Sequence[Result]) -> Entry | None:
        """Return what a node's calls gave together, None when it has to wait for what they expanded into."""
        entries = [result for result in results if isinstance(result, Entry)]
        if len(entries) < len(results):
            self._growing.grow(job.name, results, job.seconds)
            return None
        if len(entries) == 1:
            return entries[0]
        found = merged(job.type, entries)
        return Entry(
            outputs=found.outputs,
            ui=found.ui,
            files=found.files,
            seconds=job.seconds,
            class_type=job.type.name,
        )

    def _settle(self, name: str) -> None:
        """Go on with a node whose expansion is done."""
        try:
            settled = self._growing.settle(name)
        except CollectionError as error:
            self._growing.drop(error.node)
            self._fault(error.node, error.__cause__ or error)
        except (Cancelled, TypeError) as error:  # several calls show what can't be put together
            self._fault(name, error)
        else:
            if settled is not None:
                entry, partial = settled
                self._finish(name, entry, partial=partial)

    def _skip(self, job: Job) -> None:
        """Finish a node that is not called: it is blocked, or maps over an empty list."""
        self._tell_blocked(job)
        entries = [blocked_result(job.type, failed=found.failed) for found in job.blockers if found]
        # A blocked node costs nothing, and its message is to be told again.
        self._finish(job.name, merged(job.type, entries), keep=not entries)

    def _tell_blocked(self, job: Job) -> None:
        if not any(job.blockers):
            return
        messages = dict.fromkeys(found.message for found in job.blockers if found and found.message)
        for message in messages:
            self._teller.blocked(job.name, message)
        if not job.is_called and not messages:
            self._teller.blocked(job.name, None)

    def _finish(
        self, name: str, entry: Entry, *, cached: bool = False, keep: bool = True, partial: bool = False
    ) -> None:
        running = self._running
        digest = running.digests[name]
        if not cached:
            self._failures.pop(digest, None)
            running.partial.discard(digest)
            if partial or (running.partial and running.is_partial(running.nodes[name].inputs.values())):
                running.partial.add(digest)
            elif keep:
                self._setting.cache.put(digest, entry)
        self._agenda.finish(name, entry)
        self._teller.finished(name, entry, cached=cached)
        if (refused := self._foresight.go_on(name)) is not None:
            self._fault(*refused)

    def _fault(
        self, name: str, error: BaseException, job: Job | None = None, blamed: str | None = None
    ) -> None:
        """Deal with what a node raised, or one that it expanded into, which then is to blame."""
        if self._teller.is_over:
            return  # it was stopped, since another one has ended the run
        if isinstance(error, Cancelled):
            report = job.report if job is not None else None
            self._teller.cancelled(self._agenda.pending, name, report)
        else:
            failure = failure_of(error, job.current if job is not None else None)
            self._fail(name, failure, blamed, contained=isinstance(error, Exception))

    def _fail(
        self, name: str, failure: Failure, blamed: str | None = None, *, contained: bool = True
    ) -> None:
        """End the run, or, where the node works for an item of a collection, only what it does for that."""
        item = self._running.items.get(name)
        if item is None or not contained:
            self._teller.broken(blamed or name, failure, self._agenda.pending)
            return
        self._teller.failed(blamed or name, failure)
        self._growing.fail_item(item, failure)
        self._asked.pop(name, None)
        digest = self._running.digests[name]
        self._failures[digest] = failure
        self._running.partial.add(digest)
        self._agenda.finish(name, blocked_result(self._running.type_of(name), failed=True))

    def _is_cancelled(self) -> bool:
        # Nodes on other threads stop too once the run's end is known.
        return self._closing or self._setting.cancel.cancelled or self._teller.is_over

    def _check_cancelled(self) -> None:
        if self._is_cancelled():
            raise Cancelled

    def _submitted(self) -> Json:
        if self._prompt is None:
            self._prompt = self._setting.hidden.get("PROMPT") or cast(Json, self._checked.graph.to_api())
        return self._prompt
