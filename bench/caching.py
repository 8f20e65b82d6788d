"""Seconds recomputed in sessions of editing, by what a full cache drops: our rule against plain LRU.

Nothing is computed here: nodes have the seconds and bytes that they take on a CPU with Stable Diffusion 1.5,
and a session is a list of what somebody changes from run to run. As in a run of the engine, all results of a
workflow are asked for first, then what is missing is computed, each result that is missing on its way too.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from inkloom.executor import Entry, MemoryCache

MB, GB = 10**6, 10**9

BUDGETS = (64 * MB, 256 * MB, GB, 4 * GB, 12 * GB)


@dataclass(frozen=True)
class Step:
    """A node: the seconds and bytes it takes, what it is made of, and the settings that somebody changes."""

    seconds: float
    size: int
    inputs: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


Steps = Mapping[str, Step]
Change = Mapping[str, object]

PICTURE: Steps = {
    "model": Step(4.0, 4 * GB, (), ("checkpoint",)),
    "positive": Step(0.4, 240_000, ("model",), ("prompt",)),
    "negative": Step(0.4, 240_000, ("model",), ("negative",)),
    "sampled": Step(60.0, 65_000, ("model", "positive", "negative"), ("seed", "steps", "cfg")),
    "decoded": Step(6.0, 3 * MB, ("sampled",)),
    "saved": Step(0.2, 1000, ("decoded",), ("name",)),
}
LARGE: Steps = {
    **PICTURE,
    "grown": Step(0.01, 262_000, ("sampled",), ("size",)),
    "again": Step(200.0, 262_000, ("model", "positive", "negative", "grown"), ("denoise",)),
    "large": Step(25.0, 12 * MB, ("again",)),
    "sharp": Step(0.2, 12 * MB, ("large",), ("sharpness",)),
    "toned": Step(0.05, 12 * MB, ("sharp",), ("contrast",)),
    "saved": Step(0.6, 1000, ("toned",), ("name",)),
}
FILM: Steps = {
    **PICTURE,
    "sampled": Step(900.0, 2 * MB, ("model", "positive", "negative"), ("seed", "steps", "cfg")),
    "decoded": Step(200.0, 100 * MB, ("sampled",)),
    "doubled": Step(90.0, 400 * MB, ("decoded",), ("size",)),
    "toned": Step(1.5, 400 * MB, ("doubled",), ("contrast",)),
    "cropped": Step(0.3, 300 * MB, ("toned",), ("crop",)),
    "saved": Step(8.0, 1000, ("cropped",), ("name",)),
}


def session(settings: Mapping[str, float], runs: int, back: float, seed: int) -> Iterator[Change]:
    """Yield the settings of each run: one is changed, with its weight; now and then somebody goes back."""
    dice = random.Random(seed)
    past: list[dict[str, object]] = [{}]
    for place in range(runs):
        if dice.random() < back and len(past) > 3:
            now = dict(past[-dice.randrange(2, min(len(past), 12))])
        else:
            [name] = dice.choices([*settings], [*settings.values()])
            now = past[-1] | {name: place if name != "checkpoint" else dice.randrange(3)}
        past.append(now)
        yield now


SESSIONS: Mapping[str, tuple[Steps, Callable[[], Iterator[Change]]]] = {
    "prompts": (PICTURE, lambda: session({"prompt": 4, "seed": 4, "cfg": 1, "negative": 1}, 200, 0.25, 1)),
    "finishing": (LARGE, lambda: session({"seed": 1, "sharpness": 6, "contrast": 9}, 200, 0.2, 2)),
    "three models": (PICTURE, lambda: session({"checkpoint": 3, "prompt": 3, "seed": 2}, 200, 0.3, 3)),
    "in two stages": (
        LARGE,
        lambda: session({"seed": 3, "denoise": 3, "prompt": 2, "contrast": 2, "checkpoint": 1}, 200, 0.3, 4),
    ),
    "a film": (FILM, lambda: session({"seed": 1, "size": 1, "contrast": 4, "crop": 6}, 120, 0.3, 5)),
}


class Kept(Protocol):
    """A cache under test."""

    def get(self, key: str) -> Entry | None:
        """Return an entry."""
        ...

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry."""
        ...


def size_of(outputs: object) -> Mapping[Hashable, int]:
    """Return the bytes that an entry of this bench stands for."""
    [(name, size)] = cast("tuple[tuple[str, int]]", outputs)
    return {name: size}


class Lru:
    """The longest unused goes first, whatever it cost; one that is too big is kept besides, as ours does."""

    def __init__(self, budget: int) -> None:
        self._budget, self._used, self._big = budget, 0, ""
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def get(self, key: str) -> Entry | None:
        """Return an entry."""
        if key in self._entries:
            self._entries.move_to_end(key)
        return self._entries.get(key)

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry, and drop the longest unused beyond the budget."""
        size = self._size(entry)
        if size > self._budget:
            self._entries.pop(self._big, None)
            self._big = key
        else:
            self._used += size
        self._entries[key] = entry
        while self._used > self._budget:
            oldest = next(name for name in self._entries if name != self._big)
            self._used -= self._size(self._entries.pop(oldest))

    def _size(self, entry: Entry) -> int:
        return sum(size_of(entry.outputs).values())


def recomputed(steps: Steps, changes: Iterator[Change], cache: Kept) -> float:
    """Return the seconds that a session spends on what was computed before."""
    spent, seen = 0.0, set[str]()
    for change in changes:
        keys: dict[str, str] = {}

        def key(name: str, keys: dict[str, str] = keys, change: Change = change) -> str:
            if name not in keys:
                step = steps[name]
                own = [f"{setting}={change.get(setting)}" for setting in step.settings]
                keys[name] = f"{name}({','.join([*own, *map(key, step.inputs)])})"
            return keys[name]

        key("saved")
        found = {name: cache.get(made) is not None for name, made in keys.items()}
        wanted, order = ["saved"], list[str]()
        while wanted:
            name = wanted.pop()
            if not found[name]:
                order.append(name)
                wanted += steps[name].inputs
        for name in [name for name in steps if name in order]:
            step = steps[name]
            cache.put(keys[name], Entry(outputs=((keys[name], step.size),), seconds=step.seconds))
            spent += step.seconds if keys[name] in seen else 0.0
            seen.add(keys[name])
    return spent


def main() -> None:
    """Print the table."""
    budgets = "".join(f"{budget / GB:>10g} GB" for budget in BUDGETS)
    print(f"{'seconds recomputed, budget':30}{budgets}")
    for name, (steps, changes) in SESSIONS.items():
        rules: Mapping[str, Callable[[int], Any]] = {
            "LRU": Lru,
            "ours": lambda budget: MemoryCache(budget, size_of),
        }
        for rule, make in rules.items():
            spent = [recomputed(steps, changes(), make(budget)) for budget in BUDGETS]
            print(f"{name + ', ' + rule:30}" + "".join(f"{seconds:13.1f}" for seconds in spent))


if __name__ == "__main__":
    main()
