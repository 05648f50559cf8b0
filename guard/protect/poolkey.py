"""Which pool of an account is meant, before and after its legs were made smaller. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from guard.protect.legs import LegKey
from guard.risk.pool import Pool
from guard.risk.report import PoolRisk


@dataclass(frozen=True, slots=True)
class PoolKey:
    """Which pool: the cross pool of a currency, or the isolated pool of one leg.

    A pool's currency is not always what its legs settle in: a unified account has one pool in USD for all of them.
    """

    currency: str
    isolated: LegKey | None = None

    @classmethod
    def of(cls, pool: PoolRisk) -> PoolKey:
        """The key of an assessed pool."""
        if pool.margin_mode == "cross":
            return cls(pool.currency)
        return cls(pool.currency, (pool.positions[0].symbol, pool.positions[0].side))

    @property
    def text(self) -> str:
        """`pool USDT`, `isolated BTC/USDT:USDT long`."""
        return f"pool {self.currency}" if self.isolated is None else f"isolated {self.isolated[0]} {self.isolated[1]}"

    def names(self, pool: Pool) -> bool:
        """Whether this is the key of `pool`."""
        if pool.currency != self.currency or (pool.margin_mode == "cross") != (self.isolated is None):
            return False
        return self.isolated is None or (pool.positions[0].symbol, pool.positions[0].side) == self.isolated
