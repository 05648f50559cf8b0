"""Errors that cross a room's border, classified once where they enter.

GuardError                    message + fix: what was wrong, and what to do
├── InputError                bad input of the user: one line, exit code 2
├── NotAllowed                a person lacks the role for what they asked; nothing was done
├── PictureError              a picture was not drawn; what it would have shown is not affected
├── StoreError                the database did not do as asked (full, damaged, gone); nothing was half-written
│   └── StoreBusy             another process holds the database: trying again later may help
└── VenueError                a venue did not answer as asked
    ├── VenueUnavailable      network, timeout, maintenance, 5xx: try again later
    │   └── RateLimited       told to wait; carries retry_after_s
    ├── CredentialsRejected   the key, signature or passphrase is not accepted
    │   └── PermissionMissing the key lacks a right, or this address is not on its allow-list
    ├── ClockSkew             our clock is too far from the venue's
    ├── BadAnswer             the answer cannot be understood: truncated, HTML, missing field
    ├── OrderRejected         the venue refused an order for certain; nothing is open
    └── OrderOutcomeUnknown   an order may or may not have arrived: look it up, never resend blindly
"""

from __future__ import annotations


class GuardError(Exception):
    """An error with a fix: `str(error)` is one line fit for a person."""

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}; {self.fix}" if self.fix else self.message


class InputError(GuardError):
    """Bad input: reported as one line, exit code 2."""


class NotAllowed(GuardError):
    """A person lacks the role for what they asked; nothing was done.

    `role` is what they are to the account, None: nothing, and then the account's name is not told either.
    """

    def __init__(self, needed: str, role: str | None = None, account: str = "") -> None:
        if role is None:
            super().__init__("you have no such account")
        else:
            super().__init__(f"{account} needs the role {needed} for this, yours is {role}", fix="ask its owner")
        self.needed = needed
        self.role = role
        self.account = "" if role is None else account


class PictureError(GuardError):
    """A picture was not drawn (busy, too slow, broken); what it would have shown is not affected."""


class StoreError(GuardError):
    """The database did not do as asked (locked, disk full, connection lost); nothing was half-written."""


class AccountGone(StoreError):
    """The account was removed meanwhile: there is nothing left to store."""


class StoreBusy(StoreError):
    """Another process holds the database: trying again later may help."""


class VenueError(GuardError):
    """A venue did not answer as asked. `code` is the venue's own error code where there is one."""

    def __init__(self, message: str, *, fix: str = "", code: str | None = None) -> None:
        super().__init__(message, fix=fix)
        self.code = code


class VenueUnavailable(VenueError):
    """Network failure, timeout, maintenance or a server error: trying again later may help."""


class RateLimited(VenueUnavailable):
    """The venue asks to slow down."""

    def __init__(
        self, message: str, *, fix: str = "", code: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, fix=fix, code=code)
        self.retry_after_s = retry_after_s


class CredentialsRejected(VenueError):
    """The venue does not accept the key."""


class PermissionMissing(CredentialsRejected):
    """The key is known but lacks a right, or calls from an address outside its allow-list."""


class ClockSkew(VenueError):
    """The request's timestamp is outside the venue's window."""


class BadAnswer(VenueError):
    """An answer that cannot be understood; no figure was taken from it."""


class OrderRejected(VenueError):
    """The venue refused the order; it is certain that nothing is open."""


class OrderOutcomeUnknown(VenueError):
    """No certain answer to an order: it must be looked up by its client order id.

    `accepted`: the venue has taken it, and only what became of it is not known: it is never believed to be lost.
    """

    def __init__(self, message: str, *, fix: str = "", code: str | None = None, accepted: bool = False) -> None:
        super().__init__(message, fix=fix, code=code)
        self.accepted = accepted
