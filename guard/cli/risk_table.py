"""An assessment as a table for a terminal. Every figure has its unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from guard.risk.report import AccountRisk, PoolRisk
    from guard.risk.zones import Zone

ZONE_STYLE = {
    "safe": "green",
    "watch": "cyan",
    "warning": "yellow",
    "danger": "red",
    "liquidation": "bold white on red",
    "unknown": "bold black on yellow",
}


def zone_text(zone: Zone) -> Text:
    """The zone's name in its colour."""
    return Text(zone.value, style=ZONE_STYLE[zone.value])


def percent(value: float | None, digits: int = 1) -> str:
    """A fraction as percent; `none` where there is no figure."""
    return "none" if value is None else f"{value * 100:,.{digits}f} %"


def amount(value: float) -> str:
    """An amount with two digits, or more for small coin amounts; none after ten million."""
    digits = 6 if 0 < abs(value) < 10 else 0 if abs(value) >= 1e7 else 2
    return f"{value + 0.0:,.{digits}f}"  # a negative zero is a zero


def money(value: float | None, currency: str) -> str:
    """An amount with its currency; `none` where there is no figure."""
    return "none" if value is None else f"{amount(value)} {currency}"


def price(value: float | None) -> str:
    """A price with about seven significant digits; `unreachable` where there is none."""
    if value is None:
        return "unreachable"
    digits = 2 if value >= 100 else 4 if value >= 1 else 8
    return f"{value:,.{digits}f}"


def risk_table(risk: AccountRisk, zone: Zone, reason: str) -> Group:
    """The whole account: a line with the verdict, then each pool with its legs."""
    head = Text.assemble(
        (risk.account, "bold"), f" on {risk.venue} (rule {risk.model}), {risk.as_of:%Y-%m-%d %H:%M:%S} UTC: "
    )
    head.append_text(zone_text(zone))
    if reason:
        head.append(f"\n{reason}")
    if not risk.pools:
        head.append("\nno positions and no collateral")
    return Group(head, *(part for pool in risk.pools for part in (_pool_table(pool), _leg_table(pool))))


def _pool_table(pool: PoolRisk) -> Table:
    name = pool.currency if pool.symbol is None else f"{pool.currency}, isolated {pool.symbol}"
    title = f"\n{name} pool ({pool.margin_mode}), money in {pool.currency}"
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    for _ in range(2):
        table.add_column(style="dim", no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
    ratio = "no equity left" if pool.risk_ratio is None else percent(pool.risk_ratio, 4 if pool.risk_ratio < 0.1 else 2)
    leverage = "none" if pool.effective_leverage is None else f"{pool.effective_leverage:,.2f} x"
    rows = (
        ("risk_ratio (100 % = liquidation)", ratio, "equity", amount(pool.equity)),
        ("margin_level (equity / initial)", percent(pool.margin_level, 2), "wallet", amount(pool.wallet_balance)),
        (
            "liquidation if all fall by",
            _shock(pool.liquidation_shock_down),
            "unrealized PnL",
            amount(pool.unrealized_pnl),
        ),
        (
            "liquidation if all rise by",
            _shock(pool.liquidation_shock_up),
            "maintenance",
            amount(pool.maintenance_margin),
        ),
        ("effective leverage", leverage, "closing fees", amount(pool.closing_fees)),
        ("gross notional", amount(pool.gross_notional), "initial margin", amount(pool.initial_margin)),
        ("net exposure", amount(pool.net_exposure), "available margin", amount(pool.available_margin)),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _shock(value: float | None) -> str:
    return "unreachable" if value is None else percent(abs(value))


def _leg_table(pool: PoolRisk) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("symbol", no_wrap=True)
    table.add_column("side")
    for heading in ("contracts", "mark", "notional", "PnL", "liq. price"):
        table.add_column(heading, justify="right", no_wrap=True)
    for leg in pool.positions:
        table.add_row(
            leg.symbol,
            leg.side,
            f"{leg.contracts:,.6g}",
            price(leg.mark_price),
            amount(leg.notional),
            amount(leg.unrealized_pnl),
            price(leg.liquidation_price),
        )
    return table
