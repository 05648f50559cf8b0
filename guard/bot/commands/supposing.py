"""What would be: stress, what-if, and the leverage that fits. Nothing is done; a copy of the last book is assessed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from guard.bot import texts
from guard.bot.asking import Ask, Command
from guard.bot.cards import absent
from guard.bot.choosing import Choice, Grammar, choice
from guard.bot.desk import Desk
from guard.bot.desks.measuring import HeldAccount, HeldBook
from guard.bot.leverage_text import formula_text, is_leverage, leverage_text, read_leverage
from guard.bot.refusal import Refusal, not_one, not_understood, refusal
from guard.bot.replies import Reply
from guard.bot.status_text import escaped
from guard.bot.stress_text import grid_text, scenario_text, stressed
from guard.bot.symbols import meant_asset
from guard.bot.typed import read_amount, read_moves
from guard.bot.whatif import is_step, read_wish
from guard.bot.whatif_text import suppose, supposed_text
from guard.language.speech import Speech, marked
from guard.risk.bookerror import BookError
from guard.risk.scenarios import Scenario, market_ladder, movable, shock

STRESS_EXAMPLE = "/stress BTC -8% ETH -12%"
_ALL = "ALL"


async def stress(desk: Desk, ask: Ask) -> Reply:
    """The account after moves of the market: the grid, or the one scenario that was typed."""
    found = await _book_asked_about(desk, ask, _is_scenario)
    if isinstance(found, Reply):
        return found
    chosen, account, held = found
    if not held.book.positions:
        return Reply(ask.speech.text("No positions: nothing to stress."))
    scenarios: Sequence[Scenario] | Refusal = market_ladder()
    if chosen.words:
        scenarios = _scenario_of(ask.speech, held, chosen.words)
    if isinstance(scenarios, Refusal):
        return Reply(scenarios.html)
    try:
        result = await desk.computed(partial(stressed, held, scenarios))
    except BookError as error:
        return _impossible(ask.speech, error)
    tell = scenario_text if chosen.words else grid_text
    return Reply(tell(ask.speech, account, held, result, desk.now()))


async def whatif(desk: Desk, ask: Ask) -> Reply:
    """A step taken on a copy of the book: figures before and after."""
    found = await _book_asked_about(desk, ask, is_step)
    if isinstance(found, Reply):
        return found
    chosen, account, held = found
    wish = read_wish(ask.speech, chosen.words)
    if isinstance(wish, Refusal):
        return Reply(wish.html)
    try:
        result = await desk.computed(partial(suppose, ask.speech, held, wish))
    except BookError as error:
        return _impossible(ask.speech, error)
    if isinstance(result, Refusal):
        return Reply(result.html)
    return Reply(supposed_text(ask.speech, account, held, result, desk.now()))


async def leverage(desk: Desk, ask: Ask) -> Reply:
    """The leverage that fits: for two figures alone, or for an account."""
    chosen = await choice(desk, ask, is_leverage)
    if isinstance(chosen, Reply):
        return chosen
    wish = read_leverage(ask.speech, chosen.words)
    if isinstance(wish, Refusal):
        return Reply(wish.html)
    account = await desk.held(ask.person.user_id, chosen.snapshot.account_id)
    if account is not None and account.held is not None:
        try:
            return Reply(leverage_text(ask.speech, account, account.held, wish, desk.now()))
        except BookError as error:
            return _impossible(ask.speech, error)
    if wish.move is None:
        return Reply(texts.no_accounts(ask.speech) if account is None else absent(ask.speech, account))
    return Reply(formula_text(ask.speech, wish.drawdown, wish.move))


COMMANDS: tuple[Command, ...] = (
    Command(
        "stress",
        marked("/stress [account] [-10% | BTC -8% ETH -12%]"),
        marked("what moves of the market would do"),
        stress,
    ),
    Command(
        "whatif",
        marked("/whatif [account] close BTC 25% | add 500 USDT | hedge BTC 0.5 | price BTC 57000"),
        marked("risk after a step, before you take it"),
        whatif,
    ),
    Command(
        "leverage",
        marked("/leverage [account] [drawdown 10% move 3%]"),
        marked("the leverage that fits, and yours"),
        leverage,
    ),
)


async def _book_asked_about(desk: Desk, ask: Ask, grammar: Grammar) -> tuple[Choice, HeldAccount, HeldBook] | Reply:
    """The account that is meant, with its book; or why there is no answer."""
    chosen = await choice(desk, ask, grammar)
    if isinstance(chosen, Reply):
        return chosen
    account = await desk.held(ask.person.user_id, chosen.snapshot.account_id)
    if account is None:
        return Reply(texts.no_accounts(ask.speech))
    if account.held is None:
        return Reply(absent(ask.speech, account))
    return chosen, account, account.held


def _is_scenario(words: Sequence[str]) -> bool:
    """Whether words are moves rather than an account's name: a number early on."""
    return any("%" in word or word.lstrip("+-")[:1].isdigit() for word in words[:2])


def _scenario_of(speech: Speech, held: HeldBook, words: Sequence[str]) -> tuple[Scenario] | Refusal:
    """The scenario in some words, in the assets of the book; or what is wrong with them."""
    typed = read_moves(words)
    if isinstance(typed, str):
        if read_amount(typed.lstrip("+-")) is not None:
            said = speech.text("A move has a percent sign: {move}%.", move=escaped(typed, 20))
            return refusal(speech, said, STRESS_EXAMPLE)
        return not_understood(speech, typed, STRESS_EXAMPLE)
    assets = list(dict.fromkeys([*movable(held.book), *(item.asset for item in held.book.collateral)]))
    moves: dict[str, float] = {}
    for name, move in typed:
        meant = meant_asset(name, [*assets, _ALL])
        if meant.symbol is None:
            # A shock that moves nothing would look like safety.
            return not_one(speech, name, meant, assets, STRESS_EXAMPLE)
        if meant.symbol in moves:
            said = speech.text("{asset} is named twice.", asset=escaped(meant.symbol, 40))
            return refusal(speech, said, STRESS_EXAMPLE)
        moves[meant.symbol] = move
    return (shock(moves),)


def _impossible(speech: Speech, error: BookError) -> Reply:
    """The book does not allow it, and says why."""
    why = escaped(speech.sentence(str(error)))
    return Reply(speech.text("This cannot be computed: {why}", why=why))
