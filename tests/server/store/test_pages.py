"""Long lists in pieces: together they are the list, each is small, and what goes meanwhile is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL

from inkloom.server.store import NewJob, Outcome, Store
from inkloom.server.store.pages import FEW, PIECE, cut
from inkloom.server.store.values import Place

DONE = Outcome(state="done", outputs="{}", meta="{}", messages="[]")


@given(st.lists(st.one_of(st.integers(0, 99), st.integers(PIECE // 3, 2 * PIECE)), max_size=3 * FEW))
def test_pieces_are_the_list_and_small(sizes: list[int]) -> None:
    places = [Place(ticket=number, size=size) for number, size in enumerate(sizes)]
    pieces = list(cut(places))
    assert [place for piece in pieces for place in piece] == places
    for piece in pieces:
        assert 0 < len(piece) <= FEW
        assert len(piece) == 1 or sum(place.size for place in piece) <= PIECE


async def fill(store: Store, names: list[str], size: int) -> None:
    for name in names:
        await store.accept(
            NewJob(id=name, prompt=f'{{"a": "{"x" * size}"}}', extra_data="{}", targets="[]", created=0)
        )


@pytest.mark.parametrize("size", [10, PIECE])
async def test_the_history(store: Store, size: int) -> None:
    names = [f"{number}" for number in range(FEW + 3 if size < PIECE else 4)]
    await fill(store, names, size)
    for leased in reversed(await store.lease("me", most=len(names))):
        assert await store.finish(leased.lease, DONE)
    names.reverse()
    pieces = [[one.job.id for one in piece] async for piece in store.history_in_pieces()]
    assert len(pieces) > 1
    assert [name for piece in pieces for name in piece] == names
    seen: list[str] = []
    async for piece in store.history_in_pieces():
        seen += [one.job.id for one in piece]
        await store.forget({names[-1]})
    assert seen == names[:-1]


async def test_the_queue(store: Store, url: URL) -> None:
    names = [f"{number}" for number in range(FEW + 3)]
    await fill(store, names, 10)
    leased = await store.lease("me", most=2)
    pieces = [piece async for piece in store.queue_in_pieces()]
    assert [job.id for piece in pieces for job in piece.running] == ["0", "1"]
    assert [job.id for piece in pieces for job in piece.waiting] == names[2:]
    assert len(pieces) == 2
    found: list[str] = []
    another = Store.open(url)  # which has shown none of them before
    async for piece in another.queue_in_pieces():
        found += [job.id for job in (*piece.running, *piece.waiting)]
        await store.drop({names[-1]})
        await store.finish(leased[0].lease, DONE)
    await another.close()
    assert found == names[:-1]
    assert [piece async for piece in store.queue_in_pieces(user="nobody")] == []
