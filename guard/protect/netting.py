"""Netting: both legs of a symbol are made smaller by the same size, one after the other.

The larger leg goes first, so that the account's exposure shrinks before it comes back; the other leg follows with
exactly what filled. Between the legs there is never more than one child's worth, and a target that holds ends it only
while they are level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from guard.ports.records import OrderRecord
from guard.protect.children import carry_out, children_of, fitted
from guard.protect.outcome import Ending
from guard.protect.ports import Ports
from guard.protect.run import Halt, Run


@dataclass(slots=True)
class _Leg:
    """One leg of a pair: what is left to be sent, and what has filled."""

    planned: Sequence[OrderRecord]
    children: Iterator[OrderRecord]
    filled: Decimal = Decimal(0)

    @property
    def whole(self) -> Decimal:
        return sum((Decimal(child.contracts) for child in self.planned), Decimal(0))

    @property
    def one_child(self) -> Decimal:
        return max(Decimal(child.contracts) for child in self.planned)


async def work_pair(ports: Ports, run: Run, legs: Sequence[Sequence[OrderRecord]]) -> Halt | None:
    """Send children of both legs in turn until both have filled; None = go on with the next step."""
    first, second = (
        _Leg(planned, children_of(planned, ports.bounds.extra_children)) for planned in _larger_first(run, legs)
    )
    misses = 0
    while misses <= ports.bounds.extra_children:
        gap = first.filled - second.filled
        if gap == 0 and run.restored(ports.policy.target):
            return Halt(Ending.TARGET_HOLDS, "the target holds")
        if gap == 0 and first.filled >= first.whole:
            return None
        # What is too small to be sent waits until the next child of the first leg has filled.
        order = _sized(ports, run, second, gap)
        leg = second
        if order is None:
            leg, order = first, _sized(ports, run, first, min(first.whole - first.filled, first.one_child - gap))
        if order is None:
            if gap == 0 or (first.filled >= first.whole and not _sendable(ports, run, second, gap)):
                return None
            break
        position = run.position(order.symbol, order.leg)
        if position is None:
            return None
        follows = 0.0 if leg is second else float(order.contracts)
        done = await carry_out(ports, run, order, position, follows=follows)
        if isinstance(done, Halt):
            return done
        leg.filled += Decimal(done.filled)
        misses = 0 if Decimal(done.filled) else misses + 1
    missing = first.whole + second.whole - first.filled - second.filled
    return Halt(Ending.UNFILLED, f"{missing} contracts of {legs[0][0].symbol} did not fill inside the price band")


def _sized(ports: Ports, run: Run, leg: _Leg, contracts: Decimal) -> OrderRecord | None:
    """The next child of a leg for so many contracts; None when no order can be made of them."""
    position = run.position(leg.planned[0].symbol, leg.planned[0].leg)
    if position is None or not _sendable(ports, run, leg, contracts):
        return None
    child = next(leg.children, None)
    return None if child is None else fitted(ports, run, replace(child, contracts=str(contracts)), position, contracts)


def _sendable(ports: Ports, run: Run, leg: _Leg, contracts: Decimal) -> bool:
    """Whether so many contracts are enough for an order."""
    model = leg.planned[0]
    position = run.position(model.symbol, model.leg)
    if contracts <= 0 or position is None:
        return False
    return fitted(ports, run, replace(model, contracts=str(contracts)), position, contracts) is not None


def _larger_first(run: Run, legs: Sequence[Sequence[OrderRecord]]) -> list[Sequence[OrderRecord]]:
    def held(planned: Sequence[OrderRecord]) -> float:
        position = run.position(planned[0].symbol, planned[0].leg)
        return 0.0 if position is None else position.contracts

    return sorted(legs, key=held, reverse=True)


def uneven(orders: Sequence[OrderRecord]) -> tuple[str, ...]:
    """What an interrupted netting has left between its legs, one line for each symbol; empty = they are level."""
    filled: dict[str, dict[str, Decimal]] = {}
    for order in orders:
        if order.remedy == "net":
            legs = filled.setdefault(order.symbol, {"long": Decimal(0), "short": Decimal(0)})
            legs[order.leg] += Decimal(order.filled)
    return tuple(
        f"netting of {symbol} is uneven: the long leg lost {legs['long']} contracts, the short leg {legs['short']}"
        for symbol, legs in sorted(filled.items())
        if legs["long"] != legs["short"]
    )
