"""Books as the running service holds them, and a desk that hands them out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from guard.bot.desks.measuring import Absence, FreshRead, HeldAccount, HeldBook
from guard.ports.records import Snapshot
from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Fees, Position, Tier
from guard.risk.zones import ZonePolicy, entered_zone
from tests.harness.silent_desks import SilentMeasuring, SilentUpkeep

NOON = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)
READ_AT = NOON - timedelta(seconds=12)
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def pair(**changes: Any) -> Book:
    """The published two-position example: 109.488 BTC and 3683.979 ETH long, liquidated by a fall of 7.7 %."""
    made = Book(
        account="alice",
        venue="binanceusdm",
        model="binance-usdm",
        as_of=READ_AT,
        fees=Fees(taker=0.0005),
        collateral=(Collateral("USDT", 1_535_443.01),),
        positions=(
            Position(BTC, "long", 109.488, 1.0, "linear", "USDT", 32_481.98, 31_967.27, 20.0),
            Position(ETH, "long", 3683.979, 1.0, "linear", "USDT", 1456.84, 1335.18, 20.0),
        ),
        tiers={BTC: (Tier(0.0, None, 0.025, 16_300.0),), ETH: (Tier(0.0, None, 0.10, 135_365.0),)},
    )
    return replace(made, **changes)


def fifty() -> Book:
    """Fifty positions, two thirds of them long."""
    legs = tuple(
        Position(f"C{n}/USDT:USDT", "long" if n % 3 else "short", 100.0 + n, 1.0, "linear", "USDT", 10.0, 10.5, 10.0)
        for n in range(50)
    )
    tiers = (Tier(0.0, 5000.0, 0.004), Tier(5000.0, 50_000.0, 0.01), Tier(50_000.0, None, 0.025))
    return pair(
        account="big",
        collateral=(Collateral("USDT", 8000.0),),
        positions=legs,
        tiers={leg.symbol: tiers for leg in legs},
    )


def held(book: Book, **changes: Any) -> HeldAccount:
    """An account whose book was read 12 s before noon; `changes` are of its snapshot."""
    risk = assess(book)
    zone, reason = entered_zone(risk, ZonePolicy())
    snapshot = Snapshot(
        account_id=f"account-{book.account}",
        account=book.account,
        at=READ_AT,
        zone=zone,
        reason=reason,
        quality="fresh",
        data_at=READ_AT,
        currency="USDT",
        equity=1.0,
        unrealized_pnl=0.0,
        initial_margin=1.0,
        maintenance_margin=1.0,
        available_margin=1.0,
        risk_ratio=risk.risk_ratio,
        margin_level=risk.margin_level,
        distance=risk.distance,
        effective_leverage=1.0,
        error=None,
    )
    return HeldAccount(replace(snapshot, **changes), HeldBook(book, risk, READ_AT, ZonePolicy()))


def unheld(absence: Absence, **changes: Any) -> HeldAccount:
    """An account without a book."""
    return HeldAccount(held(pair(), **changes).snapshot, None, absence)


@dataclass
class HeldDesk(SilentMeasuring, SilentUpkeep):
    """One person's accounts; `outcome` is what becomes of reading at once."""

    accounts: list[HeldAccount] = field(default_factory=list)
    outcome: FreshRead | None = FreshRead.DONE
    reads: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        """Noon."""
        return NOON

    async def statuses(self, user_id: str) -> list[Snapshot]:
        """Anna's accounts."""
        return [account.snapshot for account in self.accounts] if user_id == "anna" else []

    async def held(self, user_id: str, account_id: str) -> HeldAccount | None:
        """One of them."""
        found = [account for account in self.accounts if account.snapshot.account_id == account_id]
        return found[0] if found and user_id == "anna" else None

    async def read_now(self, user_id: str, account_id: str) -> FreshRead | None:
        """As the test says."""
        del user_id
        self.reads.append(account_id)
        return self.outcome
