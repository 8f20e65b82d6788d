"""A run: the nodes of a workflow called in order, on a thread of their own, told as a stream of events."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NoReturn

from .agenda import Agenda
from .cache import Entry, MemoryCache
from .calls import call
from .context import Cancelled, CancelToken, Context, MakePreview
from .declaration import NodeTable
from .events import Event, NodeFinished, NodeStarted, Progress, RunCancelled, RunDone, RunFailed, RunStarted
from .expand import DependencyCycleError, Growth, growth
from .folders import Folders, UnsafeNameError
from .graph import Graph, Link, Node
from .keys import effective, node_key
from .mailbox import Mailbox
from .order import knots
from .problems import Json
from .results import Expansion
from .validate import Validation, needed, validate

NOTHING: Mapping[str, Json] = {}

PREVIEW_SECONDS = 0.1
"""A node shows what it has so far at most once in this time."""

PARTIAL = "partial "
"""Before the cache keys of what nodes remember while they work, so that none is taken for a node's result."""


def run(
    graph: Graph,
    table: NodeTable,
    folders: Folders,
    cache: MemoryCache,
    *,
    targets: Iterable[str] | None = None,
    validation: Validation | None = None,
    cancel: CancelToken | None = None,
    scope: Callable[[], AbstractContextManager[object]] = nullcontext,
    hidden: Mapping[str, Json] = NOTHING,
    device: str = "cpu",
    previews: str | None = None,
) -> Generator[Event]:
    """Run the good outputs of a workflow and yield what happens.

    `validation` is that of the same graph and targets, where it is known already. `scope` is entered around
    every call of a node; `hidden` has the values of `Hidden` inputs such as EXTRA_PNGINFO. `previews` names
    the way in which nodes make pictures of what they have so far; without it they make none. Each content key
    is computed at most once, unless its result is gone from the cache and an expansion asks for it again. The
    last event is RunDone, RunFailed or RunCancelled. Closing the generator stops the run within one step.
    Raises `WorkflowError` at once when no wanted output can run.
    """
    checked = validation or validate(graph, table, folders, targets)
    checked.raise_if_nothing_runs()
    this = _Run(
        checked=checked,
        table=table,
        folders=folders,
        cache=cache,
        cancel=cancel or CancelToken(),
        scope=scope,
        hidden=hidden,
        device=device,
        previews=previews,
    )
    return this.events()


@dataclass(eq=False, kw_only=True)
class _Run:
    """The state of one run; only the run's own thread touches it, what happens leaves through a mailbox."""

    checked: Validation
    table: NodeTable
    folders: Folders
    cache: MemoryCache
    cancel: CancelToken
    scope: Callable[[], AbstractContextManager[object]]
    hidden: Mapping[str, Json]
    device: str
    previews: str | None

    def __post_init__(self) -> None:
        self._nodes: dict[str, Node] = dict(self.checked.graph.nodes)
        self._digests: dict[str, str] = {}
        self._parts: dict[str, Mapping[str, Sequence[object]]] = {}  # what each digest was made of
        self._parents: dict[str, str] = {}
        self._shown: dict[str, str] = {}  # the submitted node that stands for an expanded one
        self._expanded: dict[str, _Expanded] = {}
        self._progress: tuple[int, int] | None = None
        self._shown_at = float("-inf")  # when the running node's last preview was made
        self._snapshot: Graph | None = None
        self._mailbox = Mailbox()
        self._closing = False

    def events(self) -> Generator[Event]:
        """Run on a thread of its own and yield its events."""
        thread = threading.Thread(target=self._work, name="inkloom run", daemon=True)
        thread.start()
        try:
            yield from self._mailbox
        finally:
            self._closing = True
            thread.join()

    def _work(self) -> None:
        try:
            self._all_nodes()
        except _Over:
            self._mailbox.close()
        except BaseException as error:  # noqa: BLE001 -- a fault of the engine is raised at the listener
            self._mailbox.close(error)

    def _all_nodes(self) -> None:
        """Take one node after the other; returns by raising `_Over` once the last event is told."""
        agenda = self._begin()
        while (name := agenda.take()) is not None:
            if self._is_cancelled():
                self._end(RunCancelled, pending=agenda.pending)
            expanded = self._expanded.pop(name, None)
            known = agenda.result(name)
            if known is not None:
                self._finish(agenda, name, known, cached=True)
            elif expanded is not None:
                entry = Entry(outputs=_values(agenda, expanded.outputs), seconds=expanded.seconds)
                self._finish(agenda, name, entry)
            else:
                self._call(agenda, name)
        if agenda.pending:
            cycle = DependencyCycleError(knots(agenda.waits())[0][0])
            blamed = next((name for name in cycle.nodes if name in self._parents), cycle.nodes[0])
            self._fail(blamed, cycle, pending=agenda.pending)
        self._end(RunDone, seconds=self._mailbox.elapsed())

    def _begin(self) -> Agenda:
        outputs = self.checked.outputs_good
        started = partial(self._mailbox.put, RunStarted, nodes=tuple(self._nodes), outputs=outputs)
        order, _ = needed(self.checked.graph, self.table, outputs)
        for name in order:
            try:
                self._key(name)
            except Cancelled:
                started(cached=())
                self._end(RunCancelled, pending=tuple(order))
            except _UNKEYED as error:
                started(cached=())
                self._fail(name, error)
        found = {digest: self.cache.get(digest) for digest in dict.fromkeys(self._digests.values())}
        started(cached=tuple(name for name in self._nodes if found.get(self._digests.get(name, ""))))

        def lookup(digest: str) -> Entry | None:
            # What was told as cached stays so: other users of the cache may push entries out meanwhile.
            return found[digest] if digest in found else self.cache.get(digest)

        agenda = Agenda(self._nodes, self.table, self._digests, lookup)
        known = agenda.want(outputs)
        found.clear()
        for name in outputs:
            if name in known:
                self._tell_finished(name, known[name], cached=True)
        return agenda

    def _key(self, name: str) -> None:
        node = self._nodes[name]
        node_type = self.table[node.class_type]
        key = node_key(node, node_type, self._digests, self.folders, self._check_cancelled)
        self._digests[name], self._parts[name] = key.digest, key.inputs

    def _call(self, agenda: Agenda, name: str) -> None:
        node = self._nodes[name]
        node_type = agenda.type_of(name)
        arguments: dict[str, Any] = {}
        for key, given in effective(node, node_type).items():
            linked = isinstance(given, Link) and not node_type.inputs[key].raw_link
            arguments[key] = _values(agenda, [given])[0] if linked else given
        arguments |= {key: self._hidden_value(kind, name) for key, kind in node_type.hidden.items()}
        context = Context(
            folders=self.folders,
            device=self.device,
            previews=self.previews,
            node_id=name,
            cancelled=self._is_cancelled,
            report=partial(self._report, name),
            keys=self._parts.get(name, {}),
            recall=self._recall,
            remember=self._remember,
        )
        self._progress = None
        self._shown_at = float("-inf")
        self._mailbox.put(NodeStarted, class_type=node.class_type, **self._place(name))
        began = time.perf_counter()
        try:
            with self.scope():
                result = call(node_type, context, arguments)
            added = self._growth(node, result) if isinstance(result, Expansion) else None
        except Cancelled:
            done, total = self._progress or (None, None)
            place = self._place(name) | {"class_type": node.class_type}
            self._end(RunCancelled, done=done, total=total, pending=agenda.pending, **place)
        except BaseException as error:  # noqa: BLE001 -- whatever a node raises is told, with its place
            self._fail(name, error, arguments, agenda.pending)
        seconds = time.perf_counter() - began
        if isinstance(result, Entry):
            self._finish(agenda, name, replace(result, seconds=seconds))
        elif added is not None:
            self._join(agenda, name, added, _Expanded(tuple(result.outputs), seconds))

    def _growth(self, node: Node, expansion: Expansion) -> Growth:
        return growth(node, expansion, self._nodes, self._digests, self.table, self.folders)

    def _join(self, agenda: Agenda, name: str, added: Growth, expanded: _Expanded) -> None:
        """Let a node wait for the nodes that it expanded into."""
        self._nodes.update(added.nodes)
        self._parents.update(dict.fromkeys(added.made, name))
        self._shown.update(dict.fromkeys(added.made, self._shown.get(name, name)))
        self._snapshot = None
        for new in added.nodes:
            try:
                self._key(new)
            except Cancelled:
                self._end(RunCancelled, pending=agenda.pending)
            except _UNKEYED as error:
                self._fail(new, error, pending=agenda.pending)
        self._expanded[name] = expanded
        sources = list(dict.fromkeys(given.node for given in expanded.outputs if isinstance(given, Link)))
        outputs = [new for new in added.made if agenda.type_of(new).output_node]
        for new, entry in agenda.defer(name, sources, outputs).items():
            if new in self._parents:
                self._tell_finished(new, entry, cached=True)

    def _finish(self, agenda: Agenda, name: str, entry: Entry, *, cached: bool = False) -> None:
        if not cached:
            self.cache.put(self._digests[name], entry)
        agenda.finish(name, entry)
        self._tell_finished(name, entry, cached=cached)

    def _tell_finished(self, name: str, entry: Entry, *, cached: bool) -> None:
        seconds = 0.0 if cached else entry.seconds
        class_type = self._nodes[name].class_type
        place = self._place(name)
        self._mailbox.put(
            NodeFinished, class_type=class_type, ui=entry.ui, seconds=seconds, cached=cached, **place
        )

    def _fail(
        self,
        name: str,
        error: BaseException,
        arguments: Mapping[str, object] | None = None,
        pending: tuple[str, ...] = (),
    ) -> NoReturn:
        kind = type(error)
        module = "" if kind.__module__ == "builtins" else kind.__module__ + "."
        self._end(
            RunFailed,
            class_type=self._nodes[name].class_type,
            exception_type=module + kind.__qualname__,
            message=str(error) or kind.__qualname__,
            traceback=_traceback(error),
            inputs={key: _told(value) for key, value in (arguments or {}).items()},
            pending=pending,
            **self._place(name),
        )

    def _end(self, kind: Callable[..., Event], **facts: object) -> NoReturn:
        self._mailbox.put(kind, **facts)
        raise _Over

    def _report(self, name: str, done: int, total: int, make: MakePreview | None) -> None:
        self._progress = (done, total)
        preview = None
        now = self._mailbox.elapsed()
        if make is not None and self.previews is not None and now >= self._shown_at + PREVIEW_SECONDS:
            preview, self._shown_at = make(), now
        self._mailbox.put(Progress, done=done, total=total, preview=preview, **self._place(name))

    def _recall(self, key: str) -> object | None:
        entry = self.cache.get(PARTIAL + key)
        return None if entry is None else entry.outputs[0]

    def _remember(self, key: str, value: object) -> None:
        self.cache.put(PARTIAL + key, Entry(outputs=(value,)))

    def _place(self, name: str) -> dict[str, Any]:
        return {"node": name, "display_node": self._shown.get(name, name), "parent": self._parents.get(name)}

    def _is_cancelled(self) -> bool:
        return self._closing or self.cancel.cancelled

    def _check_cancelled(self) -> None:
        if self._is_cancelled():
            raise Cancelled

    def _hidden_value(self, kind: str, name: str) -> object:
        match kind:
            case "UNIQUE_ID":
                return name
            case "DYNPROMPT":
                self._snapshot = self._snapshot or Graph(self._nodes)
                return self._snapshot
            case "PROMPT":
                return self.hidden.get("PROMPT") or self.checked.graph.to_api()
            case _:
                return self.hidden.get(kind)


_UNKEYED = (OSError, UnsafeNameError, TypeError, ValueError)
"""A file went away since validation or can't be read; a value from an expansion is not JSON."""


class _Over(BaseException):
    """The last event of a run was told."""


@dataclass(frozen=True, slots=True)
class _Expanded:
    """A node that waits for what it expanded into: its outputs as links or values, the seconds it took."""

    outputs: tuple[object, ...]
    seconds: float


def _values(agenda: Agenda, given: Sequence[object]) -> tuple[object, ...]:
    """Replace links by the values they lead to."""
    return tuple(_linked(agenda, value) if isinstance(value, Link) else value for value in given)


def _linked(agenda: Agenda, link: Link) -> object:
    entry = agenda.result(link.node)
    if entry is None:
        raise LookupError(f"the result of node {link.node!r} is not at hand")
    return entry.outputs[link.slot]


def _told(value: object) -> Json:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return f"<{type(value).__module__}.{type(value).__qualname__}>"


def _traceback(error: BaseException) -> tuple[str, ...]:
    """Write the frames of the node's own code; those of the engine say nothing about the node."""
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_globals.get("__name__", "").startswith(
        __package__ or __name__
    ):
        frame = frame.tb_next
    return tuple(traceback.format_exception(type(error), error, frame))
