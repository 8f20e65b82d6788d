"""What a run would do, and why: told before it, and then held against what it does."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pytest

from inkloom.executor import (
    REASONS,
    Entry,
    Event,
    Expansion,
    Explanation,
    Files,
    Folders,
    Graph,
    Hidden,
    History,
    Lazy,
    Link,
    MemoryCache,
    Mentions,
    Node,
    NodeFinished,
    NodeStarted,
    NodeTable,
    Optional,
    Port,
    RawLink,
    Ui,
    explain,
    node,
    recorded,
    run,
    validate,
)
from inkloom.executor.explaining.explain import to_json

Any_ = Annotated[Any, Port("*")]


class Halves(NamedTuple):
    HIGH: int
    LOW: int


@node("Read", category="test")
def read(
    *, name: Annotated[str, Files("checkpoints", also=("builtin",))], scale: Annotated[int, Optional()] = 1
) -> int:
    """Read."""
    return len(name) * scale


@node("Words", category="test")
def words(*, text: str) -> str:
    """Give a text."""
    return text


@node("Prompt", category="test")
def prompt(*, text: Annotated[str, Mentions("embeddings", r"use:(\w+)")]) -> int:
    """Read a text that names files."""
    return len(text)


@node("Number", category="test")
def number(*, value: int = 3, factor: Annotated[int, Optional()] = 1) -> int:
    """Give a number."""
    return value * factor


@node("Add", category="test")
def add(*, a: int, b: int = 5, c: int | None = None) -> int:
    """Add."""
    return a + b + (c or 0)


@node("Halve", category="test")
def halve(*, value: int) -> Halves:
    """Give two halves."""
    return Halves(value // 2, value - value // 2)


@node("Own", category="test")
def own(*, a: int, name: Annotated[str, Hidden("UNIQUE_ID")]) -> int:
    """Know who one is."""
    return a + len(name)


@node("Clock", category="test", fingerprint=lambda: float("nan"))
def clock() -> int:
    """Give the time."""
    return 0


WORLD = {"weather": "sun"}


@node("Weather", category="test", fingerprint=lambda: WORLD["weather"])
def weather() -> int:
    """Look outside."""
    return len(WORLD["weather"])


@node("Twice", category="test")
def twice(
    *,
    value: Annotated[int, RawLink()],
    name: Annotated[str, Hidden("UNIQUE_ID")],
) -> int | Expansion:
    """Expand into an addition."""
    made = Node(f"{name}.sum", "Add", {"a": value, "b": value})
    return Expansion({made.id: made}, (Link(made.id, 0),))


@node("Steps", category="test", work=lambda steps, start: steps - start)
def steps_(*, a: int, steps: Annotated[int, Optional()] = 20, start: Annotated[int, Optional()] = 0) -> int:
    """Take steps."""
    return a + steps - start


@node("Choose", category="test", needs=lambda which, **_: [which])
def choose(
    *, which: str, x: Annotated[int | None, Lazy()] = None, y: Annotated[int | None, Lazy()] = None
) -> int:
    """Compute one of two."""
    found = {"x": x, "y": y}[which]
    assert found is not None
    return found


@node("Show", category="test", output=True)
def show(*, value: Any_, more: Any_ | None = None) -> Ui:
    """Show."""
    return Ui({"text": [str(value)]})


TABLE = NodeTable.collect(sys.modules[__name__])

Flow = dict[str, Any]


def flow(**nodes: tuple[str, dict[str, Any]]) -> Flow:
    return {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}


FLOW = flow(
    r=("Read", {"name": "a.safetensors"}),
    n=("Number", {"value": 3}),
    h=("Halve", {"value": ["n", 0]}),
    p=("Prompt", {"text": "a use:cat"}),
    s=("Add", {"a": ["r", 0], "b": ["h", 0], "c": ["p", 0]}),
    out=("Show", {"value": ["s", 0]}),
)


@dataclass
class Bench:
    """An engine over one folder, a cache and a history."""

    root: Path
    cache: MemoryCache = field(default_factory=lambda: MemoryCache(2**20))

    def __post_init__(self) -> None:
        self.folders = Folders(self.root)
        self.history = History(self.root / "cache" / "history")
        for folder, name in (("checkpoints", "a"), ("checkpoints", "b"), ("embeddings", "cat")):
            self.write(folder, name, name)

    def write(self, folder: str, name: str, text: str) -> None:
        path = self.root / "models" / folder / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def explain(self, given: Flow) -> Explanation:
        validation = validate(Graph.parse(json.dumps(given)), TABLE, self.folders)
        assert validation.ok, validation.problems
        return explain(validation, TABLE, self.folders, self.cache, self.history)

    def why(self, given: Flow) -> dict[str, list[str]]:
        """Return the reasons of the nodes that would run."""
        return {
            one.node: [reason.text for reason in one.reasons]
            for one in self.explain(given).nodes
            if one.status == "run"
        }

    def run(self, given: Flow, take: int | None = None) -> list[Event]:
        """Run a workflow, or its first events."""
        validation = validate(Graph.parse(json.dumps(given)), TABLE, self.folders)
        graph, digests = validation.graph, dict[str, str]()
        events = run(graph, TABLE, self.folders, self.cache, validation=validation, digests=digests)
        told: list[Event] = []
        noted = recorded(events, self.history, graph, TABLE, self.folders, digests)
        for event in noted:
            told.append(event)
            if len(told) == take:
                noted.close()
        return told

    def called(self, given: Flow) -> set[str]:
        """Run a workflow and return the nodes that were called."""
        return {event.node for event in self.run(given) if isinstance(event, NodeStarted)}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


ABOVE = "because {} above it changed"


def above(*nodes: str, **first: list[str]) -> dict[str, list[str]]:
    """Return what is said of a node that changed and of the nodes below it."""
    [(changed, said)] = first.items()
    kind = FLOW.get(changed, {"class_type": "Add"})["class_type"]
    return {changed: said} | {name: [ABOVE.format(f"{kind} ({changed})")] for name in nodes}


def edit(**changes: Any) -> Callable[[Bench], Flow]:
    """Return a maker of the workflow with other inputs; None takes one away."""

    def made(_: Bench) -> Flow:
        changed: Flow = json.loads(json.dumps(FLOW))
        for place, value in changes.items():
            name, key = place.split("_", 1)
            changed[name]["inputs"][key] = value
            if value is None:
                del changed[name]["inputs"][key]
        return changed

    return made


def with_nodes(
    changes: Callable[[Bench], Flow], **nodes: tuple[str, dict[str, Any]]
) -> Callable[[Bench], Flow]:
    return lambda bench: {**changes(bench), **flow(**nodes)}


def other_file(folder: str, name: str) -> Callable[[Bench], Flow]:
    def made(bench: Bench) -> Flow:
        bench.write(folder, name, "other content")
        return FLOW

    return made


def copied_file(bench: Bench) -> Flow:
    bench.write("checkpoints", "copy", "a")
    return edit(r_name="copy.safetensors", r_scale=2)(bench)


def renamed(old: str, new: str, **changes: Any) -> Callable[[Bench], Flow]:
    return lambda bench: json.loads(
        json.dumps(edit(**changes)(bench))
        .replace(f'"{old}": {{', f'"{new}": {{')
        .replace(f'["{old}"', f'["{new}"')
    )


def evicted(bench: Bench) -> Flow:
    bench.cache.clear()
    return FLOW


def updated(bench: Bench) -> Flow:
    bench.cache.clear()  # a cache on the disk finds nothing of other code
    bench.history = History(bench.root / "cache" / "history", stamp="new code")
    return FLOW


EDITS: dict[str, tuple[Callable[[Bench], Flow], dict[str, list[str]]]] = {
    "nothing": (edit(), {}),
    "a literal": (edit(n_value=4), above("h", "s", "out", n=["value 3 -> 4"])),
    "another file": (
        edit(r_name="b.safetensors"),
        above("s", "out", r=['name "a.safetensors" -> "b.safetensors"']),
    ),
    "a file's content": (
        other_file("checkpoints", "a"),
        above("s", "out", r=["file changed: a.safetensors"]),
    ),
    "the same file under another name": (copied_file, above("s", "out", r=["scale 1 -> 2"])),
    "a file that a text names": (other_file("embeddings", "cat"), above("s", "out", p=["file changed: cat"])),
    "no file any more": (edit(r_name="builtin"), above("s", "out", r=['name "a.safetensors" -> "builtin"'])),
    "relinked": (
        edit(s_a=["p", 0]),
        above("out", s=["input a now comes from Prompt (p) instead of Read (r)"]),
    ),
    "relinked to an equal node": (
        with_nodes(edit(s_c=["q", 0], s_b=7), q=("Prompt", {"text": "a use:cat"})),
        above("out", s=["b is now 7 instead of a link from Halve (h)"]),
    ),
    "another output": (
        edit(s_b=["h", 1]),
        above("out", s=["input b now comes from output 1 of Halve (h) instead of output 0 of Halve (h)"]),
    ),
    "a value for a link": (edit(s_b=7), above("out", s=["b is now 7 instead of a link from Halve (h)"])),
    "a link for a value": (
        with_nodes(edit(n_value=["m", 0]), m=("Number", {"value": 8})),
        above("h", "s", "out", n=["input value now comes from Number (m) instead of 3"])
        | {"m": ["never seen"]},
    ),
    "an input less": (edit(s_c=None), above("out", s=["c is not given any more; it was Prompt (p)"])),
    "an input more": (edit(out_more=["n", 0]), above(out=["more is given now: Number (n)"])),
    "a node between": (
        with_nodes(edit(s_a=["m", 0]), m=("Add", {"a": ["r", 0], "b": 1})),
        above("out", s=["input a now comes from Add (m) instead of Read (r)"]) | {"m": ["never seen"]},
    ),
    "a node less": (
        lambda bench: {name: found for name, found in edit(s_b=5)(bench).items() if name != "h"},
        above("out", s=["b is now 5 instead of a link from Halve (h), which is gone"]),
    ),
    "another output node": (
        with_nodes(edit(), more=("Show", {"value": ["n", 0]})),
        {"more": ["never seen"]},
    ),
    "another id": (renamed("n", "new"), {}),
    "another id and value": (
        renamed("n", "new", n_value=4),
        {"new": ["value 3 -> 4"]} | {key: [ABOVE.format("Number (new)")] for key in ("h", "s", "out")},
    ),
    "the default spelled out": (edit(n_factor=1), {}),
    "dropped from the cache": (
        evicted,
        {key: ["forgotten: it is in no cache any more"] for key in FLOW},
    ),
    "computed by other code": (
        updated,
        {key: ["updated: inkloom or a library of it changed since it was computed"] for key in FLOW},
    ),
    "two at once": (
        edit(n_value=4, r_name="b.safetensors"),
        {
            "n": ["value 3 -> 4"],
            "r": ['name "a.safetensors" -> "b.safetensors"'],
            "h": [ABOVE.format("Number (n)")],
            "s": [ABOVE.format("Read (r) and Number (n)")],
            "out": [ABOVE.format("Read (r) and Number (n)")],
        },
    ),
    "its own and above": (
        edit(n_value=4, s_c=2),
        {
            "n": ["value 3 -> 4"],
            "h": [ABOVE.format("Number (n)")],
            "s": ["c is now 2 instead of a link from Prompt (p)", ABOVE.format("Number (n)")],
            "out": [ABOVE.format("Add (s)")],
        },
    ),
}


@pytest.mark.parametrize(("change", "expected"), EDITS.values(), ids=EDITS)
def test_reasons(bench: Bench, change: Callable[[Bench], Flow], expected: dict[str, list[str]]) -> None:
    assert bench.why(FLOW) == {key: ["never seen"] for key in FLOW}
    bench.run(FLOW)
    changed = change(bench)
    assert bench.why(changed) == expected
    assert bench.called(changed) == set(expected), "it does what was said"
    assert bench.why(changed) == {}


def statuses(explanation: Explanation) -> dict[str, str]:
    return {one.node: one.status for one in explanation.nodes}


def test_what_lies_behind_a_cached_result(bench: Bench) -> None:
    bench.run(FLOW)
    kept = {one.node: one.key or "" for one in bench.explain(FLOW).nodes}
    bench.cache.clear()
    bench.cache.put(kept["s"], Entry(outputs=(9,)))
    told = bench.explain(FLOW)
    others = dict.fromkeys(("r", "n", "h", "p"), "unneeded")
    assert statuses(told) == {**others, "s": "cached", "out": "run"}
    assert all(not one.reasons for one in told.nodes if one.status == "unneeded")
    assert bench.called(FLOW) == {"out"}


def test_equal_nodes_run_once(bench: Bench) -> None:
    doubled = {**FLOW, **flow(n2=("Number", {"value": 3}), o2=("Show", {"value": ["n2", 0]}))}
    told = bench.explain(doubled)
    assert sorted([statuses(told)["n"], statuses(told)["n2"]]) == ["run", "same"]
    assert len(bench.called(doubled)) == told.count("run") == len(doubled) - 1


def test_a_node_that_wants_to_run_every_time(bench: Bench) -> None:
    given = flow(c=("Clock", {}), n=("Number", {"value": 1}), s=("Add", {"a": ["c", 0], "b": ["n", 0]}))
    given |= flow(out=("Show", {"value": ["s", 0]}))
    assert bench.why(given)["c"] == ["never seen", "it runs every time: its fingerprint nan equals nothing"]
    for _ in range(2):
        bench.run(given)
        said = bench.why(given)
        assert said["c"] == ["it runs every time: its fingerprint nan equals nothing"]
        assert said["s"] == said["out"] == [ABOVE.format("Clock (c)")]
        assert "n" not in said


def test_a_node_that_looks_outside(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    given = flow(w=("Weather", {}), out=("Show", {"value": ["w", 0]}))
    bench.run(given)
    assert bench.why(given) == {}
    monkeypatch.setitem(WORLD, "weather", "rain")
    assert bench.why(given)["w"] == ['what it looks at changed: "sun" -> "rain"']


def test_a_linked_text_that_may_name_files(bench: Bench) -> None:
    given = flow(w=("Words", {"text": "use:cat"}), p=("Prompt", {"text": ["w", 0]}))
    given |= flow(out=("Show", {"value": ["p", 0]}))
    bench.run(given)
    bench.write("embeddings", "cat", "larger than before")
    assert bench.why(given) == {
        "p": ["file changed: one that the linked text may name"],
        "out": [ABOVE.format("Prompt (p)")],
    }


def test_a_node_that_knows_its_id(bench: Bench) -> None:
    given = flow(o=("Own", {"a": 1}), out=("Show", {"value": ["o", 0]}))
    bench.run(given)
    moved = flow(x=("Own", {"a": 1}), out=("Show", {"value": ["x", 0]}))
    assert bench.why(moved) == {
        "x": ["its id is part of its result: o -> x"],
        "out": [ABOVE.format("Own (x)")],
    }


def test_lazy_inputs(bench: Bench) -> None:
    given = {
        **FLOW,
        **flow(c=("Choose", {"which": "x", "x": ["n", 0], "y": ["s", 0]}), o=("Show", {"value": ["c", 0]})),
    }
    del given["out"]
    told = bench.explain(given)
    assert statuses(told) == {**dict.fromkeys("rnhps", "maybe"), "c": "run", "o": "run"}
    assert {one.reasons[0].text for one in told.nodes if one.status == "maybe"} == {
        "Choose (c) decides whether it is needed"
    }
    assert told.count("run") == 2


def test_expansions(bench: Bench) -> None:
    given = flow(
        n=("Number", {"value": 1}), t=("Twice", {"value": ["n", 0]}), out=("Show", {"value": ["t", 0]})
    )
    assert statuses(bench.explain(given)) == {"n": "maybe", "t": "run", "out": "run"}
    assert bench.why(given)["t"][1:] == ["it makes nodes of its own, which are known when it runs"]
    bench.run(given)
    assert statuses(bench.explain(given)) == {"n": "cached", "t": "cached", "out": "cached"}


def test_the_last_result_counts_not_the_last_attempt(bench: Bench) -> None:
    bench.run(FLOW)
    bench.run(edit(n_value=4)(bench), take=3)
    assert bench.why(edit(n_value=5)(bench))["n"][0].endswith(" -> 5")
    assert "value 4 -> 5" not in bench.why(edit(n_value=5)(bench))["s"]
    assert bench.why(edit(n_value=5)(bench))["s"] == [ABOVE.format("Number (n)")]


def test_back_to_what_was_forgotten(bench: Bench) -> None:
    for value in (3, 4):
        bench.run(edit(n_value=value)(bench))
    bench.cache.clear()
    assert bench.why(FLOW)["n"] == ["forgotten: it is in no cache any more"], "no difference made it run"


def test_what_the_present_code_computed_is_forgotten(bench: Bench) -> None:
    bench.run(FLOW)
    bench.run(updated(bench))
    bench.cache.clear()
    assert {reason.code for one in bench.explain(FLOW).nodes for reason in one.reasons} == {"forgotten"}


def test_long_values_show_where_they_differ(bench: Bench) -> None:
    long = "a very long prompt that goes on and on about a picture of {} in the rain, at night, " + "x" * 9000
    bench.run(edit(p_text=long.format("cats"))(bench))
    [said] = bench.why(edit(p_text=long.format("dogs"))(bench))["p"]
    assert said.startswith("text …")
    assert "cats in the rain" in said
    assert "dogs in the rain" in said
    assert len(said) < 130


def test_without_a_history(bench: Bench) -> None:
    validation = validate(Graph.parse(json.dumps(FLOW)), TABLE, bench.folders)
    told = explain(validation, TABLE, bench.folders, bench.cache)
    assert statuses(told) == dict.fromkeys(FLOW, "run")
    assert not (bench.root / "cache").exists()


def test_times(bench: Bench) -> None:
    assert (bench.explain(FLOW).seconds, bench.explain(FLOW).unmeasured) == (0, 6)
    bench.run(FLOW)
    told = {one.node: one for one in bench.explain(edit(n_value=4)(bench)).nodes}
    assert (told["r"].measured, told["n"].measured) == ("same", "other")
    assert told["n"].seconds is not None
    changed = bench.explain(with_nodes(edit(n_value=4), m=("Show", {"value": ["p", 0]}))(bench))
    assert changed.unmeasured == 1
    assert changed.seconds == sum(one.seconds or 0 for one in changed.nodes if one.status == "run")


LINKED = ["n", 0]


@pytest.mark.parametrize(
    ("before", "now", "times"),
    [
        ({"steps": 20}, {"steps": 30}, 1.5),
        ({}, {"steps": 10}, 0.5),  # the default counts as what is written
        ({"steps": 30, "start": 10}, {"steps": 30, "start": 25}, 0.25),
        ({"steps": 20}, {"steps": 20, "a": 9}, 1),
        ({"steps": 20}, {"steps": 5, "start": 5}, 0),
        ({"steps": 5, "start": 5}, {"steps": 20}, 1),  # nothing says what a step takes
        ({"steps": 20}, {"steps": LINKED}, 1),
        ({"steps": LINKED}, {"steps": 20}, 1),
    ],
)
def test_times_go_with_the_work(
    bench: Bench, before: dict[str, Any], now: dict[str, Any], times: float
) -> None:
    def made(inputs: dict[str, Any]) -> Flow:
        return flow(
            n=("Number", {"value": 40}), w=("Steps", {"a": 1, **inputs}), out=("Show", {"value": ["w", 0]})
        )

    [took] = [e.seconds for e in bench.run(made(before)) if isinstance(e, NodeFinished) and e.node == "w"]
    [told] = [one for one in bench.explain(made(now)).nodes if one.node == "w"]
    assert (told.seconds, told.measured) == (pytest.approx(took * times), "other")


def test_looking_leaves_no_trace(tmp_path: Path) -> None:
    """What is dropped next, the counts and the files are the same whether or not somebody looked."""
    left: list[object] = []
    for looks in (False, True):
        bench = Bench(tmp_path / str(looks))
        bench.run(FLOW)
        bench.cache = MemoryCache(9_000)
        keys = {one.node: one.key or "" for one in bench.explain(FLOW).nodes}
        for key in keys.values():  # what it took is what a cache goes by
            bench.cache.put(key, Entry(outputs=(key * 22,), seconds=1.0))
        files = states_below(bench.root / "cache")
        for _ in range(3 if looks else 0):
            bench.explain(edit(p_text="other")(bench))
            bench.explain(FLOW)
        assert states_below(bench.root / "cache") == files
        counts = bench.cache.stats()
        bench.cache.put("another", Entry(outputs=("x" * 2000,), seconds=9.0))
        assert bench.cache.stats().evicted
        left.append(
            (counts, bench.cache.stats(), {name: bench.cache.where(key) for name, key in keys.items()})
        )
    assert left[0] == left[1]


def states_below(folder: Path) -> list[tuple[str, int, int]]:
    return sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir())


def test_json(bench: Bench) -> None:
    bench.run(FLOW)
    told = json.loads(json.dumps(to_json(bench.explain(edit(n_value=4)(bench)))))
    assert set(told) == {"type", "outputs", "totals", "nodes"}
    totals = told["totals"]
    assert {name: totals[name] for name in ("run", "cached", "cached_in", "maybe")} == {
        "run": 4,
        "cached": 2,
        "cached_in": {"memory": 2},
        "maybe": 0,
    }
    [changed] = [one for one in told["nodes"] if one["node"] == "n"]
    assert changed["reasons"] == [
        {"code": "changed", "text": "value 3 -> 4", "input": "value", "before": 3, "after": 4, "nodes": []}
    ]
    assert set(changed) == {
        *("node", "class_type", "status", "where", "key", "reasons", "seconds", "peak_bytes", "measured")
    }


def test_a_file_that_goes_away_after_the_check(bench: Bench) -> None:
    validation = validate(Graph.parse(json.dumps(FLOW)), TABLE, bench.folders)
    (bench.root / "models" / "checkpoints" / "a.safetensors").unlink()
    told = explain(validation, TABLE, bench.folders, bench.cache, bench.history)
    assert {one.node for one in told.nodes if one.status == "unknown"} == {"r", "s", "out"}
    assert all("a.safetensors" in one.reasons[0].text for one in told.nodes if one.status == "unknown")


def test_random_edits_do_what_was_said(bench: Bench) -> None:
    """After any edit just the nodes are called that were said to run, and each has a reason."""
    chance = random.Random(7)
    given: Flow = flow(n0=("Number", {"value": 0}), out=("Show", {"value": ["n0", 0]}))
    for turn in range(80):
        names = [name for name in given if name != "out"]
        match chance.randrange(5):
            case 0:
                given = {**flow(**{f"n{turn}": ("Number", {"value": chance.randrange(3)})}), **given}
            case 1:
                inputs = {key: [chance.choice(names), 0] for key in ("a", "b")}
                given = {f"s{turn}": {"class_type": "Add", "inputs": inputs}, **given}
            case 2:
                name = chance.choice(names)
                key, value = ("value", 5) if given[name]["class_type"] == "Number" else ("b", 5)
                given = {**given, name: {**given[name], "inputs": {**given[name]["inputs"], key: value}}}
            case 3:
                given = {**given, "out": flow(out=("Show", {"value": [chance.choice(names), 0]}))["out"]}
            case _:
                bench.cache.clear()
        told = bench.explain(given)
        runs = {one.node for one in told.nodes if one.status == "run"}
        assert all(one.reasons for one in told.nodes if one.node in runs)
        assert {reason.code for one in told.nodes for reason in one.reasons} <= set(REASONS)
        assert {node for one in told.nodes for reason in one.reasons for node in reason.nodes[:1]} <= {*given}
        digests = {one.node: one.key for one in told.nodes}
        assert {digests[name] for name in bench.called(given)} == {digests[name] for name in runs}
        assert len(runs) == len({digests[name] for name in runs})
