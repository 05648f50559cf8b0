"""How venues say how long they want silence, and what is believed of it."""

from __future__ import annotations

import math

import pytest

from guard.venues.binance.refusals import dialect
from guard.venues.bingx.endpoints import DIALECT as BINGX
from guard.venues.bybit.endpoints import DIALECT as BYBIT
from guard.venues.client import Dialect, Endpoint
from guard.venues.gate.endpoints import DIALECT as GATE
from guard.venues.kucoinfutures.endpoints import DIALECT as KUCOIN
from guard.venues.okx.endpoints import DIALECT as OKX
from guard.venues.pauses import PAUSE_MAX_S, bounded
from guard.venues.wire import read_answer

NOW_MS = 1_800_000_000_000.0
BINANCE = dialect(Endpoint("time", "time"), "linear")


def asked(venue: Dialect, headers: dict[str, str], text: str) -> float | None:
    """The pause that is noted of a refusal with these headers and this text."""
    payload = {"retCode": 1, "retMsg": text} if venue is BYBIT else {"code": 1, "msg": text}
    return read_answer(429, headers, "", payload, venue.refusal, pause_s=venue.pause_s, now_ms=NOW_MS).retry_after_s


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "12"}, 12.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_the_usual_way(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, or nothing: OKX and whoever has no way of its own."""
    assert asked(OKX, headers, "Too Many Requests") == seconds


@pytest.mark.parametrize(
    ("venue", "headers", "text", "seconds"),
    [
        (BINANCE, {"Retry-After": "60"}, "IP banned until 1800000090000.", 60.0),
        (BINANCE, {}, "Way too many requests; IP banned until 1800000090000. Use the websocket", 90.0),
        (BINANCE, {}, "IP banned until 1799999999999.", None),
        (BINANCE, {}, "Too many requests; current limit is 2400 requests per minute.", None),
        (BINGX, {}, "in the disabled period and will be unblocked after 1800000120500", 120.5),
        (BINGX, {"X-RateLimit-Requests-Expire": "10000"}, "rate limited", 10.0),
        (BINGX, {"X-RateLimit-Requests-Expire": "1800000003000"}, "unblocked after 1700000000000", 3.0),
        (BYBIT, {"X-Bapi-Limit-Reset-Timestamp": "1800000000800"}, "Too many visits!", 0.8),
        (BYBIT, {"x-bapi-limit-reset-timestamp": "1800000000000"}, "Too many visits!", None),
        (BYBIT, {"X-Bapi-Limit-Reset-Timestamp": "1800000000800"}, "access too frequent", 600.0),
        (BYBIT, {}, "Exceeded the IP Rate Limit.", 600.0),
        (GATE, {"X-Gate-RateLimit-Reset-Timestamp": "1800000004"}, "TOO_MANY_REQUESTS", 4.0),
        (GATE, {"X-Gate-RateLimit-Reset-Timestamp": "1800000000"}, "TOO_MANY_REQUESTS", None),
        (KUCOIN, {"gw-ratelimit-reset": "2500"}, "Too many requests", 2.5),
        (KUCOIN, {"gw-ratelimit-reset": "soon"}, "Too many requests", None),
        (KUCOIN, {}, "Too many requests", None),
    ],
)
def test_each_venue_says_it_its_own_way(
    venue: Dialect, headers: dict[str, str], text: str, seconds: float | None
) -> None:
    """A time that is over, or none, leaves the usual pause."""
    assert asked(venue, headers, text) == seconds


def test_what_is_believed_has_bounds() -> None:
    """Never negative, never longer than any ban, never no number."""
    assert [bounded(said) for said in (None, math.nan, -3.0, 0.0)] == [None] * 4
    assert (bounded(7.0), bounded(math.inf)) == (7.0, PAUSE_MAX_S)
    assert asked(BINGX, {}, "unblocked after 9999999999999999") == PAUSE_MAX_S
