"""`inkloom cache`: what earlier runs left on the disk."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from .shown.columns import in_columns, width
from .shown.plain import plain
from .shown.sizes import size_text
from .usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..executor import DiskCache
    from ..executor.caches.disk_cache import Kept

NAME = "cache"
SUMMARY = "list the results on the disk, measure or delete them"
DESCRIPTION = "Tell of the results that runs keep on the disk, so that no node runs twice."

UNITS = (("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "action",
        choices=ACTIONS,
        metavar="{" + ",".join(ACTIONS) + "}",
        help="ls lists the results, the latest used first; size tells how much they take; clear deletes them "
        "all (not pictures and models; hashes of files and the history of runs stay too)",
    )


def command(given: argparse.Namespace) -> int:
    """List, measure or delete the results in a data folder."""
    from ..executor import DiskCache
    from ..nodes import cache_folder
    from ..nodes.codecs import ValueCodec

    # No stamp, since nothing is looked up or added here.
    ACTIONS[given.action](DiskCache(cache_folder(given.root), ValueCodec(), 0, stamp=""))
    return 0


def _ls(cache: DiskCache) -> None:
    now = time.time()
    found = sorted(cache.kept(), key=lambda kept: kept.used_at, reverse=True)
    if not found:
        print(f"no results in {cache.folder}")
        return
    rows: dict[str, list[Kept]] = {}
    for kept in found:  # the states of one run of a sampler are told in one row
        rows.setdefault(kept.group or str(kept.path), []).append(kept)
    heads = ("last used", "node", "took", "size", "key", "holds")
    texts = [_row(now, row) for row in rows.values()]
    for line in in_columns([heads, *texts], ("dim", None, None, None, "cyan"), width()):
        print(line)


def _row(now: float, row: Sequence[Kept]) -> tuple[str, ...]:
    facts, seconds = row[0].facts, max(kept.facts.seconds for kept in row)
    states = f"{len(row)} state{'s' * (len(row) > 1)} of a sampler, each " if row[0].group else ""
    return (
        f"{_duration(now - row[0].used_at)} ago",
        plain(facts.class_type),
        _duration(seconds) if seconds else "",
        size_text(sum(kept.size for kept in row)),
        plain((row[0].group or facts.key).rpartition(" ")[2][:12]),
        plain(states + facts.about),
    )


def _size(cache: DiskCache) -> None:
    from ..executor.caches.disk_space import default_size

    count = sum(1 for _ in cache.kept())
    print(
        f"{count} result{'s' * (count != 1)}, {size_text(cache.used())}, in {cache.folder}\n"
        f"  by default no more than {size_text(default_size(cache.folder))} are kept; "
        "another size: inkloom run --cache-size SIZE"
    )


def _clear(cache: DiskCache) -> None:
    try:
        freed = cache.clear()
    except OSError as error:
        raise UsageError(f"can't delete {error.filename}: {error.strerror}") from error
    print(f"deleted {size_text(freed)} of results in {cache.folder}")


ACTIONS = {"ls": _ls, "size": _size, "clear": _clear}
"""What can be done with the results."""


def _duration(seconds: float) -> str:
    """Write a time in its largest unit: `3 d`, `25 min`, `0.2 s`."""
    unit, length = next((row for row in UNITS if seconds >= row[1]), UNITS[-1])
    count = max(seconds, 0.0) / length
    return f"{count:.0f} {unit}" if count >= 1 else f"{count:.2g} {unit}"
