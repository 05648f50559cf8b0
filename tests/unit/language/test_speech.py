"""How figures, times and texts are written for a person."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from guard.language.speech import ENGLISH, Speech, speech_of

JAPANESE = speech_of("ja", "Asia/Tokyo")
NOON = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fraction", "shown"), [(0.415, "41.5 %"), (0.0032, "0.32 %"), (2.449, "245 %"), (-0.0769, "-7.7 %")]
)
def test_percent_keeps_what_matters(fraction: float, shown: str) -> None:
    """Digits follow the size of the figure."""
    assert ENGLISH.percent(fraction) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(9141.2, "9,141 USDT"), (0.81254, "0.81254 BTC"), (0.00012345, "0.00012345 BTC"), (0, "0 BTC")]
)
def test_money_has_unit_and_no_exponent(value: float, shown: str) -> None:
    """An amount never stands without its currency."""
    assert ENGLISH.money(value, shown.partition(" ")[2]) == shown


def test_not_a_number_reads_unknown_in_the_readers_language() -> None:
    """NaN is no figure."""
    assert {f(float("nan")) for f in (ENGLISH.percent, ENGLISH.contracts, ENGLISH.multiple)} == {"unknown"}
    assert ENGLISH.money(float("nan"), "USDT") == ENGLISH.price(float("inf"), "BTC/USDT:USDT") == "unknown"
    assert JAPANESE.number(float("inf")) == "不明"


def test_times_are_in_the_readers_zone() -> None:
    """A time always names its zone."""
    assert ENGLISH.moment(NOON) == "2026-11-21 12:00:05 UTC"
    assert JAPANESE.moment(NOON) == "2026-11-21 21:00:05 JST"
    assert JAPANESE.clock_time(NOON) == "21:00:05 JST"
    assert (JAPANESE.short_time(NOON), JAPANESE.zone_name(NOON)) == ("11-21 21:00", "JST")
    assert speech_of("en", "America/Sao_Paulo").clock_time(NOON) == "09:00:05 UTC-03"


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (-3, "0 s", "0秒"),
        (2, "2 s", "2秒"),
        (180, "3 min", "3分"),
        (200, "3 min 20 s", "3分20秒"),
        (659, "10 min", "10分"),
        (3900, "1 h 5 min", "1時間5分"),
        (86_400, "1 d", "1日"),
        (183_600, "2 d 3 h", "2日3時間"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, english: str, japanese: str) -> None:
    """Ages are short."""
    assert ENGLISH.duration(seconds) == english
    assert JAPANESE.duration(seconds) == japanese


def test_plural_follows_the_language() -> None:
    """English has two forms, Japanese one."""
    assert (ENGLISH.contracts(1), ENGLISH.contracts(2.5)) == ("1 contract", "2.5 contracts")
    assert JAPANESE.contracts(2.5) == "2.5 枚"


def test_sentences_of_pure_rooms_are_recognised_with_their_figures() -> None:
    """Several sentences are translated one by one; one that is not known stays as it is."""
    said = "distance to liquidation 7.7 % is at or below 8 %; the moon is full"
    assert JAPANESE.sentence(said) == "清算までの距離 7.7 % が基準 8 % 以下です; the moon is full"
    assert ENGLISH.sentence(said) == said


def test_unknown_languages_and_zones_fall_back() -> None:
    """A stored choice that does not exist any more must not break a message."""
    assert speech_of("xx", "Mars/Olympus") == Speech()


def test_nothing_reads_minus_zero() -> None:
    """A tiny loss is no sign without a figure."""
    assert (ENGLISH.percent(-0.00001), ENGLISH.number(-0.4)) == ("0.00 %", "0")


@pytest.mark.parametrize(
    ("size", "shown"), [(109.488, "109.488 contracts"), (1.0, "1 contract"), (12_000.0, "12,000 contracts")]
)
def test_sizes_lose_no_digit(size: float, shown: str) -> None:
    """What is held is shown as it is."""
    assert ENGLISH.contracts(size) == shown


def test_a_unit_that_is_not_known_leaves_no_loose_space() -> None:
    """A venue may not tell the currency."""
    assert ENGLISH.money(5.0, "") == "5"
