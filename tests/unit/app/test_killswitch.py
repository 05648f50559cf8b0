"""The kill switch: a file stops every order at once, is told once, and counts as on while nobody can tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from guard.app.killswitch import KillSwitch, Stopped, kill_switch_file, resume_orders, stop_orders
from guard.app.settings import Database, Protect, Settings
from guard.app.stop_notice import stop_html
from guard.language.speech import ENGLISH, speech_of
from guard.ports.errors import InputError, StoreBusy
from tests.harness.cycle_world import StillClock


@dataclass
class Told:
    """What people heard."""

    heard: list[bool] = field(default_factory=list)
    broken: bool = False

    async def tell(self, _stopped: Stopped, on: bool) -> None:
        """Keep it, or fail."""
        if self.broken:
            raise StoreBusy("the database is locked")
        self.heard.append(on)


async def test_it_stops_at_once_and_is_told_once(tmp_path: Path) -> None:
    """Asked, it looks at the file itself; people hear of each change one time."""
    told = Told()
    switch = KillSwitch(tmp_path / "guard.stop", StillClock(), told.tell)
    assert not switch.is_set()
    await switch.follow()
    stop_orders(switch.file, "guard stop-orders by mia")
    assert switch.is_set()
    await switch.follow()
    await switch.follow()
    assert told.heard == [True]
    found = switch.look()
    assert found is not None
    assert found.why.endswith("UTC: guard stop-orders by mia")
    assert resume_orders(switch.file)
    assert not switch.is_set()
    await switch.follow()
    assert told.heard == [True, False]


async def test_what_cannot_be_told_is_tried_again(tmp_path: Path) -> None:
    """Orders are stopped all the same."""
    told = Told(broken=True)
    switch = KillSwitch(tmp_path / "guard.stop", StillClock(), told.tell)
    stop_orders(switch.file, "")
    await switch.follow()
    assert switch.is_set()
    told.broken = False
    await switch.follow()
    assert told.heard == [True]


def test_a_file_that_cannot_be_looked_at_counts_as_on(tmp_path: Path) -> None:
    """An unsure guard sends nothing."""
    (tmp_path / "file").touch()
    switch = KillSwitch(tmp_path / "file" / "guard.stop", StillClock(), Told().tell)
    assert switch.is_set()
    found = switch.look()
    assert found is not None
    assert "cannot be looked at" in found.why


def test_the_end_of_the_process_stops_orders(tmp_path: Path) -> None:
    """Without any file."""
    switch = KillSwitch(tmp_path / "guard.stop", StillClock(), Told().tell)
    switch.set()
    assert switch.is_set()
    assert switch.look() is None


def test_making_and_removing_it(tmp_path: Path) -> None:
    """Twice is once; what cannot be made says that orders go on."""
    file = tmp_path / "guard.stop"
    assert not resume_orders(file)
    stop_orders(file, "first")
    stop_orders(file, "second")
    assert file.read_text(encoding="utf-8") == "first\n"
    with pytest.raises(InputError, match="orders are NOT stopped"):
        stop_orders(tmp_path / "gone" / "guard.stop", "x")
    with pytest.raises(InputError, match="orders stay stopped"):
        resume_orders(tmp_path / "guard.stop" / "x")


def test_it_stands_beside_the_database_unless_told_otherwise(tmp_path: Path) -> None:
    """Every command finds it without asking the service."""
    settings = Settings(database=Database(url=f"sqlite:///{tmp_path}/guard.db"))
    assert kill_switch_file(settings) == tmp_path / "guard.stop"
    (tmp_path / "guard.db").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "link.db").symlink_to(tmp_path / "guard.db")
    linked = Settings(database=Database(url=f"sqlite:///{tmp_path}/elsewhere/link.db"))
    assert kill_switch_file(linked) == tmp_path / "guard.stop"
    named = settings.model_copy(update={"protect": Protect(kill_switch_file=tmp_path / "halt")})
    assert kill_switch_file(named) == tmp_path / "halt"


def test_the_message_says_why_and_how_to_go_on() -> None:
    """In the reader's language; foreign words are escaped."""
    html = stop_html(ENGLISH, Stopped("the kill switch is on since 12:00: <me>", "1"), on=True)
    assert "All protective orders are stopped" in html
    assert "&lt;me&gt;" in html
    assert "guard stop-orders --resume" in html
    assert "保護注文をすべて停止しました" in stop_html(speech_of("ja", "UTC"), Stopped("x", "1"), on=True)
    assert "act again" in stop_html(ENGLISH, Stopped("x", "1"), on=False)
