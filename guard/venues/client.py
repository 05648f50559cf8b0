"""One account's client: a configured ccxt exchange, and the single place where its calls and exceptions pass.

Owns addresses, options, timeouts, the clock difference and pauses. Knows ccxt's API, no venue's answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guard.ports.deadline import Deadline
from guard.ports.errors import (
    ClockSkew,
    CredentialsRejected,
    InputError,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.ports.venue import AccountSpec
from guard.venues import library
from guard.venues.addresses import replace_host
from guard.venues.budget import BudgetUsedUp, never_waiting, weighing
from guard.venues.errors import Ruling, answer_of, classify, scrub
from guard.venues.hub import VenueSite
from guard.venues.pauses import Pause, retry_after
from guard.venues.wire import Refusal, code_and_msg, quiet_logger

_BANNED = 418
_PAUSE_AFTER_BAN_S = 120.0
_PAUSE_AFTER_LIMIT_S = 5.0
# Over the timeout of the request itself, for whatever ccxt does besides.
_OVER_TIMEOUT_S = 5.0
_LATER = "the guard tries again at the next cycle"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A request of a venue: ccxt's method, and its name as people know it (`bybit GET v5/position/list`).

    ccxt's implicit methods take one mapping of parameters; `by_name`: a unified one, which takes them by their names.
    `weight`: what the venue counts for it, where ccxt's table says something else.
    """

    method: str
    name: str
    signed: bool = True
    by_name: bool = False
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Timed:
    """An answer and when it was received (UTC)."""

    value: Any
    at: datetime


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a client must know of its venue.

    `time` answers the venue's clock, read by `time_ms`; `rulings` are codes that say more than ccxt's type;
    `options` are ccxt options.
    """

    time: Endpoint
    time_ms: Callable[[object], float]
    rulings: Mapping[str, Ruling]
    options: Mapping[str, object]
    permission_codes: frozenset[str] = frozenset()
    """Codes for "key not accepted" that mean a missing right once the key has been accepted."""
    permission_fix: str = ""
    exceptions_of: str | None = None
    """Key of ccxt's `exceptions` whose codes ccxt finds by host name only; joined to the rest, so that a base URL
    does not change what an error is."""
    refusal: Refusal = code_and_msg
    """How the venue words a refusal in JSON: its code, and its text."""
    pause_s: Pause = retry_after
    """How the venue says how long it wants silence after too many requests."""
    corrects_nonce: bool = False
    """ccxt signs with the plain clock here: take the measured difference to the venue's clock off its timestamps."""


# A failure that took longer is no hiccup: asking again would use up the cycle's time.
_QUICK_S = 1.0
_HICCUP_S = 0.1


class VenueClient:
    """ccxt for one account. Make it inside the running loop."""

    def __init__(self, site: VenueSite, spec: AccountSpec, dialect: Dialect) -> None:
        self.site = site
        self.spec = spec
        self._dialect = dialect
        self._known_key = False
        self._secrets = (spec.credentials.api_key, spec.credentials.secret, spec.credentials.passphrase)
        self.exchange: Any = self._own_copy()

    def _own_copy(self) -> Any:
        """A ccxt exchange for this account: a shallow copy of the site's, with credentials and options of its own.

        One of its own would take 250 KiB; a copy takes 8. Whatever ccxt assigns to a copy stays there; what it changes
        in place (`options`) is copied; the rest (addresses, tables of endpoints and exceptions) is only read.
        """
        exchange = copy(self.site.template(self._made_template))
        secrets = self.spec.credentials
        exchange.apiKey = secrets.api_key
        exchange.secret = secrets.secret
        exchange.password = secrets.passphrase
        exchange.walletAddress = secrets.wallet_address
        if exchange.requiredCredentials.get("privateKey"):
            exchange.privateKey = secrets.secret
        exchange.options = dict(exchange.options)
        exchange.session, exchange.own_session = self.site.session(), False
        exchange.guard_account = self.spec.name
        return exchange

    def _made_template(self) -> Any:
        exchange: Any = self.site.exchange_type(self._config())
        self._settle_in(exchange)
        return exchange

    def _config(self) -> dict[str, object]:
        return {
            "guard_clock": self.site.clock,
            "guard_budget": self.site.budget,
            "guard_refusal": self._dialect.refusal,
            "guard_pause_s": self._dialect.pause_s,
            "guard_corrects_nonce": self._dialect.corrects_nonce,
            "ssl_context": self.site.ssl_context,
            "logger": quiet_logger(),
            "timeout": int(self.site.timeout_s * 1000),
            "timeout_on_exit": 0,
            "enableRateLimit": True,
            "enableLastHttpResponse": False,
            "enableLastJsonResponse": False,
            "enableLastResponseHeaders": False,
            "options": dict(self._dialect.options),
        }

    def _settle_in(self, exchange: Any) -> None:
        key = self._dialect.exceptions_of
        if self.site.base_url is not None:
            exchange.urls["api"] = replace_host(exchange.urls["api"], self.site.base_url)
        if key is not None:
            exchange.exceptions["exact"] = {**exchange.exceptions["exact"], **exchange.exceptions[key]["exact"]}

    async def call(self, endpoint: Endpoint, params: Mapping[str, object] | None = None) -> Any:
        """The venue's JSON answer to a request that only reads.

        Repeated once: with a new clock difference on skew, and after a moment when the venue failed quickly (a cut
        connection, a 5xx): a book needs several answers, and one hiccup in any of them would make the cycle blind.

        Raises:
            VenueError: classified; see `guard.venues.errors`.
        """
        began_s = self.site.clock.monotonic()
        try:
            return await self.send(endpoint, params)
        except ClockSkew:
            return await self.send(endpoint, params)
        except RateLimited:
            raise
        except VenueUnavailable:
            if self.site.clock.monotonic() - began_s > _QUICK_S:
                raise
            await self.site.clock.sleep(_HICCUP_S)
            return await self.send(endpoint, params)

    async def timed(self, endpoint: Endpoint, params: Mapping[str, object] | None = None) -> Timed:
        """`call`, with the time of receipt."""
        answer = await self.call(endpoint, params)
        return Timed(answer, self.site.clock.now())

    async def send(self, endpoint: Endpoint, params: Mapping[str, object] | None = None) -> Any:
        """One request, sent at most once.

        Raises:
            VenueError: classified; see `guard.venues.errors`.
        """
        where = endpoint.name
        left_s = self.site.pause_left_s()
        if left_s > 0:
            raise RateLimited(
                f"{where}: not asked, the venue wants {left_s:.0f} s more of silence",
                fix="the guard waits before it asks again",
                retry_after_s=left_s,
            )
        if not endpoint.signed:
            return await self._asked(endpoint, dict(params or {}), where)
        skew = await self.site.skew_ms.get(self._measured_skew_ms)
        self.exchange.options["timeDifference"] = round(skew.value)
        try:
            answer = await self._asked(endpoint, dict(params or {}), where)
        except ClockSkew as error:
            self.site.skew_ms.reject(skew)
            measured = f"this clock was measured {skew.value:+.0f} ms from the venue's"
            raise ClockSkew(f"{error.message}; {measured}", fix=error.fix, code=error.code) from error
        self._known_key = True
        return answer

    async def _asked(self, endpoint: Endpoint, params: dict[str, object], where: str) -> Any:
        limit_s = self.site.timeout_s + _OVER_TIMEOUT_S
        try:
            async with Deadline(limit_s):
                method = getattr(self.exchange, endpoint.method)
                with weighing(endpoint.weight):
                    return await (method(**params) if endpoint.by_name else method(params))
        except TimeoutError as error:
            raise VenueUnavailable(f"{where}: no answer within {limit_s:g} s", fix=_LATER) from error
        except BudgetUsedUp as error:
            raise VenueUnavailable(
                f"{where}: {error}, the request budget of this address is used up",
                fix="watch fewer accounts from this address, or poll less often",
            ) from error
        except library.exceptions().BaseError as error:
            found = self._classified(error, where)
            # It stays attached as the cause, and may be logged with it.
            error.args = (scrub(str(error), self._secrets),)
            raise found from error

    def _classified(self, error: Exception, where: str) -> VenueError:
        """The error of ours; also keeps the pause that the venue asks for."""
        found = classify(
            error,
            where,
            rulings=self._dialect.rulings,
            secrets=self._secrets,
            timeout_s=self.site.timeout_s,
        )
        if isinstance(found, RateLimited):
            answer = answer_of(error)
            default_s = _PAUSE_AFTER_BAN_S if answer and answer.status == _BANNED else _PAUSE_AFTER_LIMIT_S
            self.site.pause(found.retry_after_s or default_s)
        if self._known_key and type(found) is CredentialsRejected and found.code in self._dialect.permission_codes:
            return PermissionMissing(found.message, fix=self._dialect.permission_fix, code=found.code)
        return found

    async def measure_skew_ms(self) -> float:
        """This machine's clock minus the venue's, in ms, measured now.

        Raises:
            VenueError: it could not be measured.
        """
        return (await self.site.skew_ms.get(self._measured_skew_ms, within_s=0.0, insist=True)).value

    async def _measured_skew_ms(self) -> float:
        clock = self.site.clock
        asked_ms = clock.now().timestamp() * 1000
        # An order may be waiting for this.
        with never_waiting():
            answer = await self.send(self._dialect.time)
        received_ms = clock.now().timestamp() * 1000
        # Waiting for the request budget is no part of the way; ccxt notes when the request left.
        left_ms = max(asked_ms, float(self.exchange.lastRestRequestTimestamp))
        # The venue read its clock somewhere between: half the round trip is the best guess.
        return (left_ms + received_ms) / 2 - self._dialect.time_ms(answer)

    async def close(self) -> None:
        """Release what ccxt holds; the shared connections belong to the site."""
        await self.exchange.close()


_CREDENTIALS: Mapping[str, str] = {
    "api_key": "API key",
    "secret": "secret",
    "passphrase": "passphrase",
    "wallet_address": "wallet address",
}


def require_credentials(spec: AccountSpec, needs: frozenset[str]) -> None:
    """Refuse an account without what its venue needs, before anything is asked.

    Raises:
        InputError: one of them is missing.
    """
    missing = [
        words for name, words in _CREDENTIALS.items() if name in needs and not getattr(spec.credentials, name).strip()
    ]
    if missing:
        raise InputError(f"account {spec.name} has no {' and no '.join(missing)} for {spec.venue}")
