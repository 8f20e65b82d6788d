"""What is asked for in one turn of a loop: handed over together, in order, none of it twice or lost."""

import asyncio

from inkloom.server.store.turns import Turns


async def test_a_turn_is_given_away_whole_when_it_ends() -> None:
    given: list[list[int]] = []
    turns = Turns(given.append)
    for number in range(3):
        turns.add(number)
    assert not given
    await asyncio.sleep(0)
    assert given == [[0, 1, 2]]
    turns.add(3)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert given == [[0, 1, 2], [3]], "a turn without items gives nothing"


async def test_it_may_end_early() -> None:
    given: list[list[int]] = []
    turns = Turns(given.append)
    turns.end()
    turns.add(1)
    turns.end()
    assert given == [[1]]
    turns.add(2)
    await asyncio.sleep(0)
    assert given == [[1], [2]]


def test_what_a_closed_loop_left_goes_with_the_next_turn() -> None:
    given: list[list[int]] = []
    turns = Turns(given.append)
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    first.call_soon(turns.add, 1)
    first.call_soon(first.stop)  # in the same turn, so that it does not end
    first.run_forever()
    first.close()
    assert not given
    second.call_soon(turns.add, 2)
    second.run_until_complete(asyncio.sleep(0))
    second.close()
    assert given == [[1, 2]]
