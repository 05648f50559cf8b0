"""What a picture of exposure shows: signed notional by symbol. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from guard.charts.figures import label, short_amount
from guard.charts.picture import Amounts, ExposurePicture, ExposureRow
from guard.charts.words import amounts_of, data_as_of
from guard.language.speech import ENGLISH, Speech, settle_of
from guard.language.words import side_word

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


def exposure_picture(
    account: str, legs: Sequence[Leg], *, currency: str, data_at: datetime | None, speech: Speech = ENGLISH
) -> ExposurePicture:
    """The picture of an account's legs.

    Args:
        account: its name.
        legs: as last known.
        currency: what money is in; legs that settle in another currency stand in a note, because their amounts cannot
            stand on the same axis.
        data_at: when the legs were read; None = never.
        speech: of whoever asked.
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
    amounts = amounts_of(speech)
    if found:
        title = _title(account, found, currency, amounts, speech)
    elif data_at is None:
        title = speech.text("{account}: positions are not known.", account=label(account))
    else:
        title = speech.text("{account}: no open positions.", account=label(account))
    return ExposurePicture(
        title=title,
        subtitle=data_as_of(speech, data_at) if data_at else speech.text("Never read"),
        rows=_at_most(found, speech),
        axis=_axis(found, currency, speech),
        longs=f"{side_word(speech, 'long')} ▶",
        shorts=f"◀ {side_word(speech, 'short')}",
        amounts=amounts,
        note="; ".join(
            speech.text("not shown: {count} in {currency}", count=count, currency=name)
            for name, count in sorted(others.items())
        ),
    )


def _title(account: str, rows: Sequence[ExposureRow], currency: str, amounts: Amounts, speech: Speech) -> str:
    gross, net = sum(row.longs + row.shorts for row in rows), sum(row.net for row in rows)
    size = short_amount(abs(net), amounts)
    if net == 0:
        told = speech.text("zero")
    else:
        told = speech.text("long {amount}", amount=size) if net > 0 else speech.text("short {amount}", amount=size)
    whole = f"{short_amount(gross, amounts)} {currency}"
    return speech.text("{account}: net {net},\ngross {gross}.", account=label(account), net=told, gross=whole)


def _axis(rows: Sequence[ExposureRow], currency: str, speech: Speech) -> str:
    if any(row.longs and row.shorts for row in rows):
        return speech.text("notional, {currency} (black: net)", currency=currency)
    return speech.text("notional, {currency}", currency=currency)


def _at_most(rows: list[ExposureRow], speech: Speech) -> tuple[ExposureRow, ...]:
    if len(rows) <= ROWS_MAX:
        return tuple(rows)
    rest = rows[ROWS_MAX - 1 :]
    sums = [sum(getattr(row, name) for row in rest) for name in ("net", "longs", "shorts")]
    return (*rows[: ROWS_MAX - 1], ExposureRow(speech.text("{count} others", count=len(rest)), *sums))


def _size(row: ExposureRow) -> tuple[float, str]:
    return (-(row.longs + row.shorts), row.symbol)
