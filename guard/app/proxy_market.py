"""What a plan must know of contracts that legs could be hedged with and that are not held: asked for, or left out.

A proxy is only ever opened where it is certain in which margin mode and under which terms: a leg of the symbol is held
in cross margin, or the venue tells (`guard.ports.venue.TellsTerms`). The others are named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from guard.ports.errors import VenueError
from guard.ports.venue import Instrument, SymbolTerms, TellsTerms, VenueAccount
from guard.protect.lookup import ask
from guard.protect.policy import ProtectPolicy
from guard.protect.proxies import no_proxy_line, proxy_symbols
from guard.protect.quotes import Quotes, read_quotes
from guard.risk.book import Book

UNTOLD: Final = "the venue does not tell its margin tiers and leverage while nothing of it is held"
UNREADABLE: Final = "its trading rules and margin terms cannot be read now"
ISOLATED: Final = "it is set to isolated margin at the venue"
PATIENCE_S: Final = 3.0
"""The longest that a plan waits for what it could do without."""

BARRED: Final = "it is not in allow_symbols"


@dataclass(frozen=True, slots=True)
class ProxyTerms:
    """Terms of contracts that could be opened as a proxy, by symbol; `notes` say which others could not, and why."""

    terms: Mapping[str, SymbolTerms]
    notes: tuple[str, ...] = ()


def wanted_proxies(book: Book, policy: ProtectPolicy) -> tuple[str, ...]:
    """The contracts that an account's betas name to hedge with and that are not held."""
    if "hedge" not in policy.remedies or not policy.betas:
        return ()
    held = {leg.symbol for leg in book.positions}
    return tuple(symbol for symbol in proxy_symbols(book, policy.betas) if symbol not in held)


async def read_proxy_terms(
    venue: VenueAccount, symbols: Sequence[str], policy: ProtectPolicy, timeout_s: float
) -> ProxyTerms:
    """Ask for the terms of each of these contracts, each answer within `timeout_s` seconds."""
    found = await asyncio.gather(*(_terms(venue, symbol, policy, timeout_s) for symbol in symbols))
    answers = dict(zip(symbols, found, strict=True))
    return ProxyTerms(
        {symbol: terms for symbol, terms in answers.items() if isinstance(terms, SymbolTerms)},
        tuple(no_proxy_line(symbol, why) for symbol, why in answers.items() if isinstance(why, str)),
    )


async def read_market(
    venue: VenueAccount, held: Collection[str], proxies: Sequence[str], policy: ProtectPolicy, timeout_s: float
) -> tuple[ProxyTerms, Quotes]:
    """Rules and order books of what is held, and of what that could be hedged with; all at once.

    What is held is waited for as long as for any answer; nothing that helps waits for long for a proxy.
    """
    brief_s = min(timeout_s, PATIENCE_S)
    terms, quotes, more = await asyncio.gather(
        read_proxy_terms(venue, proxies, policy, brief_s),
        read_quotes(venue, held, timeout_s),
        read_quotes(venue, proxies, brief_s),
    )
    both = Quotes({**quotes.instruments, **more.instruments}, {**quotes.depth, **more.depth}, quotes.problems)
    return terms, both


async def _terms(venue: VenueAccount, symbol: str, policy: ProtectPolicy, timeout_s: float) -> SymbolTerms | str:
    """The terms under which an order would open a cross leg, or why it would not."""
    if policy.allow_symbols and symbol not in policy.allow_symbols:
        return BARRED
    if not isinstance(venue, TellsTerms):
        return UNTOLD
    try:
        terms = await ask(venue.terms(symbol), f"margin terms of {symbol}", timeout_s)
    except VenueError:
        return UNREADABLE
    if terms is None:
        return UNTOLD
    return terms if terms.margin_mode == "cross" else ISOLATED


@dataclass(frozen=True, slots=True)
class PlanMarket:
    """A book as a plan sees it, the trading rules of what it may trade, and what it could not open, and why."""

    book: Book
    instruments: Mapping[str, Instrument]
    notes: tuple[str, ...] = ()


def plan_market(book: Book, quotes: Quotes, proxies: ProxyTerms) -> PlanMarket:
    """The market with the contracts that a plan could open.

    Their mark is the middle of the order book, as it is when the order is sent.
    """
    held = {leg.symbol for leg in book.positions}
    rules = {symbol: rule for symbol, rule in quotes.instruments.items() if symbol in held}
    tiers, parameters, notes = dict(book.tiers), dict(book.parameters), list(proxies.notes)
    for symbol, terms in proxies.terms.items():
        rule, middle = quotes.instruments.get(symbol), _middle(quotes, symbol)
        if rule is None or middle is None:
            notes.append(no_proxy_line(symbol, UNREADABLE))
            continue
        rules[symbol] = rule
        if terms.tiers:
            tiers[symbol] = terms.tiers
        own = {
            **terms.parameters,
            "contract_size": float(rule.contract_size),
            "leverage": terms.leverage,
            "mark_price": middle,
        }
        parameters[symbol] = {**parameters.get(symbol, {}), **own}
    if len(rules) > len(held & rules.keys()):
        book = replace(book, tiers=tiers, parameters=parameters)
    return PlanMarket(book, rules, tuple(notes))


def _middle(quotes: Quotes, symbol: str) -> float | None:
    depth = quotes.depth.get(symbol)
    if depth is None or not (depth.bids and depth.asks and 0 < depth.bids[0].price < depth.asks[0].price):
        return None
    return (depth.bids[0].price + depth.asks[0].price) / 2
