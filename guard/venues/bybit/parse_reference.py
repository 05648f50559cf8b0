"""What Bybit tells about itself and about the user's settings, as plain values. Pure: no ccxt, no clock, no I/O.

Modes, tiers, collateral ratios, loan rates, fees, prices, key rights, order books.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple

from guard.ports.errors import VenueError
from guard.ports.venue import Depth, KeyRights
from guard.risk.book import HaircutTier, PositionMode, Tier
from guard.venues.bybit import endpoints as at
from guard.venues.bybit.parse import PositionRow, read_page, result_of
from guard.venues.depth import read_sides
from guard.venues.fields import Row, number, optional_number, positive, record, refused, rows, text

MarginWord = Literal["cross", "isolated", "portfolio"]
_MARGIN_WORDS: Mapping[str, MarginWord] = {
    "REGULAR_MARGIN": "cross",
    "ISOLATED_MARGIN": "isolated",
    "PORTFOLIO_MARGIN": "portfolio",
}
_CLASSIC = 1
_UNIFIED_1 = frozenset({3, 4})
# initialMargin * maxLeverage is 1 where rates are fractions and 100 where they are percent.
_PERCENT_FROM = 10.0


@dataclass(frozen=True, slots=True)
class Modes:
    """What the venue stated about an account: its margin mode, and the position mode of the symbols asked for.

    `has_inverse_apart`: inverse contracts of this (older) unified account live in a wallet of their own.
    """

    margin: MarginWord
    has_inverse_apart: bool = False
    symbols: Mapping[str, PositionMode] = field(default_factory=dict)

    @property
    def position_mode(self) -> PositionMode:
        """Hedge mode as soon as one symbol is in it; the venue keeps the mode for each symbol."""
        return "hedge" if "hedge" in self.symbols.values() else "one_way"

    @property
    def account_mode(self) -> str:
        """For people."""
        return f"unified account, {self.margin} margin"


class FeeRates(NamedTuple):
    """The account's own fees of a symbol, as fractions of notional."""

    taker: float
    maker: float


class LoanTier(NamedTuple):
    """Maintenance margin of a debt up to `cap` units of the coin, as a fraction of it."""

    cap: float
    mm_rate: float


def read_account_info(answer: object) -> Modes:
    """The account's margin mode.

    Raises:
        BadAnswer: a mode that is not known.
        VenueError: no unified account.
    """
    where = at.ACCOUNT.name
    row = result_of(answer, where)
    margin = _MARGIN_WORDS.get(text(row, "marginMode", where))
    if margin is None:
        raise refused(where, f"marginMode was {row['marginMode']!r}")
    status = number(row, "unifiedMarginStatus", where)
    if status == _CLASSIC:
        raise VenueError(
            f"{where}: this is a classic account, whose wallets have no common figures",
            fix="upgrade it to a unified account at the venue",
        )
    return Modes(margin, has_inverse_apart=status in _UNIFIED_1)


def modes_of(positions: tuple[PositionRow, ...]) -> dict[str, PositionMode]:
    """Position mode by symbol id, as the rows state it."""
    return {row.market_id: row.mode for row in positions}


def read_tiers(answer: object, market_id: str) -> tuple[Tier, ...]:
    """Risk limits of a symbol, lowest first, in units of its settlement coin; empty where the venue has none.

    The caps bound what may be opened; a position that grew beyond the last one is charged its rate. Rates come as
    fractions or as percent, which the leverage that belongs to each row tells.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = f"{at.RISK_LIMITS.name} {market_id}"
    found = [row for row in read_page(answer, where).rows if row.get("symbol") == market_id]
    limits = sorted(found, key=lambda row: positive(row, "riskLimitValue", where))
    floor, tiers = 0.0, []
    for index, row in enumerate(limits):
        cap = positive(row, "riskLimitValue", where)
        leverage = positive(row, "maxLeverage", where)
        scale = 0.01 if positive(row, "initialMargin", where) * leverage > _PERCENT_FROM else 1.0
        tiers.append(
            Tier(
                floor=floor,
                cap=cap if index + 1 < len(limits) else None,
                mm_rate=positive(row, "maintenanceMargin", where) * scale,
                mm_deduction=optional_number(row, "mmDeduction", where),
                max_leverage=leverage,
            )
        )
        floor = cap
    return tuple(tiers)


def read_collateral_ratios(answer: object) -> dict[str, tuple[HaircutTier, ...]]:
    """What the venue does not count of each coin, by amount; a coin whose ratios contradict each other is left out.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.COLLATERAL.name
    found = {}
    for row in read_page(answer, where).rows:
        coin = text(row, "currency", where)
        tiers = sorted((_haircut(item, f"{where} {coin}") for item in _list(row, where)), key=lambda tier: tier.floor)
        if tiers and tiers[0].floor == 0.0 and all(_follows(*pair) for pair in pairwise(tiers)):
            found[coin] = tuple(tiers)
    return found


def _list(row: Row, where: str) -> list[Row]:
    return rows(row.get("collateralRatioList"), f"{where} collateralRatioList")


def _haircut(row: Row, where: str) -> HaircutTier:
    ratio = number(row, "collateralRatio", where)
    if not 0.0 <= ratio <= 1.0:
        raise refused(where, f"collateralRatio was {ratio:g}")
    return HaircutTier(number(row, "minQty", where), optional_number(row, "maxQty", where), 1.0 - ratio)


def _follows(before: HaircutTier, after: HaircutTier) -> bool:
    return before.cap == after.floor and after.haircut >= before.haircut


def read_loan_tiers(answer: object) -> dict[str, tuple[LoanTier, ...]]:
    """Maintenance margin of debts by coin, lowest amount first.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.LOANS.name
    found = {}
    for row in read_page(answer, where).rows:
        tiers = rows(row.get("positionTiersRatioList"), f"{where} positionTiersRatioList")
        found[text(row, "currency", where)] = tuple(
            sorted(LoanTier(number(tier, "borrowLimit", where), number(tier, "positionMMR", where)) for tier in tiers)
        )
    return found


def loan_rate(tiers: tuple[LoanTier, ...], amount: float) -> float | None:
    """The rate on a debt of `amount`; beyond the last tier that of the last; None: there are none."""
    if not tiers:
        return None
    return next((tier.mm_rate for tier in tiers if amount <= tier.cap), tiers[-1].mm_rate)


def read_fees(answer: object) -> dict[str, FeeRates]:
    """The account's fees by symbol id.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = at.FEES.name
    return {
        text(row, "symbol", where): FeeRates(number(row, "takerFeeRate", where), number(row, "makerFeeRate", where))
        for row in read_page(answer, where).rows
    }


def read_ticker_price(answer: object, key: str) -> float | None:
    """A price of the one symbol that was asked for (`markPrice`, `usdIndexPrice`); None where there is none.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.TICKERS.name
    found = [optional_number(row, key, where) for row in read_page(answer, where).rows]
    price = found[0] if found else None
    return price if price is not None and price > 0 else None


def read_marks(answer: object) -> dict[str, float]:
    """Mark prices by symbol id; symbols without one are left out.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.TICKERS.name
    found = {}
    for row in read_page(answer, where).rows:
        mark = optional_number(row, "markPrice", where)
        if mark is not None and mark > 0:
            found[text(row, "symbol", where)] = mark
    return found


def read_rights(answer: object) -> KeyRights:
    """What the key may do.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.RIGHTS.name
    row = result_of(answer, where)
    may_write = number(row, "readOnly", where) == 0
    rights = record(row.get("permissions"), f"{where} permissions")
    wallet = _names(rights, "Wallet", where)
    addresses = _names(row, "ips", where)
    trades = "Order" in _names(rights, "ContractTrade", where) or "DerivativesTrade" in _names(
        rights, "Derivatives", where
    )
    return KeyRights(
        read=True,
        trade=may_write and trades,
        withdraw=may_write and "Withdraw" in wallet,
        transfer=may_write and bool(wallet & {"AccountTransfer", "SubMemberTransfer"}),
        ip_restricted=bool(addresses) and "*" not in addresses,
    )


def _names(row: Row, key: str, where: str) -> frozenset[str]:
    raw = row.get(key)
    if raw is None:
        return frozenset()
    if not isinstance(raw, list):
        raise refused(where, f"{key} is no list")
    return frozenset(str(name) for name in raw)


def read_depth(answer: object, symbol: str) -> Depth:
    """The order book of `symbol`.

    Raises:
        BadAnswer: a level is not a pair of positive numbers.
    """
    where = at.DEPTH.name
    row = result_of(answer, where)
    return read_sides(row, symbol, where, ("b", "a"))
