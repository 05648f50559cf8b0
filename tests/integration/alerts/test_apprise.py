"""The real Apprise against a server on loopback: what arrives, how failures are classed, what never leaks."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from pydantic import SecretStr

from guard.alerts.sinks.apprise import NO_TITLE, AppriseSink, destination_of
from guard.app.channels import require_known
from guard.ports.errors import InputError
from guard.ports.sending import SendError, SendRejected, SendRetry

SECRET = "not-to-be-told"


class Service:
    """A service that takes JSON; `status` is its answer, None = it never answers."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.status: int | None = 200
        self.asked = asyncio.Event()
        self.url = SecretStr("")

    async def take(self, request: web.Request) -> web.Response:
        """Remember and answer."""
        body = await request.json()
        self.sent.append((body["title"], body["message"]))
        self.asked.set()
        if self.status is None:
            await asyncio.sleep(60)
        return web.Response(status=self.status or 200)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """A service that listens."""
    running = Service()
    app = web.Application()
    app.router.add_post("/{tail:.*}", running.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    running.url = SecretStr(f"json://anna:{SECRET}@127.0.0.1:{runner.addresses[0][1]}/{SECRET}?rto=1")
    yield running
    await runner.cleanup()


def threads_of(sink: AppriseSink) -> list[threading.Thread]:
    """Deliveries of the sink that are on their way."""
    return [thread for thread in threading.enumerate() if thread.name in sink.destinations]


async def test_the_first_line_is_the_title(service: Service) -> None:
    """Plain text, no tags: a phone shows the headline and the rest."""
    sink = AppriseSink({1: service.url})
    receipt = await sink.deliver(sink.destinations[0], "🔴 <b>DANGER</b> · alice\nBTC at 57,200 &amp; below")
    await sink.deliver(sink.destinations[0], "<i>one line</i>")
    assert receipt == "JSON-1"
    assert service.sent == [("🔴 DANGER · alice", "BTC at 57,200 & below"), (NO_TITLE, "one line")]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, SendRejected), (401, SendRejected), (404, SendRejected), (429, SendRetry), (500, SendRetry)],
)
async def test_an_answer_says_whether_to_repeat(service: Service, status: int, expected: type[SendError]) -> None:
    """What the service refuses is dead at once and told; what it cannot do now is repeated, and has not arrived."""
    service.status = status
    sink = AppriseSink({1: service.url})
    with pytest.raises(SendError, match=f"JSON answered {status}") as caught:
        await sink.deliver(sink.destinations[0], "text")
    assert type(caught.value) is expected
    assert not getattr(caught.value, "may_have_arrived", False)


async def test_a_service_that_is_not_there_is_asked_again() -> None:
    """Nobody listens: the repeat is marked, because the library does not say why it failed."""
    sink = AppriseSink({1: SecretStr(f"json://127.0.0.1:1/{SECRET}")})
    with pytest.raises(SendRetry, match="JSON could not be reached") as caught:
        await sink.deliver(sink.destinations[0], "text")
    assert caught.value.may_have_arrived


async def test_a_silent_service_holds_up_nothing(service: Service) -> None:
    """The loop goes on, an impatient caller leaves, and the next message waits until the first has ended."""
    service.status = None
    sink = AppriseSink({1: service.url})
    (destination,) = sink.destinations
    first = asyncio.create_task(sink.deliver(destination, "first"))
    await asyncio.wait_for(service.asked.wait(), 10)
    first.cancel()
    await asyncio.wait((first,), timeout=5)
    assert first.cancelled()
    with pytest.raises(SendRetry, match="still on its way"):
        await sink.deliver(destination, "second")
    (thread,) = threads_of(sink)
    assert thread.daemon, "a service that hangs must not keep the guard from ending"
    await asyncio.to_thread(thread.join, 10)
    service.status = 200
    assert await sink.deliver(destination, "third")


async def test_a_failure_of_the_library_keeps_its_text_to_itself(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library's exception may hold the address: its kind is enough."""
    sink = AppriseSink({1: service.url})

    def explode(*_: object) -> str:
        raise OSError(SECRET)

    monkeypatch.setattr("guard.alerts.sinks.apprise._send", explode)
    with pytest.raises(SendRetry) as caught:
        await sink.deliver(sink.destinations[0], "text")
    assert str(caught.value) == "Apprise failed (OSError)"


async def test_a_url_that_left_the_file_is_dead(service: Service) -> None:
    """Messages for it are told elsewhere instead of going to another service."""
    sink = AppriseSink({1: service.url})
    with pytest.raises(SendRejected, match=r"not in apprise\.urls_file any more"):
        await sink.deliver("apprise:00000000", "text")
    assert service.sent == []


async def test_a_destination_is_its_urls_and_reveals_nothing(service: Service) -> None:
    """Other lines may come and go; the same URL keeps its messages."""
    one, two = AppriseSink({1: service.url}), AppriseSink({4: SecretStr("json://127.0.0.1:1"), 7: service.url})
    assert one.destinations[0] == two.destinations[1] == destination_of(service.url)
    assert SECRET not in one.destinations[0]


async def test_lines_that_are_no_service_are_named(service: Service) -> None:
    """At the start, not at the first danger; by their line, never by their text."""
    lines = {1: service.url, 3: SecretStr(f"nonsense://{SECRET}"), 5: SecretStr(SECRET)}
    with pytest.raises(InputError, match="line 3, 5 is no URL") as caught:
        await require_known(AppriseSink(lines))
    assert SECRET not in str(caught.value)
    await require_known(AppriseSink({1: service.url}))
    await require_known(None)
    assert service.sent == []


async def test_no_address_is_logged(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """Not when it works and not when it fails, whatever the level of the log."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # as `guard.app.logs` sets it
    sink = AppriseSink({1: service.url})
    await sink.deliver(sink.destinations[0], "text")
    service.status = 400
    with pytest.raises(SendRejected):
        await sink.deliver(sink.destinations[0], "text")
    assert SECRET not in caplog.text


async def test_no_thread_is_left(service: Service) -> None:
    """A thread lives as long as its message is on its way."""
    sink = AppriseSink({1: service.url})
    for _ in range(5):
        await sink.deliver(sink.destinations[0], "text")
    for thread in threads_of(sink):
        await asyncio.to_thread(thread.join, 10)
    assert threads_of(sink) == []
