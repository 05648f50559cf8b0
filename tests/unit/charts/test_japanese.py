"""Pictures in Japanese: every word of them, times on the reader's clock, and no letter that is drawn as a box."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

import matplotlib as mpl
import pytest
from matplotlib.font_manager import findfont, get_font

from guard.charts import fonts
from guard.charts.draw import draw, figure_of
from guard.charts.exposure import exposure_picture
from guard.charts.figures import columns, label, share, short_amount
from guard.charts.fonts import JAPANESE, PLAIN, embolden, fonts_for
from guard.charts.heat import heat_picture
from guard.charts.history import history_picture
from guard.charts.picture import PICTURE, Picture
from guard.charts.reach import accounts_picture, pools_picture
from guard.charts.style import png_of
from guard.charts.time_axis import ticks
from guard.charts.words import amounts_of, minute, span_words, zone_names
from guard.language.catalogue import LANGUAGES
from guard.language.speech import ENGLISH, Speech
from guard.ports.history import Level
from guard.ports.records import PositionSnapshot, Snapshot
from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Position, Tier
from guard.risk.zones import LADDER, Zone, ZonePolicy

READER = Speech("ja", ZoneInfo("Asia/Tokyo"))
NAME = "口座メイン"
FOREIGN = {"USDT", "BTC", "ETH", "JST"}
"""Currencies and zones of time are called alike everywhere, and so are accounts."""


def words(value: object) -> Iterator[str]:
    """Every text of a picture that is read, however deep."""
    if isinstance(value, str) and not isinstance(value, Enum):
        yield value
    elif isinstance(value, dict):
        yield from words(list(value.values()))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from words(each)
    elif is_dataclass(value):
        # The kind of a picture and of a mark is for the program.
        yield from words([getattr(value, each.name) for each in fields(value) if each.name not in {"kind", "symbol"}])


def book(start: datetime, *, cash: float) -> Book:
    """Long BTC, short ETH."""
    legs = (("BTC", "long", 5.0, 60_000.0), ("ETH", "short", 60.0, 3_000.0))
    positions = tuple(
        Position(
            f"{base}/USDT:USDT", "long" if side == "long" else "short", size, 1.0, "linear", "USDT", mark, mark, 10.0
        )
        for base, side, size, mark in legs
    )
    tiers = {position.symbol: (Tier(0.0, None, 0.01),) for position in positions}
    return Book(
        account=NAME,
        venue="binanceusdm",
        model="binance-usdm",
        as_of=start,
        collateral=(Collateral("USDT", cash),),
        positions=positions,
        tiers=tiers,
    )


@pytest.fixture
def pictures(
    start: datetime, level: Callable[..., Level], blind: Callable[[float], Level], snapshot: Callable[..., Snapshot]
) -> dict[str, Picture]:
    """Each kind in each of its cases."""
    policy = ZonePolicy()
    pasts = {
        "nothing": [],
        "never seen": [blind(0), blind(10)],
        "all the time": [level(0), level(50), level(100)],
        "through all zones": [level(10 * n, zone=zone.value) for n, zone in enumerate(LADDER)],
        "late, blind, two pools, without equity": [
            level(80, currency="BTC", zone="danger"),
            blind(90),
            level(95, risk_ratio=None, distance=None, equity=-1.0, zone="liquidation"),
        ],
    }
    legs = [
        PositionSnapshot(symbol, side, 1, 1, 1, 2e4, 0, 0, None)
        for symbol, side in (("BTC/USDT:USDT", "long"), ("BTC/USDT:USDT", "short"), ("BTC/USD:BTC", "long"))
    ]
    many = [PositionSnapshot(f"C{n}/USDT:USDT", "short", 1, 1, 1, 5e8, 0, 0, None) for n in range(20)]
    rows = [
        snapshot("1", distance=None, zone=Zone.SAFE),
        snapshot("2", quality="stale"),
        snapshot("3", equity=-1.0, risk_ratio=None, distance=None, zone=Zone.LIQUIDATION),
        *(snapshot(f"{n}") for n in range(20)),
    ]
    books = {cash: book(start, cash=cash) for cash in (90_000.0, 20_000.0, 4_000.0)}
    return {
        **{
            f"history, {name}": history_picture(
                NAME, levels, since=start, until=start + timedelta(seconds=100), gap_s=60, policy=policy, speech=READER
            )
            for name, levels in pasts.items()
        },
        **{
            f"exposure, {len(held)} legs, {read}": exposure_picture(
                NAME, held, currency="USDT", data_at=read, speech=READER
            )
            for held in (legs, many, [])
            for read in (start, None)
        },
        "distance": accounts_picture(rows, policy, start, READER),
        "distance, nothing known": accounts_picture(rows[1:2], None, start, READER),
        "distance, out of reach": accounts_picture(rows[:1], None, start, READER),
        "distance, never read": accounts_picture([snapshot("1", data_at=None)], None, start, READER),
        **{f"pools, {cash}": pools_picture(assess(each), policy, READER) for cash, each in books.items()},
        **{f"stress, {cash}": heat_picture(each, policy, READER) for cash, each in books.items()},
        "stress, nothing": heat_picture(replace(books[90_000.0], positions=()), policy, READER),
    }


def test_no_word_is_left_in_english(pictures: dict[str, Picture]) -> None:
    """But names of currencies and of the reader's zone of time."""
    left = {
        f"{kind}: {text!r}"
        for kind, picture in pictures.items()
        for text in words(picture)
        if set(re.findall(r"[A-Za-z]{2,}", text)) - FOREIGN
    }
    assert not left, "\n".join(sorted(left))


def test_the_words_of_a_history(pictures: dict[str, Picture]) -> None:
    """As they are read, with the times of Tokyo."""
    shown = pictures["history, late, blind, two pools, without equity"]
    assert shown.title == "口座メイン: 現在は清算間近。\n最悪は清算間近、監視不能の時間あり。"
    assert shown.subtitle == (
        "過去1.67分、読み取り 3 回、最初は 11月21日 11:51 JST\nデータは 11月21日 11:51:35 JST 時点"
    )
    assert shown.note == "有効証拠金は USDT プールの値。BTC プールが最も危険だった時間は空白。"


def test_no_letter_is_missing(pictures: dict[str, Picture]) -> None:
    """Each stands in one of the two fonts."""
    texts = {text for picture in pictures.values() for text in words(picture)}
    with fonts_for(NAME):
        known = set().union(*(get_font(findfont(name)).get_charmap() for name in (PLAIN, JAPANESE)))
    missing = {letter for text in texts for letter in text if ord(letter) not in known} - {"\n"}
    assert not missing, missing


def test_no_letter_is_drawn_as_a_box(pictures: dict[str, Picture]) -> None:
    """Matplotlib would warn of it, which is an error here; afterwards its fonts are what they were."""
    before = list(mpl.rcParams["font.family"])
    shown = pictures["history, through all zones"]
    with fonts_for(PICTURE.dump_json(shown).decode()):
        figure = figure_of(shown)
        embolden(figure)
        drawn = png_of(figure)
    assert mpl.rcParams["font.family"] == before
    assert draw(shown) == drawn
    assert len(drawn) < 150_000


def test_a_picture_without_such_letters_needs_no_other_font(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not even looked for; one with them says which package is missing."""
    monkeypatch.setattr(fonts, "find_spec", lambda _: None)
    monkeypatch.setattr(fonts, "_open_japanese", fonts._open_japanese.__wrapped__)
    with fonts_for("main: now DANGER. ▼ ◆ ✕ ≥ …"):
        pass
    with pytest.raises(ModuleNotFoundError, match="matplotlib_fontja"), fonts_for("口座"):
        pass


@pytest.mark.parametrize("language", LANGUAGES)
def test_digits_look_alike_in_every_language(language: str) -> None:
    """What is written while drawing knows no language; amounts have units in each of them."""
    speech = Speech(language)
    assert speech.number(1_234_567.25, 2) == f"{1_234_567.25:,.2f}"
    assert speech.percent(0.415) == share(0.0415).replace("4.2", "41.5") == "41.5 %"
    assert short_amount(2.5e9, amounts_of(speech)) != short_amount(2.5e6, amounts_of(speech))
    assert set(zone_names(speech)) == set(Zone)


def test_amounts_in_japanese_units() -> None:
    """Ten thousands, and their powers."""
    amounts = (0.0421, 9_999.0, 12_000.0, -830_000.0, 1.234e8, 2.5e12, float("inf"))
    told = [short_amount(each, amounts_of(READER)) for each in amounts]
    assert told == ["0.0421", "9,999", "1.2万", "-83万", "1.23億", "2.5兆", "不明"]


def test_amounts_that_hardly_differ_can_be_told_apart() -> None:
    """Where three digits would not show it; no more digits than that."""
    apart = [short_amount(123.4e6 + n * 2e5, amounts_of(ENGLISH), 2e5) for n in range(3)]
    assert apart == ["123.4 M", "123.6 M", "123.8 M"]
    assert short_amount(1e6, amounts_of(ENGLISH), 2e5) == "1 M"


def test_a_name_is_as_long_as_it_is_wide() -> None:
    """A Japanese letter needs the room of two."""
    assert columns("口座ab") == 6
    assert label("口座メイン", 10) == "口座メイン"
    assert label("口座メイン", 9) == "口座メイ…"
    assert label("口座メイン") == "口座メイン"
    assert columns(label("長" * 50)) <= 24


def test_times_are_those_of_the_reader() -> None:
    """Date, time, and what the zone is called."""
    at = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)
    assert minute(ENGLISH, at) == "21 Nov 15:30 UTC"
    assert minute(READER, at) == "11月22日 00:30 JST"
    assert [span_words(READER, each) for each in (600, 86_400, 604_800)] == ["10分", "24時間", "7日間"]


def test_ticks_are_round_where_the_reader_lives(start: datetime) -> None:
    """Midnight of Tokyo has the date; a zone with half an hour has whole hours all the same."""
    day = [text for _, text in ticks(start.timestamp(), start.timestamp() + 86_400, READER)]
    assert day == ["12:00\n11月21日", "16:00", "20:00", "00:00\n11月22日", "04:00", "08:00"]
    india = ticks(start.timestamp(), start.timestamp() + 21_600, Speech("en", ZoneInfo("Asia/Kolkata")))
    assert [text for _, text in india][:2] == ["09:00\n21 Nov", "10:00"]


def test_ticks_stay_round_when_clocks_are_put_back() -> None:
    """A week in Berlin with a day of 25 hours: each at midnight."""
    berlin = ZoneInfo("Europe/Berlin")
    begin = datetime(2026, 10, 22, 12, tzinfo=berlin).timestamp()
    found = ticks(begin, begin + 7 * 86_400, Speech("en", berlin))
    assert [text for _, text in found] == ["23 Oct", "24 Oct", "25 Oct", "26 Oct", "27 Oct", "28 Oct", "29 Oct"]
    assert {datetime.fromtimestamp(at, tz=berlin).hour for at, _ in found} == {0}


def test_words_travel_as_json(pictures: dict[str, Any]) -> None:
    """Nothing is lost on the way to the drawing process."""
    for picture in pictures.values():
        assert PICTURE.validate_json(PICTURE.dump_json(picture)) == picture
