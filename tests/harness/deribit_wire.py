"""A small Deribit on loopback that computes its figures by its own published rule; and how to open its account."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from aiohttp import web

from guard.app.clock import SystemClock

D = Decimal
KEY, SECRET = "clientid", "s" * 43
BTC, BTC_USDC, ETH = "BTC/USD:BTC", "BTC/USDC:USDC", "ETH/USD:ETH"
# Instrument: base, settle, contract size, smallest order, tick, highest leverage, base rate, slope, mark.
LISTED: dict[str, tuple[str, str, float, float, float, int, float, float, float]] = {
    "BTC-PERPETUAL": ("BTC", "BTC", 10.0, 10.0, 0.5, 50, 0.02, 0.00005, 50_000.0),
    "ETH-PERPETUAL": ("ETH", "ETH", 1.0, 1.0, 0.05, 50, 0.02, 0.00001, 2_500.0),
    "BTC_USDC-PERPETUAL": ("BTC", "USDC", 0.0001, 0.0001, 0.5, 50, 0.02, 0.00005, 50_000.0),
    "BTC-25DEC26": ("BTC", "BTC", 10.0, 10.0, 2.5, 50, 0.02, 0.00005, 51_000.0),
}
INDEX = {"BTC": 50_000.0, "ETH": 2_500.0, "USDC": 1.0}


@dataclass
class Deribit:
    """One account there: `held` by instrument as size and entry, `cash` by currency."""

    model: str = "segregated_sm"
    cash: dict[str, float] = field(default_factory=lambda: {"BTC": 2.0})
    held: dict[str, tuple[float, float]] = field(default_factory=dict)
    options: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    done: list[dict[str, Any]] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=lambda: {name: row[8] for name, row in LISTED.items()})
    scope: str = "account:read trade:read_write wallet:read"
    error: tuple[str, int, dict[str, Any]] | None = None
    seen: list[str] = field(default_factory=list)
    totals: bool = True
    stamped_ms: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        """One request: the signature first, then what was asked."""
        name = request.path.removeprefix("/api/v2/")
        self.seen.append(name)
        if self.error is not None and self.error[0] in name:
            return web.json_response({"jsonrpc": "2.0", "error": self.error[2]}, status=self.error[1])
        if name.startswith("private/") and not self._is_signed(request):
            wrong = {"code": 13004, "message": "invalid_credentials"}
            return web.json_response({"jsonrpc": "2.0", "error": wrong}, status=400)
        result = getattr(self, "_" + name.replace("/", "_"))(dict(request.query))
        return web.json_response({"jsonrpc": "2.0", "result": result, "usIn": 1, "usOut": 2, "testnet": False})

    def _is_signed(self, request: web.Request) -> bool:
        said = request.headers.get("Authorization", "").removeprefix("deri-hmac-sha256 ")
        parts = dict(part.split("=", 1) for part in said.split(",") if "=" in part)
        text = f"{parts.get('ts')}\n{parts.get('nonce')}\nGET\n{request.raw_path}\n\n"
        made = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        self.stamped_ms = int(parts.get("ts", 0))
        return parts.get("id") == KEY and parts.get("sig") == made

    def _leg(self, name: str) -> tuple[float, float, float, float]:
        """Value, PnL, initial and maintenance margin of a leg in its settlement currency."""
        size, entry = self.held[name]
        base, settle, *_, rate, slope, _ = LISTED[name]
        mark = self.marks[name]
        inverse = settle == base
        value = abs(size) / mark if inverse else abs(size) * mark
        pnl = size * (1 / entry - 1 / mark) if inverse else size * (mark - entry)
        units = value if inverse else abs(size)
        return value, pnl, value * (rate + slope * units), value * (rate / 2 + slope * units)

    def _sums(self) -> dict[str, tuple[float, float, float]]:
        """Equity, initial and maintenance margin by currency."""
        found = {name: (cash, 0.0, 0.0) for name, cash in self.cash.items()}
        for name in self.held:
            settle = LISTED[name][1]
            equity, initial, maintenance = found.get(settle, (0.0, 0.0, 0.0))
            _, pnl, more_initial, more_maintenance = self._leg(name)
            found[settle] = (equity + pnl, initial + more_initial, maintenance + more_maintenance)
        return found

    def _private_get_account_summaries(self, query: dict[str, str]) -> Any:
        assert query == {"extended": "true"}
        sums = self._sums()
        usd = [sum(row[place] * INDEX[name] for name, row in sums.items()) for place in range(3)]
        summaries = []
        for name, row in sums.items():
            equity, initial, maintenance = row
            if self.model.startswith("cross"):
                margin, initial, maintenance = (total / INDEX[name] for total in usd)
            else:
                margin = equity
            summary: dict[str, Any] = {
                "currency": name,
                "margin_model": self.model,
                "cross_collateral_enabled": self.model.startswith("cross"),
                "portfolio_margining_enabled": self.model.endswith("pm"),
                "balance": self.cash.get(name, 0.0),
                "equity": equity,
                "margin_balance": margin,
                "initial_margin": initial,
                "maintenance_margin": maintenance,
                "available_funds": margin - initial,
            }
            if self.model.startswith("cross") and self.totals:
                keys = ("total_margin_balance_usd", "total_initial_margin_usd", "total_maintenance_margin_usd")
                summary.update(zip(keys, usd, strict=True))
            summaries.append(summary)
        return {"id": 1, "username": "alice", "summaries": summaries}

    def _private_get_positions(self, query: dict[str, str]) -> Any:
        assert query == {"currency": "any"}
        rows = []
        for name, (size, entry) in self.held.items():
            _, pnl, initial, maintenance = self._leg(name)
            rows.append(
                {
                    "instrument_name": name,
                    "kind": "future",
                    "size": size,
                    "direction": "buy" if size > 0 else "sell" if size < 0 else "zero",
                    "average_price": entry,
                    "mark_price": self.marks[name],
                    "index_price": INDEX[LISTED[name][0]],
                    "leverage": LISTED[name][5],
                    "initial_margin": initial,
                    "maintenance_margin": maintenance,
                    "total_profit_loss": pnl,
                    "floating_profit_loss": pnl / 3,
                    "estimated_liquidation_price": None,
                }
            )
        return rows + self.options

    def _private_get_open_orders(self, _query: dict[str, str]) -> Any:
        return self.orders

    def _private_sell(self, query: dict[str, str]) -> Any:
        return self._traded("sell", query)

    def _private_buy(self, query: dict[str, str]) -> Any:
        return self._traded("buy", query)

    def _traded(self, side: str, query: dict[str, str]) -> Any:
        assert (query["type"], query["time_in_force"], query["reduce_only"]) == ("limit", "immediate_or_cancel", "true")
        assert int(query["valid_until"]) > 1_600_000_000_000
        name, amount, price = query["instrument_name"], float(query["amount"]), float(query["price"])
        size, entry = self.held.get(name, (0.0, 1.0))
        crosses = price <= self.marks[name] if side == "sell" else price >= self.marks[name]
        filled = min(amount, abs(size)) if crosses else 0.0
        self.held[name] = (size - filled if side == "sell" else size + filled, entry)
        order = {
            "instrument_name": name,
            "direction": side,
            "label": query["label"],
            "order_id": "BTC-7",
            "amount": amount,
            "filled_amount": filled,
            "average_price": self.marks[name] if filled else 0.0,
            "order_state": "filled" if filled == amount else "cancelled",
        }
        self.done.append(order)
        return {"order": order, "trades": []}

    def _private_get_order_state_by_label(self, query: dict[str, str]) -> Any:
        return [
            order
            for order in self.done
            if order["label"] == query["label"] and LISTED[str(order["instrument_name"])][1] == query["currency"]
        ]

    def _public_get_time(self, _query: dict[str, str]) -> Any:
        return int(SystemClock().now().timestamp() * 1000)

    def _public_auth(self, query: dict[str, str]) -> Any:
        said = f"{query['timestamp']}\n{query['nonce']}\n{query['data']}"
        made = hmac.new(SECRET.encode(), said.encode(), hashlib.sha256).hexdigest()
        assert (query["grant_type"], query["client_id"], query["signature"]) == ("client_signature", KEY, made)
        return {"access_token": "t", "expires_in": 900, "scope": self.scope, "token_type": "bearer"}

    def _public_get_instruments(self, query: dict[str, str]) -> Any:
        assert query == {"currency": "any", "kind": "future"}
        return [
            {
                "instrument_name": name,
                "kind": "future",
                "base_currency": base,
                "counter_currency": "USD" if settle == base else settle,
                "quote_currency": "USD" if settle == base else settle,
                "settlement_currency": settle,
                "settlement_period": "perpetual" if "PERPETUAL" in name else "month",
                "expiration_timestamp": 1_798_185_600_000,
                "contract_size": size,
                "min_trade_amount": least,
                "tick_size": tick,
                "max_leverage": leverage,
                "taker_commission": 0.0005,
                "maker_commission": 0.0,
                "is_active": True,
            }
            for name, (base, settle, size, least, tick, leverage, _, _, _) in LISTED.items()
        ]

    def _public_get_index_price(self, query: dict[str, str]) -> Any:
        return {"index_price": INDEX[query["index_name"].removesuffix("_usd").upper()], "estimated_delivery_price": 1}

    def _public_ticker(self, query: dict[str, str]) -> Any:
        return {"instrument_name": query["instrument_name"], "mark_price": self.marks[query["instrument_name"]]}

    def _public_get_order_book(self, _query: dict[str, str]) -> Any:
        return {"bids": [[49_999.5, 1000.0], [49_999.0, 20.0]], "asks": [[50_000.5, 30.0]]}
