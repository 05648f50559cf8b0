"""How every adapter fails: by class, in one line, with what to do, without secrets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from guard.ports.deadline import Deadline
from guard.ports.errors import (
    BadAnswer,
    ClockSkew,
    CredentialsRejected,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.ports.urgency import urgent
from guard.sandbox.faults import FaultKind


async def failure(opened: Any) -> VenueError:
    """What reading the book raises."""
    with pytest.raises(VenueError) as caught:
        await opened.fetch_book()
    return caught.value


def is_fit_for_a_person(error: VenueError, venue: str, *secrets: str) -> None:
    """One line that begins with the venue, says what to do, and holds no secret and no address."""
    text = str(error)
    assert text.startswith(venue)
    assert "; " in text
    assert "\n" not in text
    assert len(text) < 400
    cause: BaseException | None = error
    while cause is not None:
        for secret in (*secrets, "signature=", "timestamp="):
            assert secret not in str(cause)
        cause = cause.__cause__
    assert "http://" not in text


@pytest.mark.parametrize(
    ("kind", "expected", "words"),
    [
        (FaultKind.OUTAGE, VenueUnavailable, "HTTP 503"),
        (FaultKind.HTML, VenueUnavailable, "an HTML page instead of JSON (HTTP 503)"),
        (FaultKind.MAINTENANCE, VenueUnavailable, "code -1016"),
        (FaultKind.SERVER_BUSY, VenueUnavailable, "code -1008"),
        (FaultKind.INTERNAL_ERROR, VenueUnavailable, "code -1000"),
        (FaultKind.RESET, VenueUnavailable, "no connection"),
        (FaultKind.LOST_ANSWER, VenueUnavailable, "no connection"),
        (FaultKind.TRUNCATED, BadAnswer, "not JSON (HTTP 200)"),
        (FaultKind.TOO_MANY_REQUESTS, RateLimited, "HTTP 429, code -1003"),
        (FaultKind.BANNED, RateLimited, "HTTP 418, code -1003"),
        (FaultKind.BAD_CREDENTIALS, CredentialsRejected, "code -2015"),
    ],
)
@pytest.mark.parametrize("path", ["account", "positionRisk", "openAlgoOrders", "leverageBracket"])
async def test_each_fault_on_each_request(
    bench: Any, kind: FaultKind, expected: type[VenueError], words: str, path: str
) -> None:
    """Whichever request is struck, the whole reading fails, as the same class; afterwards it works again."""
    account = bench.account()
    opened = await bench.open(account, directly=True)
    bench.server.add_fault(kind, path=path)
    error = await failure(opened)
    # A key that other requests of the same moment accept lacks a right.
    assert type(error) is expected or (expected is CredentialsRejected and type(error) is PermissionMissing)
    assert words in str(error)
    assert path in str(error)
    is_fit_for_a_person(error, bench.venue, account.api_key, account.secret)
    bench.server.clear_faults()
    bench.clock.jump(120)
    assert (await opened.fetch_book()).missing == ()


async def test_debug_logs_hold_no_secret(bench: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The library logs headers and signed addresses at that level; they are never let through."""
    account = bench.account()
    opened = await bench.open(account)
    with caplog.at_level("DEBUG"):
        await opened.fetch_book()
        bench.server.add_fault(FaultKind.OUTAGE)
        bench.clock.jump(10)
        await failure(opened)
    for secret in (account.api_key, account.secret, "signature="):
        assert secret not in caplog.text


async def test_a_timeout(bench: Any) -> None:
    """Told with how long was waited."""
    opened = await bench.open(bench.account(), directly=True)
    await opened.fetch_book()
    bench.server.add_fault(FaultKind.HANG, path="positionRisk")
    bench.hurry(opened, 0.5)
    error = await failure(opened)
    assert type(error) is VenueUnavailable
    assert "no answer within 0.5 s" in str(error)


async def test_a_venue_that_is_not_there(bench: Any) -> None:
    """Connection refused."""
    opened = await bench.open(bench.account())
    await bench.proxy.stop()
    error = await failure(opened)
    assert type(error) is VenueUnavailable
    assert "no connection: Cannot connect to host" in str(error)
    is_fit_for_a_person(error, bench.venue)


@pytest.mark.parametrize(
    ("status", "kind", "body", "expected"),
    [
        (200, "text/html", b"<html>hello</html>", BadAnswer),
        (200, "application/json", b'{"assets": [', BadAnswer),
        (200, "application/json", b"", BadAnswer),
        (200, "application/json", b"null", BadAnswer),
        (200, "application/json", b"[]", BadAnswer),
        (200, "application/json", b'{"success": true}', BadAnswer),
        (200, "application/octet-stream", b"\x00\x01", BadAnswer),
        (200, "application/json", b'{"assets": NaN, "positions": []}', BadAnswer),
        (502, "text/html", b"<html>bad gateway</html>", VenueUnavailable),
        (403, "text/html", b"<html>forbidden</html>", VenueUnavailable),
        (404, "text/html", b"<html>not found</html>", VenueUnavailable),
    ],
)
async def test_pages_and_broken_answers(
    bench: Any, status: int, kind: str, body: bytes, expected: type[VenueError]
) -> None:
    """Nothing of them becomes a figure."""
    opened = await bench.open(bench.account())
    bench.tampering.pages[bench.balances] = (status, kind, body)
    error = await failure(opened)
    assert type(error) is expected
    is_fit_for_a_person(error, bench.venue)


async def test_a_wrong_key(bench: Any) -> None:
    """Never accepted: the key itself is in question."""
    error = await failure(await bench.open(bench.account(), api_key="x" * 64))
    assert type(error) is CredentialsRejected
    assert error.code == "-2015"
    is_fit_for_a_person(error, bench.venue, "x" * 64)


async def test_a_wrong_secret(bench: Any) -> None:
    """The signature does not fit the key."""
    error = await failure(await bench.open(bench.account(), secret="y" * 64))
    assert type(error) is CredentialsRejected
    assert (error.code, "secret does not belong" in str(error)) == ("-1022", True)
    is_fit_for_a_person(error, bench.venue, "y" * 64)


async def test_a_key_that_loses_its_rights(bench: Any) -> None:
    """It was accepted before: not the key but a right or this address is in question."""
    account = bench.account()
    opened = await bench.open(account)
    await opened.fetch_book()
    bench.server.keys.find(account.api_key).ips = frozenset({"10.0.0.1"})
    error = await failure(opened)
    assert type(error) is PermissionMissing
    is_fit_for_a_person(error, bench.venue, account.api_key)


async def test_a_limit_silences_all_accounts_of_the_site(bench: Any) -> None:
    """Asking on turns a limit into a ban: nothing is sent until the venue's time is over."""
    one, two = await bench.open(bench.account("alice")), await bench.open(bench.account("bob"))
    await one.fetch_book()
    await two.fetch_book()
    bench.server.add_fault(FaultKind.BANNED, path="account", times=1)
    first = await failure(one)
    assert isinstance(first, RateLimited)
    assert first.retry_after_s == 60.0
    sent = len(bench.tampering.seen)
    second = await failure(two)
    assert isinstance(second, RateLimited)
    assert "60 s more of silence" in str(second)
    assert len(bench.tampering.seen) == sent
    bench.clock.jump(60)
    assert (await two.fetch_book()).missing == ()


async def test_a_limit_without_a_time_has_a_short_pause(bench: Any) -> None:
    """Not every gate says how long."""
    opened = await bench.open(bench.account())
    await opened.fetch_book()
    bench.tampering.pages[bench.balances] = (429, "text/html", b"<html>slow down</html>")
    assert isinstance(await failure(opened), RateLimited)
    del bench.tampering.pages[bench.balances]
    assert isinstance(await failure(opened), RateLimited)
    bench.clock.jump(5)
    assert (await opened.fetch_book()).missing == ()


async def test_a_clock_that_is_wrong_from_the_start_is_corrected(bench: Any) -> None:
    """The difference is measured before the first signed request."""
    bench.clock.drift_s = -90.0
    check = await (await bench.open(bench.account())).check()
    assert check.clock_skew_ms == pytest.approx(-90_000, abs=1_500)
    assert any(f"{check.clock_skew_ms:+.0f} ms" in warning and "NTP" in warning for warning in check.warnings)


async def test_a_clock_that_jumps_is_measured_again_at_once(bench: Any) -> None:
    """Four requests fail together; one measurement serves them all."""
    opened = await bench.open(bench.account())
    await opened.fetch_book()
    bench.clock.drift_s = 120.0
    assert (await opened.fetch_book()).missing == ()
    assert bench.tampering.count(bench.time) == 2


async def test_the_difference_is_measured_every_ten_minutes(bench: Any) -> None:
    """A slow drift is followed."""
    opened = await bench.open(bench.account())
    await opened.fetch_book()
    bench.clock.jump(601)
    await opened.fetch_book()
    assert bench.tampering.count(bench.time) == 2


async def test_a_skew_that_stays_is_told_with_its_measure(bench: Any) -> None:
    """The venue's gates disagree about the time: nothing of ours helps."""
    bench.server.add_fault(FaultKind.CLOCK_SKEW, path="v3", value_ms=60_000)
    error = await failure(await bench.open(bench.account()))
    assert type(error) is ClockSkew
    assert error.code == "-1021"
    assert "this clock was measured" in str(error)
    is_fit_for_a_person(error, bench.venue)


async def test_a_budget_that_is_used_up_is_waited_for(bench: Any) -> None:
    """Until the oldest requests are a minute old; accounts share it, orders never wait for it."""
    one, two = await bench.open(bench.account("alice")), await bench.open(bench.account("bob"))
    await one.fetch_book()
    await two.fetch_book()
    # Until then "no such order" is no answer.
    bench.clock.jump(10)
    one._client.site.budget._per_minute = 20.0
    one.reader.forget_orders()
    assert await two.find_order("g-1", "BTC/USDT:USDT") is None
    assert bench.clock.slept == []
    await two.fetch_book()
    assert bench.clock.slept[0] == pytest.approx(50.0, abs=10.0)


async def test_waiting_for_the_budget_has_an_end(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard that waits is blind, and says so."""
    opened = await bench.open(bench.account())
    await opened.fetch_book()
    opened._client.site.budget._per_minute = 0.0
    bench.clock.sleep = asyncio.sleep
    monkeypatch.setattr("guard.venues.wire._BUDGET_WAIT_S", 0.2)
    error = await failure(opened)
    assert type(error) is VenueUnavailable
    assert "not asked within 0.2 s, the request budget of this address is used up; watch fewer accounts" in str(error)


async def test_waiting_for_the_budget_is_not_counted_as_silence(bench: Any) -> None:
    """Fifty accounts of one address wait for their first turn longer than any answer may take."""
    opened = await bench.open(bench.account())
    await opened.fetch_book()
    opened._client.site.budget._per_minute = 20.0
    opened.reader.forget_orders()

    async def waited(seconds: float) -> None:
        await asyncio.sleep(0.4)
        bench.clock.jump(seconds)

    bench.clock.sleep = waited
    async with Deadline(0.3):
        assert (await opened.fetch_book()).missing == ()


@pytest.mark.parametrize("path", ["v3/account", "positionRisk", "openOrders", "openAlgoOrders"])
async def test_one_hiccup_does_not_blind_a_cycle(bench: Any, path: str) -> None:
    """A single quick failure of any one answer is asked again; two in a row are told."""
    account = await bench.open(bench.account())
    await account.fetch_book()
    account.reader.forget_orders()
    bench.server.add_fault(FaultKind.OUTAGE, path=path, times=1)
    fetched = await account.fetch_book()
    assert fetched.missing == ()
    account.reader.forget_orders()
    bench.server.add_fault(FaultKind.OUTAGE, path=path, times=2)
    with pytest.raises(VenueUnavailable):
        await account.fetch_book()


async def test_a_venue_that_is_away_costs_little(bench: Any) -> None:
    """One request and its repeat a reading, so that the budget of the minute is there when the venue is back."""
    opened = await bench.open(bench.account())
    await opened.fetch_book()
    bench.clock.jump(60)
    bench.server.add_fault(FaultKind.OUTAGE)
    await failure(opened)
    asked = len(bench.tampering.seen)
    for _ in range(10):
        await failure(opened)
    assert len(bench.tampering.seen) - asked == 20
    bench.server.clear_faults()
    assert (await opened.fetch_book()).missing == ()


async def test_our_count_of_weight_is_the_venues(bench: Any) -> None:
    """Counted too low, many accounts would be refused; every answer tells what the venue counted."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "43000")))
    for urgency_level in (0, 3):
        with urgent(urgency_level):
            await opened.fetch_book()
            bench.clock.jump(8)
            await opened.fetch_book()
    ours = opened._client.site.budget._used
    weights = bench.server.served.venue.weights
    assert ours == sum(used for _, used in weights._used.values())
