"""What Binance tells about its futures and about the user's settings, as plain values.

Tiers, leverages, modes, rates, marks, key rights, order books. Pure: no ccxt, no clock, no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guard.ports.errors import BadAnswer
from guard.ports.venue import Depth, KeyRights
from guard.risk.book import MarginMode, PositionMode, Tier
from guard.venues.depth import read_sides
from guard.venues.fields import (
    Row,
    flag,
    number,
    optional_flag,
    optional_number,
    positive,
    record,
    refused,
    rows,
    text,
)


@dataclass(frozen=True, slots=True)
class SymbolSetting:
    """What the user set for a symbol; `margin_mode` None: not told."""

    leverage: float
    margin_mode: MarginMode | None = None


_MARGIN_MODES: Mapping[str, MarginMode] = {"CROSSED": "cross", "ISOLATED": "isolated"}


@dataclass(frozen=True, slots=True)
class AssetRate:
    """USD per unit; positive equity counts at `bid`, negative at `ask`."""

    index: float
    bid: float
    ask: float


def read_brackets(answer: object, where: str, floors: Sequence[str], cap: str) -> dict[str, tuple[Tier, ...]]:
    """Leverage tiers by the venue's symbol id, lowest first. The last one has no upper bound.

    The caps bound what may be opened at a leverage; a position that grew beyond the last one is charged its rate.

    `notionalCoef` is how many times as wide a user's brackets are as everybody's. The bounds are said to be the user's
    own, and a public answer of an account shows them so; no document says it. So a multiple below 1 makes them
    narrower here, which never charges too little, and one above 1 changes nothing.

    Args:
        answer: the venue's answer.
        where: the request.
        floors: names of a bracket's lower bound, the first that is there: the venue spells one in two ways.
        cap: the name of its upper bound.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    table = {}
    for row in rows(answer, where):
        market_id = text(row, "symbol", where)
        scale = min(1.0, optional_number(row, "notionalCoef", where) or 1.0)
        if scale <= 0:
            raise refused(where, f"notionalCoef of {market_id} was {row['notionalCoef']!r}")
        brackets = rows(row.get("brackets"), where)
        tiers = sorted((_tier(item, f"{where} {market_id}", floors, cap, scale) for item in brackets), key=_floor_of)
        if tiers:
            last = tiers[-1]
            tiers[-1] = Tier(last.floor, None, last.mm_rate, last.mm_deduction, last.max_leverage)
            table[market_id] = tuple(tiers)
    return table


def _floor_of(tier: Tier) -> float:
    return tier.floor


def _tier(row: Row, where: str, floors: Sequence[str], cap: str, scale: float) -> Tier:
    deduction = optional_number(row, "cum", where)
    return Tier(
        floor=scale * number(row, next((name for name in floors if name in row), floors[0]), where),
        cap=scale * number(row, cap, where),
        mm_rate=number(row, "maintMarginRatio", where),
        mm_deduction=None if deduction is None else scale * deduction,
        max_leverage=optional_number(row, "initialLeverage", where),
    )


def read_symbol_settings(answer: object, where: str) -> dict[str, SymbolSetting]:
    """Leverage and margin mode by the venue's symbol id.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    found = {}
    for row in rows(answer, where):
        found[text(row, "symbol", where)] = SymbolSetting(
            positive(row, "leverage", where), _MARGIN_MODES.get(str(row.get("marginType")).upper())
        )
    return found


def read_position_mode(answer: object, where: str) -> PositionMode:
    """Hedge or one-way mode.

    Raises:
        BadAnswer: the answer does not say.
    """
    return "hedge" if flag(record(answer, where), "dualSidePosition", where) else "one_way"


def read_is_multi_assets(answer: object, where: str) -> bool:
    """Whether all margin assets carry all positions.

    Raises:
        BadAnswer: the answer does not say.
    """
    return flag(record(answer, where), "multiAssetsMargin", where)


def read_asset_rates(answer: object, where: str) -> dict[str, AssetRate]:
    """Rates by asset (`BTC` of the index `BTCUSD`).

    An asset without rates is left out, so that one that is not traded any more cannot blind every account; an account
    that has it finds them missing.

    Raises:
        BadAnswer: no list, or a row that names nothing.
    """
    found = {}
    for row in rows(answer, where):
        asset = text(row, "symbol", where).removesuffix("USD")
        try:
            index, bid, ask = (positive(row, key, where) for key in ("index", "bidRate", "askRate"))
        except BadAnswer:
            continue
        found[asset] = AssetRate(index, bid, ask)
    return found


def read_mark(answer: object, where: str) -> float | None:
    """Mark price of one symbol; None where the venue gives none. COIN-M answers with a list of one.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    row = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    mark = optional_number(record(row, where), "markPrice", where)
    return mark if mark is not None and mark > 0 else None


def read_rights(answer: object, where: str, trade: str = "enableFutures") -> KeyRights:
    """What the key may do; `trade` is the right that its orders need.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    row = record(answer, where)
    transfers = [optional_flag(row, key, where) for key in ("enableInternalTransfer", "permitsUniversalTransfer")]
    return KeyRights(
        read=optional_flag(row, "enableReading", where),
        trade=optional_flag(row, trade, where),
        withdraw=optional_flag(row, "enableWithdrawals", where),
        transfer=True if True in transfers else False if False in transfers else None,
        ip_restricted=optional_flag(row, "ipRestrict", where),
    )


def read_depth(answer: object, symbol: str, where: str) -> Depth:
    """The order book of `symbol`.

    Raises:
        BadAnswer: a level is not a pair of positive numbers.
    """
    row = record(answer, where)
    return read_sides(row, symbol, where)
