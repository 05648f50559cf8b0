"""Messages as a person reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from guard.alerts.markup import plain_text, visible_length
from guard.alerts.render import More, render_dispute, render_undelivered, render_zone
from guard.alerts.ways_text import ways_lines
from guard.language.speech import ENGLISH
from guard.ports.records import (
    AlertReason,
    PositionSnapshot,
    Reading,
    Snapshot,
)
from guard.ports.ways_out import WayOut, WaysOut
from guard.risk.quality import DataQuality, Quality
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk
from guard.risk.zones import Zone

NOW = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)
Make = Callable[..., PositionRisk]
MakePool = Callable[..., PoolRisk]
MakeRisk = Callable[..., AccountRisk]
MakeReading = Callable[..., Reading]


@pytest.fixture
def full(leg: Make, pool: MakePool, risk: MakeRisk, reading: MakeReading) -> Callable[..., Reading]:
    """Readings with the figures of the published two-position example."""
    eth = leg(
        "ETH/USDT:USDT",
        contracts=3683.979,
        mark_price=1335.18,
        maintenance_margin=356_512.5,
        liquidation_price=1153.26,
        unrealized_pnl=-448_192.88,
    )
    account = risk(pool(leg(), eth))

    def make(zone: Zone = Zone.WARNING, **fields: object) -> Reading:
        return reading(zone, account, **fields)

    return make


def _snapshot(**fields: object) -> Snapshot:
    snapshot = Snapshot(
        account_id="account-1",
        account="alice",
        at=NOW - timedelta(minutes=3),
        zone=Zone.WATCH,
        reason="",
        quality="fresh",
        data_at=NOW - timedelta(minutes=3),
        currency="USDT",
        equity=1_200_000.0,
        unrealized_pnl=0.0,
        initial_margin=400_000.0,
        maintenance_margin=380_000.0,
        available_margin=800_000.0,
        risk_ratio=0.31,
        margin_level=3.1,
        distance=0.12,
        effective_leverage=7.0,
        error=None,
    )
    return replace(snapshot, **fields)  # type: ignore[arg-type]  # tests name any field


def test_worsening_tells_everything_a_person_needs(full: MakeReading) -> None:
    """Account, zone, the price that liquidates, levels then and now, worst position, ways out, reason, equity, age."""
    ways = WaysOut(
        (
            WayOut("add", 190_000.0, "USDT", 0.35, 0.12),
            WayOut("close", 1350.0, "ETH", 0.302, 0.121, "ETH/USDT:USDT", "long", 1350.0),
            WayOut("hedge", 900.0, "ETH", 0.36, None, "ETH/USDT:USDT", "long", 900.0, enough=False),
        )
    )
    more = More(then=_snapshot(data_at=NOW - timedelta(minutes=15), risk_ratio=0.25), ways=ways)
    text = plain_text(render_zone(ENGLISH, AlertReason.WORSE, full(), Zone.WATCH, _snapshot(), more))
    assert text.splitlines() == [
        "🟠 WARNING · alice (was watch)",
        "ETH at 1,153.3 USDT liquidates you (13.6 % below 1,335.2 USDT now)",
        "Risk ratio 41.5 %, was 25.0 % 15 min ago (100 % = liquidation)",
        "Distance to liquidation 7.7 % of all prices together, was 12.0 % 15 min ago",
        ("Worst position: long 3,683.979 contracts ETH/USDT:USDT, PnL -448,193 USDT, 83.4 % of the maintenance margin"),
        "Ways out, and the level after each:",
        "• add 190,000 USDT: risk ratio 35.0 %, distance 12.0 %",
        "• close 1,350 ETH long: risk ratio 30.2 %, distance 12.1 %",
        "• hedge ETH long with 900 ETH short: risk ratio 36.0 %, liquidation out of reach, not enough by itself",
        "Why: distance to liquidation 7.7 % is at or below 8 %",
        "Equity 1,030,896 USDT, margin level 245 % (equity / initial margin)",
        "Data 2 s old · 2026-11-21 12:00:05 UTC",
    ]


def test_ways_out_name_what_is_kept_elsewhere() -> None:
    """Money in other wallets is moved, as far as it goes; nothing of it is said to have happened."""
    ways = [
        WayOut("add", 3_000.0, "USDT", 0.35, 0.12, kept=5_000.0),
        WayOut("add", 3_000.0, "USDT", 0.35, 0.12, kept=1_000.0),
        WayOut("add", 0.25, "BTC", 0.35, 0.12, "BTC/USD:BTC", kept=1.0),
    ]
    assert [plain_text(line).partition(":")[0] for line in ways_lines(ENGLISH, WaysOut(tuple(ways)))[1:]] == [
        "• move 3,000 USDT of your 5,000 USDT in other wallets into this account",
        "• add 3,000 USDT (you keep 1,000 USDT in other wallets)",
        "• move 0.25 BTC of your 1 BTC in other wallets to isolated BTC/USD",
    ]


def test_ways_out_name_isolated_legs_whole_legs_and_what_does_not_help() -> None:
    """Sizes in contracts stand beside coins or dollars; what is not enough says so."""
    ways = WaysOut(
        (
            WayOut("add", 0.25, "BTC", None, None, "BTC/USD:BTC"),
            WayOut("close", 12_000.0, "USD", 0.5, 0.05, "BTC/USD:BTC", "long", 120.0, whole=True, enough=False),
        ),
        closing_helps=False,
    )
    assert [plain_text(line) for line in ways_lines(ENGLISH, ways)[1:]] == [
        "• add 0.25 BTC to isolated BTC/USD:BTC: still no equity",
        "• close all of BTC long (12,000 USD = 120 contracts): risk ratio 50.0 %, distance 5.0 %, not enough by itself",
        "Making one position smaller does not help here: add collateral.",
    ]
    assert ways_lines(ENGLISH, None) == ways_lines(ENGLISH, WaysOut()) == []


@pytest.mark.parametrize(
    ("reason", "zone", "before", "head"),
    [
        (AlertReason.FIRST, Zone.WATCH, Zone.SAFE, "🟡 WATCH · alice (was safe)"),
        (AlertReason.WORSE, Zone.DANGER, Zone.WARNING, "🔴 DANGER · alice (was warning)"),
        (AlertReason.WORSE, Zone.LIQUIDATION, Zone.DANGER, "🆘 LIQUIDATION · alice (was danger)"),
        (AlertReason.BETTER, Zone.WATCH, Zone.DANGER, "🟡 WATCH · alice (better, was danger)"),
        (AlertReason.RESOLVED, Zone.SAFE, Zone.WATCH, "🟢 SAFE · alice (resolved, was watch)"),
        (AlertReason.REPEAT, Zone.DANGER, Zone.DANGER, "🔴 DANGER · alice (still)"),
        (AlertReason.BETTER, Zone.WATCH, Zone.UNKNOWN, "🟡 WATCH · alice (data is back)"),
        (AlertReason.RESOLVED, Zone.SAFE, Zone.UNKNOWN, "🟢 SAFE · alice (data is back)"),
    ],
)
def test_first_line(full: MakeReading, reason: AlertReason, zone: Zone, before: Zone, head: str) -> None:
    """The line that a phone shows in its notification says zone, account and direction."""
    assert plain_text(render_zone(ENGLISH, reason, full(zone), before)).splitlines()[0] == head


def test_without_an_earlier_reading_nothing_is_compared(full: MakeReading) -> None:
    """The first message of an account claims no past."""
    text = plain_text(render_zone(ENGLISH, AlertReason.FIRST, full(), Zone.SAFE, None))
    assert "ago" not in text
    assert "Risk ratio 41.5 % (100 % = liquidation)" in text


def test_the_last_cycle_is_no_comparison(full: MakeReading) -> None:
    """`was 11.9 % 0 s ago` says nothing about where the account is going."""
    reading = full()
    for age_s, compared in ((5, False), (59, False), (60, True)):
        text = render_zone(
            ENGLISH, AlertReason.FIRST, reading, Zone.SAFE, _snapshot(data_at=reading.at - timedelta(seconds=age_s))
        )
        assert (" ago" in text) is compared


def test_an_earlier_reading_serves_as_well_as_a_snapshot(full: MakeReading) -> None:
    """What memory holds compares like what the store holds."""
    earlier = full(Zone.SAFE, at=NOW - timedelta(hours=2))
    assert "Risk ratio 41.5 %, was 41.5 % 2 h ago" in plain_text(
        render_zone(ENGLISH, AlertReason.FIRST, full(), Zone.SAFE, earlier)
    )


def test_blind_says_unknown_and_why_and_how_old_the_last_figures_are(reading: MakeReading) -> None:
    """No figure of the past stands without its age, and none is invented."""
    blind = reading(
        Zone.UNKNOWN,
        None,
        reason="no believable data for 2 cycles",
        error="binanceusdm did not answer within 10 s",
        quality=DataQuality(Quality.MISSING, ("timeout",), 0.0),
    )
    text = plain_text(render_zone(ENGLISH, AlertReason.WORSE, blind, Zone.WATCH, _snapshot()))
    assert text.splitlines() == [
        "⚫ UNKNOWN · alice (was watch)",
        "The guard cannot see this account.",
        "Why: no believable data for 2 cycles; binanceusdm did not answer within 10 s",
        "Risk ratio, distance and margin level now: unknown",
        "Last known, 3 min ago: risk ratio 31.0 %, distance to liquidation 12.0 %, margin level 310 %",
        "While it is blind, no order is sent. Check the venue yourself.",
        "Checked 2026-11-21 12:00:05 UTC",
    ]


@pytest.mark.parametrize("earlier", [None, _snapshot(data_at=None, risk_ratio=None, equity=None)])
def test_blind_from_the_start_knows_nothing(reading: MakeReading, earlier: Snapshot | None) -> None:
    """Neither a missing nor an empty snapshot becomes a figure."""
    text = plain_text(render_zone(ENGLISH, AlertReason.FIRST, reading(Zone.UNKNOWN, None), Zone.SAFE, earlier))
    assert "Nothing is known from before." in text
    assert "%" not in text.replace("7.7 % is at or below 8 %", "")


def test_a_known_zone_without_figures_says_so(reading: MakeReading) -> None:
    """A first blind cycle keeps its zone, but a message about it shows no figure of now."""
    text = plain_text(render_zone(ENGLISH, AlertReason.REPEAT, reading(Zone.DANGER, None), Zone.DANGER, _snapshot()))
    assert "Risk ratio, distance and margin level now: unknown" in text
    assert "Last known, 3 min ago" in text


def test_doubtful_data_is_named(full: MakeReading) -> None:
    """Figures from stale or disputed data carry the warning with them."""
    stale = full(quality=DataQuality(Quality.STALE, ("marks are 95 s old",), 95.0))
    text = plain_text(render_zone(ENGLISH, AlertReason.WORSE, stale, Zone.WATCH))
    assert "⚠️ Data is stale: marks are 95 s old" in text
    assert "Data 1 min 35 s old" in text


def test_no_equity_left(leg: Make, pool: MakePool, risk: MakeRisk, reading: MakeReading) -> None:
    """A ratio without a value reads as what it is, the worst."""
    gone = pool(
        leg(liquidation_price=None), risk_ratio=None, equity=-12_000.0, margin_level=-0.03, liquidation_shock_down=None
    )
    text = plain_text(render_zone(ENGLISH, AlertReason.WORSE, reading(Zone.LIQUIDATION, risk(gone)), Zone.DANGER))
    assert "Risk ratio above 100 %, no equity is left" in text
    assert "Distance to liquidation none left" in text
    assert "It can be liquidated now: equity does not cover the required margin." in text
    assert "Equity -12,000 USDT" in text


@pytest.mark.parametrize(("ratio", "price"), [(None, 1400.0), (1.2, 1400.0), (1.2, None)])
def test_a_price_that_would_end_it_is_not_called_one_that_liquidates(
    leg: Make, pool: MakePool, risk: MakeRisk, reading: MakeReading, ratio: float | None, price: float | None
) -> None:
    """What has happened already is not said to happen at a price above the mark of a long."""
    gone = pool(leg(liquidation_price=price), risk_ratio=ratio)
    other = pool(leg("SOL/USDC:USDC", mark_price=100.0, liquidation_price=99.0), currency="USDC")
    text = plain_text(
        render_zone(ENGLISH, AlertReason.WORSE, reading(Zone.LIQUIDATION, risk(gone, other)), Zone.DANGER)
    )
    assert "It can be liquidated now" in text.splitlines()[1]
    assert "liquidates you" not in text


def test_positions_that_are_gone_are_not_called_resolved(pool: MakePool, risk: MakeRisk, reading: MakeReading) -> None:
    """A liquidated book is as empty as a closed one: the message says so, and asks to look."""
    empty = risk(pool(risk_ratio=0.0, margin_level=None, liquidation_shock_down=None, equity=120.5))
    text = plain_text(render_zone(ENGLISH, AlertReason.RESOLVED, reading(Zone.SAFE, empty), Zone.DANGER))
    assert text.splitlines() == [
        "⚪ NO POSITIONS · alice (was danger)",
        "All its positions are gone.",
        "If neither you nor the guard closed them, the venue liquidated them. Check the venue now.",
        "Equity 120.5 USDT",
        "Data 2 s old · 2026-11-21 12:00:05 UTC",
    ]


def test_data_that_is_back_without_the_positions_of_before(
    full: MakeReading, pool: MakePool, risk: MakeRisk, reading: MakeReading
) -> None:
    """What went while the guard was blind is noticed; an account that had nothing is just safe."""
    back = reading(Zone.SAFE, risk(pool(risk_ratio=0.0, margin_level=None, liquidation_shock_down=None)))
    leg = PositionSnapshot("BTC/USDT:USDT", "long", 1, 1, 1, 1, 1, 1, None)
    for earlier in (full(Zone.SAFE), _snapshot(positions=(leg,))):
        text = plain_text(render_zone(ENGLISH, AlertReason.RESOLVED, back, Zone.UNKNOWN, earlier))
        assert text.startswith("⚪ NO POSITIONS · alice (was unknown)")
    for nothing in (None, _snapshot(), reading(Zone.SAFE, None), back):
        text = plain_text(render_zone(ENGLISH, AlertReason.RESOLVED, back, Zone.UNKNOWN, nothing))
        assert text.startswith("🟢 SAFE · alice (data is back)")
        assert "No open positions." in text
        assert "Distance to liquidation out of reach" in text
        assert "margin level" not in text


def test_several_pools_name_the_one_that_is_meant(
    leg: Make, pool: MakePool, risk: MakeRisk, reading: MakeReading
) -> None:
    """Equity of one pool is not taken for the account's."""
    isolated = pool(leg(), symbol="BTC/USDT:USDT", margin_mode="isolated", risk_ratio=0.8, equity=500.0)
    text = plain_text(render_zone(ENGLISH, AlertReason.WORSE, reading(Zone.DANGER, risk(pool(), isolated)), Zone.WATCH))
    assert "Equity 500 USDT (worst pool: isolated BTC/USDT:USDT)" in text
    cross = render_zone(
        ENGLISH, AlertReason.WORSE, reading(Zone.DANGER, risk(pool(leg()), pool(risk_ratio=0.0))), Zone.WATCH
    )
    assert "(worst pool: cross USDT)" in plain_text(cross)


def test_foreign_text_cannot_break_the_markup(full: MakeReading) -> None:
    """Names, reasons and errors of a venue are shown as they are, never as tags."""
    html = render_zone(ENGLISH, AlertReason.WORSE, full(account="<a&b>", reason="<script>"), Zone.WATCH)
    assert "<a&b>" not in html
    assert "<script>" not in html
    assert "<a&b>" in plain_text(html)
    assert "Why: <script>" in plain_text(html)


def test_the_longest_message_fits_a_chat(full: MakeReading) -> None:
    """Foreign text is limited where it enters, so a whole alert never meets the channel's limit."""
    endless = full(
        Zone.DANGER,
        account="n" * 5000,
        reason="r" * 5000,
        quality=DataQuality(Quality.STALE, ("q" * 5000,), 1.0),
    )
    assert visible_length(render_zone(ENGLISH, AlertReason.WORSE, endless, Zone.SAFE, _snapshot())) < 4096


def test_dispute_and_its_end(full: MakeReading) -> None:
    """The difference is quoted, and what follows from it."""
    disputed = full(quality=DataQuality(Quality.DISPUTED, ("maintenance margin 10 here, 12 at the venue",), 1.0))
    text = plain_text(render_dispute(ENGLISH, AlertReason.FIRST, disputed))
    assert text.startswith("⚠️ DISPUTED · alice")
    assert "maintenance margin 10 here, 12 at the venue" in text
    assert "no order is sent" in text
    assert plain_text(render_dispute(ENGLISH, AlertReason.RESOLVED, full())).startswith("🟢 AGREES AGAIN · alice")


def test_the_notice_of_a_lost_message_carries_the_message() -> None:
    """Undelivered is shown as undelivered, with everything that the person did not get."""
    text = plain_text(render_undelivered(ENGLISH, "telegram:77", "bot <blocked>", "<b>DANGER</b> alice", NOW))
    assert text.splitlines() == [
        "📭 NOT DELIVERED to telegram:77",
        "Why: bot <blocked>",
        "2026-11-21 12:00:05 UTC",
        "",
        "DANGER alice",
    ]
