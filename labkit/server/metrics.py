"""What channels have counted, as Prometheus reads it: a route for its questions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tornado.web import RequestHandler

from labkit.errors import LabError
from labkit.server.channel import Channel
from labkit.server.counts import ENDINGS, OTHER_ENDING
from labkit.server.site import HandlerRoute

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

_COUNTERS = {
    "streams_opened": "Streams that were opened.",
    "events_published": "Events that this process published.",
    "events_passed_on": "Events that went out to the readers that were there, whoever published them.",
    "events_delivered": "Times that an event was written to one of these readers.",
    "writing_seconds": "Seconds of the server's loop that writing to these readers took.",
    "replays": "Readers that asked for what they had missed.",
    "events_replayed": "Events that they were sent.",
    "gaps": "Readers that were told that the log no longer has what they missed.",
}
_GAUGES = {
    "streams": "Streams that are open now.",
    "waiting_bytes": "Bytes that wait in this process for slow readers.",
}


def metrics(channels: Channel | Mapping[str, Channel]) -> HandlerRoute:
    """A route that answers Prometheus: what the channels have counted, and what this process uses.

    `launch({"/events": channel, "/metrics": metrics(channel)})`; over ASGI it is a route like any other. In a tornado
    Application of your own the rule is `("/metrics", *metrics(channel))`. The numbers are counted once for each batch
    of events, and read when Prometheus asks; a log that is shared is then asked for its newest id, in another thread.

    Args:
        channels: by the names that their numbers get as the label `channel`; one alone is called "events".

    Raises:
        LabError: the package prometheus-client is not installed.

    Source: https://prometheus.io/docs/instrumenting/exposition_formats/
    """
    named = {"events": channels} if isinstance(channels, Channel) else dict(channels)
    return MetricsHandler, {"registry": _registry(named)}


class ChannelCollector:
    """Gives what channels have counted to a registry of prometheus_client: `registry.register(ChannelCollector(...))`.

    Args:
        channels: by the names that they get as the label `channel`.
    """

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = dict(channels)

    def describe(self) -> Iterator[Metric]:
        """Nothing is asked for when it is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The numbers of this moment. May be called on any thread; a shared log is waited for."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        told = {name: _numbers(channel) for name, channel in self._channels.items()}
        for family, texts in ((CounterMetricFamily, _COUNTERS), (GaugeMetricFamily, _GAUGES)):
            for number, text in texts.items():
                metric = family(f"labkit_{number}", text, labels=["channel"])
                for name, numbers in told.items():
                    metric.add_metric([name], numbers[number])
                yield metric
        yield self._endings()
        yield from self._logs()

    def _endings(self) -> Metric:
        from prometheus_client.core import CounterMetricFamily

        text = "Streams that have ended: slow is who took too little, planned who reached its planned age."
        metric = CounterMetricFamily("labkit_streams_ended", text, labels=["channel", "why"])
        for name, channel in self._channels.items():
            for why in (*(word for _, word in ENDINGS), OTHER_ENDING):  # those of which there is none, too
                metric.add_metric([name, why], channel.counts.endings[why])
        return metric

    def _logs(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        up = GaugeMetricFamily("labkit_log_up", "1 while the log that servers share can be read.", labels=["channel"])
        text = "Events that the shared log has, and readers here have not got yet."
        lag = GaugeMetricFamily("labkit_log_lag_events", text, labels=["channel"])
        for name, channel in self._channels.items():
            if getattr(channel.log, "shared", False):
                behind = channel.log_lag()
                up.add_metric([name], behind is not None)
                if behind is not None:  # else nobody knows
                    lag.add_metric([name], behind)
        yield from (up, lag)


class MetricsHandler(RequestHandler):
    """Answers Prometheus. See metrics()."""

    def initialize(self, registry: CollectorRegistry) -> None:
        """Called by tornado with the route's settings."""
        self.registry = registry

    async def get(self) -> None:
        from prometheus_client.exposition import choose_encoder

        encode, content_type = choose_encoder(self.request.headers.get("Accept", ""))
        text = await asyncio.to_thread(encode, self.registry)
        self.set_header("Content-Type", content_type)
        self.set_header("Cache-Control", "no-store")
        self.finish(text)


def _registry(channels: Mapping[str, Channel]) -> CollectorRegistry:
    try:
        from prometheus_client import CollectorRegistry, ProcessCollector
    except ImportError:
        raise LabError("metrics need the package prometheus-client: pip install 'labkit[scale]'") from None
    registry = CollectorRegistry()
    registry.register(ChannelCollector(channels))
    ProcessCollector(registry=registry)  # memory, processor time and descriptors; on Linux
    return registry


def _numbers(channel: Channel) -> dict[str, Any]:
    counts = channel.counts
    return {
        "streams": channel.clients,
        "waiting_bytes": channel.waiting_bytes,
        "streams_opened": counts.opened,
        "events_published": counts.published,
        "events_passed_on": counts.passed_on,
        "events_delivered": counts.delivered,
        "writing_seconds": counts.writing_s,
        "replays": counts.replays,
        "events_replayed": counts.replayed,
        "gaps": counts.gaps,
    }
