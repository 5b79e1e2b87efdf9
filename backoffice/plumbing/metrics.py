"""Metrics: what Prometheus counts of this install, without a person in any label.

Counters live in the process; where several processes serve, they share a folder (`share`), which must be known before
this module is imported. Gauges are read when somebody asks: a room adds one with its own query.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from backoffice.plumbing import telling
from backoffice.plumbing.install import Install, Work

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PATIENCE = 2.0  # seconds for all gauges
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_REGISTRY = CollectorRegistry()
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_requests = Counter("backoffice_requests", "Requests answered.", ["method", "route", "status"], registry=_REGISTRY)
_seconds = Histogram(
    "backoffice_request_seconds", "Seconds to the last byte.", ["method", "route"], buckets=_SECONDS, registry=_REGISTRY
)
_sends = Counter("backoffice_sends", "Sends decided, by verdict.", ["channel", "verdict"], registry=_REGISTRY)
_steps = Counter("backoffice_loop_steps", "Steps of the worker's loops.", ["loop", "outcome"], registry=_REGISTRY)


class Gauge(NamedTuple):
    """Something that is counted when somebody asks."""

    says: str
    read: Callable[[Work], Awaitable[float]]


GAUGES: dict[str, Gauge] = {}
"""What rooms have added, by name."""


def add_gauge(name: str, says: str, read: Callable[[Work], Awaitable[float]]) -> None:
    """Add a gauge `backoffice_<name>`; a name is added once, or again by the same room."""
    GAUGES[name] = Gauge(says, read)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request."""
    method = method if method in METHODS else "other"
    counted, timed = _children(method, route, status)
    counted.inc()
    timed.observe(seconds)


@lru_cache(maxsize=1024)
def _children(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return _requests.labels(method, route, str(status)), _seconds.labels(method, route)


def count_sends(channel: str, verdict: str, count: int = 1) -> None:
    """Count sends that were decided."""
    _sends.labels(channel, verdict).inc(count)


def count_step(loop: str, outcome: str) -> None:
    """Count a step of a worker's loop: done, idle or failed."""
    _steps.labels(loop, outcome).inc()


async def written(install: Install) -> bytes:
    """Write all metrics as Prometheus reads them; a gauge that can't be read now is left out."""
    registry = CollectorRegistry()
    if os.environ.get(FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_REGISTRY)
    registry.register(_Read(await read_gauges(install)))
    return generate_latest(registry)


async def read_gauges(install: Install) -> dict[str, float]:
    """Read every gauge that can be read now."""
    values: dict[str, float] = {}
    try:
        async with asyncio.timeout(PATIENCE), install.reading() as work:
            for name, gauge in GAUGES.items():
                values[name] = await gauge.read(work)
    except Exception as error:  # noqa: BLE001  # what could be read is told all the same
        telling.fault("gauges_unread", error)
    return values


class _Read:
    """Gauges as they were read."""

    def __init__(self, values: dict[str, float]) -> None:
        self._values = values

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for name, value in self._values.items():
            yield GaugeMetricFamily(f"backoffice_{name}", GAUGES[name].says, value=value)
