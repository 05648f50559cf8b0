"""What a venue says of funding, as what a long pays in a day; and when it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from guard.ports.errors import BadAnswer, VenueError
from guard.ports.venue import FetchedBook, Instrument
from guard.risk.book import Book, Collateral, Position
from guard.venues.binance.funding import read_funding
from guard.venues.binanceusdm.venue import VENUE
from guard.venues.bingx import funding as bingx
from guard.venues.bitget import funding as bitget
from guard.venues.bybit import funding as bybit
from guard.venues.client import VenueClient
from guard.venues.funding import REFRESH_S, FundingSource, board_of
from guard.venues.gate import funding as gate
from guard.venues.hub import VenueHub, VenueSite
from guard.venues.hyperliquid import funding as hyperliquid
from guard.venues.kucoinfutures import funding as kucoinfutures
from guard.venues.markets import Listing, MarketTable
from guard.venues.okx import funding as okx

ONE = Decimal(1)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BTC, DATED = "BTC/USDT:USDT", "BTC/USDT:USDT-260327"
HELD = FetchedBook(
    Book(
        account="main",
        venue="binanceusdm",
        model="binance-usdm",
        as_of=NOW,
        collateral=(Collateral("USDT", 10_000.0),),
        positions=tuple(
            Position(symbol, "long", 1.0, 1.0, "linear", "USDT", 40_000.0, 40_000.0, 10.0) for symbol in (BTC, DATED)
        ),
        tiers={},
    ),
    {"balances": NOW},
)


def _enveloped(*rows: object) -> object:
    return {"code": "00000", "data": list(rows)}


def _listed(*rows: object) -> object:
    return {"retCode": 0, "result": {"category": "linear", "list": list(rows)}}


def test_binance_pays_every_eight_hours_unless_the_list_says_otherwise() -> None:
    """A list of exceptions; what has no rate is left out, and so is one that no number can be made of."""
    marks = [
        {"symbol": "BTCUSDT", "lastFundingRate": "0.00010000"},
        {"symbol": "FASTUSDT", "lastFundingRate": "-0.00020000"},
        {"symbol": "BTCUSDT_260327", "lastFundingRate": ""},
    ]
    info = [{"symbol": "FASTUSDT", "fundingIntervalHours": 1}]
    found = read_funding(marks, info, "marks", "info")
    assert found == pytest.approx({"BTCUSDT": 0.0003, "FASTUSDT": -0.0048})


@pytest.mark.parametrize("hours", [None, "", 0, "often"])
def test_binance_with_an_interval_that_cannot_be_read_tells_nothing(hours: object) -> None:
    """To take eight hours for it would be silently wrong."""
    with pytest.raises(BadAnswer):
        read_funding([], [{"symbol": "FASTUSDT", "fundingIntervalHours": hours}], "marks", "info")


@pytest.mark.parametrize(
    ("read", "answer", "per_day"),
    [
        (
            bybit.read_funding,
            _listed(
                {"symbol": "A", "fundingRate": "0.0001", "fundingIntervalHour": "8"},
                {"symbol": "B", "fundingRate": "-0.0002", "fundingIntervalHour": "4"},
                {"symbol": "C-26MAR27", "fundingRate": "", "fundingIntervalHour": ""},
            ),
            {"A": 0.0003, "B": -0.0012},
        ),
        (
            gate.read_funding,
            [
                {"name": "A", "funding_rate": "0.0001", "funding_interval": 28800},
                {"name": "B", "funding_rate": "-0.0002", "funding_interval": 14400},
                {"name": "C", "funding_rate": "0.0001"},
            ],
            {"A": 0.0003, "B": -0.0012},
        ),
        (
            okx.read_funding,
            {
                "data": [
                    {"instId": "A", "fundingRate": "0.0001", "fundingTime": "0", "nextFundingTime": "28800000"},
                    {"instId": "B", "fundingRate": "-0.0002", "fundingTime": "0", "nextFundingTime": "14400000"},
                    {"instId": "C", "fundingRate": "0.0001", "fundingTime": "8", "nextFundingTime": "8"},
                    {"instId": "D", "fundingRate": "0.0001", "fundingTime": "8", "nextFundingTime": ""},
                ]
            },
            {"A": 0.0003, "B": -0.0012},
        ),
        (
            bitget.read_funding,
            _enveloped(
                {"symbol": "A", "fundingRate": "0.0001", "fundingRateInterval": "8"},
                {"symbol": "B", "fundingRate": "-0.0002", "fundingRateInterval": "4"},
                {"symbol": "C", "fundingRate": "0.0001", "fundingRateInterval": ""},
            ),
            {"A": 0.0003, "B": -0.0012},
        ),
        (
            kucoinfutures.read_funding,
            _enveloped(
                {"symbol": "A", "fundingFeeRate": 0.0001, "fundingRateGranularity": 28_800_000},
                {
                    "symbol": "B",
                    "fundingFeeRate": -0.0002,
                    "fundingRateGranularity": 28_800_000,
                    "currentFundingRateGranularity": 14_400_000,
                },
                {"symbol": "C", "fundingFeeRate": None, "fundingRateGranularity": None},
            ),
            {"A": 0.0003, "B": -0.0012},
        ),
        (
            partial(bingx.read_funding, where="bingx"),
            _enveloped(
                {"symbol": "A", "lastFundingRate": "0.0001", "fundingIntervalHours": 8},
                {"symbol": "B", "lastFundingRate": "-0.0002", "fundingIntervalHours": 4},
                {"symbol": "C", "lastFundingRate": "0.0001"},
            ),
            {"A": 0.0003, "B": -0.0012},
        ),
        (
            hyperliquid.read_funding,
            [
                {"universe": [{"name": "A"}, {"name": "xyz:B"}, {"name": "C"}]},
                [{"funding": "0.0000125"}, {"funding": "-0.00005"}, {"funding": None}],
            ],
            {"A": 0.0003, "xyz:B": -0.0012},
        ),
    ],
    ids=["bybit", "gate", "okx", "bitget", "kucoinfutures", "bingx", "hyperliquid"],
)
def test_each_venue_counts_in_its_own_interval(
    read: Callable[[object], dict[str, float]], answer: object, per_day: dict[str, float]
) -> None:
    """0.01 % and -0.02 %, every 8 and 4 hours or as much every hour; a row without rate or interval is left out."""
    assert read(answer) == pytest.approx(per_day)
    nothings: tuple[object, ...] = (None, [], {}, "maintenance")
    for nothing in nothings:
        try:
            found = read(nothing)
        except BadAnswer:
            continue
        assert found == {}


class Asked:
    """A source that counts how often it is asked, and can be unable to answer."""

    def __init__(self) -> None:
        self.times = 0
        self.error: VenueError | None = None

    async def read(self, _client: VenueClient, part: str) -> Mapping[str, float]:
        """0.1 % a day of BTC."""
        self.times += 1
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        assert part == "linear"
        return {"BTCUSDT": 0.001}


async def listed_site(hub: VenueHub) -> VenueSite:
    """A site that knows both contracts."""
    site = hub.site("binanceusdm", None, 1000, "binanceusdm")

    async def table() -> MarketTable:
        ids = {BTC: "BTCUSDT", DATED: "BTCUSDT_260327"}
        return MarketTable.of(
            Listing(market_id, symbol, "USDT", "linear", 1.0, Instrument(symbol, ONE, ONE, ONE, ONE), 0.0, 0.0)
            for symbol, market_id in ids.items()
        )

    await site.markets.get(table)
    return site


async def in_background() -> None:
    """Let what was started end."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_book_never_waits_and_all_accounts_share_one_request(clock: Any) -> None:
    """The first book goes without; later ones have it, with nothing for what expires; when due it is read anew."""
    asked = Asked()
    hub = VenueHub(clock, tells_funding=True)
    site = await listed_site(hub)
    entry = replace(VENUE, funding=FundingSource(asked.read, part_of=lambda listing: listing.kind))
    board = board_of(site, entry)
    assert board is not None
    assert board is board_of(site, entry)
    assert board.told(HELD) is HELD
    assert board.told(HELD) is HELD
    await in_background()
    assert board.told(HELD).funding == {BTC: 0.001, DATED: 0.0}
    assert asked.times == 1
    clock.seconds += REFRESH_S
    board.told(HELD)
    await in_background()
    assert asked.times == 2
    await hub.close()


async def test_a_failure_leaves_the_book_whole_and_is_told_once(clock: Any) -> None:
    """Old rates stand in for a while, then there are none; nothing is asked more often than every ten minutes."""
    asked = Asked()
    hub = VenueHub(clock, tells_funding=True)
    board = board_of(await listed_site(hub), replace(VENUE, funding=FundingSource(asked.read, lambda _: "linear")))
    assert board is not None
    board.told(HELD)
    await in_background()
    asked.error = VenueError("down")
    with capture_logs() as logs:
        for _ in range(4):
            clock.seconds += REFRESH_S
            board.told(HELD)
            board.told(HELD)
            await in_background()
    assert asked.times == 5
    assert [each["event"] for each in logs] == ["funding rates not read"]
    assert board.told(HELD) is HELD
    await hub.close()


async def test_nobody_asks_where_nobody_wants_to_know(clock: Any) -> None:
    """A hub of one reading, and a venue that does not tell."""
    quiet, hub = VenueHub(clock), VenueHub(clock, tells_funding=True)
    assert board_of(quiet.site("binanceusdm", None, 1000, "binanceusdm"), VENUE) is None
    assert board_of(hub.site("binanceusdm", None, 1000, "binanceusdm"), replace(VENUE, funding=None)) is None
