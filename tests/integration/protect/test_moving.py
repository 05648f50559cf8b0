"""Money in other wallets: an armed guard reduces as if there were none, and says that moving some would be cheaper."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.store.store import Store
from tests.contract.venues.harness_binanceusdm import HARNESS
from tests.integration.protect.armed import armed_at

LEG = [("BTCUSDT", "15", "43500", "BOTH")]


async def test_nothing_rests_on_what_nobody_has_moved(store: Store) -> None:
    """The orders are those of a plan without it, and the target holds after them; what it would save is told."""
    protect: dict[str, Any] = {"remedies": ("reduce", "transfer"), "transferable": {"USDT": 10_000_000}}
    async with armed_at(HARNESS, store, LEG, protect=protect) as armed:
        before = armed.legs()["BTCUSDT", "BOTH"]
        await armed.fall()
        await armed.turn()
        acted = await armed.turn()
        (intent,) = await armed.intents()
        assert intent.state == "done", intent.reason
        assert Decimal(0) < armed.legs()["BTCUSDT", "BOTH"] < before
        assert {order.remedy for order in await armed.orders()} == {"reduce"}
        after = await armed.turn()
        assert after.risk is not None
        assert armed.watch.protect.target.holds(after.risk)
        assert acted.zone.value == "danger"
        told = "\n".join(message.html for message in await armed.messages())
        assert "acted, back under the target" in told
        assert "! cheaper: moving " in told
        assert "USDT into this account yourself, with nothing traded" in told
        assert "in other wallets into this account" in told  # the alert's own way out
