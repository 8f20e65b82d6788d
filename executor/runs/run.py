"""A run: the nodes of a workflow called in order, on threads of their own, told as a stream of events."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext

from ..checks.validate import Validation, validate
from ..events import Event
from ..files.folders import Folders
from ..files.receipts import NoReceipts, Receipts
from ..graphs.graph import Graph
from ..memory.fitting import Memory
from ..node_types.context import CancelToken
from ..node_types.declaration import NodeTable
from ..problems import Json
from .conductor import Conductor
from .mailbox import Mailbox
from .setting import Cache, Setting
from .standby import Start, started

NOTHING: Mapping[str, Json] = {}


def run(
    graph: Graph,
    table: NodeTable,
    folders: Folders,
    cache: Cache,
    *,
    targets: Iterable[str] | None = None,
    validation: Validation | None = None,
    cancel: CancelToken | None = None,
    scope: Callable[[], AbstractContextManager[object]] = nullcontext,
    hidden: Mapping[str, Json] = NOTHING,
    device: str = "cpu",
    previews: str | None = None,
    memory: Memory | None = None,
    receipts: Receipts | None = None,
    digests: dict[str, str] | None = None,
    start: Start = started,
    pausing: Callable[[], object] = lambda: None,
) -> Generator[Event]:
    """Run the good outputs of a workflow and yield what happens.

    `validation` is that of the same graph and targets, where it is known already. Nodes are
    called inside of `scope`: each thread that calls any enters it once, before its first call. `hidden` has
    the values of `Hidden` inputs such as EXTRA_PNGINFO. `previews` names the way in which nodes make pictures
    of what they have so far; without it they make none. Nodes compute in `memory`, by default without a
    limit. `receipts` are those of earlier attempts at this run. `digests`, an empty dictionary, gets the
    digests of the nodes' keys as they are found. `start` begins what a thread is to do; `pausing` is called
    whenever there is nothing to tell for a moment.
    Each content key is computed at most once, unless its result is gone from the cache and an expansion asks
    for it again.
    The last event is RunDone, RunFailed or RunCancelled. Closing the generator stops the run within one step.
    Raises `WorkflowError` at once when no wanted output can run.
    """
    checked = validation or validate(graph, table, folders, targets)
    checked.raise_if_nothing_runs()
    setting = Setting(
        table=table,
        folders=folders,
        cache=cache,
        cancel=cancel or CancelToken(),
        scope=scope,
        hidden=hidden,
        device=device,
        previews=previews,
        memory=memory or Memory(),
        receipts=receipts or NoReceipts(),
        digests={} if digests is None else digests,
    )
    return _events(checked, setting, start, Mailbox(pausing))


def _events(checked: Validation, setting: Setting, start: Start, mailbox: Mailbox) -> Generator[Event]:
    conductor = Conductor(checked, setting, mailbox)
    if not conductor.begin():
        conductor.work()  # it calls nothing: that is done sooner than a thread is started
        yield from mailbox
        return
    ended = start(conductor.work)
    try:
        yield from mailbox
    finally:
        conductor.close()
        ended()
