"""`/risk` and `/liq`, and their buttons: from a held book to words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from guard.bot.asking import Ask, Tap
from guard.bot.commands.measuring import liquidation, read_now, refresh, risk
from guard.bot.desk import Desk
from guard.bot.desks.measuring import Absence, FreshRead
from guard.bot.limits import TEXT_MAX, plain, size
from guard.bot.replies import Reply
from guard.ports.records import UserRecord
from guard.risk.book import Position, VenueReported
from guard.risk.zones import Zone
from tests.harness.held_books import BTC, NOON, HeldDesk, fifty, held, pair, unheld

ANNA, BERT = UserRecord("anna", "Anna", NOON), UserRecord("bert", "Bert", NOON)


def desk_of(desk: HeldDesk) -> Desk:
    """The desk, as far as these commands ask it."""
    return cast("Desk", desk)


def ask(typed: str = "", person: UserRecord = ANNA) -> Ask:
    """A command in a private chat."""
    return Ask(person, 1001, 1001, typed)


async def said(desk: HeldDesk, typed: str = "") -> str:
    """The words of `/risk`."""
    return plain((await risk(desk_of(desk), ask(typed))).html)


async def test_risk_shows_every_figure_with_its_unit_and_its_age() -> None:
    """The published example, as a phone shows it."""
    assert await said(HeldDesk([held(pair())])) == (
        "🟠 alice: WARNING\ndistance to liquidation 7.7 % is at or below 8 %\n"
        "Figures 12 s old, read 11:59:53 UTC\n\n"
        "USDT pool\nRisk ratio 41.5 % of 100 %\nEquity 1,030,896 USDT\nRequirement 427,713 USDT\nMargin level 245 %\n"
        "Liquidated if all fall by 7.7 %\nIf all rise: liquidation is out of reach\nEffective leverage 8.17x\n"
        "Net exposure 8,418,808 USDT of 8,418,808 USDT gross\n\n"
        "Updated 12:00:05 UTC"
    )


async def test_pools_come_the_most_urgent_first() -> None:
    """An isolated leg is a pool of its own; a pool without positions is last."""
    leg = Position(BTC, "short", 1.0, 1.0, "linear", "USDT", 30_000.0, 31_967.27, 20.0, "isolated", 3000.0)
    text = await said(HeldDesk([held(pair(positions=(*pair().positions, leg)))]))
    assert text.index("🔴 BTC/USDT:USDT isolated\nRisk ratio") < text.index("🟠 USDT pool\nRisk ratio")
    empty = await said(HeldDesk([held(pair(positions=()))]))
    assert "Equity 1,535,443 USDT, no positions" in empty
    none = await said(HeldDesk([held(pair(positions=(), collateral=()))]))
    assert "No positions and no collateral." in none


async def test_what_only_the_venue_knows_is_not_called_out_of_reach() -> None:
    """An account watched by the venue's own figures has a ratio, and nothing about any other price."""
    figures = VenueReported(equity=60_000.0, maintenance_margin=15_000.0, initial_margin=20_000.0)
    desk = HeldDesk([held(pair(model="reported", venue_reported=figures))])
    for text in (await said(desk), plain((await liquidation(desk_of(desk), ask())).html)):
        assert "Distance to liquidation: not known (the venue tells the present only)" in text
        assert "out of reach" not in text
    assert "Risk ratio 25.0 %" in await said(desk)


async def test_no_equity_left_is_said_and_not_computed_with() -> None:
    """Below zero there is no ratio and no distance."""
    book = pair(collateral=(replace(pair().collateral[0], balance=400_000.0),))
    text = await said(HeldDesk([held(book)]))
    assert "Risk ratio beyond 100 % (no equity left)" in text
    assert "No equity left: liquidation is due at these prices" in text
    assert "Effective leverage not defined (no equity left)" in text


@pytest.mark.parametrize(
    ("absence", "words"),
    [
        (Absence.NOT_WATCHED, "alice is not watched by the running service. /health says why."),
        (Absence.NOT_YET, "alice has not been read since the guard was started. Try again in a minute."),
        (
            Absence.BLIND,
            "alice could not be read since the guard was started, so nothing can be computed.\nkey refused",
        ),
    ],
)
async def test_without_a_book_the_answer_says_why(absence: Absence, words: str) -> None:
    """What is stored is shown with it; nothing is made up."""
    desk = HeldDesk([unheld(absence, zone=Zone.UNKNOWN, error="key refused", equity=None, risk_ratio=None)])
    text = await said(desk)
    assert words in text
    assert "Risk ratio: unknown" in text
    assert plain((await liquidation(desk_of(desk), ask())).html) == words


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"error": "timeout", "quality": "missing"}, "⚠️ Not read since: timeout"),
        ({"quality": "disputed"}, "⚠️ The data is disputed"),
        ({"at": NOON - timedelta(hours=1)}, "⚠️ The guard has not looked for 1 h"),
        ({}, ""),
    ],
)
async def test_old_or_doubtful_figures_are_marked(changes: dict[str, object], warning: str) -> None:
    """A closed market or a dead venue: the age stands there, and what is wrong."""
    for command in (risk, liquidation):
        text = plain((await command(desk_of(HeldDesk([held(pair(), **changes)])), ask())).html)
        assert "Figures 12 s old, read 11:59:53 UTC" in text
        assert ("⚠️" in text) == bool(warning)
        assert warning in text


async def test_figures_from_before_orders_of_the_guard_say_so() -> None:
    """What is held is not what was read any more."""
    text = await said(HeldDesk([replace(held(pair()), acted=True)]))
    assert "⚠️ The guard has sent orders since: this is the account before them" in text


async def test_liquidation_prices_are_sorted_by_nearness() -> None:
    """ETH is nearer by its own move than BTC; before both the move of all together."""
    text = plain((await liquidation(desk_of(HeldDesk([held(pair())])), ask())).html)
    assert text.index("Liquidated if all fall by 7.7 %") < text.index("ETH/USDT:USDT long\nat 1,153.3 USDT (-13.6 %)")
    assert text.index("ETH/USDT:USDT long") < text.index(
        "BTC/USDT:USDT long\nat 26,317 USDT (-17.7 %), mark 31,967 USDT"
    )


async def test_fifty_positions_fit_into_a_message() -> None:
    """What is left out is counted."""
    for command in (risk, liquidation):
        assert size((await command(desk_of(HeldDesk([held(fifty())])), ask())).html) <= TEXT_MAX
    many = replace(fifty(), positions=tuple(replace(leg, symbol=f"LONG{leg.symbol * 3}") for leg in fifty().positions))
    many = replace(many, tiers={leg.symbol: (fifty().tiers["C0/USDT:USDT"]) for leg in many.positions})
    reply = await liquidation(desk_of(HeldDesk([held(many)])), ask())
    assert size(reply.html) <= TEXT_MAX
    assert "more positions" in reply.html


async def test_the_account_that_is_meant() -> None:
    """Without a name the most urgent; a name of several words; the beginning of a name; and one that is not theirs."""
    calm = held(pair(account="Cold wallet", positions=()))
    desk = HeldDesk([calm, held(pair())])
    assert "alice: WARNING" in await said(desk)
    for typed in ("Cold wallet", "cold WALLET", "cold", "\uff23\uff4f\uff4c\uff44\u3000wallet"):
        assert "Cold wallet: SAFE" in await said(desk, typed)
    assert await said(desk, "alise") == "You have no account alise. Did you mean alice?\nYours: alice, Cold wallet"
    assert "You have no account" in await said(desk, "alice extra")
    assert "No account is assigned to you yet" in await said(HeldDesk())


def buttons_of(reply: Reply) -> dict[str, str]:
    """What each button sends, by its action."""
    return {button.data.partition(":")[0]: button.data.partition(":")[2] for row in reply.buttons for button in row}


async def tapped(desk: HeldDesk, argument: str, person: UserRecord = ANNA, user_id: int = 1001) -> Tap:
    """A tap on a button."""
    del desk
    return Tap(person, 1001, user_id, 5, argument)


async def test_refresh_draws_anew_without_reading() -> None:
    """The same message, the present time."""
    desk = HeldDesk([held(pair())])
    data = buttons_of(await risk(desk_of(desk), ask()))
    answer = await refresh(desk_of(desk), await tapped(desk, data["risk"]))
    assert answer.redraw is not None
    assert answer.redraw == await risk(desk_of(desk), ask())
    assert answer.notice.startswith("Updated 2026-11-21 12:00:05")
    assert desk.reads == []


@pytest.mark.parametrize(
    ("outcome", "note"),
    [
        (FreshRead.DONE, ""),
        (FreshRead.SILENT, "The venue has not answered within 5 s: these are the figures from before."),
        (FreshRead.FAILED, "Read now, in vain: these are the last figures that there are."),
        (FreshRead.TOO_SOON, "Somebody had it read a moment ago; it is read anew once in 5 s at most."),
        (FreshRead.NOT_WATCHED, "alice is not watched by the running service. /health says why."),
    ],
)
async def test_read_now_says_what_became_of_it(outcome: FreshRead, note: str) -> None:
    """The figures are shown in any case, with their age; the buttons stay."""
    desk = HeldDesk([held(pair())], outcome=outcome)
    shown = await risk(desk_of(desk), ask())
    answer = await read_now(desk_of(desk), await tapped(desk, buttons_of(shown)["readnow"]))
    assert answer.redraw is not None
    assert answer.redraw.buttons == shown.buttons
    assert "Figures 12 s old" in answer.redraw.html
    assert note in answer.redraw.html
    assert (answer.redraw.html == shown.html) == (not note)
    assert desk.reads == ["account-alice"]


async def test_buttons_of_others_and_old_ones_lead_nowhere() -> None:
    """Somebody else's, forged, of an account that is no longer theirs: nothing is read."""
    desk = HeldDesk([held(pair())])
    data = buttons_of(await risk(desk_of(desk), ask()))
    for action in (refresh, read_now):
        other = await action(desk_of(desk), await tapped(desk, data["risk"], user_id=6666))
        assert (other.redraw, other.refused) == (None, "tap risk of somebody else")
        for argument, person in (("1001:0123456789abcdef", ANNA), (data["risk"], BERT), ("", ANNA), ("1001", ANNA)):
            answer = await action(desk_of(desk), await tapped(desk, argument, person))
            assert answer.redraw is None
            assert answer.refused
    assert desk.reads == []
    desk.outcome = None
    gone = await read_now(desk_of(desk), await tapped(desk, data["risk"]))
    assert (gone.redraw, bool(gone.refused)) == (None, True)
