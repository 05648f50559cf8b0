"""Armed protection whose orders a venue refuses: not tried for ever, told once, and nothing else waits for it."""

from __future__ import annotations

import pytest

from guard.ports.errors import OrderRejected
from guard.ports.venue import OrderRequest, OrderState
from guard.store.store import Store
from tests.contract.venues.harness_binanceusdm import BinanceUsdm
from tests.integration.protect import armed as world

LEGS = [("BTCUSDT", "12", "43500", "BOTH")]


async def refusing(armed: world.Armed, monkeypatch: pytest.MonkeyPatch, *symbols: str) -> list[str]:
    """Let the venue refuse every order on these symbols; what it was asked for."""
    await armed.turn()
    venue = armed.watch.venue
    assert venue is not None
    submit, asked = venue.submit, list[str]()

    async def submitted(request: OrderRequest) -> OrderState:
        asked.append(request.symbol)
        if request.symbol in symbols:
            raise OrderRejected(f"order {len(asked) + 10**9} refused: position is locked (-4999)")
        return await submit(request)

    monkeypatch.setattr(venue, "submit", submitted)
    return asked


async def test_what_is_refused_is_tried_ever_more_rarely_and_told_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same order for the same reason, with a cooldown of nothing: not in each cycle, but at once after a move."""
    async with world.armed_at(BinanceUsdm, store, LEGS) as armed:
        asked = await refusing(armed, monkeypatch, "BTC/USDT:USDT")
        end = await armed.fall()
        for _ in range(6):
            await armed.turn()
        assert len(asked) == 2
        armed.harness.clock.jump(90.0)
        await armed.turn()
        assert len(asked) == 2
        for jump in (31.0, 200.0, 41.0):
            armed.harness.clock.jump(jump)
            await armed.turn()
        assert len(asked) == 4
        told = [message.html for message in await armed.messages() if "the venue refused" in message.html]
        assert len({html.splitlines()[-1] for html in told}) == 1
        armed.move(end + 0.015)
        for _ in range(2):
            await armed.turn()
        assert len(asked) == 6


async def test_what_else_helps_does_not_wait_for_what_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """One symbol is locked at the venue: the other leg is reduced, and the account is safe."""
    legs = [*LEGS, ("ETHUSDT", "100", "2300", "BOTH")]
    async with world.armed_at(BinanceUsdm, store, legs, protect={"target_distance": 0.08}) as armed:
        asked = await refusing(armed, monkeypatch, "ETH/USDT:USDT")
        await armed.fall()
        for _ in range(6):
            await armed.turn()
        assert asked[:3] == ["ETH/USDT:USDT", "ETH/USDT:USDT", "BTC/USDT:USDT"]
        assert set(asked[2:]) == {"BTC/USDT:USDT"}
        assert (await armed.intents())[-1].state == "done"
