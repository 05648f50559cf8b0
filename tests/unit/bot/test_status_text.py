"""Snapshots in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from guard.bot.limits import TEXT_MAX, size
from guard.bot.status_text import by_urgency, escaped, full_card, positions_text, status_text
from guard.language.speech import ENGLISH, speech_of
from guard.ports.records import HedgeRecord, PositionSnapshot, Snapshot
from guard.risk.zones import Zone
from guard.sandbox.telegram.markup import parse_html

Build = Callable[..., Snapshot]
BuildLeg = Callable[..., PositionSnapshot]


def test_the_card_of_one_account(snapshot: Build, now: datetime) -> None:
    """Zone and reason first, every number with its unit, the age of the data, the time of the view."""
    assert status_text(ENGLISH, [snapshot()], now).splitlines() == [
        "🟠 <b>alice</b>: <b>WARNING</b>",
        "distance to liquidation 7.7 % is at or below 8 %",
        "Risk ratio: <b>41.5 %</b> (100 % is liquidation)",
        "Distance to liquidation: <b>7.7 %</b>",
        "Margin level: <b>245 %</b>",
        "Equity: 1,030,896 USDT",
        "Unrealized PnL: -504,547 USDT",
        "Available margin: 609,955 USDT",
        "Maintenance margin: 427,713 USDT",
        "Effective leverage: 8.17x",
        "Positions: 1, nearest to liquidation BTC/USDT:USDT long at 26,317 USDT (-17.7 %)",
        "Data: fresh, 12 s old",
        "",
        "Updated 2026-11-21 12:00:05 UTC",
    ]


def test_a_blind_account_shows_no_figure(blind: Snapshot, now: datetime) -> None:
    """Every figure reads unknown with the reason; the last reading's age is told; nothing looks like zero or safe."""
    text = full_card(ENGLISH, blind, now)
    assert text.startswith("❓ <b>alice</b>: <b>UNKNOWN</b>")
    assert "Not read: binanceusdm did not answer in 10 s" in text
    assert text.count("unknown (the account could not be read)") == 9
    assert "Data: missing, 7 min old" in text
    assert "0.00" not in text


def test_an_account_that_was_never_read(blind: Snapshot, snapshot: Build, now: datetime) -> None:
    """It says never."""
    never = snapshot(zone=Zone.UNKNOWN, data_at=None, equity=None, risk_ratio=None, quality="missing")
    text = full_card(ENGLISH, never, now)
    assert text.endswith("\nData: never read")
    assert "Risk ratio: <b>unknown (never read)</b>" in text


def test_no_positions(snapshot: Build, now: datetime) -> None:
    """Absent figures mean something else here than missing data."""
    flat = snapshot(zone=Zone.SAFE, reason="", risk_ratio=0.0, margin_level=None, distance=None, positions=())
    text = full_card(ENGLISH, flat, now)
    assert "Risk ratio: <b>0.00 %</b>" in text
    assert "Distance to liquidation: <b>out of reach (no positions)</b>" in text
    assert "Margin level: <b>not defined (no positions)</b>" in text
    assert "Positions: none" in text
    assert "unknown" not in text


def test_no_equity_left(snapshot: Build, now: datetime) -> None:
    """An undefined ratio must not look harmless."""
    broke = snapshot(zone=Zone.LIQUIDATION, equity=-10.0, risk_ratio=None, distance=None, effective_leverage=None)
    text = full_card(ENGLISH, broke, now)
    assert "Risk ratio: <b>beyond 100 % (no equity left)</b>" in text
    assert "Distance to liquidation: <b>none left (no equity left)</b>" in text
    assert "Effective leverage: not defined (no equity left)" in text


def test_out_of_reach(snapshot: Build, leg: BuildLeg, now: datetime) -> None:
    """With positions but no liquidating move, that is what is said."""
    hedged = snapshot(distance=None, positions=(leg(liquidation_price=None),))
    text = full_card(ENGLISH, hedged, now)
    assert "Distance to liquidation: <b>out of reach</b>" in text
    assert "Positions: 1, largest BTC/USDT:USDT long" in text


def test_a_missing_single_figure_is_unknown_with_its_reason(snapshot: Build, now: datetime) -> None:
    """Partly read data says which quality it has."""
    text = full_card(ENGLISH, snapshot(quality="incomplete", available_margin=None), now)
    assert "Available margin: unknown (data incomplete)" in text


def test_an_overdue_check_is_pointed_out(snapshot: Build, now: datetime) -> None:
    """When the guard itself has stopped looking, the person must see it."""
    at = now - timedelta(minutes=12)
    assert "⚠️ The guard has not looked for 12 min" in full_card(ENGLISH, snapshot(at=at, data_at=at), now)
    assert "⚠️" not in full_card(ENGLISH, snapshot(at=now - timedelta(seconds=300)), now)


def test_an_account_that_can_be_liquidated_names_no_price_for_it(snapshot: Build, now: datetime) -> None:
    """The price of a leg would be where that ends."""
    for due in (snapshot(risk_ratio=1.3), snapshot(risk_ratio=None, equity=-5.0)):
        text = full_card(ENGLISH, due, now)
        assert "can be liquidated now" in text
        assert "nearest to liquidation" not in text
    assert "can be liquidated now" not in full_card(ENGLISH, snapshot(risk_ratio=None, equity=None), now)


def test_an_account_without_anything_is_empty_not_unknown(snapshot: Build, blind: Snapshot, now: datetime) -> None:
    """As after a liquidation: whoever sees the account knows it."""
    empty = snapshot(zone=Zone.SAFE, equity=None, risk_ratio=0.0, distance=None, positions=())
    for text in (full_card(ENGLISH, empty, now), status_text(ENGLISH, [empty, blind], now)):
        assert "The account is empty: no collateral, no positions." in text
    assert "nknown" not in full_card(ENGLISH, empty, now)
    assert "Positions: none" in positions_text(ENGLISH, [empty], now)
    assert "is empty" not in full_card(ENGLISH, blind, now)


def test_several_accounts_most_urgent_first(snapshot: Build, blind: Snapshot, now: datetime) -> None:
    """Short cards, blindness before warning, and the command for all figures of the first."""
    calm = snapshot(account="bob", zone=Zone.SAFE, reason="")
    text = status_text(ENGLISH, [calm, snapshot(), blind], now)
    assert [text.index("UNKNOWN"), text.index("WARNING"), text.index("SAFE")] == sorted(
        [text.index("UNKNOWN"), text.index("WARNING"), text.index("SAFE")]
    )
    assert "Risk ratio 41.5 %, distance 7.7 %, margin level 245 %" in text
    assert "All figures of one: /status alice" in text
    assert text.count("Data: ") == 3


def test_urgency_covers_every_zone(snapshot: Build) -> None:
    """No zone is without a place in the order; in one zone the nearest to liquidation is first."""
    near, far, out = (
        snapshot(account=name, distance=distance) for name, distance in (("b", 0.07), ("c", 0.08), ("a", None))
    )
    assert [shown.account for shown in by_urgency([out, far, near])] == ["b", "c", "a"]
    ordered = by_urgency([snapshot(zone=zone) for zone in Zone])
    assert [shown.zone for shown in ordered] == [
        Zone.LIQUIDATION,
        Zone.UNKNOWN,
        Zone.DANGER,
        Zone.WARNING,
        Zone.WATCH,
        Zone.SAFE,
    ]


def test_positions_nearest_to_liquidation_first(snapshot: Build, leg: BuildLeg, now: datetime) -> None:
    """The leg to worry about is on top, those that cannot be liquidated are last, the largest of them first."""
    legs = (
        leg(symbol="SOL/USDT:USDT", liquidation_price=None, notional=10.0),
        leg(symbol="XRP/USDT:USDT", liquidation_price=None, notional=-20.0, side="short"),
        leg(),
        leg(symbol="ETH/USDT:USDT", mark_price=1335.18, liquidation_price=1300.0, contracts=3683.979),
    )
    text = positions_text(ENGLISH, [snapshot(positions=legs)], now)
    order = [text.index(symbol) for symbol in ("ETH/", "BTC/", "XRP/", "SOL/")]
    assert order == sorted(order)
    assert "<b>ETH/USDT:USDT</b> long 3,683.979 contracts" in text
    assert "Liquidation price 1,300 USDT (-2.6 % from mark)" in text
    assert "Liquidation price out of reach" in text
    assert "Data: fresh, 12 s old" in text
    assert text.endswith("As of 2026-11-21 12:00:05 UTC")


def test_a_short_is_liquidated_above(snapshot: Build, leg: BuildLeg, now: datetime) -> None:
    """The sign of the move is shown."""
    text = positions_text(ENGLISH, [snapshot(positions=(leg(side="short", liquidation_price=35_000.0),))], now)
    assert "(+9.5 % from mark)" in text


def test_currencies_come_from_the_symbol(snapshot: Build, leg: BuildLeg, now: datetime) -> None:
    """An inverse contract settles in its base coin and is quoted in dollars; a bare symbol uses the account's."""
    inverse = leg(symbol="BTC/USD:BTC", unrealized_pnl=-0.5, notional=10.0)
    text = positions_text(ENGLISH, [snapshot(positions=(inverse,))], now)
    assert "PnL -0.5 BTC" in text
    assert "mark 31,967 USD\n" in text
    bare = leg(symbol="EURUSD")
    assert "mark 31,967 EUR" in positions_text(ENGLISH, [snapshot(currency="EUR", positions=(bare,))], now)


def test_money_of_a_leg_is_in_the_currency_of_its_pool(snapshot: Build, leg: BuildLeg, now: datetime) -> None:
    """A contract that settles in USDT may stand in a pool that is kept in USD; its prices are still in USDT."""
    text = positions_text(ENGLISH, [snapshot(currency="USD", positions=(leg(currency="USD"),))], now)
    assert "Notional 3,500,032 USD, PnL -56,355 USD\n" in text
    assert "Maintenance margin 71,201 USD\n" in text
    assert "mark 31,967 USDT\n" in text


def test_a_card_in_japanese(snapshot: Build, leg: BuildLeg, blind: Snapshot, now: datetime) -> None:
    """Every line, times in the reader's zone; commands and symbols stay as they are typed."""
    japanese = speech_of("ja", "Asia/Tokyo")
    text = "\n".join([status_text(japanese, [snapshot(reason="")], now), positions_text(japanese, [snapshot()], now)])
    assert "リスク比率" in text
    assert "2026-11-21 21:00:05 JST" in text
    for english in ("Risk", "Distance", "Equity", "Positions", "Notional", "Entry", "Liquidation", "Data", "UTC"):
        assert english not in text
    assert "unknown" not in full_card(japanese, blind, now)


def test_positions_of_a_blind_account_are_unknown(blind: Snapshot, now: datetime) -> None:
    """Not "none": nobody knows."""
    assert "Positions: unknown (the account could not be read)" in positions_text(ENGLISH, [blind], now)


@pytest.mark.parametrize("count", [1, 10, 60, 500])
def test_long_lists_fit_and_are_counted(count: int, snapshot: Build, leg: BuildLeg, now: datetime) -> None:
    """Whatever the number of legs, one message, and the count of what is not shown."""
    legs = tuple(leg(symbol=f"COIN{index}/USDT:USDT") for index in range(count))
    text = positions_text(ENGLISH, [snapshot(positions=legs)], now)
    shown = text.count("Liquidation price")
    assert size(text) <= TEXT_MAX
    if shown < count:
        assert f"... and {count - shown} more positions" in text


def test_many_accounts_fit_and_are_counted(snapshot: Build, now: datetime) -> None:
    """A hundred accounts in one message."""
    text = status_text(ENGLISH, [snapshot(account=f"account {index}") for index in range(100)], now)
    shown = text.count("Risk ratio")
    assert size(text) <= TEXT_MAX
    assert f"... and {100 - shown} more accounts" in text


def test_foreign_texts_are_escaped_and_clipped(snapshot: Build, leg: BuildLeg, now: datetime) -> None:
    """A name or an error can neither break the markup nor the limit."""
    hostile = snapshot(
        account="<b>&" * 100,
        reason="<script>\n" * 100,
        error="&" * 5000,
        quality="<i>",
        currency="<u>",
        positions=(leg(symbol="<a href='x'>", side="<s>"),),
    )
    for text in (status_text(ENGLISH, [hostile], now), positions_text(ENGLISH, [hostile], now)):
        shown, entities = parse_html(text)
        assert {entity.type for entity in entities} == {"bold"}
        assert "<b>&<b>&" in shown
        assert "more" not in shown
        assert size(text) <= TEXT_MAX


def test_escaped() -> None:
    """One line, clipped before escaping."""
    assert escaped("a < b\n& c") == "a &lt; b &amp; c"
    assert escaped("x" * 300) == "x" * 237 + "..."


def test_what_only_the_venue_knows_is_not_called_out_of_reach(snapshot: Build, leg: BuildLeg, now: datetime) -> None:
    """Figures of the venue alone say nothing of any other price, nor of a single leg's requirement."""
    account = snapshot(distance=None, positions=(leg(maintenance_margin=0.0, liquidation_price=None),))
    assert "Distance to liquidation: <b>not known (the venue tells the present only)</b>" in full_card(
        ENGLISH, account, now
    )
    text = positions_text(ENGLISH, [account], now)
    assert "Maintenance margin not known (the venue tells the present only)" in text
    assert "Liquidation price: not known (the venue tells the present only)" in text
    assert "out of reach" not in text


def test_money_of_one_pool_of_several_says_so(snapshot: Build, leg: BuildLeg, now: datetime) -> None:
    """Equity in one currency is not all that an account with legs in two has."""
    words = "Money is that of the worst pool. Every pool: /risk"
    assert words in full_card(ENGLISH, snapshot(positions=(leg(currency="USDT"), leg(currency="USDC"))), now)
    assert words not in full_card(ENGLISH, snapshot(positions=(leg(currency="USDT"), leg(currency="USDT"))), now)


def hedge(at: datetime, number: int = 1) -> HedgeRecord:
    """Half a contract of ETH short against BTC long."""
    return HedgeRecord(
        hedge_id=f"intent-{number}:1",
        account_id="account-1",
        intent_id=f"intent-{number}",
        symbol="ETH/USDT:USDT",
        leg="short",
        contracts="0.5",
        protects_symbol="BTC/USDT:USDT",
        protects_leg="long",
        opened_at=at,
    )


def test_what_the_guard_itself_opened_is_shown_with_what_it_protects(snapshot: Build, now: datetime) -> None:
    """Whoever looks at the account sees each hedge, since when it stands, and how it comes off."""
    account = snapshot(hedges=(hedge(now - timedelta(hours=3)),))
    assert status_text(ENGLISH, [account], now).splitlines()[11:14] == [
        "Hedges of the guard, taken off by /unhedge alice:",
        "• 0.5 contracts ETH/USDT:USDT short against BTC/USDT:USDT long, since 11-21 09:00",
        "Data: fresh, 12 s old",
    ]
    japanese = full_card(speech_of("ja", "Asia/Tokyo"), account, now)
    assert "/unhedge alice で解除" in japanese
    assert "対象 BTC/USDT:USDT ロング、11-21 18:00 から" in japanese
    assert "unhedge" not in full_card(ENGLISH, snapshot(), now)


def test_among_several_accounts_hedges_are_counted(snapshot: Build, now: datetime) -> None:
    """A short card has one line for them; the full one shows the first few and counts the rest."""
    account = snapshot(hedges=tuple(hedge(now, number) for number in range(9)))
    cards = status_text(ENGLISH, [account, snapshot(account="bob")], now)
    assert cards.count("Hedges of the guard: 9") == 1
    text = full_card(ENGLISH, account, now)
    assert text.count("• 0.5 contracts") == 6
    assert "... and 3 more hedges: /actions" in text
