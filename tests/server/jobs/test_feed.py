"""Who follows jobs: what is of the moment waits for the events before it, and for nobody for long."""

import asyncio

from inkloom.server.jobs.advance import Advance
from inkloom.server.jobs.feed import MOST, Feed, Moment


def moment(seq: int, done: int, node: str | None = "1") -> Moment:
    event: dict[str, object] = {"type": "mark"} if node is None else {"type": "progress", "node": node}
    return Moment(seq=seq, attempt=1, at=0, event={**event, "done": done})


async def test_moments_come_behind_the_events_before_them() -> None:
    feed = Feed()
    with feed.listening("a") as listener:
        for seq in (1, 3):
            feed.happened("a", moment(seq, seq, None))
        feed.happened("b", moment(1, 9))
        assert [one.seq for one in listener.moments(2)] == [1]
        assert [one.seq for one in listener.moments(2)] == []
        assert [one.seq for one in listener.moments(3)] == [3]


async def test_only_the_newest_progress_of_a_node_waits() -> None:
    feed = Feed()
    with feed.listening("a") as listener:
        for done in range(5):
            feed.happened("a", moment(1, done, "1"))
            feed.happened("a", moment(1, done, "2"))
        assert [one.event["done"] for one in listener.moments(1)] == [4, 4]
        for done in range(2 * MOST):
            feed.happened("a", moment(1, done, None))
        assert [one.event["done"] for one in listener.moments(1)] == list(range(MOST, 2 * MOST))


async def test_who_is_woken() -> None:
    feed = Feed()
    with feed.listening("a") as one, feed.listening("b") as other, feed.listening() as every:
        assert (feed.size, feed.is_followed("a"), feed.is_followed("c")) == (3, True, False)
        for change, woken in (
            (lambda: feed.happened("a"), [one]),
            (lambda: feed.changed("b"), [other, every]),
            (lambda: feed.changed("c"), [every]),
            (feed.changed, [one, other, every]),
            (feed.close, [one, other, every]),
        ):
            change()
            for listener in (one, other, every):
                async with asyncio.timeout(10):
                    await listener.wait(60 if listener in woken else 0)
    assert (feed.size, feed.is_followed("a"), feed.closed) == (0, False, True)


def test_how_far_a_run_is() -> None:
    advance = Advance()
    seen = [advance.part]
    for event in (
        {"type": "run_started", "nodes": ["1", "2", "3", "4"], "cached": ["1", "9"]},
        {"type": "node_finished", "node": "1"},
        {"type": "node_finished", "node": "2"},
        {"type": "node_finished", "node": "2.1"},  # what another one expanded into
        {"type": "node_started", "node": "3"},
        {"type": "node_finished", "node": "3"},
        {"type": "node_finished", "node": "4"},
    ):
        advance.hear(event)
        seen.append(advance.part)
    assert seen == [0, 0.25, 0.25, 0.5, 0.5, 0.5, 0.75, 1]
