"""The venue's own account-level figures, in our direction. Pure.

Gate states levels = equity / maintenance margin: high is good, liquidation at 1. Closing fees are part of its
maintenance margins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from guard.risk.book import VenueFigures, VenueReported
from guard.venues.gate.answers import Answers
from guard.venues.gate.parse import AccountRow, PositionRow
from guard.venues.gate.parse_unified import UnifiedBalance, UnifiedTotals

USD = "USD"
_FEE_MAX = 0.002
_FEE_PLACES = 6


def reported_of(answers: Answers) -> VenueReported:
    """Figures of each pool: one for each settlement currency, or one in USD for unified accounts with several."""
    pools: dict[str, VenueFigures] = {}
    together = answers.unified is not None and answers.account_mode in {"multi", "portfolio"}
    if answers.unified is not None and together:
        pools[USD] = _figures(answers.unified.totals)
    for state in answers.states.values():
        account = state.account
        row: AccountRow | UnifiedBalance | None = account
        if account.account_mode not in {None, "classic"} and answers.unified is not None:
            row = None if together else _told(answers.unified.balances.get(account.currency))
        elif not state.is_told or (together and not state.positions and not state.orders):
            row = None
        if row is not None and (row.equity is not None or row.margin_level is not None):
            pools[account.currency] = _figures(row)
    if len(pools) != 1:
        return VenueReported(pools=pools)
    only = next(iter(pools.values()))
    return VenueReported(
        equity=only.equity,
        maintenance_margin=only.maintenance_margin,
        initial_margin=only.initial_margin,
        available_margin=only.available_margin,
        risk_ratio=only.risk_ratio,
        pools=pools,
    )


def _told(row: UnifiedBalance | None) -> UnifiedBalance | None:
    """The row, unless its figures are zeros that stand for nothing: in single-currency mode only USDT has them."""
    return row if row is not None and (row.equity or row.maintenance_margin or row.margin_level) else None


def _figures(row: AccountRow | UnifiedBalance | UnifiedTotals) -> VenueFigures:
    equity, maintenance = row.equity, row.maintenance_margin
    return VenueFigures(equity, maintenance, row.initial_margin, row.available, _risk_ratio(row))


def _risk_ratio(row: AccountRow | UnifiedBalance | UnifiedTotals) -> float | None:
    """Requirement / equity; None when it cannot be told, or there is no equity to divide by."""
    if row.maintenance_margin == 0.0:
        return 0.0
    if row.equity is not None and row.maintenance_margin is not None:
        return row.maintenance_margin / row.equity if row.equity > 0.0 else None
    return 1.0 / row.margin_level if row.margin_level is not None and row.margin_level > 0.0 else None


def measured_fee(legs: Iterable[PositionRow], listed: float) -> float:
    """The fee to close that the venue's maintenance margins contain, as a fraction of value.

    Whether that is the contract's base fee or the user's own is not published; the venue's figures tell.

    Formula:
        `sum(MM - value * average_rate) / sum(value)`, rounded to a millionth

    Args:
        legs: held legs.
        listed: the contract's base fee, which stands in where there is nothing to measure or the result is no fee.
    """
    told = [
        (row.value, row.maintenance_margin - row.value * row.average_rate)
        for row in legs
        if row.value is not None and row.maintenance_margin is not None and row.average_rate is not None
    ]
    value = sum(each for each, _ in told)
    fee = round(sum(each for _, each in told) / value, _FEE_PLACES) if value else listed
    return fee if 0.0 <= fee <= _FEE_MAX else listed


def maintenance_of_legs(legs: Iterable[PositionRow]) -> float | None:
    """What the venue's figures of single cross legs add up to, of a hedged contract the larger side only.

    None where a leg tells no figure.
    """
    larger: dict[str, tuple[float, float]] = {}
    for row in legs:
        if row.is_isolated:
            continue
        if row.value is None or row.maintenance_margin is None:
            return None
        larger[row.market_id] = max(larger.get(row.market_id, (0.0, 0.0)), (row.value, row.maintenance_margin))
    return sum(maintenance for _, maintenance in larger.values())


def torn_evidence(
    answers: Answers, began_ms: float | None, last_sums: Mapping[str, float | None]
) -> tuple[tuple[str, ...], dict[str, float | None]]:
    """Evidence that accounts and positions are of different moments, and the sums to compare with the next time.

    A leg that changed after the reading began is such, and a leg of another position mode than its account's; so is an
    account whose maintenance margin is not what its legs add up to, unless it was off by the same factor before: then
    the venue adds something that legs do not tell.

    Args:
        answers: what was read.
        began_ms: when the reading began, on the venue's clock; None = not known.
        last_sums: the second result of the last time.
    """
    found = [
        f"{row.market_id} {row.side} changed while the account was read"
        for row in answers.held
        if began_ms is not None and row.changed_ms > began_ms
    ]
    found += [
        f"{row.market_id} {row.side} is a {row.leg} leg in an account in {state.account.position_mode} mode"
        for state in answers.states.values()
        for row in state.positions
        if (row.leg == "single") != (state.account.position_mode == "one_way")
    ]
    sums: dict[str, float | None] = {}
    for settle, state in answers.states.items():
        legs, account = maintenance_of_legs(state.positions), state.account.maintenance_margin
        if state.account.account_mode not in {None, "classic"} or legs is None or account is None:
            continue
        sums[settle] = account / legs if legs else (None if account else 1.0)
        if not _alike(sums[settle], 1.0) and not (settle in last_sums and _alike(sums[settle], last_sums[settle])):
            found.append(f"maintenance margin of the {settle} account is {account:g}, that of its legs {legs:g}")
    return tuple(found), sums


_ALIKE = 0.01


def _alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _ALIKE * abs(other)
