"""Failures of a venue, classified once where they enter: from ccxt's exceptions to `guard.ports.errors`.

Classified by type, never by text: ccxt's `RateLimitExceeded`, `DDoSProtection` and `OnMaintenance` all are
`NetworkError`, its `AuthenticationError` is an `ExchangeError`, and a cut-off answer arrives as a bare
`ExchangeError`. Where the type is not enough, the venue's own code decides (each venue's table of `Ruling`).

ccxt puts whole addresses, with signature, into its messages; nothing of them is passed on. Knows no venue and does
not import ccxt: its classes are recognised by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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

# Every class of ccxt's tree by name. Deliberately without inheritance: a class that a new ccxt brings along fails
# the test of this table until somebody has decided what it means.
CCXT_CLASSES: Mapping[str, type[VenueError]] = {
    "BaseError": VenueError,
    "ExchangeError": VenueError,
    "AuthenticationError": CredentialsRejected,
    "PermissionDenied": PermissionMissing,
    "AccountNotEnabled": PermissionMissing,
    "AccountSuspended": PermissionMissing,
    "ArgumentsRequired": VenueError,
    "BadRequest": VenueError,
    "BadSymbol": VenueError,
    "OperationRejected": VenueError,
    "NoChange": VenueError,
    "MarginModeAlreadySet": VenueError,
    "MarketClosed": OrderRejected,
    "ManualInteractionNeeded": PermissionMissing,
    "RestrictedLocation": PermissionMissing,
    "InsufficientFunds": OrderRejected,
    "InvalidAddress": VenueError,
    "AddressPending": VenueError,
    "InvalidOrder": OrderRejected,
    "OrderNotFound": VenueError,
    "OrderNotCached": VenueError,
    "OrderImmediatelyFillable": OrderRejected,
    "OrderNotFillable": OrderRejected,
    "DuplicateOrderId": OrderOutcomeUnknown,
    "ContractUnavailable": OrderRejected,
    "NotSupported": VenueError,
    "InvalidProxySettings": VenueError,
    "ExchangeClosedByUser": VenueError,
    "OperationFailed": VenueUnavailable,
    "NetworkError": VenueUnavailable,
    "DDoSProtection": RateLimited,
    "RateLimitExceeded": RateLimited,
    "ExchangeNotAvailable": VenueUnavailable,
    "OnMaintenance": VenueUnavailable,
    "InvalidNonce": ClockSkew,
    "ChecksumError": BadAnswer,
    "RequestTimeout": VenueUnavailable,
    "BadResponse": BadAnswer,
    "NullResponse": BadAnswer,
    "CancelPending": VenueUnavailable,
    "UnsubscribeError": VenueUnavailable,
}

_FIXES: Mapping[type[VenueError], str] = {
    CredentialsRejected: "check the API key and secret of this account",
    PermissionMissing: "check the key's rights and its list of allowed addresses at the venue",
    ClockSkew: "synchronise this machine's clock (NTP)",
    RateLimited: "the guard waits before it asks again",
    VenueUnavailable: "the guard tries again at the next cycle",
    BadAnswer: "no figure was taken from it",
}
_TEXT_MAX = 200
_SECRET_LIKE = re.compile(
    r"\?[^\s'\"]+|\b(?:signature|timestamp|api[-_]?key|secret)=[^\s&]*|\b[0-9A-Za-z+/]{32,}\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class VenueAnswer:
    """What the venue answered when it refused: HTTP status, its own code and text, and how long it asks to wait."""

    status: int
    code: str | None = None
    text: str = ""
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a venue's code means: the class of error and what to do."""

    kind: type[VenueError]
    fix: str = ""


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` on one line without the given secrets, query strings, and anything that looks like a key or signature."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    text = " ".join(_SECRET_LIKE.sub("***", text).split())
    return text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 1] + "…"


def answer_of(error: BaseException | None) -> VenueAnswer | None:
    """The venue's answer behind an error, found along its causes; None when there was no answer."""
    while error is not None:
        answer = getattr(error, "venue_answer", None)
        if isinstance(answer, VenueAnswer):
            return answer
        error = error.__cause__
    return None


def classify(
    error: Exception,
    where: str,
    *,
    rulings: Mapping[str, Ruling] | None = None,
    secrets: Iterable[str] = (),
    timeout_s: float | None = None,
) -> VenueError:
    """The error of ours that says what `error` of ccxt means.

    Args:
        error: an exception of ccxt's tree, carrying the `VenueAnswer` in its `venue_answer` where there was one.
        where: venue and request, such as `binanceusdm GET fapi/v3/account`; begins the message.
        rulings: the venue's codes where the type alone is not enough.
        secrets: values that must not appear in the message.
        timeout_s: how long an answer was waited for, in seconds, for the message.

    Returns:
        The classified error with where, what and what to do; raise it `from error`.
    """
    answer = answer_of(error)
    code = answer.code if answer else None
    ruling = (rulings or {}).get(code or "")
    kind = ruling.kind if ruling else _kind_of(error, answer)
    fix = (ruling.fix if ruling else "") or _FIXES.get(kind, "")
    message = f"{where}: {_text_of(error, answer, secrets, timeout_s)}"
    if issubclass(kind, RateLimited):
        return kind(message, fix=fix, code=code, retry_after_s=answer.retry_after_s if answer else None)
    return kind(message, fix=fix, code=code)


def _kind_of(error: Exception, answer: VenueAnswer | None) -> type[VenueError]:
    # A 5xx is the venue's trouble, whatever class ccxt finds for the code in it.
    if answer is not None and answer.status >= 500:
        return VenueUnavailable
    for cls in type(error).__mro__:
        kind = CCXT_CLASSES.get(cls.__name__)
        if kind is not None:
            break
    else:
        return VenueError
    # ccxt raises a bare ExchangeError for an answer that broke off (aiohttp's ClientPayloadError).
    if kind is VenueError and answer is None and error.__cause__ is not None:
        return VenueUnavailable
    return kind


def _text_of(error: Exception, answer: VenueAnswer | None, secrets: Iterable[str], timeout_s: float | None) -> str:
    if answer is not None:
        marks = f"HTTP {answer.status}" + (f", code {answer.code}" if answer.code else "")
        return f"{scrub(answer.text, secrets) or 'no text'} ({marks})"
    cause = error.__cause__
    if isinstance(cause, TimeoutError):
        return f"no answer within {timeout_s:g} s" if timeout_s else "no answer in time"
    if cause is not None:
        return f"no connection: {scrub(str(cause), secrets) or type(cause).__name__}"
    return f"{type(error).__name__}: {scrub(str(error), secrets)}"
