"""How every adapter fails: by class, in one line, with what to do, without secrets."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer, ClockSkew, CredentialsRejected, RateLimited, VenueError, VenueUnavailable
from guard.sandbox.faults import FaultKind
from tests.contract.venues.harness import Harness


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
    ("kind", "expected"),
    [
        (FaultKind.OUTAGE, VenueUnavailable),
        (FaultKind.HTML, VenueUnavailable),
        (FaultKind.MAINTENANCE, VenueUnavailable),
        (FaultKind.SERVER_BUSY, VenueUnavailable),
        (FaultKind.INTERNAL_ERROR, VenueUnavailable),
        (FaultKind.RESET, VenueUnavailable),
        (FaultKind.LOST_ANSWER, VenueUnavailable),
        (FaultKind.TRUNCATED, BadAnswer),
        (FaultKind.TOO_MANY_REQUESTS, RateLimited),
        (FaultKind.BANNED, RateLimited),
        (FaultKind.BAD_CREDENTIALS, CredentialsRejected),
    ],
)
async def test_each_fault(bench: Harness, kind: FaultKind, expected: type[VenueError]) -> None:
    """The whole reading fails, as one class; afterwards it works again."""
    if kind is FaultKind.BAD_CREDENTIALS and not bench.signs_with_a_key:
        pytest.skip(f"{bench.venue} is read without a key")
    account = bench.account()
    opened = await bench.open(account, directly=True)
    bench.server.add_fault(kind, path=bench.positions)
    error = await failure(opened)
    assert isinstance(error, expected), f"{type(error).__name__}: {error}"
    is_fit_for_a_person(error, bench.venue, account.api_key, account.secret)
    bench.server.clear_faults()
    bench.clock.jump(900)
    assert (await opened.fetch_book()).missing == ()


async def test_debug_logs_hold_no_secret(bench: Harness, caplog: pytest.LogCaptureFixture) -> None:
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


async def test_a_timeout(bench: Harness) -> None:
    """Told with how long was waited."""
    opened = await bench.open(bench.account(), directly=True)
    await opened.fetch_book()
    bench.server.add_fault(FaultKind.HANG, path=bench.positions)
    bench.hurry(opened, 0.5)
    error = await failure(opened)
    assert type(error) is VenueUnavailable
    assert "no answer within 0.5 s" in str(error)


async def test_a_venue_that_is_not_there(bench: Harness) -> None:
    """Connection refused."""
    opened = await bench.open(bench.account())
    await bench.proxy.stop()
    error = await failure(opened)
    assert type(error) is VenueUnavailable
    is_fit_for_a_person(error, bench.venue)


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", b"<html>hello</html>"),
        (200, "application/json", b'{"data": ['),
        (200, "application/json", b""),
        (200, "application/json", b"null"),
        (200, "application/json", b"17"),
        (200, "application/json", b'{"success": true}'),
        (502, "text/html", b"<html>bad gateway</html>"),
    ],
)
async def test_pages_and_broken_answers(bench: Harness, status: int, kind: str, body: bytes) -> None:
    """Nothing of them becomes a figure."""
    opened = await bench.open(bench.account())
    bench.tampering.pages[bench.balances] = (status, kind, body)
    error = await failure(opened)
    assert isinstance(error, BadAnswer if status == 200 else VenueUnavailable), f"{type(error).__name__}: {error}"
    is_fit_for_a_person(error, bench.venue)


async def test_a_wrong_key_and_a_wrong_secret(bench: Harness) -> None:
    """The key itself is in question, never the venue."""
    if not bench.signs_with_a_key:
        pytest.skip(f"{bench.venue} is read without a key")
    account = bench.account()
    wrong: list[dict[str, Any]] = [{"api_key": "x" * 64}, {"secret": "y" * 64}]
    wrong += [{"passphrase": "z" * 16}] if bench.has_passphrase else []
    for change in wrong:
        error = await failure(await bench.open(account, **change))
        assert isinstance(error, CredentialsRejected), f"{change}: {type(error).__name__}: {error}"
        is_fit_for_a_person(error, bench.venue, *change.values())


async def test_a_key_that_loses_its_rights(bench: Harness) -> None:
    """The address left its allow-list."""
    if not bench.signs_with_a_key:
        pytest.skip(f"{bench.venue} is read without a key")
    account = bench.account()
    opened = await bench.open(account)
    await opened.fetch_book()
    key = bench.server.keys.find(account.api_key)
    assert key is not None
    key.ips = frozenset({"10.0.0.1"})
    assert isinstance(await failure(opened), CredentialsRejected)


async def test_a_clock_that_is_wrong_from_the_start_is_corrected(bench: Harness) -> None:
    """The difference is measured before the first signed request, and told."""
    bench.clock.drift_s = -90.0
    check = await (await bench.open(bench.account())).check()
    assert check.fetched.missing == ()
    assert check.clock_skew_ms == pytest.approx(-90_000, abs=2_500)
    assert any("NTP" in warning for warning in check.warnings)


async def test_a_skew_that_stays_is_named(bench: Harness) -> None:
    """The venue's gates disagree about the time: nothing of ours helps."""
    if not bench.signs_with_a_key:
        pytest.skip(f"{bench.venue} is read without a key")
    bench.server.add_fault(FaultKind.CLOCK_SKEW, path=bench.positions, value_ms=120_000)
    error = await failure(await bench.open(bench.account()))
    assert type(error) is ClockSkew, f"{type(error).__name__}: {error}"
    assert "this clock was measured" in str(error)
