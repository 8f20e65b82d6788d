"""A run on a terminal: a line for each finished node, a bar for the running ones."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from ...executor import Event, NodeBlocked, NodeFailed, NodeFinished, NodeStarted, Progress
from .drawing import STOPPING, Names, left_out_text, progress_texts
from .pace import Pace, duration_text


class Bars:
    """Draws the run's events on a terminal."""

    def __init__(self, names: Names, console: Console) -> None:
        self._names = names
        self._tasks: dict[str, TaskID] = {}
        self._paces: dict[str, Pace] = {}
        self._started: dict[str, float] = {}
        self._inside: Counter[str] = Counter()
        self._makers: dict[str, str] = {}
        self._mark, self._cross = "✓✗" if console.encoding.lower().startswith("utf") else "+-"
        self._facts = _Facts()
        self._bars = RichProgress(
            TextColumn(" "),
            SpinnerColumn(style="cyan"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            self._facts,
            console=console,
            transient=True,
            redirect_stdout=False,
        )
        self._bars.start()

    def tell(self, event: Event) -> None:
        """Draw an event."""
        match event:
            case NodeStarted(parent=None):
                self._started[event.node] = event.at
                self._tasks[event.node] = self._bars.add_task(
                    self._names.of(event.node), total=None, facts=""
                )
            case NodeStarted():  # the body of a loop
                maker = self._maker(event)
                self._inside[maker] += 1
                facts = f"{self._names.of_class(event.class_type)}, node {self._inside[maker]} inside"
                if maker in self._tasks:
                    self._bars.update(self._tasks[maker], facts=facts)
            case Progress() if (maker := self._maker(event)) in self._tasks:
                pace = self._paces.setdefault(event.node, Pace())
                pace.tell(event.at, event.done, event.total)
                task = self._tasks[maker]
                facts = "  ".join(progress_texts(pace))
                self._bars.update(task, total=event.total, completed=event.done, facts=facts)
            case NodeFinished(parent=None) if event.node in self._tasks:
                self._bars.remove_task(self._tasks.pop(event.node))
                self._line(self._names.of(event.node), event.at - self._started[event.node])
            case NodeFailed() | NodeBlocked(message=str()):
                self._bars.console.print(
                    f"  [red]{self._cross}[/] {escape(left_out_text(event))}", highlight=False
                )
            case _:
                pass

    def _maker(self, event: NodeStarted | Progress) -> str:
        """Return the node of the workflow that a node belongs to: itself, or what it came from in the end."""
        if event.parent is None:
            return event.node
        return self._makers.setdefault(event.node, self._makers.get(event.parent, event.parent))

    def stopping(self) -> None:
        """Let the bars say it when they are drawn next: a signal handler draws nothing itself."""
        self._facts.stopping = True

    def close(self) -> None:
        """Take the bars off the screen; the lines of finished nodes stay."""
        self._bars.stop()

    def _line(self, name: str, seconds: float) -> None:
        text = f"  [green]{self._mark}[/] {escape(name):<42} [dim]{duration_text(seconds):>9}[/]"
        self._bars.console.print(text, highlight=False)


class _Facts(ProgressColumn):
    """What there is to say of a running node, or that it is about to stop."""

    stopping = False

    def render(self, task: Task) -> Text:
        text, style = (STOPPING, "yellow") if self.stopping else (task.fields["facts"], "dim")
        return Text(text, style, no_wrap=True, overflow="ellipsis")
