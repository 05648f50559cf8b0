"""What OKX tells about itself and about the account's settings, as plain values.

Modes, key rights, tiers, discounts, fees, marks, order books. Pure: no ccxt, no clock, no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from guard.ports.errors import BadAnswer, VenueError
from guard.ports.venue import Depth, KeyRights
from guard.risk.book import HaircutTier, PositionMode, Tier
from guard.venues.depth import read_sides
from guard.venues.fields import Row, number, optional_number, optional_text, positive, refused, rows, text
from guard.venues.okx import endpoints as at

AccountMode = Literal["single", "multi", "portfolio"]
_MODES: dict[str, AccountMode] = {"2": "single", "3": "multi", "4": "portfolio"}
_POSITION_MODES: dict[str, PositionMode] = {"net_mode": "one_way", "long_short_mode": "hedge"}
_SPOT = "1"


@dataclass(frozen=True, slots=True)
class Modes:
    """What the venue stated about the account in this session."""

    account_mode: AccountMode
    position_mode: PositionMode


def read_modes(answer: object) -> Modes:
    """Account mode and position mode.

    Raises:
        VenueError: the account is one without contracts.
        BadAnswer: the answer does not say.
    """
    where = at.CONFIG.name
    row = at.only_row(answer, where)
    level, side = text(row, "acctLv", where), text(row, "posMode", where)
    if level == _SPOT:
        raise VenueError(
            f"{where}: the account is in spot mode (acctLv 1), which holds no contracts",
            fix="switch the account to futures or multi-currency mode at the venue, or remove it here",
        )
    if level not in _MODES:
        raise refused(where, f"acctLv was {level!r}")
    if side not in _POSITION_MODES:
        raise refused(where, f"posMode was {side!r}")
    return Modes(_MODES[level], _POSITION_MODES[side])


def read_rights(answer: object) -> KeyRights:
    """What the key may do. Moving funds to other accounts has no right of its own.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.CONFIG.name
    row = at.only_row(answer, where)
    stated = optional_text(row, "perm")
    rights = frozenset((stated or "").replace(" ", "").split(","))
    # Not told is not the same as an empty list, which means: open to all addresses.
    addresses = row.get("ip")
    return KeyRights(
        read=True,
        trade=None if stated is None else "trade" in rights,
        withdraw=None if stated is None else "withdraw" in rights,
        transfer=None,
        ip_restricted=bool(addresses) if isinstance(addresses, str) else None,
    )


def read_tiers(answer: object) -> dict[str, tuple[Tier, ...]]:
    """Tiers in contracts by instrument family, lowest first. The last one has no upper bound.

    The caps bound what may be opened at a leverage; a position that grew beyond the last one is charged its rate.
    Where the venue writes whole numbers (`1 to 500`, `501 to 1000`), a tier begins where the one before ends.

    Raises:
        BadAnswer: a required field is missing or unreadable, or tiers overlap.
    """
    where = at.TIERS.name
    found: dict[str, list[Tier]] = {}
    for row in sorted(at.data_of(answer, where), key=_tier_number):
        family = text(row, "instFamily", where)
        here = f"{where} {family}"
        tiers = found.setdefault(family, [])
        floor = tiers[-1].cap if tiers else 0.0
        stated = number(row, "minSz", here)
        if floor is None or stated < floor:
            raise refused(here, f"tier {row.get('tier')} begins at {stated:g}, before the last one ends")
        tiers.append(
            Tier(
                floor=floor,
                cap=optional_number(row, "maxSz", here),
                mm_rate=positive(row, "mmr", here),
                max_leverage=optional_number(row, "maxLever", here),
            )
        )
    return {family: (*tiers[:-1], _open_ended(tiers[-1])) for family, tiers in found.items()}


def _tier_number(row: Row) -> float:
    return number(row, "tier", at.TIERS.name)


def _open_ended(tier: Tier) -> Tier:
    return Tier(tier.floor, None, tier.mm_rate, tier.mm_deduction, tier.max_leverage)


def read_discounts(answer: object) -> dict[str, tuple[HaircutTier, ...]]:
    """What is not counted of each currency, by amount in its units; the venue states what is (`discountRate`).

    A currency whose rates cannot be read is left out, so that one of them cannot blind every account; an account that
    holds it finds them missing.

    Raises:
        BadAnswer: no list, or not one currency in it.
    """
    where = at.DISCOUNTS.name
    found = {}
    refusals = []
    for row in at.data_of(answer, where):
        try:
            found[text(row, "ccy", where)] = _discounts(row, where)
        except BadAnswer as refusal:
            refusals.append(refusal)
    if not found:
        raise refusals[0] if refusals else refused(where, "lists no currency")
    return found


def _discounts(row: Row, where: str) -> tuple[HaircutTier, ...]:
    here = f"{where} {row.get('ccy')}"
    tiers: list[HaircutTier] = []
    for item in sorted(rows(row.get("details"), here), key=lambda item: number(item, "minAmt", here)):
        cap = optional_number(item, "maxAmt", here)
        floor = tiers[-1].cap if tiers else 0.0
        if floor is None or number(item, "minAmt", here) != floor:
            raise refused(here, f"a tier begins at {item['minAmt']}, the one before ends at {floor}")
        tiers.append(HaircutTier(floor, cap, _haircut(number(item, "discountRate", here), here)))
    if tiers and tiers[-1].cap is not None:
        beyond = optional_number(row, "minDiscountRate", here) or 0.0
        tiers.append(HaircutTier(tiers[-1].cap, None, _haircut(beyond, here)))
    if any(after.haircut < before.haircut for before, after in pairwise(tiers)):
        raise refused(here, "more of a larger amount counts than of a smaller one")
    return tuple(tiers)


def _haircut(rate: float, where: str) -> float:
    if not 0.0 <= rate <= 1.0:
        raise refused(where, f"discountRate was {rate:g}, must be within 0 and 1")
    # Without the last digits that 1 - 0.98 has too many.
    return round(1.0 - rate, 12)


def read_taker_fee(answer: object) -> float:
    """The highest taker fee of the user's contracts, as a fraction; the venue writes what is charged as negative.

    Where it tells none for all contracts, the highest of the groups of contracts (`feeGroup`).

    Raises:
        BadAnswer: it does not say.
    """
    where = at.FEES.name
    row = at.only_row(answer, where)
    stated = [optional_number(row, key, where) for key in ("taker", "takerU", "takerUSDC")]
    if not any(rate is not None for rate in stated) and row.get("feeGroup"):
        stated = [optional_number(group, "taker", where) for group in rows(row["feeGroup"], f"{where} feeGroup")]
    rates = [-rate for rate in stated if rate is not None]
    if not rates:
        raise refused(where, "tells no taker fee")
    return max(0.0, *rates)


def read_leverage(answer: object) -> float | None:
    """The leverage that is set for a contract; of two legs that differ the lower one, which needs more margin.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.LEVERAGE.name
    return min((positive(row, "lever", where) for row in at.data_of(answer, where)), default=None)


def read_marks(answer: object) -> dict[str, float]:
    """Mark prices by the venue's id; contracts without one are left out.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.MARKS.name
    found = {}
    for row in at.data_of(answer, where):
        mark = optional_number(row, "markPx", where)
        if mark is not None and mark > 0:
            found[text(row, "instId", where)] = mark
    return found


def read_depth(answer: object, symbol: str) -> Depth:
    """The order book of `symbol`, in contracts.

    Raises:
        BadAnswer: a level is not a pair of positive numbers.
    """
    where = at.DEPTH.name
    row = at.only_row(answer, where)
    return read_sides(row, symbol, where)
