"""`make bench`: run every measurement, or those named: python -m bench startup engine."""

from __future__ import annotations

import importlib
import sys

MEASUREMENTS = {
    "startup": "how long a user waits: the commands, and the main workflow cold and warm",
    "caching": "seconds recomputed in sessions of editing: our rule of what to drop against plain LRU",
    "engine": "the executor's own cost: nodes a second, keys, cached answers",
    "durability": "200 rounds of queueing jobs and kill -9 of the server or its worker: what is lost",
    "history": "a history of 100,000 jobs: the first answer, pages, memory, beside sqlite3 alone",
    "server": "the server over the wire: 1,000 cheap nodes, many small jobs, many clients",
    "hostile": "workflows made to hurt: what it costs to refuse them",
    "sd15": "a step of a real-size Stable Diffusion 1.5 U-Net beside diffusers'",
    "picture": "a whole picture of that size beside diffusers: memory, loading, likeness",
    "memory": "what computing takes, by the operating system: a real-size model under a budget, 1,000 jobs",
    "editor": "the editor with 1,000 nodes in a browser: opening, moving, messages, typing, size",
    "inklet": "does the embedded model draw what the prompt says",
}


def main(names: list[str]) -> int:
    """Run the measurements of these names, all when there are none."""
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        known = "\n".join(f"  {name}: {text}" for name, text in MEASUREMENTS.items())
        print(f"no measurement is called {', '.join(unknown)}; there are\n{known}", file=sys.stderr)
        return 2
    for name in names or MEASUREMENTS:
        print(f"\n== {name}: {MEASUREMENTS[name]}", flush=True)
        importlib.import_module(f"bench.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
