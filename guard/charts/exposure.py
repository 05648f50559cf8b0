"""What a picture of exposure shows: signed notional by symbol. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from guard.charts.picture import ExposurePicture, ExposureRow
from guard.charts.words import label, short_amount
from guard.language.speech import settle_of

ROWS_MAX: Final = 12
"""More do not fit on a phone; the smaller ones are added up, never left out."""


class Leg(Protocol):
    """A leg as snapshots and reports have it: `notional` is positive on both sides, in the pool's currency."""

    @property
    def symbol(self) -> str:
        """Unified symbol such as `BTC/USDT:USDT`."""
        ...

    @property
    def side(self) -> str:
        """`long` or `short`."""
        ...

    @property
    def notional(self) -> float:
        """Value of the position."""
        ...


def exposure_picture(account: str, legs: Sequence[Leg], *, currency: str, data_at: datetime | None) -> ExposurePicture:
    """The picture of an account's legs.

    Args:
        account: its name.
        legs: as last known.
        currency: what money is in; legs that settle in another currency stand in a note, because their amounts cannot
            stand on the same axis.
        data_at: when the legs were read; None = never.
    """
    rows: dict[str, tuple[float, float]] = {}
    others: dict[str, int] = {}
    for leg in legs:
        settle = settle_of(leg.symbol) or currency
        if settle != currency:
            others[settle] = others.get(settle, 0) + 1
            continue
        longs, shorts = rows.get(leg.symbol, (0.0, 0.0))
        size = abs(leg.notional)
        rows[leg.symbol] = (longs + size, shorts) if leg.side == "long" else (longs, shorts + size)
    found = sorted(
        (ExposureRow(name, longs - shorts, longs, shorts) for name, (longs, shorts) in rows.items()), key=_size
    )
    note = "; ".join(f"not shown: {count} in {name}" for name, count in sorted(others.items()))
    gross, net = sum(row.longs + row.shorts for row in found), sum(row.net for row in found)
    title = f"{label(account)}: no open positions."
    if found:
        title = f"{label(account)}: net {_signed(net)},\ngross {short_amount(gross)} {currency}."
    elif data_at is None:
        title = f"{label(account)}: positions are not known."
    read = f"Data as of {data_at:%d %b %H:%M:%S} UTC" if data_at else "Never read"
    return ExposurePicture(title, read, currency, _at_most(found), note)


def _at_most(rows: list[ExposureRow]) -> tuple[ExposureRow, ...]:
    if len(rows) <= ROWS_MAX:
        return tuple(rows)
    rest = rows[ROWS_MAX - 1 :]
    sums = [sum(getattr(row, name) for row in rest) for name in ("net", "longs", "shorts")]
    return (*rows[: ROWS_MAX - 1], ExposureRow(f"{len(rest)} others", *sums))


def _size(row: ExposureRow) -> tuple[float, str]:
    return (-(row.longs + row.shorts), row.symbol)


def _signed(value: float) -> str:
    return "zero" if value == 0 else f"{'long' if value > 0 else 'short'} {short_amount(abs(value))}"
