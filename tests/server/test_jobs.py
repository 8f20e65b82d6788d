"""The queue's order and the history's windows."""

import pytest

from inkloom.server.jobs import Job, Jobs, Record


def job(name: str, number: float = 0) -> Job:
    return Job(id=name, number=number, prompt={}, extra_data={}, outputs=())


def record(name: str) -> Record:
    return Record(job=job(name), succeeded=True, outputs={}, meta={}, messages=())


def test_numbers_count_up_and_front_is_negative() -> None:
    jobs = Jobs(changed=lambda: None)
    assert [jobs.next_number(front=front) for front in (False, False, True, True, False)] == [0, 1, -2, -3, 4]


async def test_order_is_by_number_then_by_arrival() -> None:
    jobs = Jobs(changed=lambda: None)
    for name, number in (("a", 1), ("b", 0), ("c", 1), ("d", -2), ("e", 0.5)):
        jobs.put(job(name, number))
    assert [one.id for one in jobs.pending] == ["d", "b", "e", "a", "c"]
    assert [(await jobs.take()).id for _ in range(5)] == ["d", "b", "e", "a", "c"]


async def test_each_change_of_the_queue_is_told() -> None:
    told: list[int] = []
    jobs = Jobs(changed=lambda: told.append(jobs.remaining))
    jobs.put(job("a"))
    jobs.put(job("b"))
    await jobs.take()
    jobs.drop({"nobody"})
    jobs.drop({"a", "b"})
    jobs.drop()
    assert told == [1, 2, 2, 1], "taking a job changes nothing in the count, dropping nothing is no change"


@pytest.mark.parametrize(
    ("max_items", "offset", "expected"),
    [
        (None, None, "abcde"),
        (None, 2, "cde"),
        (None, -2, "abcde"),
        (2, None, "de"),
        (2, -1, "de"),
        (9, None, "abcde"),
        (2, 1, "bc"),
        (2, 4, "e"),
        (0, None, ""),
        (0, 1, ""),
    ],
)
def test_history_windows(max_items: int | None, offset: int | None, expected: str) -> None:
    jobs = Jobs(changed=lambda: None)
    for name in "abcde":
        jobs.finish(record(name))
    assert list(jobs.history(max_items, offset)) == list(expected)


def test_history_forgets_the_oldest_and_what_it_is_told_to() -> None:
    jobs = Jobs(changed=lambda: None, history_limit=3)
    for name in "abcd":
        jobs.finish(record(name))
    assert list(jobs.history(None, None)) == ["b", "c", "d"]
    jobs.forget(["c", "nobody"])
    assert list(jobs.history(None, None)) == ["b", "d"]
    jobs.forget()
    assert jobs.history(None, None) == {}
