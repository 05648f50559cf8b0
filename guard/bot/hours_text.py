"""Hours of a book's own volatility, where protection goes by them: one line, or why there is none. Pure; no markup."""

from __future__ import annotations

import math

from guard.language.speech import Speech
from guard.risk.own_volatility import LEAST_H, OwnHours, PoolHours


def hours_line(speech: Speech, own: PoolHours | None) -> str:
    """`Hours of own volatility to liquidation: 4 h 12 min`; empty where nothing is held.

    None: the last reading could not tell.
    """
    text = speech.text
    if own is None:
        return text("Hours of own volatility to liquidation: not known of the last reading")
    if own.hours is None:
        if own.of_present_only:
            return text("Hours of own volatility to liquidation: not known, the figures are of the present only")
        return _not_yet(speech, own)
    if math.isinf(own.hours):
        return ""
    return text("Hours of own volatility to liquidation: {time}", time=speech.duration(own.hours * 3600.0))


def hours_lines(speech: Speech, own: OwnHours | None) -> list[str]:
    """Of a whole account: its nearest pool, and one of which it is not known."""
    if own is None:
        return [hours_line(speech, None)]
    known = [pool for pool in own.pools if pool.hours is not None]
    nearest = min(known, key=lambda pool: pool.hours or 0.0, default=None)
    lines = [hours_line(speech, pool) for pool in (nearest, own.unknown) if pool is not None]
    return [line for line in lines if line]


def _not_yet(speech: Speech, own: PoolHours) -> str:
    have, need = speech.number(math.floor(own.history_h)), speech.number(LEAST_H)
    if own.lacking:
        return speech.text(
            "Hours of own volatility to liquidation: not known yet, {have} of {need} hours of history of {what}",
            have=have,
            need=need,
            what=own.lacking,
        )
    return speech.text(
        "Hours of own volatility to liquidation: not known yet, {have} of {need} hours of history", have=have, need=need
    )
