"""A store on a database file, and made-up values to put into it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from guard.ports.records import (
    AccountRecord,
    AlertReason,
    AlertRecord,
    CycleRecord,
    IntentRecord,
    OrderJournalState,
    OrderRecord,
    OutboxMessage,
    Reading,
    UserRecord,
    ZoneChange,
)
from guard.ports.venue import AccountSpec, Credentials, FetchedBook
from guard.risk.book import Book
from guard.risk.quality import DataQuality, Quality
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk
from guard.risk.zones import Zone, ZoneState
from guard.store.store import Store
from guard.store.vault import Vault

START = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)


class CountingIds:
    """Identifiers that count up."""

    def __init__(self) -> None:
        self._count = 0

    def new(self, kind: str) -> str:
        """`user-1`, `user-2`, ..."""
        self._count += 1
        return f"{kind}-{self._count}"

    def code(self, length: int) -> str:
        """A code of A only."""
        return "A" * length


@dataclass(frozen=True)
class Make:
    """Made-up values; every method takes the fields that matter to a test."""

    start: datetime = START

    def at(self, seconds: float) -> datetime:
        """Seconds after the start."""
        return self.start + timedelta(seconds=seconds)

    def account(self, name: str = "alice", **fields: Any) -> AccountRecord:
        """An account `id-<name>` with credentials."""
        spec = AccountSpec(
            name=name,
            venue="binanceusdm",
            credentials=Credentials(api_key=f"key of {name}", secret="s3cret", passphrase="pass", wallet_address="0x1"),
            base_url="http://127.0.0.1:9000",
            book_file=None,
        )
        record = AccountRecord(account_id=f"id-{name}", spec=spec, owner=None, mode="observe", created_at=self.start)
        return replace(record, **fields)

    def leg(self, symbol: str = "BTC/USDT:USDT", **fields: Any) -> PositionRisk:
        """A long leg."""
        leg = PositionRisk(
            symbol=symbol,
            side="long",
            contracts=109.488,
            entry_price=32481.98,
            mark_price=31967.27,
            notional=3500032.46,
            unrealized_pnl=-56354.57,
            initial_margin=175001.62,
            maintenance_margin=71200.81,
            closing_fee=0.0,
            liquidation_price=26316.89,
        )
        return replace(leg, **fields)

    def pool(self, *legs: PositionRisk, **fields: Any) -> PoolRisk:
        """A cross pool in USDT."""
        pool = PoolRisk(
            currency="USDT",
            margin_mode="cross",
            symbol=None,
            wallet_balance=1535443.01,
            unrealized_pnl=-504547.45,
            equity=1030895.56,
            collateral_value=1535443.01,
            initial_margin=420940.38,
            maintenance_margin=427713.32,
            closing_fees=0.0,
            available_margin=609955.18,
            risk_ratio=0.414895,
            margin_level=2.4490,
            effective_leverage=8.1665,
            gross_notional=8418807.54,
            net_exposure=8418807.54,
            liquidation_shock_down=-0.076942,
            liquidation_shock_up=None,
            positions=legs,
        )
        return replace(pool, **fields)

    def risk(self, *pools: PoolRisk, **fields: Any) -> AccountRisk:
        """An assessment over these pools."""
        risk = AccountRisk(
            account="alice",
            venue="binanceusdm",
            model="binance-usdm",
            as_of=self.start,
            risk_ratio=0.414895,
            margin_level=2.4490,
            pools=pools,
        )
        return replace(risk, **fields)

    def reading(self, name: str = "alice", seconds: float = 0, **fields: Any) -> Reading:
        """A fresh reading of one leg, some seconds after the start."""
        at = self.at(seconds)
        book = Book(account=name, venue="binanceusdm", model="binance-usdm", as_of=at)
        parts = {"marks": at, "balances": at - timedelta(seconds=2), "positions": at - timedelta(seconds=1)}
        reading = Reading(
            account_id=f"id-{name}",
            account=name,
            at=at,
            quality=DataQuality(Quality.FRESH),
            zone_state=ZoneState(zone=Zone.WATCH, last_known=Zone.WATCH, reason="distance 7.7 %"),
            zone=Zone.WATCH,
            reason="distance 7.7 %",
            risk=self.risk(self.pool(self.leg())),
            fetched=FetchedBook(book, parts),
            error=None,
            duration_ms=12.5,
        )
        return replace(reading, **fields)

    def cycle(self, name: str = "alice", seconds: float = 0, **fields: Any) -> CycleRecord:
        """A cycle with nothing to tell."""
        return CycleRecord(reading=self.reading(name, seconds), **fields)

    def change(self, change_id: str = "change-1", name: str = "alice", seconds: float = 0) -> ZoneChange:
        """From safe to watch."""
        return ZoneChange(change_id, f"id-{name}", self.at(seconds), Zone.SAFE, Zone.WATCH, "distance 7.7 %")

    def alert(self, alert_id: str = "alert-1", name: str = "alice", seconds: float = 0, **fields: Any) -> AlertRecord:
        """A first alert."""
        alert = AlertRecord(
            alert_id=alert_id,
            account_id=f"id-{name}",
            rule="zone",
            fingerprint=f"zone:id-{name}",
            zone=Zone.WATCH,
            reason=AlertReason.FIRST,
            at=self.at(seconds),
            text="alice is in zone watch: distance 7.7 %",
        )
        return replace(alert, **fields)

    def message(self, message_id: str = "message-1", seconds: float = 0, **fields: Any) -> OutboxMessage:
        """A pending message to chat 7."""
        message = OutboxMessage(
            message_id=message_id,
            dedupe_key=f"dedupe {message_id}",
            destination="telegram:7",
            html="<b>alice</b>",
            created_at=self.at(seconds),
        )
        return replace(message, **fields)

    def intent(
        self, intent_id: str = "intent-1", name: str = "alice", seconds: float = 0, **fields: Any
    ) -> IntentRecord:
        """An open intent."""
        intent = IntentRecord(
            intent_id=intent_id,
            account_id=f"id-{name}",
            at=self.at(seconds),
            state="open",
            zone=Zone.DANGER,
            reason="risk_ratio 0.80",
            detail='{"steps": []}',
            risk_ratio_before=0.8,
            notional=1000.0,
        )
        return replace(intent, **fields)

    def order(
        self, order_id: str = "order-1", intent_id: str = "intent-1", name: str = "alice", **fields: Any
    ) -> OrderRecord:
        """A planned order."""
        order = OrderRecord(
            order_id=order_id,
            intent_id=intent_id,
            account_id=f"id-{name}",
            step=0,
            client_order_id=f"client {order_id}",
            remedy="reduce",
            symbol="BTC/USDT:USDT",
            side="sell",
            leg="long",
            contracts="0.105",
            limit_price="31950.10",
            reduce_only=True,
            state=OrderJournalState.PLANNED,
            updated_at=self.start,
        )
        return replace(order, **fields)


@pytest.fixture
def make() -> Make:
    """Made-up values."""
    return Make()


@pytest.fixture
def url(tmp_path: Path, empty_database: Path) -> str:
    """A database of this test's own."""
    file = tmp_path / "guard.db"
    shutil.copy(empty_database, file)
    return f"sqlite:///{file}"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """An open store."""
    opened = await Store.open(url, Vault.of(url), CountingIds())
    yield opened
    await opened.close()


@pytest.fixture
async def alice(store: Store, make: Make) -> UserRecord:
    """A user who owns the account `alice`."""
    user = await store.add_user("alice", make.start)
    await store.add_account(make.account(owner=user.user_id))
    return user
