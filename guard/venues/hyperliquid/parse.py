"""Answers of Hyperliquid about an account to rows. Pure.

Numbers come as decimal strings. What lies: `returnOnEquity` and unified percentages (no use is made of them);
`marginUsed` is initial margin for cross legs and the whole equity of isolated ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from guard.ports.venue import Depth, DepthLevel
from guard.risk.book import MarginMode, OrderSide, Side
from guard.venues.fields import (
    Row,
    flag,
    number,
    optional_number,
    optional_text,
    positive,
    record,
    refused,
    rows,
    text,
)
from guard.venues.hyperliquid import endpoints as at

Abstraction = Literal["standard", "unified", "portfolio", "dex abstraction"]
_ABSTRACTIONS: Mapping[str, Abstraction] = {
    "default": "standard",
    "disabled": "standard",
    "unifiedAccount": "unified",
    "portfolioMargin": "portfolio",
    "dexAbstraction": "dex abstraction",
}
_SIDES: Mapping[str, OrderSide] = {"B": "buy", "A": "sell"}


@dataclass(frozen=True, slots=True)
class PositionRow:
    """One leg. `mark` is what the venue valued it at; `raw_usd` is the cash of an isolated leg."""

    coin: str
    amount: float
    entry_price: float
    mark: float
    leverage: float
    is_isolated: bool
    raw_usd: float | None
    margin_used: float

    @property
    def side(self) -> Side:
        """The side that it is on."""
        return "long" if self.amount > 0 else "short"

    @property
    def upl(self) -> float:
        """Unrealized PnL in the settlement asset."""
        return self.amount * (self.mark - self.entry_price)


@dataclass(frozen=True, slots=True)
class StateAnswer:
    """One dex of an account: `cross_cash` is the cash under its cross legs, before their value."""

    positions: tuple[PositionRow, ...]
    cross_cash: float
    cross_equity: float
    cross_initial_margin: float
    cross_maintenance_margin: float
    withdrawable: float | None
    time_ms: float

    @property
    def is_used(self) -> bool:
        """Whether anything is there."""
        return bool(self.positions) or self.cross_equity != 0.0


@dataclass(frozen=True, slots=True)
class SpotAnswer:
    """Spot balances by token number, which carry the legs of unified accounts. `ratio`: portfolio margin only."""

    totals: Mapping[int, float]
    available: Mapping[int, float]
    ratio: float | None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An open order of a perpetual. `remaining` None: whatever the position holds."""

    coin: str
    side: OrderSide
    price: float | None
    remaining: float | None
    reduce_only: bool
    conditional: bool
    order_id: str
    client_order_id: str | None


@dataclass(frozen=True, slots=True)
class Role:
    """What an address is at the venue: user, agent, vault, subAccount or missing, and whose."""

    name: str
    master: str | None


def read_abstraction(answer: object) -> Abstraction:
    """How the account keeps its balances.

    Raises:
        BadAnswer: a mode that is not known.
    """
    word = answer
    if isinstance(answer, str) and answer.startswith('"'):
        word = json.loads(answer)
    found = _ABSTRACTIONS.get(word) if isinstance(word, str) else None
    if found is None:
        raise refused(at.ABSTRACTION.name, f"answered {ascii(word)[:60]}, which is no known account mode")
    return found


def read_role(answer: object) -> Role:
    """What an address is.

    Raises:
        BadAnswer: unreadable.
    """
    row = record(answer, at.ROLE.name)
    data = row.get("data")
    owner: Mapping[str, Any] = data if isinstance(data, dict) else {}
    master = optional_text(owner, "user") or optional_text(owner, "master")
    return Role(text(row, "role", at.ROLE.name), master.lower() if master else None)


def read_state(answer: object) -> StateAnswer:
    """One dex of an account.

    Raises:
        BadAnswer: unreadable, or a leg appears twice.
    """
    where = at.STATE.name
    row = record(answer, where)
    cross = record(row.get("crossMarginSummary"), where)
    held = [_position(record(entry.get("position"), where)) for entry in rows(row.get("assetPositions"), where)]
    positions = tuple(leg for leg in held if leg is not None)
    coins = [leg.coin for leg in positions]
    if len(set(coins)) != len(coins):
        raise refused(where, f"position {next(coin for coin in coins if coins.count(coin) > 1)} appears twice")
    return StateAnswer(
        positions=positions,
        cross_cash=number(cross, "totalRawUsd", where),
        cross_equity=number(cross, "accountValue", where),
        cross_initial_margin=number(cross, "totalMarginUsed", where),
        cross_maintenance_margin=number(row, "crossMaintenanceMarginUsed", where),
        withdrawable=optional_number(row, "withdrawable", where),
        time_ms=number(row, "time", where),
    )


def _position(row: Row) -> PositionRow | None:
    where = f"{at.STATE.name} {row.get('coin')}"
    amount = number(row, "szi", where)
    if amount == 0:
        return None
    leverage = record(row.get("leverage"), where)
    kind = text(leverage, "type", where)
    if kind not in {"cross", "isolated"}:
        raise refused(where, f"its margin mode was {kind!a}")
    return PositionRow(
        coin=text(row, "coin", where),
        amount=amount,
        entry_price=positive(row, "entryPx", where),
        mark=positive(row, "positionValue", where) / abs(amount),
        leverage=positive(leverage, "value", where),
        is_isolated=kind == "isolated",
        raw_usd=number(leverage, "rawUsd", where) if kind == "isolated" else None,
        margin_used=number(row, "marginUsed", where),
    )


def read_spot(answer: object) -> SpotAnswer:
    """The spot balances of an account.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.SPOT_STATE.name
    row = record(answer, where)
    # Sides of outcomes (`+20`) have no token number, and carry no legs.
    balances = [
        entry for entry in rows(row.get("balances"), where) if not (optional_text(entry, "coin") or "").startswith("+")
    ]
    totals = {int(number(entry, "token", where)): number(entry, "total", where) for entry in balances}
    if len(totals) != len(balances):
        raise refused(where, "has a token twice")
    return SpotAnswer(
        totals=totals,
        available=_available(row.get("tokenToAvailableAfterMaintenance"), where),
        ratio=optional_number(row, "portfolioMarginRatio", where),
    )


def _available(pairs: object, where: str) -> dict[int, float]:
    found = {}
    for pair in pairs if isinstance(pairs, list) else []:
        if not isinstance(pair, list) or len(pair) != 2:
            raise refused(where, "tells what is available of no token")
        row = {"token": pair[0], "available": pair[1]}
        found[int(number(row, "token", where))] = number(row, "available", where)
    return found


def read_orders(answer: object) -> tuple[OrderRow, ...]:
    """Open orders of perpetuals; those of spot pairs and outcomes hold no margin of theirs.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.OPEN_ORDERS.name
    return tuple(_order(row, where) for row in rows(answer, where) if not _is_spot(text(row, "coin", where)))


def _is_spot(coin: str) -> bool:
    """Pairs (`@107`, `PURR/USDC`) and sides of outcomes (`#20`): paid in full, without margin."""
    return coin.startswith(("@", "#")) or "/" in coin


def _order(row: Row, where: str) -> OrderRow:
    side = _SIDES.get(text(row, "side", where))
    if side is None:
        raise refused(where, f"the side of an order was {row.get('side')!a}")
    waiting = flag(row, "isTrigger", where)
    kind = text(row, "orderType", where)
    remaining = number(row, "sz", where)
    whole = flag(row, "isPositionTpsl", where) and remaining == 0
    return OrderRow(
        coin=text(row, "coin", where),
        side=side,
        price=None if waiting and "Market" in kind else positive(row, "limitPx", where),
        remaining=None if whole else remaining,
        reduce_only=flag(row, "reduceOnly", where),
        conditional=waiting,
        order_id=text(row, "oid", where),
        client_order_id=optional_text(row, "cloid"),
    )


def read_leverage(answer: object) -> float:
    """The leverage that is set for a coin.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.LEVERAGE.name
    return positive(record(record(answer, where).get("leverage"), where), "value", where)


def read_margin_mode(answer: object) -> MarginMode:
    """The margin mode that is set for a coin.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.LEVERAGE.name
    word = text(record(record(answer, where).get("leverage"), where), "type", where)
    if word not in {"cross", "isolated"}:
        raise refused(where, f"leverage type was {word!r}")
    return "cross" if word == "cross" else "isolated"


def read_depth(answer: object, symbol: str) -> Depth:
    """The order book, best level first.

    Raises:
        BadAnswer: unreadable, or crossed.
    """
    where = at.DEPTH.name
    levels = record(answer, where).get("levels")
    if not isinstance(levels, list) or len(levels) != 2:
        raise refused(where, "has no two sides")
    bids, asks = (_levels(side, where) for side in levels)
    if bids and asks and bids[0].price >= asks[0].price:
        raise refused(where, f"bid {bids[0].price:g} and ask {asks[0].price:g} of {symbol} cross")
    return Depth(symbol, bids, asks)


def _levels(side: object, where: str) -> tuple[DepthLevel, ...]:
    return tuple(DepthLevel(positive(row, "px", where), number(row, "sz", where)) for row in rows(side, where))
