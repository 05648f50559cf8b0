"""What KuCoin futures tells about itself and about the user's settings, as plain values.

Constants of the margin rule, leverages, modes, marks, key rights, order books. Pure: no ccxt, no clock, no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from guard.ports.errors import BadAnswer
from guard.ports.venue import Depth, KeyRights
from guard.risk.book import PositionMode
from guard.venues.depth import read_sides
from guard.venues.fields import (
    Row,
    above_zero,
    number,
    optional_number,
    optional_text,
    positive,
    record,
    refused,
    rows,
    text,
)
from guard.venues.kucoinfutures import endpoints as at

_MODES: dict[float, PositionMode] = {0.0: "one_way", 1.0: "hedge"}
# "Transfer" is the venue's older name of the right to withdraw; the others move money between the user's own accounts.
_WITHDRAW = frozenset({"transfer", "withdrawal", "withdraw"})
_TRANSFER = frozenset({"innertransfer", "flextransfers", "flextransfer"})


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Constants that the venue has announced, in force from `active_ms` (epoch ms); None = unchanged."""

    active_ms: float
    k: float | None
    m: float | None
    mmr_lev_constant: float | None


@dataclass(frozen=True, slots=True)
class Constants:
    """The constants of a contract: `mm_rate = min((1 + size / m) / (2 * mmr_lev_constant), mmr_limit)`.

    `k` and `m` in base units; `funding_rate` per interval, as a fraction.
    """

    k: float | None
    m: float
    f: float
    mmr_limit: float
    mmr_lev_constant: float
    funding_rate: float | None
    adjustment: Adjustment | None

    def at(self, now_ms: float) -> dict[str, float]:
        """The rule's parameters in force at `now_ms`: an announced change counts from its time on."""
        change = self.adjustment if self.adjustment and now_ms >= self.adjustment.active_ms else None
        found = {
            "k": (change and change.k) or self.k,
            "m": (change and change.m) or self.m,
            "mmr_lev_constant": (change and change.mmr_lev_constant) or self.mmr_lev_constant,
            "f": self.f,
            "mmr_limit": self.mmr_limit,
            "funding_rate": self.funding_rate,
        }
        return {name: value for name, value in found.items() if value is not None}


class ContractTable(NamedTuple):
    """What is read of all contracts at once: constants by the venue's id, and ids of currencies that settle any."""

    constants: dict[str, Constants]
    currency_ids: tuple[str, ...]


def read_contracts(answer: object) -> ContractTable:
    """The constants of the listed contracts.

    A contract without them (no cross margin) is left out; whoever holds it across finds them missing.

    Raises:
        BadAnswer: no list, or not one contract in it.
    """
    where = at.CONTRACTS.name
    table: dict[str, Constants] = {}
    currency_ids: dict[str, None] = {}
    for row in rows(at.data_of(answer, where), where):
        currency = optional_text(row, "settleCurrency")
        if currency:
            currency_ids[currency] = None
        try:
            table[text(row, "symbol", where)] = _constants(row, where)
        except BadAnswer:
            continue
    if not currency_ids:
        raise refused(where, "lists no contract")
    return ContractTable(table, tuple(currency_ids))


def _constants(row: Row, where: str) -> Constants:
    active_ms = optional_number(row, "adjustActiveTime", where)
    adjusted = [above_zero(row, key, where) for key in ("adjustK", "adjustM", "adjustMmrLevConstant")]
    return Constants(
        k=above_zero(row, "k", where),
        m=positive(row, "m", where),
        f=positive(row, "f", where),
        mmr_limit=positive(row, "mmrLimit", where),
        mmr_lev_constant=positive(row, "mmrLevConstant", where),
        funding_rate=optional_number(row, "fundingFeeRate", where),
        adjustment=Adjustment(active_ms, *adjusted) if active_ms and any(adjusted) else None,
    )


def read_position_mode(answer: object) -> PositionMode:
    """Hedge or one-way mode.

    Raises:
        BadAnswer: the answer does not say.
    """
    where = at.POSITION_MODE.name
    found = number(record(at.data_of(answer, where), where), "positionMode", where)
    mode = _MODES.get(found)
    if mode is None:
        raise refused(where, f"positionMode was {found:g}")
    return mode


def read_cross_leverage(answer: object) -> float:
    """The leverage that is set for the cross legs of one contract.

    Raises:
        BadAnswer: the answer does not say.
    """
    where = at.CROSS_LEVERAGE.name
    return positive(record(at.data_of(answer, where), where), "leverage", where)


def read_mark(answer: object) -> float | None:
    """Mark price of one contract; None where the venue gives none.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.MARK.name
    return above_zero(record(at.data_of(answer, where), where), "value", where)


def read_rights(answer: object) -> KeyRights:
    """What the key may do.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    where = at.RIGHTS.name
    row = record(at.data_of(answer, where), where)
    words = {word.strip().lower() for word in text(row, "permission", where).split(",")}
    allowed = row.get("ipWhitelist")
    return KeyRights(
        read="general" in words,
        trade="futures" in words,
        withdraw=bool(words & _WITHDRAW),
        transfer=bool(words & (_TRANSFER | _WITHDRAW)),
        ip_restricted=bool(allowed) if isinstance(allowed, str) else None,
    )


def read_depth(answer: object, symbol: str) -> Depth:
    """The order book of `symbol`.

    Raises:
        BadAnswer: a level is not a pair of positive numbers.
    """
    where = at.DEPTH.name
    row = record(at.data_of(answer, where), where)
    return read_sides(row, symbol, where)
