"""What Bitget tells about itself, about an account's modes and about a key, as plain values. Pure: no ccxt, no I/O."""

from __future__ import annotations

from typing import Final

from guard.ports.venue import Depth, KeyRights
from guard.risk.book import MarginMode, PositionMode, Tier
from guard.venues.bitget import endpoints as at
from guard.venues.bitget.parse import mode_of
from guard.venues.depth import read_sides
from guard.venues.fields import Row, number, optional_number, positive, record, refused, rows, text

# The venue's words for rights: today's for classic accounts, its older ones, and those of unified accounts.
_READ: Final = frozenset({"coor", "coow", "cpor", "cpow", "readonly", "trade", "uta_mgt", "uta_trade"})
_TRADE: Final = frozenset({"coow", "trade"})
_WITHDRAW: Final = frozenset({"wwow", "withdraw"})
_TRANSFER: Final = frozenset({"wtow", "transfer"})


def read_tiers(answer: object, market_id: str) -> tuple[Tier, ...]:
    """Tiers of a contract, in quote, lowest first. The last one has no upper bound.

    The caps bound what may be opened at a leverage; a position that grew beyond the last one is charged its rate.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    where = f"{at.TIERS.name} {market_id}"
    tiers = [_tier(row, where) for row in rows(at.data_of(answer, where) or [], where)]
    tiers.sort(key=lambda tier: tier.floor)
    if tiers:
        last = tiers[-1]
        tiers[-1] = Tier(last.floor, None, last.mm_rate, None, last.max_leverage)
    return tuple(tiers)


def _tier(row: Row, where: str) -> Tier:
    return Tier(
        floor=number(row, "startUnit", where),
        cap=number(row, "endUnit", where),
        mm_rate=number(row, "keepMarginRate", where),
        mm_deduction=None,
        max_leverage=optional_number(row, "leverage", where),
    )


def read_position_mode(answer: object, product: str) -> PositionMode:
    """Hedge or one-way mode of a product.

    Raises:
        BadAnswer: the answer does not say.
    """
    where = f"{at.ACCOUNT.name} {product}"
    return mode_of(record(at.data_of(answer, where), where), "posMode", where)


def read_symbol_setting(answer: object, market_id: str) -> tuple[float, MarginMode]:
    """Leverage of cross legs of a contract, and the margin mode that is set for it.

    Raises:
        BadAnswer: the answer does not say.
    """
    where = f"{at.ACCOUNT.name} {market_id}"
    row = record(at.data_of(answer, where), where)
    word = text(row, "marginMode", where)
    if word not in {"crossed", "cross", "isolated"}:
        raise refused(where, f"marginMode was {word!r}")
    return positive(row, "crossedMarginLeverage", where), "isolated" if word == "isolated" else "cross"


def read_unified_mode(answer: object) -> PositionMode:
    """Hedge or one-way mode of a unified account.

    Raises:
        BadAnswer: the answer does not say.
    """
    where = at.UNIFIED_SETTINGS.name
    return mode_of(record(at.data_of(answer, where), where), "holdMode", where)


def read_mark(answer: object, market_id: str) -> float | None:
    """Mark price of a contract; None where the venue gives none.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = f"{at.PRICE.name} {market_id}"
    for row in rows(at.data_of(answer, where) or [], where):
        mark = optional_number(row, "markPrice", where)
        return mark if mark is not None and mark > 0 else None
    return None


def read_rights(answer: object) -> KeyRights:
    """What the key of a classic account may do. Words that nobody knows say nothing.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.RIGHTS.name
    row = record(at.data_of(answer, where), where)
    words = _words(row, "authorities", where)
    if not words & (_READ | _TRADE | _WITHDRAW | _TRANSFER):
        return KeyRights(ip_restricted=_is_bound(row))
    return KeyRights(
        read=bool(words & _READ),
        trade=bool(words & _TRADE),
        withdraw=bool(words & _WITHDRAW),
        transfer=bool(words & _TRANSFER),
        ip_restricted=_is_bound(row),
    )


def read_unified_rights(answer: object) -> KeyRights:
    """What the key of a unified account may do. Transfers belong to the account's management.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.UNIFIED_RIGHTS.name
    row = record(at.data_of(answer, where), where)
    words, kind = _words(row, "permissions", where), row.get("permType")
    if kind not in {"read-only", "read-and-write"}:
        return KeyRights(ip_restricted=_is_bound(row))
    writes = kind == "read-and-write"
    return KeyRights(
        read=bool(words & _READ),
        trade=writes and "uta_trade" in words,
        withdraw=writes and "withdraw" in words,
        transfer=writes and "uta_mgt" in words,
        ip_restricted=_is_bound(row),
    )


def _words(row: Row, key: str, where: str) -> frozenset[str]:
    raw = row.get(key)
    if raw is None:
        return frozenset()
    if not isinstance(raw, list):
        raise refused(where, f"{key} are no list")
    return frozenset(str(word).lower() for word in raw)


def _is_bound(row: Row) -> bool | None:
    """Whether the key works from named addresses only; None: not told."""
    addresses = row.get("ips")
    return bool(addresses.strip()) if isinstance(addresses, str) else None


def read_depth(answer: object, symbol: str) -> Depth:
    """The order book of `symbol`.

    Raises:
        BadAnswer: a level is not a pair of positive numbers.
    """
    where = at.DEPTH.name
    row = record(at.data_of(answer, where), where)
    return read_sides(row, symbol, where)
