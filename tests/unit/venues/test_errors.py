"""Classification: every exception of ccxt, the venue's codes, and messages without secrets."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import (
    BadAnswer,
    ClockSkew,
    CredentialsRejected,
    OrderOutcomeUnknown,
    OrderRejected,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.venues.binance.refusals import RULINGS
from guard.venues.errors import CCXT_CLASSES, VenueAnswer, answer_of, classify, scrub
from guard.venues.library import exceptions
from guard.venues.wire import read_answer

WHERE = "binanceusdm GET fapi/v3/account"


def tree() -> list[type[Exception]]:
    """Every class of ccxt's exceptions."""
    found, open_classes = [], [exceptions().BaseError]
    while open_classes:
        cls = open_classes.pop()
        if cls not in found:
            found.append(cls)
            open_classes += cls.__subclasses__()
    return [cls for cls in found if cls.__module__ == "ccxt.base.errors"]


def of_ccxt(name: str, text: str = "binanceusdm", answer: VenueAnswer | None = None) -> Exception:
    """An exception as ccxt raises it, with what was answered."""
    error: Exception = getattr(exceptions(), name)(text)
    if answer is not None:
        error.venue_answer = answer  # type: ignore[attr-defined]  # noted by guard.venues.wire
    return error


def test_every_class_of_ccxt_is_classified() -> None:
    """A class that a new ccxt brings must be decided upon; one that went must go here too."""
    assert {cls.__name__ for cls in tree()} == set(CCXT_CLASSES)


@pytest.mark.parametrize(("name", "kind"), CCXT_CLASSES.items())
def test_a_class_becomes_its_kind(name: str, kind: type[VenueError]) -> None:
    """By type, whatever the text says."""
    error = of_ccxt(name, "RateLimitExceeded AuthenticationError", VenueAnswer(400, "-9999", "no"))
    assert type(classify(error, WHERE)) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("NetworkError", VenueUnavailable),
        ("RequestTimeout", VenueUnavailable),
        ("OnMaintenance", VenueUnavailable),
        ("RateLimitExceeded", RateLimited),
        ("DDoSProtection", RateLimited),
        ("InvalidNonce", ClockSkew),
        ("AuthenticationError", CredentialsRejected),
        ("PermissionDenied", PermissionMissing),
        ("BadResponse", BadAnswer),
        ("InsufficientFunds", OrderRejected),
        ("InvalidOrder", OrderRejected),
        ("DuplicateOrderId", OrderOutcomeUnknown),
    ],
)
def test_the_classes_that_matter_most(name: str, kind: type[VenueError]) -> None:
    """Written out, so that a slip in the table is seen: limits and skew are NetworkErrors of ccxt."""
    assert CCXT_CLASSES[name] is kind


def test_a_class_derived_elsewhere_is_classified_by_its_nearest_known_one() -> None:
    """Exchanges may derive their own."""
    derived = type("Odd", (exceptions().OnMaintenance,), {})
    assert type(classify(derived("x"), WHERE)) is VenueUnavailable
    assert type(classify(ValueError("x"), WHERE)) is VenueError


@pytest.mark.parametrize(
    ("status", "code", "name", "kind"),
    [
        (400, "-1021", "ExchangeError", ClockSkew),
        (400, "-5028", "InvalidOrder", ClockSkew),
        (401, "-2015", "AuthenticationError", CredentialsRejected),
        (401, "-2014", "AuthenticationError", CredentialsRejected),
        (400, "-1022", "AuthenticationError", CredentialsRejected),
        (429, "-1003", "DDoSProtection", RateLimited),
        (418, "-1003", "DDoSProtection", RateLimited),
        (429, "-1015", "DDoSProtection", RateLimited),
        (400, "-2019", "ExchangeError", OrderRejected),
        (400, "-2022", "InvalidOrder", OrderRejected),
        (400, "-4061", "OperationRejected", OrderRejected),
        (400, "-4116", "InvalidOrder", OrderOutcomeUnknown),
        (400, "-2013", "OrderNotFound", VenueError),
        (503, "-1016", "BadRequest", VenueUnavailable),
        (503, "-1008", "OperationFailed", VenueUnavailable),
        (500, "-1000", "OperationFailed", VenueUnavailable),
        (503, "-1007", "RequestTimeout", VenueUnavailable),
        (502, None, "ExchangeNotAvailable", VenueUnavailable),
        (500, "-2010", "InvalidOrder", VenueUnavailable),
    ],
)
def test_the_venues_codes(status: int, code: str | None, name: str, kind: type[VenueError]) -> None:
    """Where the type is not enough, or depends on the host name, the code decides; a 5xx is the venue's trouble."""
    error = classify(of_ccxt(name, answer=VenueAnswer(status, code, "words")), WHERE, rulings=RULINGS)
    assert type(error) is kind
    assert error.code == code
    assert f"{WHERE}: words (HTTP {status}" in error.message


def test_a_limit_says_how_long_to_wait() -> None:
    """As the venue asked for."""
    error = classify(of_ccxt("DDoSProtection", answer=VenueAnswer(429, "-1003", "slow", 17.0)), WHERE)
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 17.0


def test_every_kind_that_a_person_meets_says_what_to_do() -> None:
    """The part after the semicolon."""
    for name in (
        "AuthenticationError",
        "PermissionDenied",
        "InvalidNonce",
        "RateLimitExceeded",
        "RequestTimeout",
        "BadResponse",
    ):
        assert classify(of_ccxt(name), WHERE).fix


def caused(name: str, cause: Exception) -> Exception:
    """As ccxt raises on a failed connection: the signed address is the text, the reason is the cause."""
    error = of_ccxt(name, "binanceusdm GET https://h/fapi/v3/account?timestamp=1&signature=abc123")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("name", "cause", "kind", "words"),
    [
        ("RequestTimeout", TimeoutError(), VenueUnavailable, "no answer within 10 s"),
        ("ExchangeNotAvailable", OSError("Connection refused"), VenueUnavailable, "no connection: Connection refused"),
        ("ExchangeNotAvailable", OSError(), VenueUnavailable, "no connection: OSError"),
        ("ExchangeError", RuntimeError("payload is not completed"), VenueUnavailable, "payload is not completed"),
    ],
)
def test_a_failed_connection_tells_its_reason_and_no_address(
    name: str, cause: Exception, kind: type[VenueError], words: str
) -> None:
    """An answer that broke off is a bare ExchangeError to ccxt; to us it is no answer."""
    error = classify(caused(name, cause), WHERE, timeout_s=10.0)
    assert type(error) is kind
    assert words in str(error)
    assert "signature" not in str(error)


def test_an_exchange_error_with_an_answer_is_no_lost_connection() -> None:
    """The venue said no, in words that we do not know."""
    error = of_ccxt("ExchangeError", answer=VenueAnswer(400, "-9999", "odd"))
    error.__cause__ = RuntimeError("context")
    assert type(classify(error, WHERE)) is VenueError


SECRET = "5fB3c1q9Zp0Lw8Xy"


@pytest.mark.parametrize(
    "text",
    [
        f"key {SECRET} is bad",
        f"https://h/path?apiKey={SECRET}&x=1",
        f"signature={SECRET}",
        "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
    ],
)
def test_secrets_are_scrubbed(text: str) -> None:
    """Known values, query strings, and whatever looks like a key or a signature."""
    shown = scrub(text, [SECRET, ""])
    assert SECRET not in shown
    assert "c8db56" not in shown
    assert "***" in shown


def test_scrubbed_text_stays_readable_and_short() -> None:
    """One line, at most 200 characters."""
    assert scrub("Margin is\n insufficient. Why?") == "Margin is insufficient. Why?"
    assert len(scrub("word " * 100)) == 200


def test_an_answer_is_found_behind_its_causes() -> None:
    """Our errors are raised from ccxt's."""
    answer = VenueAnswer(400, "-2019", "no")
    ours = VenueError("ours")
    ours.__cause__ = of_ccxt("InsufficientFunds", answer=answer)
    assert answer_of(ours) == answer
    assert answer_of(VenueError("alone")) is None
    assert answer_of(None) is None


@pytest.mark.parametrize(
    ("body", "parsed", "code", "text"),
    [
        ('{"code":-2015,"msg":"Invalid."}', {"code": -2015, "msg": "Invalid."}, "-2015", "Invalid."),
        ("{}", {}, None, ""),
        ('{"msg":null}', {"msg": None}, None, ""),
        ("  <!DOCTYPE html><p>", None, None, "an HTML page instead of JSON"),
        ("<html>", None, None, "an HTML page instead of JSON"),
        ('{"assets": [', None, None, "12 characters that are not JSON"),
        ("", None, None, "an empty answer"),
        ("[1]", [1], None, ""),
    ],
)
def test_what_was_answered_is_noted(body: str, parsed: Any, code: str | None, text: str) -> None:
    """Code and text from JSON; otherwise what kind of page it was, without its contents."""
    assert read_answer(500, {"Retry-After": "3"}, body, parsed) == VenueAnswer(500, code, text, 3.0)
