"""Shows what the gateway counts about itself in Prometheus' text format, when asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from gateway.metrics import COUNTERS, GAUGES, Metrics, Spread


def exposition(metrics: Metrics) -> bytes:
    """All of them in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Shown(metrics))
    return generate_latest(registry)


def histogram(spread: Spread, name: str, help_text: str) -> Metric:
    """As Prometheus wants it: cumulative, the last bucket without bound."""
    bounds = [*(repr(float(bound)) for bound in spread.bounds), "+Inf"]
    buckets = [
        (bound, float(total))
        for bound, total in zip(bounds, accumulate(spread.counts), strict=True)
    ]
    return HistogramMetricFamily(name, help_text, buckets=buckets, sum_value=spread.sum)


class _Shown(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Read the numbers as they stand."""
        metrics = self._metrics
        for name, text in COUNTERS.items():
            yield CounterMetricFamily(f"campus_{name}", text, value=getattr(metrics, name))
        for name, text in GAUGES.items():
            yield GaugeMetricFamily(f"campus_{name}", text, value=getattr(metrics, name))
        for spread, name, text in (
            (metrics.commit_seconds, "campus_commit_seconds", "How long commits took."),
            (metrics.batch_messages, "campus_batch_messages", "Messages in a batch."),
            (
                metrics.delay_seconds,
                "campus_delay_seconds",
                "From taking messages over to their commit.",
            ),
        ):
            yield histogram(spread, name, text)
