"""One person's way of reading: texts, numbers with units, times in their own zone.

Every text for a person is made through a `Speech`: `speech.text("Equity {equity}", equity=speech.money(...))`. The
English text stands in the code as a literal (a test collects them all); values are put in by name, so that another
language can put them elsewhere. Fractions become percent here and nowhere before. Pure but for reading catalogues.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache, reduce
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import NumberPattern, parse_pattern

from guard.language.catalogue import ENGLISH_CODE, LANGUAGES, catalogue

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


@cache
def _form(places: str) -> NumberPattern:
    """A number with so many places; parsing it anew takes longer than writing the number."""
    return parse_pattern(f"#,##0{places}")


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


@dataclass(frozen=True, slots=True)
class Speech:
    """How one person reads. `zone` is what times are shown in."""

    language: str = ENGLISH_CODE
    zone: tzinfo = UTC

    # Texts

    def text(self, english: str, /, **values: object) -> str:
        """A text of the code in this language, values put in by name."""
        return catalogue(self.language).texts.gettext(english).format(**values)

    def plural(self, one: str, many: str, count: int, /, **values: object) -> str:
        """The form for `count`, which both texts name as `{count}`."""
        return catalogue(self.language).texts.ngettext(one, many, count).format(count=self.number(count), **values)

    def listed(self, *parts: str) -> str:
        """`one, two, three`, as the language strings them."""
        return reduce(lambda first, second: self.text("{first}, {second}", first=first, second=second), parts)

    def sentence(self, english: str) -> str:
        """A sentence that a pure room made in English; several, joined by "; ", are translated one by one."""
        found = catalogue(self.language)
        if not found.patterns or not english:
            return english
        whole = self._recognised(english)
        if whole is not None:
            return whole
        return "; ".join(self._recognised(part) or part for part in english.split("; "))

    def _recognised(self, english: str) -> str | None:
        found = catalogue(self.language)
        for pattern in found.patterns:
            translated = pattern.translate(english, self._part)
            if translated is not None:
                return translated
        return None

    def _part(self, english: str) -> str:
        """What stands in a hole of a sentence: a word, a sentence, or a figure that stays as it is."""
        word = catalogue(self.language).texts.gettext(english) if english else ""
        return word if word != english else self._recognised(english) or english

    # Figures

    def number(self, value: float, decimals: int = 0, *, at_least: int | None = None) -> str:
        """A number with at most `decimals` (and at least `at_least`, by default the same) places after the point."""
        if not math.isfinite(value):
            return self.text("unknown")
        least = decimals if at_least is None else at_least
        value = round(value, decimals) + 0.0  # never "-0.00"
        places = "." + "0" * least + "#" * (decimals - least) if decimals else ""
        return str(_form(places).apply(value, _locale(self.language)))

    def percent(self, fraction: float) -> str:
        """A fraction as percent: `41.5 %`, `0.32 %`, `245 %`."""
        value = fraction * 100
        if not math.isfinite(value):
            return self.text("unknown")
        return f"{self.number(value, 0 if abs(value) >= 100 else 1 if abs(value) >= 1 else 2)} %"

    def change(self, fraction: float) -> str:
        """A signed move: `+4.2 %`, `-7.7 %`."""
        return f"+{self.percent(fraction)}" if fraction > 0 else self.percent(fraction)

    def amount(self, value: float, digits: int = 5) -> str:
        """A price or size in at least `digits` significant digits, without an exponent: `57,200`, `0.0001234`."""
        if value == 0 or not math.isfinite(value):
            return self.number(value)
        return self.number(value, max(0, digits - 1 - math.floor(math.log10(abs(value)))), at_least=0)

    def money(self, value: float, currency: str) -> str:
        """An amount of a currency: `9,141 USDT`, `0.8125 BTC`."""
        if not math.isfinite(value):
            return self.text("unknown")
        return f"{self.number(value) if abs(value) >= 1000 else self.amount(value)} {currency}".rstrip()

    def price(self, value: float, symbol: str) -> str:
        """A price with its unit: `57,200 USDT`."""
        if not math.isfinite(value):
            return self.text("unknown")
        return f"{self.amount(value)} {quote_of(symbol)}".rstrip()

    def contracts(self, value: float) -> str:
        """A size: `109.488 contracts`; no digit is dropped, none is made up."""
        if not math.isfinite(value):
            return self.text("unknown")
        shown = self.number(value, 10, at_least=0)
        return self.plural("{size} contract", "{size} contracts", 1 if value == 1 else 2, size=shown)

    def multiple(self, value: float) -> str:
        """A leverage: `8.17x`."""
        return f"{self.number(value, 2)}x" if math.isfinite(value) else self.text("unknown")

    # Times

    def duration(self, seconds: float) -> str:
        """An age in its two largest units: `2 s`, `3 min 20 s`, `12 min`, `1 h 5 min`, `2 d 3 h`.

        From ten minutes on seconds do not matter. A time in the future reads `0 s`.
        """
        whole = max(0, round(seconds))
        if whole < _MINUTE_S:
            return self.text("{n} s", n=whole)
        minutes = self.text("{n} min", n=whole // _MINUTE_S)
        if whole < _HOUR_S:
            rest = whole % _MINUTE_S if whole < 10 * _MINUTE_S else 0
            return self._pair(minutes, self.text("{n} s", n=rest) if rest else "")
        if whole < _DAY_S:
            rest = whole % _HOUR_S // _MINUTE_S
            return self._pair(self.text("{n} h", n=whole // _HOUR_S), self.text("{n} min", n=rest) if rest else "")
        rest = whole % _DAY_S // _HOUR_S
        return self._pair(self.text("{n} d", n=whole // _DAY_S), self.text("{n} h", n=rest) if rest else "")

    def _pair(self, large: str, small: str) -> str:
        return self.text("{large} {small}", large=large, small=small) if small else large

    def moment(self, at: datetime) -> str:
        """A moment to the second with its zone: `2026-11-21 12:00:05 UTC`."""
        local = at.astimezone(self.zone)
        return f"{local:%Y-%m-%d %H:%M:%S} {_zone_name(local)}"

    def clock_time(self, at: datetime) -> str:
        """A moment of today with its zone: `12:00:05 UTC`."""
        local = at.astimezone(self.zone)
        return f"{local:%H:%M:%S} {_zone_name(local)}"

    def short_time(self, at: datetime) -> str:
        """A moment to the minute, for lists whose head or foot names the zone: `11-21 12:00`."""
        return f"{at.astimezone(self.zone):%m-%d %H:%M}"

    def zone_name(self, at: datetime) -> str:
        """What the reader's zone is called at a moment: `UTC`, `JST`, `UTC-03`."""
        return _zone_name(at.astimezone(self.zone))


def _zone_name(local: datetime) -> str:
    """Some zones are called by their offset alone."""
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in {"+", "-"} else name


ENGLISH: Final = Speech()
"""English, UTC: for logs, the console, and whoever has not chosen."""


def prepare() -> None:
    """Read everything that is read once, such as catalogues: half a second that no message should have to wait for."""
    for language in LANGUAGES:
        speech = Speech(language)
        speech.text("unknown")
        speech.number(0.5, 1)


def marked(english: str) -> str:
    """The same text: for texts that stand in tables, which are said later by `speech.text(them)`.

    Called with a literal, so that the test which collects all texts finds it.
    """
    return english


def speech_of(language: str, timezone: str) -> Speech:
    """The speech of a language code and an IANA zone; English and UTC where either is not (or no longer) known."""
    try:
        zone: tzinfo = ZoneInfo(timezone) if timezone != "UTC" else UTC
    except (KeyError, ValueError, OSError):
        zone = UTC
    return Speech(language if language in LANGUAGES else ENGLISH_CODE, zone)


def base_of(symbol: str) -> str:
    """What the price of a symbol is the price of: `BTC` of `BTC/USDT:USDT`, else the symbol itself."""
    return symbol.partition("/")[0]


def quote_of(symbol: str) -> str:
    """What a symbol is priced in: `USDT` of `BTC/USDT:USDT`; empty when the symbol does not say."""
    return symbol.partition("/")[2].partition(":")[0]


def settle_of(symbol: str) -> str:
    """What a contract settles in: `USDT` of `BTC/USDT:USDT-261225`; empty when the symbol does not say."""
    return symbol.partition(":")[2].partition("-")[0]
