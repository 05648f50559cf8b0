"""The dead-man switch against a real watchdog on loopback: what it hears, and what it never makes the guard say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError

from guard.app import heartbeat as room
from guard.app.heartbeat import Heartbeat, with_ending
from guard.app.round import round_problems
from guard.app.settings import Heartbeat as Table
from guard.app.settings import Schedule, Settings
from guard.app.watch import Watch, watch_of
from guard.ports.records import AccountRecord, Reading
from guard.ports.venue import AccountSpec
from guard.risk.quality import DataQuality, Quality
from guard.risk.report import AccountRisk
from guard.risk.zones import Zone, ZoneState
from guard.web.health import Health

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = "5f1c-not-to-be-told"


class Watchdog:
    """A watchdog that remembers what it heard; `status` is its answer, None = it never answers."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []
        self.status: int | None = 200
        self.news = asyncio.Event()
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        """Remember and answer."""
        self.heard.append((request.method, request.path.replace(SECRET, "ID"), await request.text()))
        self.news.set()
        if self.status is None:
            await asyncio.sleep(60)
        return web.Response(status=self.status or 200, headers={"Location": f"{self.url}/elsewhere"})

    async def wait_for(self, count: int) -> None:
        """Return once `count` requests were heard."""
        async with asyncio.timeout(10):
            while len(self.heard) < count:
                self.news.clear()
                await self.news.wait()


class Beats:
    """A clock whose sleeps end when the test says so."""

    def __init__(self) -> None:
        self.gates: asyncio.Queue[None] = asyncio.Queue()
        self.sleeping = asyncio.Event()
        self.time_s = 0.0

    def now(self) -> datetime:
        """The time."""
        return NOW

    def monotonic(self) -> float:
        """Seconds slept."""
        return self.time_s

    async def sleep(self, seconds: float) -> None:
        """Until the next beat."""
        self.sleeping.set()
        await self.gates.get()
        self.sleeping.clear()
        self.time_s += seconds

    async def beat(self) -> None:
        """Let one pause end, and wait until the report of it is over."""
        async with asyncio.timeout(10):
            await self.sleeping.wait()
            self.sleeping.clear()
            self.gates.put_nowait(None)
            await self.sleeping.wait()


@pytest.fixture
async def watchdog() -> AsyncIterator[Watchdog]:
    """A watchdog that listens."""
    dog = Watchdog()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", dog.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    dog.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ping/{SECRET}"
    yield dog
    await runner.cleanup()


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., tuple[Heartbeat, Beats]]]:
    """Starts heartbeats; the problems of each round are taken from a list, the last one stays."""
    running: list[Heartbeat] = []

    def begin(url: str, *rounds: tuple[str, ...]) -> tuple[Heartbeat, Beats]:
        left, clock = list(rounds), Beats()

        async def problems() -> tuple[str, ...]:
            return left.pop(0) if len(left) > 1 else left[0]

        heartbeat = Heartbeat(SecretStr(url), 60, clock, problems)
        heartbeat.start()
        running.append(heartbeat)
        return heartbeat, clock

    yield begin
    for heartbeat in running:
        await heartbeat.stop()


Start = Callable[..., tuple[Heartbeat, Beats]]


async def test_start_good_and_bad_rounds_are_told(watchdog: Watchdog, start: Start) -> None:
    """`/start` first; then the address itself after a good round, and `/fail` with the reason after any other."""
    heartbeat, clock = start(watchdog.url, (), ("main is blind:\nno answer", "more"), ())
    await watchdog.wait_for(1)
    for _ in range(3):
        await clock.beat()
    assert watchdog.heard == [
        ("GET", "/ping/ID/start", ""),
        ("GET", "/ping/ID", ""),
        ("POST", "/ping/ID/fail", "main is blind: no answer (and 1 more)"),
        ("GET", "/ping/ID", ""),
    ]
    health = heartbeat.health()
    assert (health.state, health.why, health.error, health.age_s) == ("good", "", "", 0.0)
    assert (health.good_total, health.bad_total, health.unheard_total) == (2, 1, 0)


async def test_a_bad_round_never_pings(watchdog: Watchdog, start: Start) -> None:
    """However many rounds are bad, the watchdog hears no good word, and one line in each interval."""
    heartbeat, clock = start(watchdog.url, ("the database does not answer",))
    for _ in range(3):
        await clock.beat()
    assert [path for _, path, _ in watchdog.heard] == ["/ping/ID/start", *["/ping/ID/fail"] * 3]
    assert heartbeat.health().age_s is None


@pytest.mark.parametrize("status", [301, 302, 307, 404, 500])
async def test_only_an_accepted_report_counts(watchdog: Watchdog, start: Start, status: int) -> None:
    """Redirects are not followed, and an answer that is no success is shown as such."""
    watchdog.status = status
    heartbeat, clock = start(watchdog.url, ())
    await clock.beat()
    health = heartbeat.health()
    assert (health.error, health.age_s) == (f"the watchdog answered HTTP {status}", None)
    assert health.unheard_total == 2
    assert all("elsewhere" not in path for _, path, _ in watchdog.heard)


async def test_a_watchdog_that_is_silent_costs_its_own_time_only(
    watchdog: Watchdog, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that is not answered ends by its time limit, and the next report is made."""
    monkeypatch.setattr(room, "REQUEST_TIMEOUT_S", 0.05)
    watchdog.status = None
    heartbeat, clock = start(watchdog.url, ())
    await clock.beat()
    assert heartbeat.health().error == "the watchdog did not answer within 0.05 s"


async def test_stop_ends_a_request_that_hangs(watchdog: Watchdog, start: Start) -> None:
    """Stopping waits for nobody."""
    watchdog.status = None
    heartbeat, _ = start(watchdog.url, ())
    await watchdog.wait_for(1)
    async with asyncio.timeout(2):
        await heartbeat.stop()


async def test_a_state_that_is_not_known_is_not_good(
    watchdog: Watchdog, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guard that hangs over the question how it is does not say that it is well."""
    monkeypatch.setattr(room, "LOOK_TIMEOUT_S", 0.05)
    heartbeat, clock = start(watchdog.url, ())

    async def never() -> tuple[str, ...]:
        await asyncio.sleep(60)
        return ()

    monkeypatch.setattr(heartbeat, "_problems", never)
    await clock.beat()
    assert watchdog.heard[-1][1:] == ("/ping/ID/fail", "the guard's own state is not known within 0.05 s")


async def test_the_address_is_never_logged(
    watchdog: Watchdog, start: Start, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not when it is refused, not when nobody listens there, not by a library."""
    caplog.set_level(logging.DEBUG)
    watchdog.status = 404
    _, refused = start(watchdog.url, ())
    unreached, lost = start(f"http://127.0.0.1:1/{SECRET}", ("bad",))
    await refused.beat()
    await lost.beat()
    assert unreached.health().error.startswith("the watchdog cannot be reached")
    told = caplog.text + "".join(capsys.readouterr()) + repr(unreached.health())
    assert SECRET not in told


async def test_a_defect_is_shown(watchdog: Watchdog, start: Start) -> None:
    """A heartbeat that ends by a defect of ours says so in the health; the watchdog misses it."""
    heartbeat, clock = start(watchdog.url, ())

    async def broken() -> tuple[str, ...]:
        raise RuntimeError(SECRET)

    heartbeat._problems = broken
    async with asyncio.timeout(10):
        await clock.sleeping.wait()
        clock.gates.put_nowait(None)
        assert heartbeat._task is not None
        await asyncio.wait((heartbeat._task,))
        await asyncio.sleep(0)  # its last words are said in the loop's next turn
    assert heartbeat.health().why == "a defect: RuntimeError"


def test_endings_go_behind_the_path() -> None:
    """An address may have a query, or end in a slash."""
    assert with_ending("https://hc.example/id?create=1", "/fail") == "https://hc.example/id/fail?create=1"
    assert with_ending("https://hc.example/id/", "/start") == "https://hc.example/id/start"
    assert with_ending("https://hc.example/id/", "") == "https://hc.example/id/"


@pytest.mark.parametrize(
    "url", ["", "https://hc.example/id", "http://127.0.0.1:8000/x", "http://[::1]/x", "http://localhost/x"]
)
def test_safe_addresses(url: str) -> None:
    """Https anywhere, http on this machine, or none."""
    assert Table(url=SecretStr(url)).url.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [f"http://hc.example/{SECRET}", f"ftp://hc.example/{SECRET}", SECRET, f"https:///{SECRET}", f"http://[{SECRET}"],
)
def test_unsafe_addresses_are_refused_without_being_told(url: str) -> None:
    """The message says what is allowed and not what was given."""
    with pytest.raises(ValidationError) as caught:
        Table(url=SecretStr(url))
    (problem,) = caught.value.errors()
    assert "must be" in problem["msg"]
    assert SECRET not in problem["msg"]


# What a good round is


def reading(at: datetime, *, risk: bool = True, zone: Zone = Zone.SAFE) -> Reading:
    """One reading of the account."""
    quality = DataQuality(Quality.FRESH if risk else Quality.MISSING, (), 0.0)
    figures = AccountRisk("main", "file", "m", NOW, 0.1, None, ()) if risk else None
    return Reading("a", "main", at, quality, ZoneState(), zone, "", figures, None, None, 1.0)


def watch(*readings: Reading) -> Watch:
    """A watched account that was read so."""
    record = AccountRecord("a", AccountSpec("main", "file"), None, "observe", NOW)
    watched = watch_of(record, Settings())
    for each in readings:
        watched.remember(each)
    return watched


HEALTHY = Health((), (), 0, 1.0, "off", 1, 0, 0, 0, 0)


def test_a_good_round_has_no_problems() -> None:
    """Read in time, with figures."""
    assert round_problems(HEALTHY, [watch(reading(NOW - timedelta(seconds=100)))], Schedule(), NOW) == ()


def test_a_round_is_as_bad_as_the_service() -> None:
    """Whatever `/healthz` complains of is no good round."""
    assert round_problems(replace(HEALTHY, problems=("stuck",)), [watch(reading(NOW))], Schedule(), NOW) == ("stuck",)


@pytest.mark.parametrize(
    ("watched", "expected"),
    [
        (watch(), "main: no figures yet"),
        (watch(reading(NOW, risk=False)), "main: no figures yet"),
        (
            watch(reading(NOW - timedelta(seconds=111)), reading(NOW, risk=False)),
            "main: the last figures are 111 s old",
        ),
        (watch(reading(NOW - timedelta(seconds=30), zone=Zone.DANGER)), "main: the last figures are 30 s old"),
    ],
)
def test_figures_must_be_within_the_cadence(watched: Watch, expected: str) -> None:
    """An account that is read in time, but without figures, is not watched; danger has a shorter cadence."""
    assert round_problems(HEALTHY, [watched], Schedule(), NOW) == (expected,)
