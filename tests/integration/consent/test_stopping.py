"""Stopping orders while they are on their way: the kill switch, a freeze in chat, a freeze from elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest

from guard.app.killswitch import resume_orders, stop_orders

CHILDREN = 400.0
"""Orders of at most this notional: a plan has a hundred of them, more than any machine sends before it hears."""


@pytest.mark.parametrize("how", ["kill switch", "chat", "elsewhere"])
async def test_orders_stop_within_a_second(house: Callable[..., Any], how: str) -> None:
    """In the middle of dozens of orders; what is stopped stays stopped, and is told."""
    async with house("auto", max_child_notional=CHILDREN) as at:
        at.fall()

        async def under_way() -> bool:
            return bool(at.orders() >= 3)

        await at.until(under_way)
        stopped_at, before = monotonic(), at.orders()
        if how == "kill switch":
            stop_orders(at.service.kill_switch.file, "a test")
        elif how == "chat":
            await at.ask("/freeze all", "Frozen: main")
        else:
            await at.store.set_frozen("account-1", True)
        last_s, after = 0.0, before

        async def closed() -> bool:
            nonlocal last_s, after
            if at.orders() != after:
                last_s, after = monotonic() - stopped_at, at.orders()
            return bool(await at.ended())

        await at.until(closed, 20)
        assert last_s < 1.0
        await asyncio.sleep(0.2)
        assert at.orders() == after
        (intent, *later) = await at.intents()
        assert intent.state == "failed"
        assert "orders were stopped" in intent.detail
        assert all(each.state == "refused" for each in later)
        if how == "kill switch":
            assert after - before <= 1
            health = await at.service.health()
            assert "the kill switch is on since" in health.orders_stopped
            assert health.status == "ok"
            assert resume_orders(at.service.kill_switch.file)
