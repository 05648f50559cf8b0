"""Armed protection when the world changes under it: the journal fails, an old plan is open, the account is frozen."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from guard.app.watch import Watch
from guard.ports.errors import StoreError
from guard.ports.records import CycleRecord, IntentRecord, OrderRecord, Reading
from guard.ports.records import OrderJournalState as State
from guard.ports.venue import Depth, OrderState
from guard.risk.zones import Zone
from guard.sandbox.faults import FaultKind
from guard.store.store import Store
from tests.contract.venues.harness_binanceusdm import BinanceUsdm
from tests.integration.protect import armed as world

LEGS = [("BTCUSDT", "12", "43500", "BOTH")]
Save = Callable[[OrderRecord], Awaitable[None]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What people are told without the store."""
    lines: list[str] = []

    async def tell(_watch: Watch, _reading: Reading, why: str) -> None:
        lines.append(why)

    monkeypatch.setattr(world, "_nobody", tell)
    return lines


def watching(store: Store, monkeypatch: pytest.MonkeyPatch, before: Callable[[OrderRecord], None]) -> None:
    """Do something before every order that the journal is given."""
    save: Save = store.save_order

    async def watched(order: OrderRecord) -> None:
        before(order)
        await save(order)

    monkeypatch.setattr(store, "save_order", watched)


async def test_a_journal_that_fails_is_taken_up_again(
    store: Store, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order was sent and its answer could not be written: found again in the next cycle, not at the next start."""
    failing = [State.FILLED]

    def fail(order: OrderRecord) -> None:
        if order.state in failing:
            failing.clear()
            raise StoreError("disk full")

    async with world.armed_at(BinanceUsdm, store, LEGS) as armed:
        await armed.fall()
        await armed.turn()
        watching(store, monkeypatch, fail)
        with capture_logs() as logged:  # structlog's own rendering of this traceback takes half a minute
            await armed.turn()
        assert any(line["event"] == "protection stopped: its journal cannot be written" for line in logged)
        assert told == ["protection stopped, its journal cannot be written: disk full"]
        assert armed.sent_at_venue() == 1
        await armed.turn()
        first = (await armed.intents())[0]
        assert first.state in {"done", "failed"}
        assert {order.state for order in await store.orders_of(first.intent_id)} <= {State.VERIFIED, State.SKIPPED}
        assert not armed.watch.record.frozen


async def test_a_crash_before_the_first_order_pauses_nothing(
    store: Store, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the restart it is certain that nothing was sent: the next cycle acts, without a pause."""

    def die(_order: OrderRecord) -> None:
        raise StoreError("the process is gone")

    async with world.armed_at(BinanceUsdm, store, LEGS) as armed:
        armed.watch.protect = replace(armed.watch.protect, cooldown_s=3_600.0)
        await armed.fall()
        await armed.turn()
        with monkeypatch.context() as dying, capture_logs():
            watching(store, dying, die)
            await armed.turn()
        assert [intent.state for intent in await armed.intents()] == ["open"]
        assert (len(told), armed.sent_at_venue()) == (1, 0)
        armed.watch.acted_s = -math.inf  # as a new process begins
        await armed.turn()
        assert [intent.state for intent in await armed.intents()] == ["failed"]
        await armed.turn()
        assert armed.sent_at_venue() > 0
        first, second = await armed.intents()
        assert (first.notional, second.state) == (0.0, "done")


async def test_a_plan_that_is_open_for_days_still_blocks(store: Store) -> None:
    """What became of its orders is not known, however old it is."""
    async with world.armed_at(BinanceUsdm, store, LEGS) as armed:
        record = armed.watch.record
        at = record.created_at - timedelta(days=2)
        reason = "its order was accepted, and the venue does not show it"
        await armed.turn()
        await store.add_intent(IntentRecord("old", record.account_id, at, "open", Zone.DANGER, reason, "{}", 0.7), ())
        armed.watch.pending = False  # as if it had been looked up in this cycle, in vain
        await armed.fall()
        for _ in range(3):
            await armed.turn()
        assert armed.sent_at_venue() == 0


async def test_a_freeze_in_the_middle_stops_the_next_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen between the decision and the order: not sent."""
    async with world.armed_at(BinanceUsdm, store, LEGS) as armed:
        await armed.fall()
        await armed.turn()

        def freeze(_order: OrderRecord) -> None:
            armed.watch.record = replace(armed.watch.record, frozen=True)

        watching(store, monkeypatch, freeze)
        await armed.turn()
        assert armed.sent_at_venue() == 0
        (intent,) = await armed.intents()
        assert intent.state == "failed"


async def test_money_of_the_morning_without_a_price_does_not_stop_everything(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day began with a coin that has no price any more: the cap is counted from what the account is worth now."""

    async def first(_account_id: str, _since: object) -> tuple[float, str]:
        return 5.0, "SOL"

    async with world.armed_at(BinanceUsdm, store, LEGS) as armed:
        monkeypatch.setattr(store, "first_equity_since", first)
        await armed.fall()
        for _ in range(2):
            await armed.turn()
        (intent,) = await armed.intents()
        assert intent.state == "done", intent.reason


async def test_a_clock_that_is_set_back_keeps_nobody_from_acting(store: Store) -> None:
    """Orders were sent at a time that is now still to come: neither that nor the pause after them lasts until then."""
    async with world.armed_at(BinanceUsdm, store, LEGS) as armed:
        armed.watch.protect = replace(
            armed.watch.protect, target_distance=0.06, cooldown_s=30.0, max_daily_notional_x_equity=100
        )
        end = await armed.fall()
        for _ in range(2):
            await armed.turn()
        clock = armed.harness.clock
        clock.drift_s = -3_600.0
        armed.move(end - 0.01)
        sent = armed.sent_at_venue()
        for _ in range(4):
            reading = await armed.turn()
        assert reading.zone.value == "danger", reading
        assert armed.sent_at_venue() == sent, "the pause is kept, by the stopwatch"
        clock.jump(30.0)
        for _ in range(2):
            await armed.turn()
        assert armed.sent_at_venue() > sent


async def test_a_dry_run_is_told_once(store: Store) -> None:
    """Nothing changes by it: repeated in every cycle it would drown what is to be heard."""
    async with world.armed_at(BinanceUsdm, store, LEGS) as armed:
        armed.watch.protect = replace(armed.watch.protect, dry_run=True)
        await armed.fall()
        for _ in range(6):
            reading = await armed.turn()
        assert reading.zone.value == "danger"
        assert [intent.state for intent in await armed.intents()] == ["dry_run"]
        assert armed.sent_at_venue() == 0
        armed.move(1.0)
        for _ in range(4):
            await armed.turn()
        await armed.fall()
        for _ in range(3):
            await armed.turn()
        assert [intent.state for intent in await armed.intents()] == ["dry_run", "dry_run"]


async def test_what_became_of_an_order_is_asked_after_people_are_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A venue that answers slowly holds no alert up; nothing is planned on the book from before the answer."""
    async with world.armed_at(BinanceUsdm, store, LEGS) as armed:
        await armed.fall()
        await armed.turn()
        armed.spoil_the_next_order(FaultKind.LOST_ANSWER)
        outage = armed.server.add_fault(FaultKind.OUTAGE, path=armed.harness.orders)
        outage.method = "GET"
        await armed.turn()
        assert [intent.state for intent in await armed.intents()] == ["open"]
        armed.harness.clock.drift_s = 90.0
        for _ in range(3):
            await armed.turn()
        told = [message.html for message in await armed.messages() if "protection does not act" in message.html]
        assert len(told) == 1, "whoever sees the danger later must know that nothing is done about it"
        assert "an earlier plan is still open" in told[0]
        armed.server.clear_faults()
        steps: list[str] = []
        record_cycle, venue = store.record_cycle, armed.watch.venue
        assert venue is not None
        find_order = venue.find_order

        async def recorded(record: CycleRecord) -> None:
            steps.append("recorded")
            await record_cycle(record)

        async def found(client_order_id: str, symbol: str) -> OrderState | None:
            steps.append("asked")
            return await find_order(client_order_id, symbol)

        monkeypatch.setattr(store, "record_cycle", recorded)
        monkeypatch.setattr(venue, "find_order", found)
        armed.watch.protect = replace(armed.watch.protect, target_distance=0.3)
        await armed.turn()
        assert steps == ["recorded", "asked"]
        assert [intent.state for intent in await armed.intents()] == ["failed", "refused"]
        assert armed.sent_at_venue() == 1
        assert any("an interrupted plan is accounted for" in message.html for message in await armed.messages())


async def test_an_alarm_does_not_wait_for_the_prices_of_a_plan(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """In mode confirm it goes out while the venue is still asked; a plan that is not stored comes later."""
    async with world.armed_at(BinanceUsdm, store, LEGS) as armed:
        armed.watch.record = replace(armed.watch.record, mode="confirm")
        await armed.fall()
        steps: list[str] = []
        record_cycle, record_announcement, venue = store.record_cycle, store.record_announcement, armed.watch.venue
        assert venue is not None
        depth = venue.depth

        async def recorded(record: CycleRecord) -> frozenset[str]:
            steps.append("recorded")
            return await record_cycle(record)

        async def asked(symbol: str) -> Depth:
            steps.append("asked")
            return await depth(symbol)

        async def proposed(*record: Any) -> None:
            steps.append("proposed")
            if steps.count("proposed") == 1:
                raise StoreError("disk full")
            await record_announcement(*record)

        monkeypatch.setattr(store, "record_cycle", recorded)
        monkeypatch.setattr(store, "record_announcement", proposed)
        monkeypatch.setattr(venue, "depth", asked)
        for _ in range(3):
            reading = await armed.turn()
            assert reading.zone is Zone.DANGER, "a plan that is not stored makes nothing of the reading untold"
        assert steps == ["recorded", "asked", "proposed"] * 2 + ["recorded"]
