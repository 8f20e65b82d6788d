"""A run as websocket clients know it: the executor's events, told as the wire's messages."""

from collections.abc import Callable, Iterator, KeysView, Mapping
from dataclasses import replace
from functools import cached_property

from ...executor.events import (
    Event,
    Mark,
    NodeBlocked,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    Progress,
    Recap,
    RunCancelled,
    RunDone,
    RunFailed,
    RunStarted,
    Span,
)
from ..jobs.job import Job, Record
from ..store.values import EndState
from .messages import Message, executing, timestamp

TOLD_TO_ALL = frozenset({"progress_state", "preview", "progress", "execution_interrupted"})
"""What every client hears of a job that belongs to none."""


State = Mapping[str, object]
"""How far a node is, as the wire says it."""

LOG = 1000
"""Changes of states that are kept at least before what they come to takes their place."""


class States(Mapping[str, State]):
    """The states of nodes at one moment: put together when somebody looks, which is seldom.

    `log` has the changes up to that moment; it may grow afterwards.
    """

    def __init__(self, log: list[tuple[str, State]]) -> None:
        self._log, self._length = log, len(log)

    @cached_property
    def _states(self) -> dict[str, State]:
        return dict(self._log[: self._length])

    def __getitem__(self, name: str) -> State:
        """Return the state of a node."""
        return self._states[name]

    def keys(self) -> KeysView[str]:
        """Return the names of the nodes: all at once, as whoever copies them asks for them first."""
        return self._states.keys()

    def __iter__(self) -> Iterator[str]:
        """Go through the nodes in the order in which they were first heard of."""
        return iter(self._states)

    def __len__(self) -> int:
        """Count the nodes."""
        return len(self._states)


class Story:
    """One run as told so far: feed it the run's events in order, and it gives the messages to send.

    The last message of a run is kept back as `ending`, so that its record is stored before anybody hears.
    """

    def __init__(self, job: Job, clock: Callable[[], int] = timestamp) -> None:
        self.job = job
        self.ending: Message | None = None
        self.current: str | None = None  # the submitted node that stands for the running one
        self._current_class: str | None = None
        self._clock = clock
        self._started: RunStarted | None = None
        self._state: EndState = "failed"
        self._states: dict[str, State] = {}  # entries are replaced, never changed
        self._log: list[tuple[str, State]] = []  # from which the states follow
        self._ran: list[str] = []
        self._outputs: dict[str, object] = {}
        self._meta: dict[str, object] = {}
        self._remembered: list[tuple[str, Mapping[str, object]]] = []

    def tell(self, event: Event) -> list[Message]:
        """Return the messages that an event causes, in their order."""
        match event:
            case RunStarted():
                self._started = event
                start = self._remember("execution_start", {})
                return [start, self._remember("execution_cached", {"nodes": list(event.cached)})]
            case NodeStarted():
                self.current, self._current_class = event.display_node, event.class_type
                self._place(event, 0.0, 1.0, "running")
                return [self._progress_state(), executing(event.node, event.display_node, self.job.id)]
            case Progress():
                self._place(event, event.done, event.total, "running")
                before, after = self._previews(event)
                return [self._progress_state(), *before, self._progress(event), *after]
            case NodeFinished():
                return self._finished(event)
            case NodeBlocked(message=str()):
                return [Message(type="execution_error", data=self._blocked(event))]
            case NodeFailed():
                told = {**self._failure(event), "prompt_id": self.job.id, "timestamp": self._clock()}
                return [Message(type="execution_error", data=told)]
            case RunFailed():
                self._end("execution_error", self._failure(event))
            case RunCancelled():
                self._state = "cancelled"
                where = {"node_id": event.display_node, "node_type": event.class_type, "executed": self._ran}
                self._end("execution_interrupted", where)
            case RunDone():
                self._state = "done"
                self._end("execution_success", {})
            case NodeBlocked() | Span() | Mark() | Recap():
                pass  # the wire has no word for them
        return []

    def break_off(self, error: Exception) -> None:
        """End the story of a run that can tell no more itself: its worker died."""
        self._state = "failed"
        self._end(
            "execution_error",
            {
                "node_id": self.current,
                "node_type": self._current_class,
                "executed": list(self._ran),
                "exception_message": f"{error}\n",
                "exception_type": type(error).__name__,
                "traceback": [],
                "current_inputs": {},
                "current_outputs": [],
            },
        )

    def stop(self) -> None:
        """End the story of a run that was cancelled, and whose worker died before it said so."""
        self._state = "cancelled"
        where = {"node_id": self.current, "node_type": self._current_class, "executed": list(self._ran)}
        self._end("execution_interrupted", where)

    def record(self) -> Record:
        """Return what the history keeps of the run."""
        return Record(
            job=self.job,
            state=self._state,
            outputs=self._outputs,
            meta=self._meta,
            messages=tuple(self._remembered),
        )

    def _finished(self, event: NodeFinished) -> list[Message]:
        if not event.cached:
            self._ran.append(event.node)
        elif self._started and event.node in self._started.cached and event.node not in self._started.outputs:
            return []  # announced in execution_cached, and nobody asked to see it
        ui = event.ui
        if ui is not None:
            self._outputs[event.node] = ui
            self._meta[event.node] = {
                "node_id": event.node,
                "display_node": event.display_node,
                "parent_node": event.parent,
                "real_node_id": event.display_node,
            }
        before = self._states.get(event.node)
        most = before["max"] if before else 1.0
        self._place(event, most, most, "finished")
        shown = {
            "node": event.node,
            "display_node": event.display_node,
            "output": ui,
            "prompt_id": self.job.id,
        }
        executed = [Message(type="executed", data=shown)] if ui is not None or event.cached else []
        return [*executed, self._progress_state()]

    def _blocked(self, event: NodeBlocked) -> dict[str, object]:
        """Return what an error that does not end the run tells; the history does not keep it."""
        return {
            "prompt_id": self.job.id,
            "node_id": event.display_node,
            "node_type": event.class_type,
            "executed": list(self._ran),
            "exception_message": f"Execution Blocked: {event.message}",
            "exception_type": "ExecutionBlocked",
            "traceback": [],
            "current_inputs": [],
            "current_outputs": [],
        }

    def _failure(self, event: RunFailed | NodeFailed) -> dict[str, object]:
        return {
            "node_id": event.display_node,
            "node_type": event.class_type,
            "executed": list(self._ran),
            "exception_message": f"{event.message}\n",
            "exception_type": event.exception_type,
            "traceback": list(event.traceback),
            "current_inputs": {name: [value] for name, value in event.inputs.items()},
            "current_outputs": list(self._started.nodes) if self._started else [],
        }

    def _place(
        self, event: NodeStarted | Progress | NodeFinished, value: object, most: object, state: str
    ) -> None:
        place: State = {
            "value": value,
            "max": most,
            "state": state,
            "node_id": event.node,
            "prompt_id": self.job.id,
            "display_node_id": event.display_node,
            "parent_node_id": event.parent,
            "real_node_id": event.display_node,
        }
        self._states[event.node] = place
        if len(self._log) > LOG + 4 * len(self._states):
            self._log = list(self._states.items())  # those who hold the old one keep it
        else:
            self._log.append((event.node, place))

    def _progress_state(self) -> Message:
        # Every node touched so far, each time: so says the wire. The outbox thins them out.
        return Message(
            type="progress_state",
            data={"prompt_id": self.job.id, "nodes": States(self._log)},
            slot=self.job.id,
            weight=len(self._states),
        )

    def _progress(self, event: Progress) -> Message:
        data = {"value": event.done, "max": event.total, "prompt_id": self.job.id, "node": event.node}
        return Message(type="progress", data=data, slot=f"{self.job.id} {event.node}")

    def _previews(self, event: Progress) -> tuple[list[Message], list[Message]]:
        """Return a preview in its two forms: with metadata before the progress message, bare after it."""
        if event.preview is None:
            return [], []
        data = {
            "node_id": event.node,
            "prompt_id": self.job.id,
            "display_node_id": event.display_node,
            "parent_node_id": event.parent,
            "real_node_id": event.display_node,
            "image_type": "image/jpeg",
        }
        slot = f"{self.job.id} {event.node} preview"
        full = Message(type="preview", data=data, slot=slot, picture=event.preview)
        return [full], [replace(full, bare=True)]

    def _remember(self, kind: str, facts: Mapping[str, object]) -> Message:
        """Make a message that the history keeps too."""
        data = {**facts, "prompt_id": self.job.id, "timestamp": self._clock()}
        self._remembered.append((kind, data))
        return Message(type=kind, data=data)

    def _end(self, kind: str, facts: Mapping[str, object]) -> None:
        told = self._remember(kind, facts)
        self.ending = Message(type=told.type, data=told.data, ends=self.job.id)
