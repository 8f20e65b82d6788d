"""What was counted, as the families of metrics that Prometheus knows; this alone loads its library."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import get_args

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from ...client.values import Residency
from ..store.values import EndState
from .tally import ANOTHER, BOUNDS, REASONS, Seen, Spread

PREFIX = "inkloom"

EDGES = (*map(str, BOUNDS), "+Inf")


def text_of(seen: Seen) -> bytes:
    """Return the page that Prometheus reads; what the web process itself takes is on it, too."""
    registry = CollectorRegistry()
    registry.register(_Moment(seen))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


@dataclass(frozen=True, eq=False)
class _Moment(Collector):
    seen: Seen

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        yield from families(self.seen)


def families(seen: Seen) -> Iterator[Metric]:
    """Yield every family; one of which nothing is known now has no samples."""
    tally, jobs = seen.tally, seen.jobs
    yield _gauge(
        "build_info", "What runs: always 1.", ("version", "python"), {(seen.version, seen.python): 1}
    )
    yield _counter("jobs_accepted", "Jobs that were taken in.", (), {(): tally.accepted})
    yield _counter(
        "jobs_refused",
        "Requests for a job that were refused, by reason.",
        ("reason",),
        {(why,): tally.refused[why] for why in dict.fromkeys((*REASONS.values(), ANOTHER))},
    )
    yield _counter(
        "jobs_finished",
        "Jobs that ended, by how.",
        ("state",),
        {(state,): tally.finished[state] for state in get_args(EndState)},
    )
    told = {} if jobs is None else {("waiting",): jobs.waiting, ("running",): jobs.running}
    yield _gauge("jobs", "Jobs of the database that have not ended.", ("state",), told)
    waited = "Seconds from when a job was accepted until it was first begun."
    yield _histogram("job_wait_seconds", waited, (), {(): tally.waited})
    yield _histogram("job_run_seconds", "Seconds of the runs that ended a job.", (), {(): tally.ran})
    nodes = {(kind,): spread for kind, spread in tally.nodes.items()}
    yield _histogram("node_seconds", "Seconds of nodes that were computed, by class.", ("class_type",), nodes)
    yield from _residency(seen.residency)
    yield _gauge("worker_up", "Whether the worker answers.", (), {(): 0 if seen.residency is None else 1})
    yield _counter(
        "worker_restarts", "Workers that died, or did not start, and were replaced.", (), {(): seen.restarts}
    )
    yield _gauge("websocket_clients", "Open websockets.", (), {(): seen.clients})
    yield _counter("websocket_messages", "Messages that were sent to websockets.", (), {(): seen.messages})
    requests = {
        (method, route, str(status)): number for (method, route, status), number in tally.requests.items()
    }
    yield _counter(
        "http_requests", "Requests by method, route and status.", ("method", "route", "status"), requests
    )
    yield _counter("database_errors", "What was asked of the database and failed.", (), {(): seen.failures})


def _residency(residency: Residency | None) -> Iterator[Metric]:
    tiers = [] if residency is None else residency.cache
    devices = [] if residency is None else residency.devices
    models: dict[tuple[str, ...], float] = dict.fromkeys(((one.name,) for one in devices), 0.0)
    for one in [] if residency is None else residency.models:
        models[one.device,] = models.get((one.device,), 0.0) + one.resident_bytes
    yield _counter(
        "cache_hits", "Results that were found, by tier.", ("tier",), {(one.name,): one.hits for one in tiers}
    )
    yield _counter(
        "cache_misses",
        "Results that were looked for and not found, by tier.",
        ("tier",),
        {(one.name,): one.misses for one in tiers},
    )
    yield _gauge(
        "cache_entries",
        "Results that are kept, by tier.",
        ("tier",),
        {(one.name,): one.entries for one in tiers},
    )
    yield _gauge(
        "cache_bytes", "Bytes of results, by tier.", ("tier",), {(one.name,): one.bytes for one in tiers}
    )
    yield _gauge("model_bytes", "Bytes of models to compute with, by device.", ("device",), models)
    yield _gauge(
        "memory_used_bytes",
        "Bytes that models and computing take, by device.",
        ("device",),
        {(one.name,): one.used_bytes for one in devices},
    )
    yield _gauge(
        "memory_budget_bytes",
        "Bytes that models and computing may take, by device.",
        ("device",),
        {(one.name,): one.budget_bytes for one in devices if one.budget_bytes is not None},
    )


Samples = Mapping[tuple[str, ...], float]
"""Numbers by the values of the labels."""


def _counter(name: str, says: str, labels: tuple[str, ...], samples: Samples) -> Metric:
    family = CounterMetricFamily(f"{PREFIX}_{name}", says, labels=labels)
    for values, number in samples.items():
        family.add_metric(values, number)
    return family


def _gauge(name: str, says: str, labels: tuple[str, ...], samples: Samples) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", says, labels=labels)
    for values, number in samples.items():
        family.add_metric(values, number)
    return family


def _histogram(
    name: str, says: str, labels: tuple[str, ...], spreads: Mapping[tuple[str, ...], Spread]
) -> Metric:
    family = HistogramMetricFamily(f"{PREFIX}_{name}", says, labels=labels)
    for values, spread in spreads.items():
        family.add_metric(values, _buckets(spread.within), spread.seconds)
    return family


def _buckets(within: Iterable[int]) -> list[tuple[str, float]]:
    return list(zip(EDGES, map(float, accumulate(within)), strict=True))
