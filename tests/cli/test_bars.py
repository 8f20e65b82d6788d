"""The drawing on a terminal: finished nodes leave a line, the running one has a bar with its facts."""

import io

import pytest
from rich.console import Console

from inkloom.cli.shown.bars import Bars
from inkloom.cli.shown.drawing import STOPPING, Names
from inkloom.executor import Event, Graph, NodeBlocked, NodeFailed, NodeFinished, NodeStarted, Progress
from inkloom.nodes import NODES

GRAPH = Graph.parse(
    {
        "1": {"class_type": "ImageInvert", "inputs": {}, "_meta": {"title": "[one]"}},
        "2": {"class_type": "ImageInvert", "inputs": {}},
        "3": {"class_type": "ImageInvert", "inputs": {}},
    }
)


def drawn(*events: Event, stopping: bool = False) -> str:
    """Return all that a terminal is sent."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, color_system=None)
    bars = Bars(Names(GRAPH, NODES), console)
    for event in events:
        bars.tell(event)
    if stopping:
        bars.stopping()
    bars.close()
    return screen.getvalue()


def started(node: str, at: float = 0.0, display: str | None = None) -> NodeStarted:
    parent = None if display is None else display
    return NodeStarted(
        node=node, class_type="ImageInvert", display_node=display or node, parent=parent, at=at
    )


def step(node: str, done: int, at: float) -> Progress:
    return Progress(node=node, display_node=node, done=done, total=20, at=at)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ((started("1"),), ("[one]",)),
        ((started("2"),), ("Invert Image (2)",)),
        (
            (started("1"), step("1", 1, 5.0), step("1", 7, 7.0)),
            ("step 7 of 20", "3.0 steps/s", "4.3 s left"),
        ),
        ((started("1"), started("1.0", display="1"), started("1.1", display="1")), ("node 2 inside",)),
        (
            (
                started("1"),
                started("1.0", display="1"),
                NodeStarted(node="1.0.a", class_type="ImageInvert", display_node="2", parent="1.0"),
            ),
            ("node 2 inside",),
        ),
        (
            (
                started("1"),
                NodeFailed(
                    node="1.7.a",
                    class_type="ImageInvert",
                    display_node="2",
                    parent="1",
                    exception_type="ValueError",
                    message="no [such] picture",
                    inputs={},
                ),
            ),
            ("node 2, ImageInvert (1.7.a): failed, so this item is left out: no [such] picture",),
        ),
        (
            (NodeBlocked(node="1", class_type="ImageInvert", display_node="1", message="closed"),),
            ("node 1, ImageInvert: not run: closed",),
        ),
        (
            (started("1", 1.0), NodeFinished(node="1", class_type="ImageInvert", display_node="1", at=3.5)),
            ("✓ [one]", "2.5 s"),
        ),
    ],
)
def test_bars(events: tuple[Event, ...], words: tuple[str, ...]) -> None:
    text = drawn(*events)
    assert all(word in text for word in words), text


def test_stopping_is_said_and_the_cursor_comes_back() -> None:
    text = drawn(started("1"), stopping=True)
    assert STOPPING in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
