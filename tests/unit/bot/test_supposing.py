"""`/stress`, `/whatif`, `/leverage`: what is typed, what is computed, and one clear line for what cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from guard.bot.asking import Ask
from guard.bot.desk import Desk
from guard.bot.desks.measuring import Absence, HeldAccount
from guard.bot.limits import TEXT_MAX, plain, size
from guard.bot.table import BY_NAME
from guard.language.speech import Speech
from guard.ports.records import UserRecord
from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Position, Tier
from guard.risk.scenarios import shock
from guard.risk.shocked import book_after, endless
from guard.risk.whatif import closed, hedged
from tests.harness.held_books import BTC, ETH, NOON, HeldDesk, fifty, held, pair, unheld

ANNA = UserRecord("anna", "Anna", NOON)
HEDGE = pair(account="hedgy", position_mode="hedge")
COIN = "BTC/USD:BTC"


async def say(text: str, *accounts: HeldAccount, speech: Speech | None = None) -> str:
    """The answer to a command, as plain text; to an owner of the pair unless others are given."""
    name, _, argument = text.removeprefix("/").partition(" ")
    ask = Ask(ANNA, 1001, 1001, argument, speech=speech or Speech())
    desk = HeldDesk(list(accounts) or [held(pair())])
    reply = await BY_NAME[name].answer(cast("Desk", desk), ask)
    assert size(reply.html) <= TEXT_MAX
    return plain(reply.html)


# Stress


async def test_the_grid_goes_from_far_down_to_far_up() -> None:
    """As `guard stress --grid`: 18 moves of everything, the first to be liquidated, and the worst."""
    text = await say("/stress")
    rows = [line for line in text.splitlines() if " %: " in line and not line.startswith("Worst")]
    assert len(rows) == 18
    assert rows[0] == "🆘 -50 %: no equity left, -3,178,508 USDT"
    assert rows[6] == "🔴 -5 %: 65.4 %, 609,955 USDT"
    assert rows[-1] == "🟢 +50 %: 13.7 %, 5,240,299 USDT"
    assert "when all falls: USDT pool at -7.7 %\nwhen all rises: nothing" in text
    assert "Worst: 🆘 -50 %: no equity left, -3,178,508 USDT" in text


async def test_figures_of_one_pool_of_several_say_which() -> None:
    """Two pools in two currencies: the equity of one is not that of the account."""
    short = Position("BTC/USDC:USDC", "short", 5.0, 1.0, "linear", "USDC", 32_000.0, 31_967.27, 20.0)
    book = pair(
        collateral=(*pair().collateral, Collateral("USDC", 40_000.0)),
        positions=(*pair().positions, short),
        tiers={**pair().tiers, short.symbol: (Tier(0.0, None, 0.025),)},
    )
    assert "risk ratio and equity of the worst pool then" in await say("/stress", held(book))
    assert "Worst pool then: USDC pool\nEquity 204.56 USDC" in await say("/stress BTC +25%", held(book))
    assert "orst pool" not in await say("/stress BTC +25%")


async def test_one_scenario_names_who_dies_first() -> None:
    """Ratio, equity, zone, the pool and the leg that loses most."""
    text = await say("/stress BTC -8% ETH -12%")
    assert "If BTC -8 %, ETH -12 %\nRisk ratio 41.5 % → 225 %\nEquity 160,640 USDT" in text
    assert (
        "Zone 🆘 liquidation\n\n🆘 Liquidated first: USDT pool\nLoses most: ETH/USDT:USDT long, -590,253 USDT" in text
    )
    mild = await say("/stress +1%")
    assert "If everything +1 %" in mild
    assert "Nearest to liquidation: USDT pool" in mild
    assert "Loses most" not in mild


@pytest.mark.parametrize(
    ("typed", "heading"),
    [
        ("-10%", "If everything -10 %"),
        ("btc=-8%", "If BTC -8 %"),
        ("BTCUSDT -8.5%", "If BTC -8.5 %"),
        ("BTC -8% all +2%", "If BTC -8 %, everything else +2 %"),
        ("USDT -3%", "If USDT -3 %"),
        ("alice BTC -8%", "If BTC -8 %"),
        ("BTC － 8 ％", "If BTC -8 %"),  # noqa: RUF001  # what a Japanese keyboard gives
    ],
)
async def test_scenarios_as_people_type_them(typed: str, heading: str) -> None:
    """In any case, with or without the pair, with other keyboards' signs, after the account's name."""
    assert heading in await say(f"/stress {typed}")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("BTX -8%", "The account has no BTX. Did you mean BTC?\nIt has BTC, ETH, USDT."),
        ("BTC -8", "A move has a percent sign: -8%."),
        ("-10", "A move has a percent sign: -10%."),
        ("BTC -8% ETH", "I do not understand ETH here."),
        ("BTC -100%", "I do not understand -100% here."),
        ("BTC -8% BTCUSDT -9%", "BTC is named twice."),
        ("BTC -8% <b>", "I do not understand <b> here."),
    ],
)
async def test_bad_scenarios_get_one_line_and_an_example(typed: str, words: str) -> None:
    """Nothing is guessed: a shock that moves nothing would look like safety."""
    assert await say(f"/stress {typed}") == f"{words}\nExample: /stress BTC -8% ETH -12%"


async def test_what_cannot_be_stressed_says_why() -> None:
    """Nothing held, no book, figures of the present only."""
    assert await say("/stress", held(pair(positions=()))) == "No positions: nothing to stress."
    assert "Try again in a minute" in await say("/stress", unheld(Absence.NOT_YET))
    account = held(pair())
    assert account.held is not None
    reported = replace(account, held=replace(account.held, book=pair(model="reported")))
    assert (await say("/stress", reported)).startswith("This cannot be computed: ")
    assert (await say("/whatif close BTC", reported)).startswith("This account is watched by its venue's own figures")


async def test_fifty_positions_are_stressed() -> None:
    """And fit into a message."""
    assert "Liquidated first" in await say("/stress", held(fifty()))


# What if


def figures(book: Book) -> tuple[float, float, float]:
    """Risk ratio, distance and margin level of a book."""
    risk = assess(book)
    assert risk.risk_ratio is not None
    assert risk.distance is not None
    assert risk.margin_level is not None
    return risk.risk_ratio, risk.distance, risk.margin_level


def changes(before: Book, after: Book) -> str:
    """The three lines that every answer has."""
    pairs = zip(figures(before), figures(after), strict=True)
    ratio, distance, level = [f"{Speech().percent(old)} → {Speech().percent(new)}" for old, new in pairs]
    return f"Risk ratio {ratio}\nDistance to liquidation {distance}\nMargin level {level}\n"


@pytest.mark.parametrize(
    ("typed", "words", "after"),
    [
        ("close BTC 25%", "Close 27.372 contracts (25.0 %) of BTC/USDT:USDT long at 31,967 USDT, taker fee 437.5 USDT",
         closed(pair(), 0, 27.372).book),
        ("close btcusdt 2", "Close 2 contracts (1.8 %) of BTC", closed(pair(), 0, 2.0).book),
        ("close ETH 100 eth", "Close 100 contracts (2.7 %) of ETH", closed(pair(), 1, 100.0).book),
        ("close ETH long 133,518 USDT", "Close 100 contracts (2.7 %) of ETH", closed(pair(), 1, 100.0).book),
        ("close ETH", "Close 3,683.979 contracts (100 %) of ETH", closed(pair(), 1, 3683.979).book),
        ("close ETH all", "Close 3,683.979 contracts (100 %) of ETH", closed(pair(), 1, 3683.979).book),
        ("add 50,000", "Add 50,000 USDT to the wallet",
         pair(collateral=(Collateral("USDT", 1_585_443.01),))),
        ("add 50000 usdt", "Add 50,000 USDT to the wallet",
         pair(collateral=(Collateral("USDT", 1_585_443.01),))),
        ("price BTC 57000", "BTC/USDT:USDT goes from 31,967 USDT to 57,000 USDT: BTC +78.31 %",
         book_after(endless(pair()), shock({"BTC": 57_000 / 31_967.27 - 1}), assess(pair()))),
        ("price BTC/USDT -8%", "BTC/USDT:USDT goes from 31,967 USDT to 29,410 USDT: BTC -8 %",
         book_after(endless(pair()), shock({"BTC": -0.08}), assess(pair()))),
    ],
)  # fmt: skip
async def test_steps_are_assessed_by_the_real_engine(typed: str, words: str, after: Book) -> None:
    """What was understood is said; before and after come from the same assessment as everything else."""
    text = await say(f"/whatif {typed}")
    assert f"What if: {words}" in text
    assert changes(pair(), after) in text
    assert text.endswith("Nothing was done. Slippage is not counted.")


async def test_a_hedge_in_hedge_mode() -> None:
    """The other side is opened at the mark; both sides pay under this rule, and the figures say so."""
    text = await say("/whatif hedge BTC 50", held(HEDGE))
    assert "What if: Open 50 contracts of BTC/USDT:USDT short at 31,967 USDT, taker fee 799.18 USDT" in text
    assert changes(HEDGE, hedged(HEDGE, 0, 50.0).book) in text
    assert "Zone 🟠 warning → 🟡 watch" in text


async def test_one_way_mode_has_no_hedge() -> None:
    """The same order would make the position smaller: said, with what to try."""
    assert await say("/whatif hedge BTC 50%") == (
        "The account is in one-way mode: an opposite order would make BTC/USDT:USDT long smaller, which is no hedge. "
        "Try close.\nExample: /whatif close BTC 25%"
    )


async def test_isolated_margin_has_no_hedge() -> None:
    """It would be another pool."""
    alone = replace(HEDGE.positions[0], margin_mode="isolated", isolated_margin=400_000.0)
    text = await say("/whatif hedge BTC 50%", held(pair(position_mode="hedge", positions=(alone, HEDGE.positions[1]))))
    assert text.startswith("BTC/USDT:USDT long is in isolated margin")


async def test_both_sides_of_a_symbol_are_told_apart() -> None:
    """Only a named side is closed."""
    short = replace(pair().positions[0], side="short", contracts=10.0)
    both = held(pair(position_mode="hedge", positions=(*pair().positions, short)))
    text = await say("/whatif close BTC 5", both)
    assert text.startswith(
        "BTC/USDT:USDT has a long and a short position: name the side.\nExample: /whatif close BTC long"
    )
    assert "Close 5 contracts (50.0 %) of BTC/USDT:USDT short" in await say("/whatif close BTC short 5", both)
    assert await say("/whatif close ETH short", both) == (
        "You hold ETH/USDT:USDT long only.\nExample: /whatif close BTC 25%"
    )


async def test_inverse_contracts_are_sized_in_coins_and_money() -> None:
    """100 USD a contract at 40,000 USD: 1 BTC is 400 contracts."""
    leg = Position(COIN, "short", 1000.0, 100.0, "inverse", "BTC", 50_000.0, 40_000.0, 10.0)
    book = pair(model="tiered", collateral=(Collateral("BTC", 2.0),), positions=(leg,),
                tiers={COIN: (Tier(0.0, None, 0.004),)})  # fmt: skip
    assert "Close 400 contracts (40.0 %)" in await say("/whatif close BTC 1 btc", held(book))
    assert "Close 50 contracts (5.0 %)" in await say("/whatif close BTC 5000 USD", held(book))
    assert "Add 0.5 BTC to the wallet" in await say("/whatif add 0.5", held(book))


async def test_closing_the_last_position_leaves_no_requirement() -> None:
    """Not liquidated, not undefined: safe."""
    text = await say("/whatif close BTC", held(pair(positions=pair().positions[:1])))
    assert "Distance to liquidation 41.3 % → out of reach" in text
    assert "→ not defined (no positions)" in text
    assert "→ 🟢 safe" in text


@pytest.mark.parametrize(
    ("typed", "words", "example"),
    [
        ("", "Say what to try: close, add, hedge or price.", "/whatif close BTC 25%"),
        ("clsoe BTC", "I do not understand clsoe here.", "/whatif close BTC 25%"),
        ("close", "Name a position.", "/whatif close BTC 25%"),
        ("close BTC 200", "BTC/USDT:USDT long has only 109.488 contracts.", "/whatif close BTC 25%"),
        ("close BTC 0%", "I do not understand 0% here.", "/whatif close BTC 25%"),
        ("close BTC some", "I do not understand some here.", "/whatif close BTC 25%"),
        ("close BTC 5 ETH", "A size of BTC/USDT:USDT long is in contracts or BTC, USDT, %.", "/whatif close BTC 25%"),
        ("close ETHB", "The account has no ETHB. Did you mean ETH/USDT:USDT?\nIt has BTC/USDT:USDT, ETH/USDT:USDT.",
         "/whatif close BTC 25%"),
        ("add", "Say how much, as a number above 0.", "/whatif add 500 USDT"),
        ("add -5", "Say how much, as a number above 0.", "/whatif add 500 USDT"),
        ("add 5%", "Say how much, as a number above 0.", "/whatif add 500 USDT"),
        ("add 5 DOGE", "The account has no DOGE.\nIt has USDT.", "/whatif add 500 USDT"),
        ("hedge", "Name a position.", "/whatif hedge BTC 0.5"),
        ("price BTC", "Say which price.", "/whatif price BTC 57000"),
        ("price BTC 0", "I do not understand 0 here.", "/whatif price BTC 57000"),
        ("price BTC -100%", "I do not understand -100% here.", "/whatif price BTC 57000"),
        ("price BTC 1e9", "I do not understand 1e9 here.", "/whatif price BTC 57000"),
        ("price BTC 999999999", "I do not understand 999999999 here.", "/whatif price BTC 57000"),
    ],
)  # fmt: skip
async def test_bad_steps_get_one_line_and_an_example(typed: str, words: str, example: str) -> None:
    """Every bad argument, and how it is typed."""
    assert await say(f"/whatif {typed}") == f"{words}\nExample: {example}"


async def test_a_hedge_needs_a_size() -> None:
    """Nobody hedges by accident, not even in thought."""
    assert await say("/whatif hedge BTC", held(HEDGE)) == "Say how much.\nExample: /whatif hedge BTC 0.5"


async def test_a_step_names_its_account() -> None:
    """After its name; a name that is like a word of the command comes first."""
    accounts = held(pair()), held(HEDGE)
    assert "hedgy" in await say("/whatif hedgy close BTC 1", *accounts)
    assert "alice" in await say("/whatif close BTC 1", *accounts)
    assert "close: " in await say("/whatif close close BTC 1", *accounts, held(pair(account="close")))
    assert "You have no account" in await say("/whatif nobody close BTC 1", *accounts)


# Leverage


async def test_leverage_of_an_account() -> None:
    """By the shocks of stress, or by one's own figures."""
    usual = await say("/leverage")
    assert "Leverage now 8.17x\n0.83x loses at most 10.0 % of the account in a move of 12.0 %" in usual
    assert "⚠️ Too much: reduce by 89.8 %" in usual
    own = await say("/leverage alice move 3% drawdown 10%")
    assert "3.33x loses at most 10.0 % of the account in a move of 3.0 %" in own
    assert "general: 2x - 4x ✅" in own
    assert "It fits" in await say("/leverage drawdown 100% move 1%")
    assert "No positions: an empty account has no leverage." in await say("/leverage", held(pair(positions=())))


async def test_leverage_without_a_book_is_the_formula() -> None:
    """Two figures need no account; one does."""
    blind = unheld(Absence.NOT_YET)
    assert (await say("/leverage drawdown 10% move 3%", blind)).startswith("3.33x loses at most 10.0 %")
    assert "Try again in a minute" in await say("/leverage drawdown 10%", blind)


async def test_legs_that_offset_each_other_have_no_limit() -> None:
    """The assumed move costs nothing."""
    short = replace(pair().positions[0], side="short")
    text = await say("/leverage", held(pair(position_mode="hedge", positions=(pair().positions[0], short))))
    assert "No limit: the positions offset each other" in text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("drawdown 10", "The drawdown is a percentage above 0 and at most 100 %."),
        ("drawdown", "The drawdown is a percentage above 0 and at most 100 %."),
        ("move 0%", "The move is a percentage above 0 and at most 100 %."),
        ("10%", "I do not understand 10% here."),
        ("alice ten", "I do not understand ten here."),
    ],
)
async def test_bad_leverage_gets_one_line_and_an_example(typed: str, words: str) -> None:
    """Never a guess between 3 % and 300 %."""
    assert await say(f"/leverage {typed}") == f"{words}\nExample: /leverage drawdown 10% move 3%"


async def test_everything_is_said_in_japanese_too() -> None:
    """No English sentence is left in an answer; figures and symbols stay."""
    japanese = Speech("ja")
    text = await say("/whatif close BTC 25%", speech=japanese)
    assert "27.372 枚" in text
    assert "実際には何も行っていません" in text
    assert ETH not in text
    assert BTC in text
