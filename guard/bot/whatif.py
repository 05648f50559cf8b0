"""A step that a person thinks about: read from what they typed, and done on a copy of the book. Pure.

Owns the grammar of `/whatif` and what each step means for the book at hand; the altered book is assessed elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from guard.bot.cards import leg_name, money, price
from guard.bot.refusal import Refusal, not_one, not_understood, refusal
from guard.bot.status_text import escaped
from guard.bot.stress_text import moves_words
from guard.bot.symbols import meant_asset, meant_symbol, nearest
from guard.bot.typed import Size, read_amount, read_move, read_size
from guard.language.speech import Speech
from guard.risk.assets import parts
from guard.risk.book import Book, Position, Side
from guard.risk.report import AccountRisk
from guard.risk.scenarios import shock
from guard.risk.shocked import book_after, endless
from guard.risk.whatif import closed, hedged, topped_up

Verb = Literal["close", "add", "hedge", "price"]
VERBS: Final[tuple[Verb, ...]] = get_args(Verb)
EXAMPLES: Final[dict[Verb, str]] = {
    "close": "/whatif close BTC 25%",
    "add": "/whatif add 500 USDT",
    "hedge": "/whatif hedge BTC 0.5",
    "price": "/whatif price BTC 57000",
}
_WHOLE: Final = 1.0 + 1e-9
"""A size that was computed from another unit may exceed the leg by a rounding."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A step as typed: what to do, with which symbol or asset, which side (None: the only one), and the rest."""

    verb: Verb
    name: str
    side: Side | None
    rest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """The book after a step, and the step in words; HTML."""

    book: Book
    html: str


def is_step(words: Sequence[str]) -> bool:
    """Whether words begin like a step, perhaps mistyped."""
    return bool(words) and nearest(words[0], {verb.upper(): verb for verb in VERBS}) is not None


def read_wish(speech: Speech, words: Sequence[str]) -> Wish | Refusal:
    """The step in some words; or what is wrong with them."""
    verb = next((verb for verb in VERBS if words and words[0].casefold() == verb), None)
    if verb is None:
        if not words:
            return refusal(speech, speech.text("Say what to try: close, add, hedge or price."), EXAMPLES["close"])
        return not_understood(speech, words[0], EXAMPLES["close"])
    rest = list(words[1:])
    if verb == "add":
        return Wish(verb, "", None, tuple(rest))
    if not rest:
        return refusal(speech, speech.text("Name a position."), EXAMPLES[verb])
    name = rest.pop(0)
    side: Side | None = next((side for side in get_args(Side) if rest and rest[0].casefold() == side), None)
    return Wish(verb, name, side, tuple(rest[1:] if side else rest))


def take_step(speech: Speech, book: Book, now: AccountRisk, wish: Wish) -> Step | Refusal:
    """The book after a step; or why it cannot be taken.

    Raises:
        BookError: the book does not allow it, and says why.
    """
    match wish.verb:
        case "close":
            return _close(speech, book, wish)
        case "add":
            return _add(speech, book, now, wish)
        case "hedge":
            return _hedge(speech, book, wish)
        case "price":
            return _price(speech, book, now, wish)


def _close(speech: Speech, book: Book, wish: Wish) -> Step | Refusal:
    place = _leg_of(speech, book, wish)
    if isinstance(place, Refusal):
        return place
    leg = book.positions[place]
    contracts = _contracts(speech, leg, wish, whole=True)
    if isinstance(contracts, Refusal):
        return contracts
    if contracts > leg.contracts * _WHOLE:
        has = speech.contracts(leg.contracts)
        said = speech.text("{leg} has only {size}.", leg=leg_name(speech, leg.symbol, leg.side), size=has)
        return refusal(speech, said, EXAMPLES["close"])
    after = closed(book, place, min(contracts, leg.contracts))
    said = speech.text(
        "Close {size} of {leg} at {price}, taker fee {fee}",
        size=f"{_size_words(speech, contracts)} ({speech.percent(contracts / leg.contracts)})",
        leg=leg_name(speech, leg.symbol, leg.side),
        price=price(speech, leg.mark_price, leg.symbol, leg.settle),
        fee=money(speech, after.fee, leg.settle),
    )
    return Step(after.book, said)


def _hedge(speech: Speech, book: Book, wish: Wish) -> Step | Refusal:
    place = _leg_of(speech, book, wish)
    if isinstance(place, Refusal):
        return place
    leg = book.positions[place]
    if book.position_mode == "one_way":
        said = speech.text(
            "The account is in one-way mode: an opposite order would make {leg} smaller, which is no hedge. Try close.",
            leg=leg_name(speech, leg.symbol, leg.side),
        )
        return refusal(speech, said, EXAMPLES["close"])
    if leg.margin_mode == "isolated":
        said = speech.text(
            "{leg} is in isolated margin: a hedge would be a pool of its own and protect nothing.",
            leg=leg_name(speech, leg.symbol, leg.side),
        )
        return refusal(speech, said, EXAMPLES["close"])
    contracts = _contracts(speech, leg, wish, whole=False)
    if isinstance(contracts, Refusal):
        return contracts
    after = hedged(book, place, contracts)
    said = speech.text(
        "Open {size} of {leg} at {price}, taker fee {fee}",
        size=_size_words(speech, contracts),
        leg=leg_name(speech, leg.symbol, "short" if leg.side == "long" else "long"),
        price=price(speech, leg.mark_price, leg.symbol, leg.settle),
        fee=money(speech, after.fee, leg.settle),
    )
    return Step(after.book, said)


def _add(speech: Speech, book: Book, now: AccountRisk, wish: Wish) -> Step | Refusal:
    words, example = wish.rest, EXAMPLES["add"]
    size = read_size(words)
    if size is None or size.unit == "%":
        return refusal(speech, speech.text("Say how much, as a number above 0."), example)
    crosses = [pool for pool in now.pools if pool.symbol is None]
    wallet = [item.asset for item in book.collateral]
    assets = list(dict.fromkeys([*(pool.currency for pool in crosses), *wallet]))
    if not size.unit:
        worst = max(crosses, key=lambda pool: (pool.risk_ratio is None, pool.risk_ratio or 0.0), default=None)
        asset = worst.currency if worst is not None else next(iter(assets), "")
        if not asset:
            return refusal(speech, speech.text("Name the asset to add."), example)
    else:
        meant = meant_asset(size.unit, assets)
        if meant.symbol is None:  # its price in the account's currency is not known
            return not_one(speech, size.unit, meant, assets, example)
        asset = meant.symbol
    said = speech.text("Add {money} to the wallet", money=money(speech, size.value, asset))
    return Step(topped_up(book, asset, size.value), said)


def _price(speech: Speech, book: Book, now: AccountRisk, wish: Wish) -> Step | Refusal:
    place = _symbol_of(speech, book, wish)
    if isinstance(place, Refusal):
        return place
    example = EXAMPLES["price"]
    leg = book.positions[place]
    if len(wish.rest) != 1:
        return refusal(speech, speech.text("Say which price."), example)
    word = wish.rest[0]
    move, amount = read_move(word), read_amount(word)
    if move is None and amount is not None:
        move = amount / leg.mark_price - 1.0
    if move is None or not -1.0 < move <= 10.0:
        return not_understood(speech, word, example)
    base = parts(leg.symbol, leg.settle)[0]
    scenario = shock({base: move})
    said = speech.text(
        "{symbol} goes from {mark} to {price}: {moves}",
        symbol=escaped(leg.symbol, 60),
        mark=price(speech, leg.mark_price, leg.symbol, leg.settle),
        price=price(speech, leg.mark_price * (1.0 + move), leg.symbol, leg.settle),
        moves=moves_words(speech, scenario),
    )
    return Step(book_after(endless(book), scenario, now), said)


def _symbol_of(speech: Speech, book: Book, wish: Wish) -> int | Refusal:
    """The first leg of the symbol that is meant."""
    symbols = list(dict.fromkeys(leg.symbol for leg in book.positions))
    meant = meant_symbol(wish.name, symbols)
    if meant.symbol is None:
        return not_one(speech, wish.name, meant, symbols, EXAMPLES[wish.verb])
    return next(place for place, leg in enumerate(book.positions) if leg.symbol == meant.symbol)


def _leg_of(speech: Speech, book: Book, wish: Wish) -> int | Refusal:
    """The leg that is meant: of one side, where its symbol has both."""
    place = _symbol_of(speech, book, wish)
    if isinstance(place, Refusal):
        return place
    symbol = book.positions[place].symbol
    legs = [at for at, leg in enumerate(book.positions) if leg.symbol == symbol and wish.side in {None, leg.side}]
    if len(legs) == 1:
        return legs[0]
    name = escaped(symbol, 60)
    if legs:
        said = speech.text("{symbol} has a long and a short position: name the side.", symbol=name)
        return refusal(speech, said, f"/whatif {wish.verb} {wish.name[:20]} long 25%")
    other = leg_name(speech, symbol, book.positions[place].side)
    return refusal(speech, speech.text("You hold {leg} only.", leg=other), EXAMPLES[wish.verb])


def _contracts(speech: Speech, leg: Position, wish: Wish, *, whole: bool) -> float | Refusal:
    """How many contracts are meant; without a size all of the leg where that is sensible (`whole`)."""
    example = EXAMPLES[wish.verb]
    if not wish.rest and not whole:
        return refusal(speech, speech.text("Say how much."), example)
    size = read_size(wish.rest) if wish.rest else Size(1.0, "%")
    if size is None:
        return not_understood(speech, " ".join(wish.rest), example)
    base, quote = parts(leg.symbol, leg.settle)
    # What one contract is in the coin, and in money.
    coins = leg.contract_size / leg.mark_price if leg.kind == "inverse" else leg.contract_size
    per_unit = {"%": leg.contracts, "": 1.0, quote.upper(): 1.0 / (coins * leg.mark_price), base.upper(): 1.0 / coins}
    if size.unit in per_unit:
        return size.value * per_unit[size.unit]
    units = ", ".join([escaped(base, 12), escaped(quote, 12), "%"])
    name = leg_name(speech, leg.symbol, leg.side)
    return refusal(speech, speech.text("A size of {leg} is in contracts or {units}.", leg=name, units=units), example)


def _size_words(speech: Speech, contracts: float) -> str:
    """A size that may have been computed from another unit: eight digits say it."""
    return speech.contracts(float(f"{contracts:.8g}"))
