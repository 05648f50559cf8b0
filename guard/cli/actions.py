"""What protection did: `guard actions`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from guard.cli.history import OneAccount, Since, span
from guard.cli.output import print_json, print_line
from guard.cli.session import AsJson, ConfigFile, with_store

if TYPE_CHECKING:
    from guard.app.opening import Opened
    from guard.ports.records import HedgeRecord, IntentRecord, OrderRecord

Row = dict[str, object]


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("actions")(actions)


def actions(
    account: OneAccount = None, since: Since = "7d", config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """What protection planned, sent, refused and reached; why, who asked, at which cost; hedges that stand."""
    age = span(since)

    async def work(opened: Opened) -> tuple[list[Row], list[Row]]:
        account_id = (await opened.account(account)).account_id if account else None
        names = {record.account_id: record.name for record in await opened.store.accounts()}
        users = {user.user_id: user.name for user in await opened.store.users()}
        rows = [
            action_row(
                intent,
                await opened.store.orders_of(intent.intent_id),
                account=names.get(intent.account_id, intent.account_id),
                asked_by=users.get(intent.requested_by or "", intent.requested_by),
            )
            for intent in await opened.store.intents(opened.clock.now() - age, account_id)
        ]
        hedges = [
            hedge_row(hedge, names.get(hedge.account_id, hedge.account_id))
            for hedge in await opened.store.open_hedges(account_id)
        ]
        return rows, hedges

    rows, hedges = with_store(config, work)
    if as_json:
        print_json({"actions": rows, "hedges": hedges})
        return
    if not rows:
        print_line(f"no actions in the last {since}")
    for row in rows:
        _print_action(row)
    for row in hedges:
        what = f"{row['contracts']} contracts {row['symbol']} {row['leg']} against {row['protects']}"
        print_line(f"hedge  {row['account']}  {what}, since {row['opened_at']}; taken off by /unhedge in the chat")


def action_row(intent: IntentRecord, orders: list[OrderRecord], *, account: str, asked_by: str | None) -> Row:
    """One intent as JSON: why, what was sent, what filled, the level before and after, the cost against the plan."""
    detail = json.loads(intent.detail)
    outcome = detail.get("outcome", {})
    return {
        "at": intent.at.isoformat(timespec="seconds"),
        "account": account,
        "state": intent.state,
        "zone": intent.zone.value,
        "reason": intent.reason,
        "origin": intent.origin,
        "asked_by": asked_by,
        "refusals": detail.get("refusals", []),
        "explanation": detail.get("plan", {}).get("explanation", []),
        "ending": outcome.get("ending"),
        "ending_reason": outcome.get("reason"),
        "risk_ratio_before": intent.risk_ratio_before,
        "risk_ratio_after": intent.risk_ratio_after,
        "notional": intent.notional,
        "cost_planned": intent.cost_planned,
        "cost_actual": intent.cost_actual,
        "finished_at": intent.finished_at.isoformat(timespec="seconds") if intent.finished_at else None,
        "orders": [
            {
                "client_order_id": order.client_order_id,
                "remedy": order.remedy,
                "symbol": order.symbol,
                "side": order.side,
                "leg": order.leg,
                "contracts": order.contracts,
                "limit_price": order.limit_price,
                "mark_price": order.mark_price,
                "state": order.state.value,
                "filled": order.filled,
                "average_price": order.average_price,
                "error": order.error,
            }
            for order in orders
        ],
    }


def hedge_row(hedge: HedgeRecord, account: str) -> Row:
    """One hedge that stands, and what it protects."""
    return {
        "account": account,
        "symbol": hedge.symbol,
        "leg": hedge.leg,
        "contracts": hedge.contracts,
        "protects": f"{hedge.protects_symbol} {hedge.protects_leg}",
        "opened_at": hedge.opened_at.isoformat(timespec="seconds"),
        "safe_since": hedge.safe_since.isoformat(timespec="seconds") if hedge.safe_since else None,
    }


def _print_action(row: Row) -> None:
    from guard.cli.risk_table import percent

    before, after = row["risk_ratio_before"], row["risk_ratio_after"]
    levels = f"risk_ratio {percent(before if isinstance(before, float) else None)}"
    if isinstance(after, float):
        levels += f" -> {percent(after)}"
    who = f" by {row['asked_by']}" if row["asked_by"] else ""
    head = f"{row['at']}  {row['account']}  {row['state']} in {row['zone']} ({row['origin']}{who})"
    print_line(f"{head}: {row['reason']}; {levels}")
    if row["ending_reason"]:
        print_line(f"    {row['ending']}: {row['ending_reason']}")
    planned, actual = row["cost_planned"], row["cost_actual"]
    if isinstance(planned, float) and row["state"] != "refused":
        spent = f"{actual:,.2f}" if isinstance(actual, float) else "not known"
        print_line(f"    cost {spent}, planned {planned:,.2f} (quote currency)")
    orders = row["orders"]
    for order in orders if isinstance(orders, list) else []:
        at = f" at {order['average_price']:,.8g}" if order["average_price"] else ""
        error = f" ({order['error']})" if order["error"] else ""
        print_line(
            f"    {order['remedy']} {order['leg']} {order['symbol']}: {order['side']} {order['contracts']} contracts, "
            f"limit {order['limit_price']}: {order['state']}, filled {order['filled']}{at}{error}"
        )
