"""What BingX tells about itself and about the user's settings, as plain values.

Tiers, leverages, modes, marks, key rights, order books. Pure: no ccxt, no clock, no I/O.
"""

from __future__ import annotations

from typing import NamedTuple

from guard.ports.venue import Depth, DepthLevel, KeyRights
from guard.risk.book import MarginMode, PositionMode, Tier
from guard.venues.bingx import endpoints as at
from guard.venues.bingx.parse import data_of
from guard.venues.client import Endpoint
from guard.venues.depth import read_levels
from guard.venues.fields import Row, flag, number, optional_number, positive, record, refused, rows, text

SINGLE_ASSET = "singleAssetMode"
MULTI_ASSETS = "multiAssetsMode"
_TRADE, _TRANSFER, _WITHDRAW, _SUB_TRANSFER, _READ = "3", "4", "5", "7", "2"


class Leverages(NamedTuple):
    """What the user set for both sides of a symbol."""

    long: float
    short: float


def read_tiers(answer: object, market_id: str) -> tuple[Tier, ...]:
    """Tiers of one symbol by the value of a position, lowest first. The last one has no upper bound.

    The caps bound what may be opened; a position that grew beyond the last one is charged its rate.

    Raises:
        BadAnswer: a required field is missing or unreadable, or a row is of another symbol.
    """
    where = f"{at.TIERS.name} {market_id}"
    listed = rows(data_of(answer, where), where)
    if any(row.get("symbol", market_id) != market_id for row in listed):
        raise refused(where, "answered for another symbol")
    tiers = sorted((_tier(row, where) for row in listed), key=_floor_of)
    if tiers:
        last = tiers[-1]
        tiers[-1] = Tier(last.floor, None, last.mm_rate, last.mm_deduction, last.max_leverage)
    return tuple(tiers)


def _floor_of(tier: Tier) -> float:
    return tier.floor


def _tier(row: Row, where: str) -> Tier:
    return Tier(
        floor=number(row, "minPositionVal", where),
        cap=number(row, "maxPositionVal", where),
        mm_rate=positive(row, "maintMarginRatio", where),
        mm_deduction=optional_number(row, "maintAmount", where),
    )


def read_leverages(answer: object, endpoint: Endpoint) -> Leverages:
    """Leverage of both sides.

    Raises:
        BadAnswer: a required field is missing or unreadable.
    """
    row = record(data_of(answer, endpoint.name), endpoint.name)
    return Leverages(positive(row, "longLeverage", endpoint.name), positive(row, "shortLeverage", endpoint.name))


def read_margin_mode(answer: object) -> MarginMode:
    """The margin mode that is set for a contract.

    Raises:
        BadAnswer: the answer does not say.
    """
    where = at.MARGIN_TYPE.name
    word = text(record(data_of(answer, where), where), "marginType", where).upper()
    if word not in {"CROSSED", "ISOLATED", "SEPARATE_ISOLATED"}:
        raise refused(where, f"marginType was {word!r}")
    return "cross" if word == "CROSSED" else "isolated"


def read_position_mode(answer: object) -> PositionMode:
    """Hedge or one-way mode, of the USDT- and USDC-margined contracts.

    Raises:
        BadAnswer: the answer does not say.
    """
    where = at.POSITION_MODE.name
    return "hedge" if flag(record(data_of(answer, where), where), "dualSidePosition", where) else "one_way"


def read_is_multi_assets(answer: object) -> bool:
    """Whether several assets carry the positions together.

    Raises:
        BadAnswer: the answer does not say.
    """
    where = at.ASSET_MODE.name
    mode = text(record(data_of(answer, where), where), "assetMode", where)
    if mode not in {SINGLE_ASSET, MULTI_ASSETS}:
        raise refused(where, f"assetMode was {mode!r}")
    return mode == MULTI_ASSETS


def read_holds_standard(answer: object) -> bool:
    """Whether the separate "standard futures" account holds anything.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.STANDARD_POSITIONS.name
    data = data_of(answer, where)
    return any(number(row, "positionAmt", where) != 0.0 for row in ([] if data is None else rows(data, where)))


def read_mark(answer: object, endpoint: Endpoint) -> float | None:
    """Mark price of one symbol; None where the venue gives none.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    data = data_of(answer, endpoint.name)
    # The coin-margined request answers with a list, also for one symbol.
    listed = rows(data, endpoint.name) if isinstance(data, list) else [record(data, endpoint.name)]
    mark = optional_number(listed[0], "markPrice", endpoint.name) if len(listed) == 1 else None
    return mark if mark is not None and mark > 0 else None


def read_rights(answer: object) -> KeyRights:
    """What the key may do: numbers of rights, and the addresses that it is bound to. No `code` is part of the answer.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.RIGHTS.name
    top = record(answer, where)
    row = record(top["data"], where) if isinstance(top.get("data"), dict) else top
    listed, addresses = row.get("permissions"), row.get("ipAddresses")
    if listed is None:
        return KeyRights(read=True)
    if not isinstance(listed, list):
        raise refused(where, "permissions are no list")
    rights = {str(right) for right in listed}
    return KeyRights(
        read=_READ in rights,
        trade=_TRADE in rights,
        withdraw=_WITHDRAW in rights,
        transfer=bool(rights & {_TRANSFER, _SUB_TRANSFER}),
        ip_restricted=any(bool(address) for address in addresses) if isinstance(addresses, list) else None,
    )


def read_depth(answer: object, symbol: str, endpoint: Endpoint, keys: tuple[str, str]) -> Depth:
    """The order book of `symbol`, in contracts, best level first.

    Args:
        answer: the venue's.
        symbol: whose it is.
        endpoint: which request it answers.
        keys: where bids and asks stand in our unit. Of USDT- and USDC-margined contracts that is `bidsCoin` and
            `asksCoin`, cut off after some digits (levels of 0 say nothing); their `bids` count a smaller unit.

    Raises:
        BadAnswer: a level is not a pair of a positive price and a size.
    """
    row = record(data_of(answer, endpoint.name), endpoint.name)
    bids, asks = (read_levels(row, key, endpoint.name, may_be_empty=True) for key in keys)
    # The venue lists asks from the dearest down.
    return Depth(symbol, tuple(sorted(bids, key=_price_of, reverse=True)), tuple(sorted(asks, key=_price_of)))


def _price_of(level: DepthLevel) -> float:
    return level.price
