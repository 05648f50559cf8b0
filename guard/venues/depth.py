"""Order books in the form that most venues give them: two lists of pairs, price and size. Pure; knows no venue."""

from __future__ import annotations

from guard.ports.venue import Depth, DepthLevel
from guard.venues.fields import Row, number, refused


def read_sides(row: Row, symbol: str, where: str, keys: tuple[str, str] = ("bids", "asks")) -> Depth:
    """The order book of `symbol`, in the order and the units of the venue.

    Args:
        row: what holds both sides.
        symbol: whose book it is.
        where: the request.
        keys: where bids and asks stand.

    Raises:
        BadAnswer: a level is not a pair of positive numbers.
    """
    bids, asks = (read_levels(row, key, where) for key in keys)
    return Depth(symbol=symbol, bids=bids, asks=asks)


def read_levels(row: Row, key: str, where: str, *, may_be_empty: bool = False) -> tuple[DepthLevel, ...]:
    """One side. What stands behind price and size of a level says nothing here.

    Args:
        row: what holds it.
        key: where it stands.
        where: the request.
        may_be_empty: levels of size 0 are left out; otherwise they are wrong.

    Raises:
        BadAnswer: no list, or a level is not a pair of positive numbers.
    """
    raw = row.get(key)
    if not isinstance(raw, list):
        raise refused(where, f"{key} are no list")
    levels = []
    for level in raw:
        if not isinstance(level, list) or len(level) < 2:
            raise refused(where, f"a level of {key} is no pair")
        pair = {"price": level[0], "size": level[1]}
        price, size = number(pair, "price", where), number(pair, "size", where)
        if may_be_empty and size == 0:
            continue
        if price <= 0 or size <= 0:
            raise refused(where, f"a level of {key} was price {price:g}, size {size:g}; both must be > 0")
        levels.append(DepthLevel(price, size))
    return tuple(levels)
