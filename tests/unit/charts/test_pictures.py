"""Drawn pictures: PNG of the width of a phone, small, not blank, whatever is missing in them; colours for every eye."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.image import imread

from guard.charts.draw import draw
from guard.charts.draw_heat import zone_of
from guard.charts.exposure import exposure_picture
from guard.charts.figures import label, share, short_amount
from guard.charts.heat import heat_picture
from guard.charts.history import bars_of, history_picture
from guard.charts.picture import HeatRow
from guard.charts.reach import accounts_picture, pools_picture
from guard.charts.style import GROUND, INK, ZONE_COLOUR, ink_on, names_below
from guard.charts.time_axis import ticks
from guard.charts.words import amounts_of, span_words, zone_names
from guard.language.speech import ENGLISH
from guard.ports.history import Level
from guard.ports.records import AlertRecord, IntentRecord, PositionSnapshot, Snapshot
from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Position, Tier, VenueReported
from guard.risk.zones import Zone, ZoneBars, ZonePolicy

BYTES_MAX = 150_000
WIDTH = 1080
Build = Callable[..., Level]
Array = npt.NDArray[np.float64]


def is_a_picture(png: bytes, *, least_ink: float = 0.02) -> tuple[int, int]:
    """A PNG for a phone in which something is drawn, on a white and solid ground; its width and height."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(png) <= BYTES_MAX
    width, height = struct.unpack(">II", png[16:24])
    assert width == WIDTH
    assert 200 <= height <= 1600
    pixels = np.asarray(imread(BytesIO(png)))
    assert pixels.shape[2] == 3 or pixels[:, :, 3].min() == 1.0
    assert pixels[0, 0, :3].min() == 1.0
    inked = (np.abs(pixels[:, :, :3] - pixels[0, 0, :3]).max(axis=2) > 0.05).mean()
    assert least_ink < inked < 0.9
    edge = np.concatenate((pixels[:, :4, :3].reshape(-1, 3), pixels[:, -4:, :3].reshape(-1, 3)))
    assert (np.abs(edge - 1.0).max(axis=1) > 0.3).mean() < 0.005, "something is cut off at the side"
    return width, height


def of_levels(start: datetime, levels: list[Level], **changes: Any) -> bytes:
    """The picture of an hour, drawn."""
    arguments: dict[str, Any] = {"gap_s": 60.0, "policy": ZonePolicy()} | changes
    account = arguments.pop("account", "main")
    return draw(history_picture(account, levels, since=start, until=start + timedelta(hours=1), **arguments))


def test_a_history(
    start: datetime,
    level: Build,
    blind: Build,
    alert: Callable[..., AlertRecord],
    intent: Callable[..., IntentRecord],
) -> None:
    """Through every zone, with a gap, alerts, an action and a refusal."""
    zones = ["safe", "watch", "warning", "danger", "liquidation"]
    levels = [
        level(30 * n, zone=zones[n // 24], risk_ratio=n / 120, distance=0.4 - n / 400)
        if not 50 < n < 60
        else blind(n * 30)
        for n in range(120)
    ]
    alerts = [alert(700 * n, Zone.WATCH) for n in range(5)]
    png = of_levels(start, levels, alerts=alerts, intents=[intent(2000, "done"), intent(2300, "failed")])
    assert is_a_picture(png) == (1080, 1470)


@pytest.mark.parametrize(
    "case", ["empty", "one", "blind", "one blind", "no equity", "out of reach", "two pools", "negative", "no bars"]
)
def test_a_history_with_little_to_show(case: str, start: datetime, level: Build, blind: Build) -> None:
    """Nothing, one point, never seen, no ratio: a picture, never a traceback."""
    levels = {
        "empty": [],
        "one": [level(0)],
        "blind": [blind(30 * n) for n in range(100)],
        "one blind": [blind(0)],
        "no equity": [level(30 * n, risk_ratio=None, distance=None, equity=-5.0) for n in range(100)],
        "out of reach": [level(30 * n, distance=None, risk_ratio=0.0) for n in range(100)],
        "two pools": [level(30 * n, currency="BTC" if n % 2 else "USDT") for n in range(100)],
        "negative": [level(30 * n, equity=-1e9 * n) for n in range(100)],
        "no bars": [level(30 * n) for n in range(100)],
    }[case]
    none = ZoneBars()
    policy = ZonePolicy(none, none, none, none) if case == "no bars" else ZonePolicy()
    is_a_picture(of_levels(start, levels, policy=policy), least_ink=0.005)


def test_a_gap_is_not_painted_over(start: datetime, level: Build) -> None:
    """In a blind time no pixel has the colour of the line."""
    levels = [level(30 * n) for n in range(121) if not 40 < n < 80]
    pixels = np.asarray(imread(BytesIO(of_levels(start, levels))))[:, :, :3]
    line = np.abs(pixels - np.array([0x0B, 0x57, 0xA4]) / 255).max(axis=2) < 0.06
    columns = np.flatnonzero(line.any(axis=0))
    left, right = 0.125 * WIDTH, 0.825 * WIDTH
    inside = (columns > left + 0.36 * (right - left)) & (columns < left + 0.64 * (right - left))
    assert not inside.any()
    assert (columns < left + 0.3 * (right - left)).any()


@pytest.mark.parametrize("name", ["a$b$c", "$", r"\frac{$x$}", "口座メイン", "x" * 200, "two\nlines", "<b>&", ""])
def test_any_name_can_be_drawn(name: str, start: datetime, level: Build, snapshot: Callable[..., Snapshot]) -> None:
    """Names and symbols are foreign texts: no formula, no line break, nothing cut off."""
    leg = PositionSnapshot(f"{name}/USDT:USDT", "long", 1, 1, 1, 5000.0, 0, 0, None)
    is_a_picture(of_levels(start, [level(0), level(30)], account=name))
    is_a_picture(draw(exposure_picture(name, [leg], currency="USDT", data_at=start)), least_ink=0.01)
    is_a_picture(draw(accounts_picture([snapshot(name)], ZonePolicy(), start)))


def test_exposure_is_signed_and_adds_up(start: datetime) -> None:
    """Both legs of a hedge are shown with their net; another currency is told, not mixed in."""
    legs = [
        PositionSnapshot(symbol, side, 1, 1, 1, notional, 0, 0, None)
        for symbol, side, notional in (
            ("BTC/USDT:USDT", "long", 350_000.0),
            ("BTC/USDT:USDT", "short", 120_000.0),
            ("ETH/USDT:USDT", "short", 500_000.0),
            ("BTC/USD:BTC", "long", 0.5),
        )
    ]
    picture = exposure_picture("main", legs, currency="USDT", data_at=start)
    assert [(row.symbol, row.net, row.longs, row.shorts) for row in picture.rows] == [
        ("ETH/USDT:USDT", -500_000, 0, 500_000),
        ("BTC/USDT:USDT", 230_000, 350_000, 120_000),
    ]
    assert picture.title == "main: net short 270 k,\ngross 970 k USDT."
    assert picture.note == "not shown: 1 in BTC"
    is_a_picture(draw(picture))


def test_many_symbols_are_added_up_not_left_out(start: datetime) -> None:
    """The smaller ones are one row."""
    legs = [PositionSnapshot(f"C{n}/USDT:USDT", "long", 1, 1, 1, 100.0 + n, 0, 0, None) for n in range(50)]
    picture = exposure_picture("main", legs, currency="USDT", data_at=start)
    assert len(picture.rows) == 12
    assert picture.rows[-1].symbol == "39 others"
    assert sum(row.net for row in picture.rows) == sum(leg.notional for leg in legs)
    is_a_picture(draw(picture))


@pytest.mark.parametrize(
    ("read", "title"), [(True, "main: no open positions."), (False, "main: positions are not known.")]
)
def test_no_positions_is_not_the_same_as_not_known(start: datetime, title: str, *, read: bool) -> None:
    """Said in words."""
    picture = exposure_picture("main", [], currency="USDT", data_at=start if read else None)
    assert picture.title == title
    is_a_picture(draw(picture), least_ink=0.005)


def test_the_nearest_account_first_and_unknown_before_all(start: datetime, snapshot: Callable[..., Snapshot]) -> None:
    """What is not known may be nearer than any; what is out of reach comes last."""
    rows = [
        snapshot("far", distance=0.4, zone=Zone.SAFE),
        snapshot("out", distance=None, zone=Zone.SAFE),
        snapshot("near"),
        snapshot("gone", equity=None, risk_ratio=None, distance=None, zone=Zone.UNKNOWN),
        snapshot("stale", quality="stale"),
        snapshot("dead", equity=-1.0, risk_ratio=None, distance=None, zone=Zone.LIQUIDATION),
    ]
    picture = accounts_picture(rows, ZonePolicy(), start)
    assert [(row.name, row.distance, row.words) for row in picture.rows] == [
        ("gone", None, "unknown"),
        ("stale", None, "unknown"),
        ("dead", 0.0, "no equity left"),
        ("near", 0.077, "7.7 %"),
        ("far", 0.4, "40 %"),
        ("out", None, "out of reach"),
    ]
    assert picture.title == "Distance to liquidation:\ndead: no equity left; 2 unknown."
    is_a_picture(draw(picture))
    assert accounts_picture(rows, None, start).bars == ()
    is_a_picture(draw(accounts_picture(rows[:1], None, start)), least_ink=0.01)


def test_a_distance_that_nobody_tells_is_unknown(snapshot: Callable[..., Snapshot], start: datetime) -> None:
    """Of accounts and pools that are watched by the venue's own figures."""
    leg = PositionSnapshot("BTC/USDT:USDT", "long", 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, None)
    [row] = accounts_picture([snapshot(distance=None, positions=(leg,))], None, start).rows
    assert (row.zone, row.words) == (Zone.UNKNOWN, "unknown")
    position = Position("BTC/USDT:USDT", "long", 1.0, 1.0, "linear", "USDT", 1.0, 1.0, 1.0)
    figures = VenueReported(equity=60.0, maintenance_margin=15.0)
    theirs = Book(account="a", venue="x", model="reported", as_of=start, positions=(position,), venue_reported=figures)
    [pool] = pools_picture(assess(theirs), ZonePolicy()).rows
    assert (pool.zone, pool.words) == (Zone.UNKNOWN, "unknown")


def book(start: datetime) -> Book:
    """Long BTC, short ETH, 5x."""
    legs = (("BTC", "long", 5.0, 60_000.0), ("ETH", "short", 60.0, 3_000.0))
    return Book(
        account="main",
        venue="binanceusdm",
        model="binance-usdm",
        as_of=start,
        collateral=(Collateral("USDT", 90_000.0),),
        positions=tuple(
            Position(
                f"{base}/USDT:USDT",
                "long" if side == "long" else "short",
                size,
                1.0,
                "linear",
                "USDT",
                mark,
                mark,
                10.0,
            )
            for base, side, size, mark in legs
        ),
        tiers={f"{base}/USDT:USDT": (Tier(0.0, None, 0.01),) for base, *_ in legs},
    )


def test_the_heat_map_agrees_with_the_formula(start: datetime) -> None:
    """Risk ratio = 1 % of notional / (90,000 + gains), by hand."""
    picture = heat_picture(book(start), ZonePolicy())
    assert [row.name for row in picture.rows] == ["All together", "BTC alone", "ETH alone"]
    minus_10, now = picture.moves.index(-0.1), picture.moves.index(0.0)
    both, btc, eth = picture.rows
    assert now == 4
    assert [row.ratios[now] for row in picture.rows] == pytest.approx([4_800 / 90_000] * 3)
    assert both.ratios[minus_10] == pytest.approx(4_320 / (90_000 - 30_000 + 18_000))
    assert btc.ratios[minus_10] == pytest.approx(4_500 / (90_000 - 30_000))
    assert eth.ratios[minus_10] == pytest.approx(4_620 / (90_000 + 18_000))
    assert btc.ratios[0] is None
    assert picture.title == "main: the market may\nmove 30 % either way."
    is_a_picture(draw(picture))


def test_an_empty_book_has_no_heat_map(start: datetime) -> None:
    """Said in words."""
    picture = heat_picture(replace(book(start), positions=()), ZonePolicy())
    assert picture.title == "main: no positions to stress."
    is_a_picture(draw(picture), least_ink=0.005)


@pytest.mark.parametrize(
    ("ratio", "zone"),
    [
        (0.0, Zone.SAFE),
        (0.3, Zone.WATCH),
        (0.749, Zone.WARNING),
        (0.75, Zone.DANGER),
        (None, Zone.LIQUIDATION),
        (9.0, Zone.LIQUIDATION),
    ],
)
def test_a_cell_has_the_colour_of_its_zone(ratio: float | None, zone: Zone) -> None:
    """Bars are inclusive; no equity is the worst."""
    assert zone_of(ratio, bars_of(ZonePolicy(), "risk_ratio")) is zone
    assert zone_of(2.0, ()) is Zone.LIQUIDATION


def test_a_full_heat_map_fits(start: datetime) -> None:
    """The most rows that there can be."""
    picture = heat_picture(book(start), ZonePolicy())
    rows = tuple(HeatRow(f"ASSET{n} alone", tuple(n / 9 for _ in picture.moves)) for n in range(10))
    is_a_picture(draw(replace(picture, rows=rows, note="3 smaller assets")))


def rgb(colour: str) -> Array:
    """Linear light of a colour."""
    parts = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)]) / 255
    linear: Array = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear


def luminance(colour: str) -> float:
    """Relative luminance. Source: WCAG 2.1."""
    return float(rgb(colour) @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(one: str, two: str) -> float:
    """Contrast ratio. Source: WCAG 2.1."""
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


# Source: Machado, Oliveira, Fernandes 2009, severity 1.0; in linear light.
EYES = {
    "all colours": np.eye(3),
    "no red": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "no green": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "no blue": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}


def lab(colour: str, eye: Array) -> Array:
    """CIE L*a*b* of a colour as an eye sees it."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(eye @ rgb(colour), 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eye", EYES)
def test_zones_can_be_told_apart_by_every_eye(eye: str) -> None:
    """Any two are at least 10 units apart (2 is just noticeable)."""
    for one, two in itertools.combinations(ZONE_COLOUR.values(), 2):
        assert np.linalg.norm(lab(one, EYES[eye]) - lab(two, EYES[eye])) > 10, (eye, one, two)


def test_words_can_be_read() -> None:
    """4.5 to 1 on every zone and on the ground, as WCAG AA asks."""
    assert contrast(INK, GROUND) > 10
    for zone, colour in ZONE_COLOUR.items():
        assert contrast(ink_on(zone), colour) >= 4.5, zone


def test_the_worse_zone_is_named_where_only_one_fits() -> None:
    """Names below narrow spans do not cover each other."""
    narrow = [(10.0, 11.0, Zone.WARNING), (11.0, 12.0, Zone.DANGER), (60.0, 61.0, Zone.WARNING)]
    assert names_below(narrow, zone_names(ENGLISH), 100.0) == [(11.5, Zone.DANGER), (60.5, Zone.WARNING)]


@pytest.mark.parametrize(
    ("hours", "labels"),
    [
        (24, ["04:00\n21 Nov", "08:00", "12:00", "16:00", "20:00", "00:00\n22 Nov"]),
        (168, ["22 Nov", "23 Nov", "24 Nov", "25 Nov", "26 Nov", "27 Nov", "28 Nov"]),
        (1 / 60, ["02:50:00\n21 Nov", "02:50:10", "02:50:20", "02:50:30", "02:50:40", "02:50:50", "02:51:00"]),
    ],
)
def test_ticks_are_round_moments_in_utc(start: datetime, hours: float, labels: list[str]) -> None:
    """Few, with a date at the first and at midnight."""
    assert [text for _, text in ticks(start.timestamp(), start.timestamp() + hours * 3600)] == labels


def test_figures_in_few_letters() -> None:
    """Three digits that matter, and a unit."""
    amounts = (0.0, 0.04213, 1.5, 999.4, 9_999.0, 80_000.0, 1.25e6, -2.5e9, float("nan"))
    assert [short_amount(each, amounts_of(ENGLISH)) for each in amounts] == [
        "0", "0.0421", "1.5", "999", "9,999", "80 k", "1.25 M", "-2.5 bn", "unknown",
    ]  # fmt: skip
    assert [share(each) for each in (0.005, 0.077, 0.5, 1.1)] == ["0.5 %", "7.7 %", "50 %", "110 %"]
    assert [span_words(ENGLISH, each) for each in (600, 86_400, 604_800)] == ["10 min", "24 h", "7 days"]
    assert label("a\n$b", 3) == r"a …"
