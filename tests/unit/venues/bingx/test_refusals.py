"""The venue's codes land in the class that says what to do."""

from __future__ import annotations

import pytest

from guard.ports.errors import (
    ClockSkew,
    CredentialsRejected,
    OrderOutcomeUnknown,
    OrderRejected,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.venues.bingx import endpoints as at
from guard.venues.errors import classify
from guard.venues.library import exceptions
from guard.venues.wire import read_answer


@pytest.mark.parametrize(
    ("code", "raised", "kind"),
    [
        (100001, "AuthenticationError", CredentialsRejected),
        (100412, "AuthenticationError", CredentialsRejected),
        (100413, "AuthenticationError", CredentialsRejected),
        (100004, "PermissionDenied", PermissionMissing),
        (100419, "PermissionDenied", PermissionMissing),
        (100421, "BadSymbol", ClockSkew),
        (100410, "OperationFailed", RateLimited),
        (418, "PermissionDenied", RateLimited),
        (100500, "OperationFailed", VenueUnavailable),
        (109500, "OperationFailed", VenueUnavailable),
        (80012, "InsufficientFunds", VenueUnavailable),
        (80016, "OrderNotFound", VenueError),
        (109421, "OrderNotFound", VenueError),
        (101204, "InsufficientFunds", OrderRejected),
        (101205, "InvalidOrder", OrderRejected),
        (101400, "InvalidOrder", OrderOutcomeUnknown),
        (109201, "DuplicateOrderId", OrderOutcomeUnknown),
        (109400, "BadRequest", VenueError),
    ],
)
def test_a_code(code: int, raised: str, kind: type[VenueError]) -> None:
    """All come with HTTP 200."""
    error = getattr(exceptions(), raised)("bingx {...}")
    error.venue_answer = read_answer(200, {}, "{}", {"code": code, "msg": "words"}, at.DIALECT.refusal)
    found = classify(error, "bingx GET x", rulings=at.RULINGS)
    assert type(found) is kind
    assert (found.code, str(code) in str(found)) == (str(code), True)


def test_no_code_is_both_certain_and_uncertain() -> None:
    """What may have been executed is never taken for absent."""
    assert not at.NOT_FOUND_CODES & at.OUTCOME_UNKNOWN_CODES
    unknown = {code for code, ruling in at.RULINGS.items() if ruling.kind in {OrderOutcomeUnknown, VenueUnavailable}}
    assert unknown <= at.OUTCOME_UNKNOWN_CODES
