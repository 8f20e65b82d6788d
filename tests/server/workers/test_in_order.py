"""Calls that are made in their order, whatever some of them wait for."""

import asyncio

import pytest

from inkloom.server.workers.in_order import InOrder


async def test_calls_wait_for_those_before_them() -> None:
    calls, made = InOrder(), list[str]()
    gates = [asyncio.Event(), asyncio.Event()]

    async def passed(gate: asyncio.Event) -> None:
        await gate.wait()

    calls.call(lambda: made.append("a"))
    assert made == ["a"], "nothing is waited for"
    await calls.room()
    calls.call_after(passed(gates[0]), lambda: made.append("b"))
    calls.call(lambda: made.append("c"))
    await calls.room()
    calls.call_after(passed(gates[1]), lambda: made.append("d"))
    done = asyncio.Event()
    calls.call(done.set)
    gates[1].set()
    await asyncio.sleep(0)
    assert made == ["a"]
    gates[0].set()
    await done.wait()
    assert made == ["a", "b", "c", "d"]
    calls.call(lambda: made.append("e"))
    assert made[-1] == "e"


async def test_only_so_many_are_waited_for() -> None:
    calls, gate, made = InOrder(most=2), asyncio.Event(), list[int]()

    async def passed() -> None:
        await gate.wait()

    async def call_all() -> None:
        for number in range(5):
            await calls.room()
            calls.call_after(passed(), lambda number=number: made.append(number))

    calling = asyncio.create_task(call_all())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not calling.done()
    gate.set()
    await calling
    done = asyncio.Event()
    calls.call(done.set)
    await done.wait()
    assert made == [0, 1, 2, 3, 4]


async def test_those_behind_one_that_fails_are_made(caplog: pytest.LogCaptureFixture) -> None:
    calls, done = InOrder(), asyncio.Event()

    async def fail() -> None:
        raise ValueError("no luck")

    await calls.room()
    calls.call_after(fail(), lambda: None)
    calls.call(done.set)
    await done.wait()
    assert "no luck" in caplog.text
