"""What the api_server counts, in a registry of its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from api_server.engine.base import Priority
from api_server.engine.lanes import LaneLoad
from api_server.streaming.outbox import Sent
from shared.events import Final, Partial

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The api_server's counters; one per app."""

    def __init__(self) -> None:
        """Register everything."""
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "svenska_http_requests", "Requests.", ("method", "route", "status"), registry=self.registry
        )
        self._request_seconds = Histogram(
            "svenska_http_request_seconds", "Seconds per request.", ("route",), buckets=_SECONDS, registry=self.registry
        )
        self._wait_seconds = Histogram(
            "svenska_lane_wait_seconds", "Seconds waited for turns.", ("lane", "priority"), buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self._work_seconds = Histogram(
            "svenska_lane_work_seconds", "Seconds spent decoding.", ("lane", "priority"), buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self._windows = Counter("svenska_windows", "Windows decoded.", ("lane",), registry=self.registry)
        self._verified = Counter(
            "svenska_short_windows", "Short windows by what the verification said.", ("verdict",),
            registry=self.registry,
        )  # fmt: skip
        self._audio = Counter(
            "svenska_audio_seconds",
            "Seconds of audio transcribed, of recordings and of streams' speech.",
            registry=self.registry,
        )
        self.loop_lag = Gauge(
            "svenska_event_loop_lag_seconds", "How late the event loop woke last.", registry=self.registry
        )
        self._sessions = Gauge("svenska_streams", "Streams that are open.", registry=self.registry)
        self._waiting = Gauge(
            "svenska_lane_waiting", "Requests waiting for a window.", ("lane",), registry=self.registry
        )
        self._open = Gauge("svenska_lane_open", "Requests begun and not ended.", ("lane",), registry=self.registry)
        self._events = Counter("svenska_stream_events", "Events sent on streams.", ("type",), registry=self.registry)
        self._latency = Histogram(
            "svenska_stream_final_seconds", "Seconds from the end of speech to its final.", buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self._lag = Histogram(
            "svenska_stream_partial_lag_seconds", "How far partials were behind the audio.", buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self._overtaken = Counter(
            "svenska_stream_partials_overtaken", "Partials dropped for newer audio.", registry=self.registry
        )
        self._batch = Histogram(
            "svenska_stream_partials_batch", "Partials decoded together.", buckets=(1, 2, 3, 4, 6, 8),
            registry=self.registry,
        )  # fmt: skip

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a finished request."""
        self._requests.labels(method, route, status).inc()
        self._request_seconds.labels(route).observe(seconds)

    def decoded(self, lane: str, priority: Priority, *, waited: float, worked: float, windows: int) -> None:
        """Count a decode; implements `engine.recognizer.Observer`."""
        self._wait_seconds.labels(lane, priority.name.lower()).observe(waited)
        self._work_seconds.labels(lane, priority.name.lower()).observe(worked)
        self._windows.labels(lane).inc(windows)

    def verified(self, reason: str | None) -> None:
        """Count a short window: believed, or why not."""
        self._verified.labels(reason or "believed").inc()

    def lane(self, name: str, load: LaneLoad) -> None:
        """Show what a lane is doing now."""
        self._waiting.labels(name).set(load.waiting)
        self._open.labels(name).set(load.open)

    def connected(self, count: int) -> None:
        """Show how many streams are open; this and the next three implement `streaming.service.Observer`."""
        self._sessions.set(count)

    def sent(self, event: Sent) -> None:
        """Count an event of a stream."""
        self._events.labels(event.type).inc()
        if isinstance(event, Final):
            self._latency.observe(event.latency)
            self.transcribed(event.end - event.start)
        elif isinstance(event, Partial):
            self._lag.observe(event.lag)

    def overtaken(self) -> None:
        """Count a partial that newer audio took the place of."""
        self._overtaken.inc()

    def batched(self, size: int) -> None:
        """Count partials that are decoded together."""
        self._batch.observe(size)

    def transcribed(self, seconds: float) -> None:
        """Count audio."""
        self._audio.inc(max(0.0, seconds))

    def page(self) -> bytes:
        """Return the exposition."""
        return generate_latest(self.registry)
