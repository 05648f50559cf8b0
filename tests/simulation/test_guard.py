"""The production cycle, protection, store and outbox through virtual hours: same seed same run, invariants held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guard.alerts.outbox import Outbox
from guard.alerts.outbox_ledger import Ledger
from guard.alerts.outbox_queue import Parcel, queues
from guard.app.cycle import Cycle
from guard.app.settings import Schedule
from guard.app.watch import Watch, watch_of
from guard.ports.records import OutboxMessage
from guard.risk.zones import ZoneState
from guard.sim import process
from guard.sim.run import SimOptions, SimRun, simulate

pytestmark = pytest.mark.usefixtures("_quiet")

Folder = Callable[[], Path]
CALM = Schedule(calm_s=300, warning_s=60, danger_s=30)


def _short(seed: int, **changes: Any) -> SimOptions:
    """An hour and a half with a fall in it."""
    return replace(SimOptions(seed=seed, hours=1.5, schedule=CALM), **changes)


def _names(run: SimRun) -> set[str]:
    return {violation.invariant for violation in run.violations}


def test_the_same_seed_is_the_same_run(folder: Folder) -> None:
    """Three hours of trouble and two crashes, twice: every cycle, message and order at the same virtual moment."""
    options = SimOptions(seed=3, hours=3.0, crashes=2, schedule=CALM)
    first, second = simulate(options, folder()), simulate(options, folder())
    assert first.trace == second.trace
    assert first == second
    assert first.virtual_hours > 3
    assert first.cycles > 50
    assert first.violations == ()


def test_another_seed_is_another_run(folder: Folder) -> None:
    """The seed matters: nothing else differs."""
    quiet = {"trouble": False, "chat_trouble": False}
    runs = [simulate(_short(seed, hours=0.5, **quiet), folder()) for seed in (1, 2)]
    assert runs[0].trace != runs[1].trace


def test_calm_wires_deliver_everything_once(folder: Folder) -> None:
    """Without trouble nothing fails, and a fall is told on the way down."""
    run = simulate(_short(3, trouble=False, chat_trouble=False, hours=1.0), folder())
    assert run.violations == ()
    assert run.faults == {}
    assert run.alerts > 0
    assert run.orders > 0
    assert run.liquidated == ("watched",)


@pytest.mark.parametrize("seed", range(20, 24))
def test_invariants_hold_through_trouble_and_crashes(seed: int, folder: Folder) -> None:
    """Venue outages, lost answers, a chat service that fails, two kills: no alert lost, no wrong order."""
    run = simulate(_short(seed, crashes=2), folder())
    assert run.violations == ()
    assert sum(run.faults.values()) > 0


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 130))
def test_invariants_hold_for_many_seeds(seed: int, folder: Folder) -> None:
    """The same, longer and with the service's own pace."""
    assert simulate(SimOptions(seed=seed, hours=4.0, crashes=4), folder()).violations == ()


def test_the_checks_see_a_message_that_comes_twice(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outbox that forgets to mark what it delivered."""

    async def forget(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(Ledger, "record", forget)
    run = simulate(_short(4, trouble=False, chat_trouble=False, hours=1.0), folder())
    assert "nothing twice without a crash" in _names(run)


def test_the_checks_see_a_message_that_never_comes(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outbox that sleeps."""

    async def sleep(self: Outbox) -> None:
        await self._stopping.wait()

    monkeypatch.setattr(Outbox, "run", sleep)
    run = simulate(_short(4, trouble=False, chat_trouble=False, hours=1.0), folder())
    assert {"every alert delivered", "outbox empties"} <= _names(run)


def test_the_checks_see_a_message_that_another_one_swallows(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outbox that takes all messages for news of the same."""

    def mixed(pending: Iterable[OutboxMessage], *arguments: Any) -> dict[str, list[Parcel]]:
        return queues((replace(message, collapse_key="all") for message in pending), *arguments)

    monkeypatch.setattr("guard.alerts.outbox.queues", mixed)
    run = simulate(_short(20, trouble=False, hours=1.0), folder())
    assert _names(run) == {"superseded by newer news of the same"}


def test_the_checks_see_a_zone_change_that_is_not_recorded(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cycle that shows a new zone and does not write it down."""
    monkeypatch.setattr(Cycle, "_change", lambda *_: None)
    run = simulate(_short(4, trouble=False, chat_trouble=False, hours=1.0), folder())
    assert "zone change recorded" in _names(run)


def test_the_checks_see_a_guard_that_does_not_notice_its_blindness(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zone machine that keeps the last zone while nothing can be read."""
    options = _short(32, hours=0.5, schedule=Schedule(calm_s=60, warning_s=60, danger_s=30))
    assert any(" unknown missing " in line for line in simulate(options, folder()).trace)
    monkeypatch.setattr("guard.app.judge.step_zone", lambda prior, *_, **__: replace(prior, reason="kept"))
    assert "never silently blind" in _names(simulate(options, folder()))


def test_the_checks_see_an_order_of_an_unarmed_account(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard that takes every account for armed, and does not look at what is stored while it acts."""

    def armed(record: Any, settings: Any) -> Any:
        return watch_of(replace(record, mode="auto"), settings)

    monkeypatch.setattr(process, "watch_of", armed)
    monkeypatch.setattr(Watch, "follow", lambda *_: False)
    run = simulate(_short(3, trouble=False, chat_trouble=False, hours=1.0), folder())
    assert "no order unless armed" in _names(run)


def test_safe_is_where_every_simulation_begins() -> None:
    """The checks rely on it."""
    assert ZoneState().zone.value == "safe"
