"""What a worker answers to questions, as objects of JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Literal, cast

from msgspec import to_builtins

from ...client.values import Device, Residency, ResidentModel, Tier
from ...executor import Graph, MemoryCache
from ...executor.caches.memory_cache import Stats
from ...executor.explaining import explain
from ...executor.memory.meter import machine_bytes
from ...nodes import Engine
from .homes import Homes
from .protocol import Estimate, Explain, Look, Question


def answer_to(homes: Homes, asked: Question) -> Mapping[str, object]:
    """Return the answer to a question; raises WorkflowError when nothing can run of what it is about."""
    match asked:
        case Explain(prompt=prompt, targets=targets, user=user):
            return explain.to_json(homes.of(user).explain(Graph.parse(prompt), targets))
        case Estimate(prompt=prompt, targets=targets, user=user):
            return asdict(homes.of(user).estimate(Graph.parse(prompt), targets))
        case Look():
            return cast("dict[str, Any]", to_builtins(residency(homes.shared)))


def residency(engine: Engine) -> Residency:
    """Return what an engine has in memory, and what its caches hold."""
    manager = engine.memory.manager
    resident = manager.resident()
    usages = {name: manager.usage(name) for name in manager.devices()}
    return Residency(
        devices=[
            Device(
                name=name,
                kind=name.partition(":")[0],
                total_bytes=engine.device.total if name == engine.device.name else machine_bytes(),
                budget_bytes=usage.budget,
                used_bytes=sum(one.present for one in resident if one.device == name) + usage.workspaces,
            )
            for name, usage in usages.items()
        ],
        models=[
            ResidentModel(
                name=one.name,
                kind=one.name.partition(" of ")[0],
                device=one.device,
                resident_bytes=one.present,
                total_bytes=one.whole,
                in_use=one.leased,
            )
            for one in resident
        ],
        cache=list(_tiers(engine)),
    )


def _tiers(engine: Engine) -> Iterator[Tier]:
    cache = engine.cache
    memory = cache if isinstance(cache, MemoryCache) else cache.memory
    yield _tier("memory", memory.stats())
    if not isinstance(cache, MemoryCache) and cache.disk is not None:
        yield _tier("disk", cache.disk.stats())


def _tier(name: Literal["memory", "disk"], stats: Stats) -> Tier:
    return Tier(
        name=name,
        entries=stats.entries,
        bytes=stats.used,
        budget_bytes=stats.budget,
        hits=stats.hits,
        misses=stats.misses,
    )
