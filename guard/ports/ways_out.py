"""Sized ways out of an alarm: what a person could do by hand, and where the account would stand after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from guard.risk.book import Side

Way = Literal["add", "close", "hedge"]


@dataclass(frozen=True, slots=True)
class WayOut:
    """One thing to do, and the account's levels after it at present prices.

    `add`: `amount` of `unit` as collateral; to the isolated leg of `symbol` where one is named. `close` and `hedge`:
    `contracts` of the `side` leg of `symbol`, which are `amount` of `unit` (its coin, or dollars of an inverse
    contract); a hedge opens them on the other side. `whole`: the leg is closed altogether. `enough`: the target is
    reached, else it is the most that this way can do. `kept`: of `add`, how much of `unit` the person keeps in other
    wallets and would move here. `risk_ratio` and `distance` as in `guard.risk.report`.
    """

    way: Way
    amount: float
    unit: str
    risk_ratio: float | None
    distance: float | None
    symbol: str = ""
    side: Side | None = None
    contracts: float = 0.0
    whole: bool = False
    enough: bool = True
    kept: float = 0.0


@dataclass(frozen=True, slots=True)
class WaysOut:
    """The ways out of one moment. `closing_helps` is false where making the worst position smaller does not help."""

    ways: tuple[WayOut, ...] = ()
    closing_helps: bool = True
