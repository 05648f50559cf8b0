"""Accounts that are only watched cannot be armed, and one that was armed somehow is told why nothing is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from guard.app.accounts import set_mode
from guard.app.clock import RandomIds, SystemClock
from guard.app.opening import Opened
from guard.app.settings import Settings
from guard.ports.errors import InputError
from guard.ports.records import AccountRecord
from guard.ports.venue import AccountSpec
from guard.store.store import Store
from tests.contract.venues.harness import Harness
from tests.contract.venues.harness_binancepm import BinancePortfolio
from tests.contract.venues.harness_bitget import Bitget
from tests.contract.venues.harness_bybit import Bybit
from tests.contract.venues.harness_kucoinfutures import KucoinFutures
from tests.integration.protect.armed import Armed, armed_at

COINS = [("BTCUSD", "300000", "43500", "BOTH")]
BOOK = """{"schema": "guard.book/1", "account": "main", "venue": "x", "model": "binance-usdm",
"as_of": "2026-01-01T00:00:00Z", "collateral": [{"asset": "USDT", "balance": 1000}], "positions": []}"""


@asynccontextmanager
async def watched(store: Store, kind: type[Harness]) -> AsyncIterator[Armed]:
    """An account at Binance's portfolio margin, or one in coins elsewhere."""
    if kind is BinancePortfolio:
        opening = armed_at(kind, store, [("BTCUSDT", "15", "43500", "BOTH")])
    else:
        opening = armed_at(kind, store, COINS, balances={"BTC": Decimal("1.25")})
    async with opening as armed:
        yield armed


def opened(store: Store) -> Opened:
    """What a command has open."""
    return Opened(Settings(), SystemClock(), RandomIds(), store)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (BinancePortfolio, "alice cannot be armed: the guard sends no orders at binancepm, accounts there are watched"),
        (Bitget, "alice cannot be armed: the requirement in BTC is the venue's own figure, not computed here"),
        (KucoinFutures, "alice cannot be armed: the requirement in BTC is the venue's own figure, not computed here"),
    ],
    ids=lambda value: getattr(value, "venue", ""),
)
async def test_arming_is_refused_with_the_reason(store: Store, kind: type[Harness], words: str) -> None:
    """Whatever the key may do."""
    async with watched(store, kind) as armed:
        await store.set_mode(armed.watch.record.account_id, "observe")
        with pytest.raises(InputError, match=words):
            await set_mode(opened(store), "alice", "auto")
        (record,) = await store.accounts()
        assert record.mode == "observe"


async def test_an_account_that_can_be_acted_upon_is_armed(store: Store) -> None:
    """The same road, at a venue that trades."""
    async with watched(store, Bybit) as armed:
        await store.set_mode(armed.watch.record.account_id, "observe")
        await set_mode(opened(store), "alice", "auto")
        (record,) = await store.accounts()
        assert record.mode == "auto"


async def test_a_file_is_never_armed(store: Store, tmp_path: Path) -> None:
    """It has no market."""
    file = tmp_path / "book.json"
    file.write_text(BOOK)
    spec = AccountSpec("paper", "file", book_file=str(file))
    clock = SystemClock()
    await store.add_account(AccountRecord("account-1", spec, None, "observe", clock.now() - timedelta(days=1)))
    with pytest.raises(InputError, match="paper cannot be armed: the guard sends no orders at file"):
        await set_mode(opened(store), "paper", "auto")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (BinancePortfolio, "the guard sends no orders at binancepm: accounts there are watched only"),
        (Bitget, "what an order would change is not known, so the account is watched only"),
        (KucoinFutures, "what an order would change is not known, so the account is watched only"),
    ],
    ids=lambda value: getattr(value, "venue", ""),
)
async def test_one_that_is_armed_all_the_same_sells_nothing_and_says_why(
    store: Store, kind: type[Harness], words: str
) -> None:
    """Its margin mode was switched after it was armed, or its venue does not trade any more: told once."""
    async with watched(store, kind) as armed:
        before = armed.legs()
        await armed.turn()
        armed.fall_to_ratio(0.78)
        for _ in range(3):
            reading = await armed.turn()
        assert reading.zone.value in {"danger", "liquidation"}, reading.reason
        (intent,) = await armed.intents()
        assert intent.state == "refused"
        assert words in intent.reason
        assert sum("protection does not act" in message.html for message in await armed.messages()) == 1
        assert await armed.orders() == []
        assert armed.legs() == before
