"""Small parts of the dialect: weights, parameters, numbers, stream addresses, listen keys."""

from __future__ import annotations

from decimal import Decimal

import pytest

from guard.sandbox.dialects.binanceusdm.errors import WireError, from_rejection
from guard.sandbox.dialects.binanceusdm.limits import WeightLimit
from guard.sandbox.dialects.binanceusdm.listenkeys import VALID_FOR_MS, ListenKeys
from guard.sandbox.dialects.binanceusdm.params import Params
from guard.sandbox.dialects.binanceusdm.subscriptions import Subscriptions, parse_address
from guard.sandbox.dialects.numbers import finite, money, on_grid, plain
from guard.sandbox.engine.orders import Reason, Rejection
from guard.sandbox.engine.sides import Side

D = Decimal


def refused(limit: WeightLimit, weight: int, now_ms: int) -> tuple[int, int | None]:
    """Status and Retry-After of a request that is over the limit."""
    with pytest.raises(WireError) as caught:
        limit.spend("a", weight, now_ms)
    assert caught.value.code == -1003
    return caught.value.status, caught.value.retry_after_s


def test_weight_is_counted_by_minute_and_address() -> None:
    """A new minute and another address start at nothing."""
    limit = WeightLimit(limit=10)
    assert [limit.spend("a", 5, 0), limit.spend("a", 5, 59_999)] == [5, 10]
    assert limit.spend("b", 5, 0) == 5
    assert limit.spend("a", 3, 60_000) == 3
    assert limit.used("a", 60_000) == 3
    assert limit.used("a", 120_000) == 0


def test_over_the_limit_is_429_and_insisting_is_418() -> None:
    """Who goes on after warnings is banned, and stays so into the next minute."""
    limit = WeightLimit(limit=10, patience=2, ban_ms=120_000)
    limit.spend("a", 10, 0)
    assert refused(limit, 1, 30_000) == (429, 30)
    assert refused(limit, 1, 30_000) == (429, 30)
    assert refused(limit, 1, 30_000) == (418, 120)
    assert refused(limit, 1, 120_000) == (418, 30)
    assert limit.spend("a", 1, 150_001) == 1


@pytest.mark.parametrize("reason", list(Reason), ids=lambda reason: reason.name)
def test_every_refusal_has_a_code(reason: Reason) -> None:
    """No engine refusal is without the venue's word for it."""
    error = from_rejection(Rejection(reason, "7"))
    assert error.status == 400
    assert error.code < 0
    assert "{" not in error.msg


@pytest.mark.parametrize("value", ["", "abc", "NaN", "Infinity", "1e"])
def test_malformed_numbers_are_missing(value: str) -> None:
    """A quantity that is not a finite number is answered with -1102 and its name."""
    with pytest.raises(WireError, match="'quantity'") as caught:
        Params({"quantity": value}).decimal("quantity")
    assert caught.value.code == -1102


def test_parameters_are_read_by_kind() -> None:
    """Texts become what the handler needs, and defaults stand in for what is optional."""
    params = Params({"a": "1.5", "b": "7", "c": "TRUE", "d": "buy", "limit": "5000"})
    assert params.decimal("a") == D("1.5")
    assert params.integer("b") == 7
    assert params.flag("c")
    assert params.choice("d", Side, -1117, "Invalid side.") is Side.BUY
    assert params.limit(500, 1000) == 1000
    assert [params.maybe_decimal("x"), params.maybe_integer("x"), params.maybe_flag("x")] == [None] * 3
    for name, read in (("a", params.integer), ("a", params.flag), ("x", params.text)):
        with pytest.raises(WireError):
            read(name)
    with pytest.raises(WireError) as caught:
        params.choice("a", Side, -1117, "Invalid side.")
    assert caught.value.code == -1117


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (money(D("-1E-9")), "-0.00000000"),
        (money(D("1E+3")), "1000.00000000"),
        (plain(D("1E+5")), "100000"),
        (plain(D("0.10")), "0.1"),
        (plain(D("1E-10")), "0"),
        (on_grid(D("43500"), D("0.10")), "43500.00"),
        (on_grid(D("1E+2"), D("1")), "100"),
    ],
)
def test_numbers_are_plain_text(text: str, expected: str) -> None:
    """Never an exponent, whatever the decimal looks like inside."""
    assert text == expected


@pytest.mark.parametrize(
    ("path", "query", "names", "keys", "combined"),
    [
        ("/ws/btcusdt@markPrice", {}, ("btcusdt@markPrice",), (), False),
        ("/ws/a@x/b@y", {}, ("a@x", "b@y"), (), False),
        ("/ws", {}, (), (), False),
        ("/market/ws/0", {}, (), (), False),
        ("/private/ws", {"listenKey": "abc"}, (), ("abc",), False),
        ("/stream", {"streams": "a@x/b@y"}, ("a@x", "b@y"), (), True),
    ],
)
def test_stream_addresses(
    path: str, query: dict[str, str], names: tuple[str, ...], keys: tuple[str, ...], combined: bool
) -> None:
    """Every form in which the venue is asked for streams."""
    address = parse_address(path, query)
    assert (address.names, address.listen_keys, address.combined) == (names, keys, combined)


def test_streams_speak_in_their_rhythm() -> None:
    """At once after subscribing, then every second or every three."""
    subscriptions = Subscriptions(combined=False)
    subscriptions.add("btcusdt@markPrice@1s")
    subscriptions.add("!markPrice@arr")
    assert len(subscriptions.due(1000)) == 2
    assert subscriptions.due(1999) == []
    assert subscriptions.due(2000) == ["btcusdt@markPrice@1s"]
    assert subscriptions.due(4000) == ["btcusdt@markPrice@1s", "!markPrice@arr"]
    subscriptions.forget("!markPrice@arr")
    assert subscriptions.names() == ["btcusdt@markPrice@1s"]


def test_listen_keys_live_for_an_hour() -> None:
    """One at a time, prolonged by asking again or keeping alive, gone when closed."""
    keys = ListenKeys()
    key = keys.open(1, 0)
    assert keys.open(1, 1000) == key
    keys.keep_alive(1, 2000)
    assert keys.account_of(key, 2000 + VALID_FOR_MS - 1) == 1
    assert keys.account_of(key, 2000 + VALID_FOR_MS) is None
    with pytest.raises(WireError) as caught:
        keys.keep_alive(1, 2000 + VALID_FOR_MS)
    assert caught.value.code == -1125
    fresh = keys.open(1, 2000 + VALID_FOR_MS)
    assert fresh != key
    keys.close(1)
    assert keys.account_of(fresh, 2000 + VALID_FOR_MS) is None


def test_numbers_that_are_sent_are_finite() -> None:
    """Whatever else a text says, it is no quantity."""
    assert finite("1.50") == D("1.5")
    assert [finite(text) for text in ("", "abc", "NaN", "Infinity", "-inf")] == [None] * 5
