"""What a venue answered, kept on the exception that ccxt makes of it.

ccxt's exceptions carry text only: status, code and `Retry-After` are lost, and the text holds the signed address.
`answering` derives a class from a ccxt exchange class that notes them. Knows ccxt's hooks, no venue.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from guard.ports.clock import Clock
from guard.ports.deadline import not_counted
from guard.ports.urgency import urgency
from guard.venues import library
from guard.venues.budget import BudgetUsedUp, RequestBudget, weight_of
from guard.venues.errors import VenueAnswer
from guard.venues.pauses import Pause, bounded, retry_after

Refusal = Callable[[Mapping[str, Any]], tuple[str | None, str]]
"""From an answer in JSON: the venue's code (None: there is none), and its text."""

_HTML_STARTS = ("<!doctype", "<html", "<head", "<body", "<?xml")


# Longest wait for the request budget: afterwards the account is blind, and that is told.
_BUDGET_WAIT_S = 180.0


class NotesAnswers:
    """Mixin over a ccxt exchange class: notes answers, lives on our clock and our budget."""

    guard_clock: Clock
    guard_budget: RequestBudget
    guard_refusal: Refusal
    guard_pause_s: Pause
    guard_account: str = ""
    guard_corrects_nonce: bool
    options: dict[str, Any]

    def milliseconds(self) -> int:
        """Wall time in ms, for ccxt's timestamps."""
        return int(self.guard_clock.now().timestamp() * 1000)

    def nonce(self) -> float:
        """The timestamp that is signed, on the venue's clock where ccxt leaves it on this machine's."""
        if self.guard_corrects_nonce:
            return self.milliseconds() - int(self.options.get("timeDifference", 0))
        inherited: Any = super()
        nonce: float = inherited.nonce()
        return nonce

    async def throttle(self, cost: float | None = None) -> None:
        """Wait for the request budget, instead of ccxt's own; what weighs nothing waits for nobody."""
        weight = weight_of(cost)
        if weight == 0:
            return
        try:
            with not_counted():
                async with asyncio.timeout(_BUDGET_WAIT_S):
                    await self.guard_budget.spend(weight, self.guard_account, urgency())
        except TimeoutError as error:
            raise BudgetUsedUp(f"not asked within {_BUDGET_WAIT_S:g} s") from error

    def handle_errors(  # noqa: PLR0917 - ccxt's hook, called by position
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        headers: Mapping[str, str],
        body: str,
        response: object,
        request_headers: object,
        request_body: object,
    ) -> None:
        """The hook that ccxt calls for every answer: raises what ccxt raises, with the `VenueAnswer` noted on it."""
        errors = library.exceptions()
        inherited: Any = super()
        try:
            inherited.handle_errors(code, reason, url, method, headers, body, response, request_headers, request_body)
            # ccxt does this next by itself, out of our reach.
            inherited.handle_http_status_code(code, reason, url, method, body)
            if response is None and not _is_json_word(body):
                raise errors.BadResponse("not JSON")
        except errors.BaseError as error:
            now_ms = self.milliseconds() - float(self.options.get("timeDifference", 0))
            error.venue_answer = read_answer(
                code, headers, body, response, self.guard_refusal, pause_s=self.guard_pause_s, now_ms=now_ms
            )
            raise


def _is_json_word(body: str) -> bool:
    """Whether the answer is one word in quotes, which ccxt passes on as it came."""
    return len(body) > 1 and body[0] == body[-1] == '"' and body.count('"') == 2


def code_and_msg(answer: Mapping[str, Any]) -> tuple[str | None, str]:
    """The usual words of a refusal: `{"code": -1021, "msg": "..."}`."""
    code = answer.get("code")
    return None if code is None else str(code), str(answer.get("msg") or "")


def read_answer(
    status: int,
    headers: Mapping[str, str],
    body: str,
    parsed: object,
    refusal: Refusal = code_and_msg,
    *,
    pause_s: Pause = retry_after,
    now_ms: float = 0.0,
) -> VenueAnswer:
    """The answer of a refused request: code and text from JSON, else what kind of page it was.

    Args:
        status: HTTP status.
        headers: of the answer.
        body: as it came.
        parsed: the JSON of the body; None: it is none.
        refusal: how the venue words a refusal.
        pause_s: how it says how long it wants silence.
        now_ms: the venue's clock in epoch milliseconds.
    """
    code, text = None, ""
    if isinstance(parsed, Mapping):
        code, text = refusal(parsed)
    elif body.lstrip().lower().startswith(_HTML_STARTS):
        text = "an HTML page instead of JSON"
    elif parsed is None:
        text = f"{len(body)} characters that are not JSON" if body.strip() else "an empty answer"
    return VenueAnswer(status, code, text, bounded(pause_s(headers, text, now_ms)))


def answering(exchange_type: type) -> type:
    """A class derived from the ccxt class `exchange_type` that notes answers. Set `guard_clock` in its config."""
    return type(exchange_type.__name__, (NotesAnswers, exchange_type), {"__module__": __name__})


def quiet_logger() -> logging.Logger:
    """A logger for ccxt, which logs headers and signed addresses at DEBUG: this one never lets that level through."""
    logger = logging.getLogger("guard.venues.ccxt")
    logger.setLevel(logging.WARNING)
    return logger
