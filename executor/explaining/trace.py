"""A run's events as a trace: the JSON that Perfetto and Chrome's about:tracing draw as bars over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from ..events import (
    Event,
    Mark,
    NodeBlocked,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    Progress,
    RunCancelled,
    RunDone,
    RunFailed,
    RunStarted,
    Span,
)

RUN = "run"
"""The lane of the run itself and of what it found in the cache."""

NOWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Something that took time: from `start` to `end`, in whole microseconds since the run began.

    It may lie over another bar of its lane, one whose `id` is among its `inside`; others get a row each.
    """

    name: str
    category: str
    lane: str
    start: int
    end: int
    args: Mapping[str, object]
    id: str = ""
    inside: frozenset[str] = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Something that happened at one moment, in whole microseconds since the run began."""

    name: str
    category: str
    lane: str
    at: int
    args: Mapping[str, object]


def trace(events: Iterable[Event], lane_of: Callable[[str], str] = lambda _: "nodes") -> dict[str, object]:
    """Return the trace of a run's events, be they whole or broken off.

    Nodes are bars in the lane that `lane_of` gives for their class, in several rows where they ran at the
    same time; over them lie their steps, and the nodes that they expanded into. Spans and marks have lanes of
    their own.
    """
    story = _Story(lane_of)
    for event in events:
        story.tell(event)
    story.end()
    return {"traceEvents": _drawn(story.bars, story.points), "displayTimeUnit": "ms"}


@dataclass
class _Story:
    """The bars and points of the events so far, and what is still open."""

    lane_of: Callable[[str], str]
    bars: list[Bar] = field(default_factory=list[Bar])
    points: list[Point] = field(default_factory=list[Point])
    _open: dict[str, tuple[NodeStarted, int]] = field(default_factory=dict[str, "tuple[NodeStarted, int]"])
    _inside: dict[str, frozenset[str]] = field(default_factory=dict[str, "frozenset[str]"])
    _steps: dict[str, tuple[int, int]] = field(default_factory=dict[str, "tuple[int, int]"])
    _now: int = 0
    _ended: str = "broken off"
    _facts: dict[str, object] = field(default_factory=dict[str, object])

    def tell(self, event: Event) -> None:
        """Take in an event."""
        self._now = max(self._now, _micro(event.at))
        match event:
            case RunStarted():
                self._facts |= {"nodes": len(event.nodes), "cached": len(event.cached)}
            case NodeStarted():
                self._open[event.node] = (event, self._now)
                self._steps[event.node] = (0, self._now)
                parent = event.parent
                self._inside[event.node] = self._inside.get(parent, NOWHERE) | {parent} if parent else NOWHERE
            case Progress() if event.node in self._open:
                self._step(event)
            case NodeFinished(cached=True):
                args = {"node": event.node, "key": event.key}
                self._point(_name(event.class_type, event.node), "cached", RUN, args)
            case NodeFinished() if event.node in self._open:
                self._close(event.node, {"key": event.key, "peak_bytes": event.peak_bytes})
            case NodeBlocked():
                args = {"node": event.node, "message": event.message}
                self._point(_name(event.class_type, event.node), "blocked", RUN, args)
            case NodeFailed() if event.node in self._open:
                self._close(event.node, {"failed": event.message})
            case Span():
                self._span(event)
            case Mark():
                self._point(event.name, event.category, event.lane or event.category, _args(event))
            case RunDone():
                self._ended = "done"
            case RunCancelled():
                self._ended = "cancelled"
            case RunFailed():
                self._ended = "failed"
                self._facts["message"] = event.message
                if event.node in self._open:
                    self._close(event.node, {"failed": event.message})
            case _:
                pass

    def end(self) -> None:
        """Close what is still open at the time of the last event."""
        for node in list(self._open):
            self._close(node, {"ended": self._ended})
        args = {**self._facts, "ended": self._ended}
        self.bars.append(Bar(name="run", category="run", lane=RUN, start=0, end=self._now, args=args))

    def _step(self, event: Progress) -> None:
        before, since = self._steps[event.node]
        # Of steps that follow each other quickly only the newest may have been told.
        first = before + 1 if before < event.done else event.done
        name = f"step {event.done}" if first == event.done else f"steps {first}-{event.done}"
        self.bars.append(
            Bar(
                name=name,
                category="step",
                lane=self.lane_of(self._open[event.node][0].class_type),
                start=since,
                end=self._now,
                args={"of": event.total},
                inside=self._inside[event.node] | {event.node},
            )
        )
        self._steps[event.node] = (event.done, self._now)

    def _close(self, node: str, facts: Mapping[str, object]) -> None:
        event, start = self._open.pop(node)
        args = {"node": node, "class_type": event.class_type, "display_node": event.display_node, **facts}
        self.bars.append(
            Bar(
                name=_name(event.class_type, node),
                category="node",
                lane=self.lane_of(event.class_type),
                start=start,
                end=self._now,
                args=args,
                id=node,
                inside=self._inside[node],
            )
        )

    def _span(self, event: Span) -> None:
        start = min(max(_micro(event.start), 0), self._now)
        end = min(max(_micro(event.start + event.seconds), start), self._now)
        lane = event.lane or event.category
        args = _args(event)
        self.bars.append(
            Bar(name=event.name, category=event.category, lane=lane, start=start, end=end, args=args)
        )

    def _point(self, name: str, category: str, lane: str, args: Mapping[str, object]) -> None:
        self.points.append(Point(name=name, category=category, lane=lane, at=self._now, args=args))


def _micro(seconds: float) -> int:
    return int(seconds * 1e6)


def _name(class_type: str, node: str) -> str:
    return f"{class_type} ({node})"


def _args(event: Span | Mark) -> dict[str, object]:
    return {**event.args, **({"node": event.node} if event.node is not None else {})}


def _drawn(bars: Sequence[Bar], points: Sequence[Point]) -> list[dict[str, object]]:
    """Return the trace as a list: the names of the rows, then bars and points in the rows of their lanes."""
    lanes: dict[str, list[Bar]] = {RUN: []}
    # Of bars of the same extent the one that others lie over comes first: it has less to lie over itself.
    for bar in sorted(bars, key=lambda bar: (bar.start, -bar.end, len(bar.inside))):
        lanes.setdefault(bar.lane, []).append(bar)
    for point in points:
        lanes.setdefault(point.lane, [])
    names: list[dict[str, object]] = []
    drawn: list[dict[str, object]] = []
    first: dict[str, int] = {}
    for lane, members in lanes.items():
        first[lane] = len(names) + 1
        rows = _rows(members)
        for row in range(max(rows, default=0) + 1):
            name = f"{lane} {row + 1}" if row else lane
            names.append(
                {"name": "thread_name", "ph": "M", "pid": 1, "tid": len(names) + 1, "args": {"name": name}}
            )
        drawn += [_complete(bar, first[lane] + row) for bar, row in zip(members, rows, strict=True)]
    drawn += [_instant(point, first[point.lane]) for point in points]
    return [*names, *sorted(drawn, key=lambda event: cast(int, event["ts"]))]


def _rows(bars: Sequence[Bar]) -> list[int]:
    """Return for each bar of a lane, in the order of their starts, the number of its row from 0.

    In a row bars follow each other, or lie inside of those that they belong over.
    """
    rows: list[list[Bar]] = []
    chosen: list[int] = []
    for bar in bars:
        fits: list[int] = []
        for number, row in enumerate(rows):
            while row and row[-1].end <= bar.start:
                row.pop()
            if not row or (row[-1].id in bar.inside and bar.end <= row[-1].end):
                fits.append(number)
        # Over what it belongs to, else in the first row where nothing is.
        number = next((number for number in fits if rows[number]), fits[0] if fits else len(rows))
        if number == len(rows):
            rows.append([])
        rows[number].append(bar)
        chosen.append(number)
    return chosen


def _complete(bar: Bar, row: int) -> dict[str, object]:
    return {
        "name": bar.name,
        "cat": bar.category,
        "ph": "X",
        "ts": bar.start,
        "dur": bar.end - bar.start,
        "pid": 1,
        "tid": row,
        "args": dict(bar.args),
    }


def _instant(point: Point, row: int) -> dict[str, object]:
    return {
        "name": point.name,
        "cat": point.category,
        "ph": "i",
        "s": "t",
        "ts": point.at,
        "pid": 1,
        "tid": row,
        "args": dict(point.args),
    }
