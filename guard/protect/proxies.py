"""Hedges by another coin: what legs weigh by their betas, and which of them a hedge is against. Pure.

Formula:
    weight of a leg = beta of its coin / beta of the proxy's * (quote value of the leg - of its symbol's other leg)

A short of BTC stands against the longs of several coins at once. Each of its orders is against one leg all the same, so
that it can be capped, watched and taken off by that leg: the size is divided among the fewest of the largest legs that
weigh a little more than it does together, in proportion to their weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from guard.protect.legs import LegKey
from guard.protect.sizing import leg_notional
from guard.risk.assets import parts
from guard.risk.book import Book, Position, Side

REFERENCE = 1.0
"""The beta of the coins that others are hedged with."""

# So that a mark that moves between plan and order leaves room for the order.
_ROOM = 1.1


@dataclass(frozen=True, slots=True)
class Share:
    """A leg that a proxy may be against: `beta` times its value, less what is hedged already, is `weight` (quote)."""

    key: LegKey
    beta: float
    weight: float


def beta_between(betas: Mapping[str, float], proxy: str, protected: str) -> float:
    """How much of a proxy's symbol one quote of the protected symbol weighs; 1 where a coin has no beta."""
    return betas.get(_coin(protected), 1.0) / betas.get(_coin(proxy), 1.0)


def _coin(symbol: str) -> str:
    return parts(symbol, "")[0]


def proxy_symbols(book: Book, betas: Mapping[str, float]) -> tuple[str, ...]:
    """Contracts that cross legs of a book could be hedged with, held or not: perpetual, and margined alike.

    Of contracts that are margined in their own coin there is none: another coin's are another pool.
    """
    references = sorted(asset for asset, beta in betas.items() if beta == REFERENCE)
    found = {
        f"{reference}/{terms}"
        for terms in (leg.symbol.partition("/")[2] for leg in book.positions if _is_hedgeable(leg, betas))
        for reference in references
    }
    return tuple(sorted(found))


def _is_hedgeable(leg: Position, betas: Mapping[str, float]) -> bool:
    beta = betas.get(leg.base)
    plain = leg.kind == "linear" and "-" not in leg.symbol
    return plain and leg.margin_mode == "cross" and beta is not None and beta != REFERENCE


def shares_of(
    legs: Sequence[Position], exposed: Side, betas: Mapping[str, float], hedged: Mapping[LegKey, float]
) -> tuple[Share, ...]:
    """The legs on the exposed side that weigh something, heaviest first.

    Args:
        legs: those of one pool.
        exposed: the side that the pool is exposed to.
        betas: by coin.
        hedged: quote value of legs that proxies stand against already.
    """
    net: dict[LegKey, float] = {}
    for leg in legs:
        key = (leg.symbol, exposed)
        net[key] = net.get(key, 0.0) + leg_notional(leg) * (1.0 if leg.side == exposed else -1.0)
    known = {key: betas.get(_coin(key[0])) for key in net}
    found = [
        Share(key, beta, beta * (net[key] - hedged.get(key, 0.0))) for key, beta in known.items() if beta is not None
    ]
    return tuple(sorted((share for share in found if share.weight > 0.0), key=lambda share: (-share.weight, share.key)))


def after_cuts(shares: Iterable[Share], taken: Mapping[LegKey, float]) -> tuple[Share, ...]:
    """The shares that are left once a plan took so much (quote value, negative: added) off the exposure of legs."""
    found = (replace(each, weight=each.weight - each.beta * taken.get(each.key, 0.0)) for each in shares)
    return tuple(sorted((share for share in found if share.weight > 0.0), key=lambda share: (-share.weight, share.key)))


def divided(units: int, step_notional: float, smallest: int, shares: Sequence[Share]) -> list[tuple[Share, int]]:
    """Units of a hedge for each leg that it is against, the heaviest first; none is below the smallest order.

    Args:
        units: steps of the venue in all.
        step_notional: quote value of one.
        smallest: steps of the smallest order.
        shares: heaviest first, at least one.
    """
    chosen = list(shares[:1])
    while len(chosen) < len(shares) and sum(each.weight for each in chosen) < _ROOM * units * step_notional:
        chosen.append(shares[len(chosen)])
    while True:
        found = _proportional(units, step_notional, chosen)
        if len(chosen) == 1 or min(found) >= smallest:
            return [(share, count) for share, count in zip(chosen, found, strict=True) if count]
        chosen.pop()


def _proportional(units: int, step_notional: float, shares: Sequence[Share]) -> list[int]:
    """Units by weight; what rounding leaves goes to the heaviest legs that have room, at last to the heaviest."""
    total = sum(each.weight for each in shares)
    found = [int(units * each.weight / total) for each in shares]
    left = units - sum(found)
    for index, share in enumerate(shares):
        more = min(left, max(0, int(share.weight / step_notional) - found[index]))
        found[index] += more
        left -= more
    found[0] += left
    return found


def no_proxy_line(symbol: str, why: str) -> str:
    """Why nothing is hedged with a contract, for a person."""
    return f"no hedge with {symbol}: {why}"
