"""`/healthz` and `/metrics`: whether the guard still sees, for machines.

Owns the two answers' form. Knows nothing of how the figures come about: it asks a `HealthSource`.
Unhealthy until the first good cycle, and whenever an account is blind, overdue, or an alert cannot be delivered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """One account. `age_s` is the age of the last good data in seconds, None = never read."""

    name: str
    zone: str
    quality: str
    age_s: float | None
    risk_ratio: float | None
    margin_level: float | None
    distance: float | None


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """One stream. `why` says why it is not healthy; `falls` counts how often it was lost."""

    name: str
    healthy: bool
    why: str
    falls: int


@dataclass(frozen=True, slots=True)
class ListeningHealth:
    """What streams tell between readings. Streams that are down are no problem of the service: it polls."""

    streams: tuple[StreamHealth, ...] = ()
    ticks_total: int = 0
    events_total: int = 0
    calls_total: int = 0
    assessments_total: int = 0
    worsened_total: int = 0


@dataclass(frozen=True, slots=True)
class HeartbeatHealth:
    """What the watchdog elsewhere was told last. Never a problem of the service: it would be reported to itself.

    `state` is `off`, `starting`, `good`, `bad` (and `why`) or `stopped`; `error` says why the last report was not
    heard, empty = it was; `age_s` is the time since a good one was heard, None = never.
    """

    state: str = "off"
    why: str = ""
    error: str = ""
    age_s: float | None = None
    good_total: int = 0
    bad_total: int = 0
    unheard_total: int = 0


HEARTBEAT_OFF: Final = HeartbeatHealth()


@dataclass(frozen=True, slots=True)
class Health:
    """The service at one moment. `problems` says in words why `status` is not ok; empty = ok.

    `orders_stopped` says why no protective order is sent, empty = they may go: somebody wants it so, it is no problem.
    """

    problems: tuple[str, ...]
    accounts: tuple[AccountHealth, ...]
    outbox_pending: int
    last_cycle_age_s: float | None
    telegram: str
    cycles_total: int
    failed_cycles_total: int
    delivered_total: int
    refusals_total: int
    orders_total: int
    listening: ListeningHealth = ListeningHealth()
    heartbeat: HeartbeatHealth = HEARTBEAT_OFF
    orders_stopped: str = ""

    @property
    def status(self) -> str:
        """`ok` or `unhealthy`."""
        return "unhealthy" if self.problems else "ok"


class HealthSource(Protocol):
    """Where the figures come from."""

    async def health(self) -> Health:
        """The present state of the service."""
        ...


def health_json(health: Health) -> dict[str, object]:
    """The body of `/healthz`."""
    return {
        "status": health.status,
        "problems": list(health.problems),
        "accounts": [
            {
                "name": account.name,
                "zone": account.zone,
                "quality": account.quality,
                "age_s": None if account.age_s is None else round(account.age_s, 3),
            }
            for account in health.accounts
        ],
        "outbox_pending": health.outbox_pending,
        "last_cycle_age_s": None if health.last_cycle_age_s is None else round(health.last_cycle_age_s, 3),
        "telegram": health.telegram,
        "orders": {"stopped": bool(health.orders_stopped), "why": health.orders_stopped},
        "streams": [
            {"name": stream.name, "healthy": stream.healthy, "why": stream.why} for stream in health.listening.streams
        ],
        "heartbeat": {
            "state": health.heartbeat.state,
            "why": health.heartbeat.why,
            "error": health.heartbeat.error,
            "age_s": None if health.heartbeat.age_s is None else round(health.heartbeat.age_s, 3),
        },
    }


class _HealthCollector(Collector):
    """Turns one `Health` into Prometheus metrics; built anew for each scrape, so there is no global registry."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def collect(self) -> list[Metric]:
        health = self._health
        metrics: list[Metric] = [
            GaugeMetricFamily("guard_healthy", "1 when the guard sees and delivers", float(not health.problems)),
            GaugeMetricFamily("guard_outbox_pending", "Messages not delivered yet", health.outbox_pending),
            CounterMetricFamily("guard_cycles", "Cycles finished", health.cycles_total),
            CounterMetricFamily("guard_failed_cycles", "Cycles without believable data", health.failed_cycles_total),
            CounterMetricFamily("guard_delivered", "Messages delivered", health.delivered_total),
            CounterMetricFamily("guard_chat_refusals", "Refused chat requests", health.refusals_total),
            CounterMetricFamily("guard_orders", "Orders sent by protection", health.orders_total),
            GaugeMetricFamily("guard_orders_stopped", "1: the kill switch is on", float(health.orders_stopped != "")),
        ]
        if health.last_cycle_age_s is not None:
            metrics.append(
                GaugeMetricFamily(
                    "guard_last_cycle_age_seconds", "Seconds since the last cycle", health.last_cycle_age_s
                )
            )
        for field, name, text in (
            ("age_s", "guard_data_age_seconds", "Age of the last good data"),
            ("risk_ratio", "guard_risk_ratio", "Requirement divided by equity; 1 is liquidation"),
            ("margin_level", "guard_margin_level", "Equity divided by initial margin"),
            ("distance", "guard_liquidation_distance", "Smallest common move of all underlyings to liquidation"),
        ):
            family = GaugeMetricFamily(name, text, labels=["account"])
            for account in health.accounts:
                value = getattr(account, field)
                if value is not None:
                    family.add_metric([account.name], value)
            metrics.append(family)
        zones = GaugeMetricFamily("guard_zone", "1 for the zone that the account is in", labels=["account", "zone"])
        for account in health.accounts:
            zones.add_metric([account.name, account.zone], 1.0)
        metrics.append(zones)
        return [*metrics, *_listening(health.listening), *_heartbeat(health.heartbeat)]


def _listening(listening: ListeningHealth) -> list[Metric]:
    healthy = GaugeMetricFamily("guard_stream_healthy", "1 while a stream is up and speaks", labels=["stream"])
    falls = CounterMetricFamily("guard_stream_falls", "How often a stream was lost", labels=["stream"])
    for stream in listening.streams:
        healthy.add_metric([stream.name], float(stream.healthy))
        falls.add_metric([stream.name], stream.falls)
    return [
        healthy,
        falls,
        CounterMetricFamily("guard_ticks", "Mark prices heard, of held symbols", listening.ticks_total),
        CounterMetricFamily("guard_account_events", "News of accounts heard on streams", listening.events_total),
        CounterMetricFamily("guard_marks_calls", "Requests for all mark prices of a venue", listening.calls_total),
        CounterMetricFamily("guard_live_assessments", "Assessments between readings", listening.assessments_total),
        CounterMetricFamily("guard_live_worsened", "Zones made worse between readings", listening.worsened_total),
    ]


def _heartbeat(heartbeat: HeartbeatHealth) -> list[Metric]:
    if heartbeat.state == "off":
        return []
    reports = CounterMetricFamily("guard_heartbeats", "Reports to the watchdog elsewhere", labels=["round"])
    reports.add_metric(["good"], heartbeat.good_total)
    reports.add_metric(["bad"], heartbeat.bad_total)
    metrics: list[Metric] = [
        reports,
        CounterMetricFamily("guard_heartbeats_unheard", "Reports that were not accepted", heartbeat.unheard_total),
    ]
    if heartbeat.age_s is not None:
        text = "Seconds since the watchdog has accepted that all is well"
        metrics.append(GaugeMetricFamily("guard_heartbeat_age_seconds", text, heartbeat.age_s))
    return metrics


def health_app(source: HealthSource) -> web.Application:
    """The aiohttp application with both addresses."""

    async def healthz(_: web.Request) -> web.Response:
        health = await source.health()
        return web.json_response(health_json(health), status=503 if health.problems else 200)

    async def metrics(_: web.Request) -> web.Response:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_HealthCollector(await source.health()))
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/metrics", metrics)
    return app
