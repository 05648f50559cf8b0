"""Between the engine's names and units and those of the COIN-M wire. Pure.

The engine knows `BTCUSD` and quantities in dollars; the wire knows `BTCUSD_PERP` and contracts. What a handler of USD-M
answers is translated field by field: a row that names a symbol carries that symbol's quantities.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from guard.sandbox.dialects.binanceusdm.params import Params
from guard.sandbox.dialects.numbers import plain
from guard.sandbox.engine.instruments import Instrument

Instruments = Mapping[str, Instrument]
_PERPETUAL = "_PERP"
_SYMBOLS = ("symbol", "s")
_QUANTITIES = {
    "symbol": ("positionAmt", "origQty", "executedQty", "cumQty", "quantity", "qty", "bidQty", "askQty"),
    "s": ("q", "l", "z", "pa", "B", "A"),
}
_RENAMED = {
    "cumQuote": "cumBase",
    "quoteQty": "baseQty",
    "notional": "notionalValue",
    "maxNotional": "maxQty",
    "maxNotionalValue": "maxQty",
}


def wire_id(instrument: Instrument) -> str:
    """`BTCUSD_PERP`; a contract that expires carries its date already."""
    return instrument.symbol if instrument.expires_ms is not None else f"{instrument.symbol}{_PERPETUAL}"


def engine_symbol(wire: str) -> str:
    """The way back."""
    return wire.removesuffix(_PERPETUAL)


def incoming(params: Params, instruments: Instruments) -> Params:
    """Parameters of a request in the engine's names and units; the handler refuses what is not understood."""
    values = dict(params.values)
    if "symbol" not in values:
        return params
    values["symbol"] = engine_symbol(values["symbol"])
    instrument = instruments.get(values["symbol"])
    if instrument is not None and "quantity" in values:
        try:
            values["quantity"] = plain(Decimal(values["quantity"]) * instrument.contract_size)
        except InvalidOperation:
            return Params(values)
    return Params(values)


def outgoing(payload: Any, instruments: Instruments) -> Any:
    """An answer or a message in the names and units of the wire."""
    if isinstance(payload, list):
        return [outgoing(item, instruments) for item in payload]
    if not isinstance(payload, dict):
        return payload
    row = {key: outgoing(value, instruments) for key, value in payload.items()}
    for key in _SYMBOLS:
        instrument = instruments.get(row[key]) if isinstance(row.get(key), str) else None
        if instrument is not None and instrument.is_inverse:
            return _row(row, key, instrument)
    return row


def _row(row: dict[str, Any], key: str, instrument: Instrument) -> dict[str, Any]:
    row[key] = wire_id(instrument)
    if key == "symbol":
        row["pair"] = f"{instrument.base}{instrument.quote}"
    for name in _QUANTITIES[key]:
        if isinstance(row.get(name), str):
            row[name] = plain(instrument.contracts(Decimal(row[name])))
    if key == "symbol":
        return {_RENAMED.get(name, name): value for name, value in row.items()}
    return row
