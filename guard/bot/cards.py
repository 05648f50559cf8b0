"""What the answers of measuring have in common: whose figures they are, how old, and why there may be none. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from guard.bot.desks.measuring import Absence, HeldAccount, HeldBook
from guard.bot.status_text import ICONS, NAME_CLIP, OVERDUE_S, escaped, not_told
from guard.language.speech import Speech, quote_of
from guard.language.words import quality_word, side_word, zone_word
from guard.ports.records import Snapshot
from guard.risk.quality import Quality
from guard.risk.report import AccountRisk, PoolRisk
from guard.risk.zones import Zone

SYMBOL_CLIP: Final = 60
CURRENCY_CLIP: Final = 12


def title(speech: Speech, snapshot: Snapshot) -> str:
    """The account and its zone: `🟠 main: WARNING`."""
    return f"{ICONS[snapshot.zone]} <b>{name_of(snapshot)}</b>: <b>{zone_word(speech, snapshot.zone).upper()}</b>"


def title_with_reason(speech: Speech, snapshot: Snapshot) -> str:
    """The same, and the bar that put it there."""
    why = f"\n{escaped(speech.sentence(snapshot.reason))}" if snapshot.reason else ""
    return f"{title(speech, snapshot)}{why}"


def name_of(snapshot: Snapshot) -> str:
    """The account's name, harmless."""
    return escaped(snapshot.account, NAME_CLIP)


def age_lines(speech: Speech, account: HeldAccount, held: HeldBook, now: datetime) -> str:
    """How old the figures are, and what is wrong with them or has happened since."""
    snapshot = account.snapshot
    age = speech.duration((now - held.read_at).total_seconds())
    lines = [speech.text("Figures {age} old, read {at}", age=age, at=speech.clock_time(held.read_at))]
    if snapshot.error:
        error = escaped(speech.sentence(snapshot.error))
        lines.append(f"⚠️ {speech.text('Not read since: {error}', error=error)}")
    elif snapshot.quality != Quality.FRESH.value:
        quality = quality_word(speech, Quality(snapshot.quality))
        lines.append(f"⚠️ {speech.text('The data is {quality}', quality=quality)}")
    if account.acted:
        lines.append(f"⚠️ {speech.text('The guard has sent orders since: this is the account before them')}")
    late_s = (now - snapshot.at).total_seconds()
    if late_s > OVERDUE_S:
        lines.append(f"⚠️ {speech.text('The guard has not looked for {age}', age=speech.duration(late_s))}")
    return "\n".join(lines)


def absent(speech: Speech, account: HeldAccount) -> str:
    """Why nothing can be computed for an account, and what helps."""
    name = name_of(account.snapshot)
    match account.absence:
        case Absence.NOT_WATCHED:
            return speech.text("{account} is not watched by the running service. /health says why.", account=name)
        case Absence.NOT_YET:
            return speech.text(
                "{account} has not been read since the guard was started. Try again in a minute.", account=name
            )
        case Absence.BLIND:
            error = escaped(speech.sentence(account.snapshot.error or account.snapshot.reason))
            return speech.text(
                "{account} could not be read since the guard was started, so nothing can be computed.\n{error}",
                account=name,
                error=error,
            )


def pool_name(speech: Speech, pool: PoolRisk) -> str:
    """`USDT pool`, or `BTC/USDT:USDT isolated`."""
    if pool.symbol is not None:
        return speech.text("{symbol} isolated", symbol=escaped(pool.symbol, SYMBOL_CLIP))
    return speech.text("{currency} pool", currency=escaped(pool.currency, CURRENCY_CLIP))


def leg_name(speech: Speech, symbol: str, side: str) -> str:
    """`BTC/USDT:USDT long`."""
    return f"{escaped(symbol, SYMBOL_CLIP)} {side_word(speech, side)}"


def ratio_words(speech: Speech, ratio: float | None) -> str:
    """A risk ratio; None = no equity left."""
    return speech.text("beyond 100 % (no equity left)") if ratio is None else speech.percent(ratio)


def distance_words(speech: Speech, risk: AccountRisk) -> str:
    """The distance to liquidation of an account."""
    if risk.distance is not None:
        return speech.percent(risk.distance)
    if risk.of_present_only and risk.risk_ratio is not None:
        return not_told(speech)
    return speech.text("none left (no equity left)") if risk.risk_ratio is None else speech.text("out of reach")


def level_words(speech: Speech, level: float | None) -> str:
    """A margin level; None = no positions."""
    return speech.text("not defined (no positions)") if level is None else speech.percent(level)


def move_words(speech: Speech, move: float) -> str:
    """A move that somebody has set: `-8 %`, `+2.5 %`; no digit is made up."""
    value = move * 100.0
    sign = "+" if value > 0.0 else ""
    return f"{sign}{speech.number(value, 2, at_least=0)} %"


def money(speech: Speech, value: float, currency: str) -> str:
    """An amount; a negative zero is a zero."""
    return speech.money(value + 0.0, escaped(currency, CURRENCY_CLIP))


def price(speech: Speech, value: float, symbol: str, currency: str) -> str:
    """A price in the symbol's quote currency, or in the pool's where the symbol names none."""
    return f"{speech.amount(value)} {escaped(quote_of(symbol) or currency, CURRENCY_CLIP)}".rstrip()


def zone_icon(speech: Speech, zone: Zone) -> str:
    """A zone with its colour: `🔴 danger`."""
    return f"{ICONS[zone]} {zone_word(speech, zone)}"
