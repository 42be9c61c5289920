"""`/metrics`: what Prometheus reads. No label names a person, a job or an address with a handle in it."""

from __future__ import annotations

import time

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wardround.contracts.diagnosis import Diagnosis, Status
from wardround.contracts.encounter import Encounter
from wardround.contracts.jobs import Job, JobState
from wardround.orchestrator.service.desk import TheDesk

__all__ = ["Metrics", "Timed", "build_router"]

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        kept = self.registry
        self._requests = Counter("wardround_http_requests", "Requests.", ("method", "route", "status"), registry=kept)
        self._latency = Histogram(
            "wardround_http_request_seconds", "Until the response began.", ("route",), buckets=_SECONDS, registry=kept
        )
        self._jobs = Gauge("wardround_jobs", "Jobs that are kept, by state.", ("state",), registry=kept)
        self._ended = Counter("wardround_jobs_ended", "Jobs that this process ended.", ("kind", "state"), registry=kept)
        self._took = Histogram(
            "wardround_job_seconds", "From submission to result.", ("kind",), buckets=_SECONDS, registry=kept
        )
        self._steps = Histogram("wardround_step_seconds", "One answer.", ("step",), buckets=_SECONDS, registry=kept)
        self._refused = Counter("wardround_films_refused", "Films that were refused by a screen.", registry=kept)
        self._missing = Counter(
            "wardround_specialists_missing", "Answers that were not had.", ("specialist",), registry=kept
        )
        self._struck = Counter("wardround_claims_struck", "Claims that failed their check.", registry=kept)

    def served(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests.labels(method, route, str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def ended(self, job: Job, state: JobState, result: Diagnosis | Encounter | None) -> None:
        """One job was ended."""
        self._ended.labels(job.kind.value, state.value).inc()
        if result is None:
            return
        self._took.labels(job.kind.value).observe(max(0.0, time.time() - job.created_at.timestamp()))
        for one in result.missing:
            self._missing.labels(one.specialist).inc()
        if isinstance(result, Diagnosis):
            self._struck.inc(len(result.struck))
            self._refused.inc(result.status is Status.REFUSED)
            for timing in result.timings:
                self._steps.labels(timing.step).observe(timing.seconds)

    def text(self, counts: dict[JobState, int]) -> bytes:
        """All figures as Prometheus reads them."""
        for state, many in counts.items():
            self._jobs.labels(state.value).set(many)
        return generate_latest(self.registry)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Timed:
    """ASGI middleware that counts requests, by the route's template and never by the address itself."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves, and counts where the response begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "none")
                method = scope["method"] if scope["method"] in _METHODS else "other"
                self._metrics.served(method, route, message["status"], time.perf_counter() - begun)
            await send(message)

        await self._app(scope, receive, counted)


def build_router(metrics: Metrics) -> APIRouter:
    """The route; it needs a token with the scope `admin` where there are tokens."""
    router = APIRouter(tags=["health"])

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def read(desk: TheDesk) -> Response:
        """Figures of this process and of the queue, in the text format of Prometheus."""
        return Response(metrics.text(await desk.queue.counts()), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return router
