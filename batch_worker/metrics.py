"""What the batch_worker counts, in a registry of its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from batch_worker.jobs.model import Counts

_SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LONG = (0.1, 1, 5, 15, 60, 300, 900, 3600, 10_800)


class Metrics:
    """The batch_worker's counters; one per app."""

    def __init__(self) -> None:
        """Register everything."""
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "svenska_http_requests", "Requests.", ("method", "route", "status"), registry=self.registry
        )
        self._request_seconds = Histogram(
            "svenska_http_request_seconds", "Seconds per request.", ("route",), buckets=_SHORT, registry=self.registry
        )
        self._jobs = Gauge("svenska_jobs", "Jobs in the store.", ("status",), registry=self.registry)
        self._ended = Counter("svenska_jobs_ended", "Jobs ended here.", ("status",), registry=self.registry)
        self._wait = Histogram(
            "svenska_job_wait_seconds", "Seconds from arrival to start.", buckets=_LONG, registry=self.registry
        )
        self._stages = Histogram(
            "svenska_stage_seconds", "Seconds per stage.", ("stage", "status"), buckets=_LONG, registry=self.registry
        )
        self._reclaimed = Counter(
            "svenska_jobs_reclaimed", "Jobs taken back from workers that are gone.", registry=self.registry
        )
        self._webhooks = Counter("svenska_webhooks", "Webhooks sent.", ("outcome",), registry=self.registry)
        self._watchers = Gauge("svenska_watchers", "Event streams that are open.", registry=self.registry)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a finished request."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def jobs(self, counts: Counts) -> None:
        """Show what is in the store."""
        for status in ("queued", "running", "completed", "failed", "cancelled"):
            self._jobs.labels(status).set(getattr(counts, status))

    def began(self, waited: float) -> None:
        """Count a job that begins for the first time, after so many seconds."""
        self._wait.observe(max(0.0, waited))

    def stage(self, name: str, status: str, seconds: float) -> None:
        """Count a stage that has ended."""
        self._stages.labels(name, status).observe(seconds)

    def ended(self, status: str) -> None:
        """Count a job that is over."""
        self._ended.labels(status).inc()

    def reclaimed(self, jobs: int) -> None:
        """Count jobs that were taken back."""
        self._reclaimed.inc(jobs)

    def webhook(self, *, delivered: bool) -> None:
        """Count a webhook that was sent."""
        self._webhooks.labels("delivered" if delivered else "failed").inc()

    def watching(self, more: int) -> None:
        """Count an event stream that opens (1) or closes (-1)."""
        self._watchers.inc(more)

    def page(self) -> bytes:
        """Return the exposition."""
        return generate_latest(self.registry)
