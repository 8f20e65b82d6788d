"""Which marked nodes others need, against a search from each node."""

from __future__ import annotations

from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from inkloom.executor.graphs.order import NAMED, knots, marked_sources, sources_first


@st.composite
def digraphs(draw: st.DrawFn) -> dict[str, list[str]]:
    names = [str(number) for number in range(draw(st.integers(1, 9)))]
    return {name: draw(st.lists(st.sampled_from(names), max_size=2)) for name in names}


def needed(name: str, sources: dict[str, list[str]]) -> set[str]:
    found, waiting = set[str](), [name]
    while waiting:
        if (one := waiting.pop()) not in found:
            found.add(one)
            waiting += sources[one]
    return found


@settings(deadline=None)
@given(digraphs(), st.data())
def test_marked_sources(sources: dict[str, list[str]], data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.sampled_from(sorted(sources)), unique=True))
    marked = data.draw(st.frozensets(st.sampled_from(sorted(sources))))
    order, _ = sources_first(wanted, sources.__getitem__)
    members = [members for _, members in knots({name: sources[name] for name in order})]
    stuck = marked.union(*members)
    expected = {
        name: needed(name, sources) & marked for name in wanted if not stuck.isdisjoint(needed(name, sources))
    }
    found = marked_sources(wanted, order, sources.__getitem__, marked, members)
    assert {name: set(named) for name, named in found.items()} == expected
    assert all(list(named) == [name for name in order if name in named] for named in found.values())


def test_so_many_marked_nodes_that_only_the_first_are_named() -> None:
    names = [str(number) for number in range(NAMED + 10)]
    found = marked_sources(names, names, lambda name: names[: int(name)][-1:], names, [])
    assert found.keys() == set(names)
    assert found[names[-1]] == tuple(islice(names, NAMED))
