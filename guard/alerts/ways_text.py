"""Ways out of an alarm, as lines: what to do, and the level after it. Pure."""

from __future__ import annotations

from guard.alerts.markup import safe
from guard.language.speech import Speech, base_of
from guard.language.words import side_word
from guard.ports.ways_out import WayOut, WaysOut


def ways_lines(speech: Speech, ways: WaysOut | None) -> list[str]:
    """One line for each way; none where nothing is known."""
    if ways is None or not ways.ways:
        return []
    lines = [f"<b>{speech.text('Ways out, and the level after each:')}</b>"]
    lines += [f"• {_way(speech, way)}: {_after(speech, way)}" for way in ways.ways]
    if not ways.closing_helps:
        lines.append(speech.text("Making one position smaller does not help here: add collateral."))
    return lines


def _way(speech: Speech, way: WayOut) -> str:
    amount = speech.money(way.amount, safe(way.unit))
    if way.way == "add":
        return _moving(speech, way, amount) if way.kept > 0.0 else _adding(speech, way, amount)
    if way.contracts != way.amount:
        amount = f"{amount} = {speech.contracts(way.contracts)}"
    leg = f"{safe(base_of(way.symbol))} {side_word(speech, way.side or '')}"
    if way.way == "hedge":
        other = side_word(speech, "short" if way.side == "long" else "long")
        return speech.text("hedge {leg} with {amount} {other}", leg=leg, amount=amount, other=other)
    if way.whole:
        return speech.text("close all of {leg} ({amount})", leg=leg, amount=amount)
    if way.unit == base_of(way.symbol) and way.contracts == way.amount:
        return speech.text("close {amount} {side}", amount=amount, side=side_word(speech, way.side or ""))
    return speech.text("close {amount} of {leg}", leg=leg, amount=amount)


def _adding(speech: Speech, way: WayOut, amount: str) -> str:
    """A sum from wherever."""
    if way.symbol:
        return speech.text("add {amount} to isolated {symbol}", amount=amount, symbol=safe(way.symbol))
    return speech.text("add {amount}", amount=amount)


def _moving(speech: Speech, way: WayOut, amount: str) -> str:
    """A sum of which something is kept in other wallets."""
    kept = speech.money(way.kept, safe(way.unit))
    if way.kept < way.amount:
        return speech.text("add {amount} (you keep {kept} in other wallets)", amount=amount, kept=kept)
    if way.symbol:
        symbol = safe(way.symbol)
        return speech.text(
            "move {amount} of your {kept} in other wallets to isolated {symbol}",
            amount=amount,
            kept=kept,
            symbol=symbol,
        )
    return speech.text("move {amount} of your {kept} in other wallets into this account", amount=amount, kept=kept)


def _after(speech: Speech, way: WayOut) -> str:
    """`risk ratio 35.0 %, distance 12.0 %`."""
    if way.risk_ratio is None:
        return speech.text("still no equity")
    ratio = speech.text("risk ratio {figure}", figure=speech.percent(way.risk_ratio))
    if way.distance is None:
        levels = speech.text("{ratio}, liquidation out of reach", ratio=ratio)
    else:
        distance = speech.text("distance {figure}", figure=speech.percent(way.distance))
        levels = speech.text("{first}, {second}", first=ratio, second=distance)
    return levels if way.enough else speech.text("{levels}, not enough by itself", levels=levels)
