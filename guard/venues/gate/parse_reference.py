"""What Gate tells about itself and about a key, as plain values: tiers, tickers, order books, rights. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from guard.ports.venue import Depth, DepthLevel, KeyRights
from guard.risk.book import HaircutTier, Tier
from guard.venues.fields import (
    Row,
    number,
    optional_flag,
    optional_number,
    optional_text,
    positive,
    record,
    refused,
    rows,
    text,
)
from guard.venues.gate import endpoints as at

_MASK = "*"
_NO_END = ("", None, "+", "+inf")


def read_tiers(answer: object, market_id: str) -> tuple[Tier, ...]:
    """The tiers of one contract by value in its settlement currency, lowest first. The last one has no upper bound.

    The caps bound what may be opened at a leverage; a position that grew beyond the last one is charged its rate.

    Raises:
        BadAnswer: a required field is missing or unreadable, or caps do not grow.
    """
    where = f"{at.TIERS.name} {market_id}"
    tiers: list[Tier] = []
    for row in sorted(rows(answer, where), key=lambda row: number(row, "tier", where)):
        if optional_text(row, "contract") not in {None, market_id}:
            raise refused(where, f"answered tiers of {row['contract']}")
        floor = (tiers[-1].cap or 0.0) if tiers else 0.0
        cap = positive(row, "risk_limit", where)
        if cap <= floor:
            raise refused(where, f"tier {row['tier']} ends at {cap:g}, where the one before does or earlier")
        tiers.append(
            Tier(
                floor=floor,
                cap=cap,
                mm_rate=positive(row, "maintenance_rate", where),
                mm_deduction=optional_number(row, "deduction", where),
                max_leverage=optional_number(row, "leverage_max", where),
            )
        )
    if not tiers:
        return ()
    if not any(tier.mm_deduction for tier in tiers):
        # Zeros on every tier stand for nothing: with slices only the first one deducts nothing.
        tiers = [replace(tier, mm_deduction=None) for tier in tiers]
    last = tiers[-1]
    return (*tiers[:-1], Tier(last.floor, None, last.mm_rate, last.mm_deduction, last.max_leverage))


def read_discounts(answer: object) -> dict[str, tuple[HaircutTier, ...]]:
    """What is not counted of each currency, by amount in its units; the venue states what is (`discount`).

    Raises:
        BadAnswer: a required field is missing or unreadable, or tiers do not touch.
    """
    where = at.DISCOUNTS.name
    found = {}
    # The venue's documentation shows the list inside another one.
    listed = answer[0] if isinstance(answer, list) and len(answer) == 1 and isinstance(answer[0], list) else answer
    for row in rows(listed, where):
        currency = text(row, "currency", where)
        here = f"{where} {currency}"
        tiers: list[HaircutTier] = []
        for item in sorted(rows(row.get("discount_tiers"), here), key=lambda item: number(item, "lower_limit", here)):
            floor = tiers[-1].cap if tiers else 0.0
            if floor is None or number(item, "lower_limit", here) != floor:
                raise refused(here, f"a tier begins at {item['lower_limit']}, the one before ends at {floor}")
            rate = number(item, "discount", here)
            if not 0.0 <= rate <= 1.0:
                raise refused(here, f"discount was {rate:g}, must be within 0 and 1")
            cap = None if item.get("upper_limit") in _NO_END else positive(item, "upper_limit", here)
            # Without the last digits that 1 - 0.98 has too many.
            tiers.append(HaircutTier(floor, cap, round(1.0 - rate, 12)))
        if tiers and tiers[-1].cap is not None:
            tiers.append(HaircutTier(tiers[-1].cap, None, 1.0))
        found[currency] = tuple(tiers)
    return found


def read_index_prices(answer: object) -> dict[str, float]:
    """Index prices of coins in USDT, from the tickers of contracts that settle in it.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.TICKERS.name
    found = {}
    for row in rows(answer, where):
        coin, _, quote = text(row, "contract", where).partition("_")
        price = optional_number(row, "index_price", where)
        if quote == "USDT" and price is not None and price > 0:
            found[coin] = price
    return found


def read_spot_price(answer: object) -> float | None:
    """The last price of one currency pair; None where it has none.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.SPOT_TICKERS.name
    prices = [optional_number(row, "last", where) for row in rows(answer, where)]
    return prices[0] if len(prices) == 1 and prices[0] and prices[0] > 0 else None


def read_marks(answer: object) -> dict[str, float]:
    """Mark prices by the venue's id; contracts without one are left out.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.TICKERS.name
    found = {}
    for row in rows(answer, where):
        mark = optional_number(row, "mark_price", where)
        if mark is not None and mark > 0:
            found[text(row, "contract", where)] = mark
    return found


def read_depth(answer: object, symbol: str) -> Depth:
    """The order book of `symbol`, in contracts.

    Raises:
        BadAnswer: a level is no price and size, both positive.
    """
    where = at.DEPTH.name
    row = record(answer, where)
    return Depth(symbol=symbol, bids=_levels(row, "bids", where), asks=_levels(row, "asks", where))


def _levels(row: Row, key: str, where: str) -> tuple[DepthLevel, ...]:
    return tuple(
        DepthLevel(positive(level, "p", where), positive(level, "s", where))
        for level in rows(row.get(key), f"{where} {key}")
    )


def read_rights(answer: object, api_key: str) -> KeyRights:
    """What the key may do, from the list of the user's keys, in which each is masked behind its first characters.

    A right that stands in no list is not told: then it is None.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.MAIN_KEYS.name
    listed = rows(answer if isinstance(answer, list) else [answer], where)
    mine = [row for row in listed if _is_shown_of(row.get("key"), api_key)]
    if len(mine) != 1:
        # None of them is ours (a key of a sub-account), or several might be.
        return KeyRights(read=True)
    row = mine[0]
    writes = dict(_writes(rows(row.get("perms"), f"{where} perms"), where))
    withdraws = [may for name, may in writes.items() if name.startswith("withdraw")]
    return KeyRights(
        read=True,
        trade=writes.get("futures", False),
        withdraw=any(withdraws) if withdraws else None,
        transfer=writes.get("wallet"),
        ip_restricted=_is_restricted(row),
    )


def read_restriction(answer: object) -> bool | None:
    """Whether the key is bound to addresses, from the account's details.

    Raises:
        BadAnswer: the answer is no object.
    """
    return _is_restricted(record(answer, at.DETAIL.name))


def _is_restricted(row: Row) -> bool | None:
    addresses = row.get("ip_whitelist")
    return bool(addresses) if isinstance(addresses, list) else None


def _writes(perms: Iterable[Mapping[str, object]], where: str) -> Iterable[tuple[str, bool]]:
    for row in perms:
        yield text(row, "name", where), optional_flag(row, "read_only", where) is not True


def _is_shown_of(shown: object, api_key: str) -> bool:
    """Whether a masked key (`c5dcfbf1f3a7*****`) may be this one; some answers name no key: there is one only."""
    if not isinstance(shown, str):
        return True
    start, mask, end = shown.partition(_MASK)
    end = end.strip(_MASK)
    return shown == api_key if not mask else bool(start or end) and api_key.startswith(start) and api_key.endswith(end)
