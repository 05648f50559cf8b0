"""The WebSocket side of COIN-M: the streams of USD-M in this wire's names and units."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.binancecoinm import wording
from guard.sandbox.dialects.binanceusdm.stream import StreamDialect


class CoinStreams(StreamDialect):
    """Every open stream of one venue."""

    def wire_id(self, symbol: str) -> str:
        """`BTCUSD_PERP` of `BTCUSD`."""
        return wording.wire_id(self.venue.engine.market.instruments[symbol])

    def engine_symbol(self, wire_id: str) -> str:
        """The way back."""
        return wording.engine_symbol(wire_id)

    def worded(self, payload: Any) -> Any:
        """Contracts instead of dollars."""
        return wording.outgoing(payload, self.venue.engine.market.instruments)
