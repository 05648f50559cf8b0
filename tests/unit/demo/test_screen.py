"""What the terminal shows: bubbles and a panel on a terminal, few plain lines elsewhere."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from guard.demo.ending import next_scenario, print_ending, shown
from guard.demo.files import Files
from guard.demo.phone import Received
from guard.demo.recording import Recording
from guard.demo.scenes import SCENES, Pace
from guard.demo.screen import LineScreen, LiveScreen, SilentScreen, scale_words, screen_on
from guard.demo.story import _never_fail_to_print
from guard.risk.zones import Zone

HERE = Path.cwd()
PACE = Pace(SCENES["flash-crash"], 45.0)
TEXT = "🔴 DANGER · guarded\nBTC at 36,730 USDT liquidates you"
MESSAGE = Received(f"<b>{TEXT}</b>", TEXT, datetime(2026, 1, 2, tzinfo=UTC))


def console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    """A console on a text."""
    text = io.StringIO()
    return Console(file=text, force_terminal=terminal, width=100, highlight=False), text


@pytest.mark.parametrize(("terminal", "kind"), [(True, LiveScreen), (False, LineScreen)])
def test_the_screen_fits_the_console(terminal: bool, kind: type[object]) -> None:
    """A panel that is redrawn is nothing for a file."""
    assert type(screen_on(console(terminal=terminal)[0], PACE)) is kind


def test_without_a_console_nothing_is_shown(capsys: pytest.CaptureFixture[str], saved: Recording) -> None:
    """`--json` prints one object and nothing else."""
    with screen_on(None, PACE) as screen:
        assert isinstance(screen, SilentScreen)
        screen.note("a")
        screen.message(MESSAGE)
        screen.written("b")
        screen.moment(saved.moments[0], None)
    assert capsys.readouterr() == ("", "")


def test_lines_hold_messages_whole_and_prices_now_and_then(saved: Recording) -> None:
    """A thousand looks make about ten lines of prices, not a thousand."""
    kept, text = console(terminal=False)
    begin, end = PACE.scene.begin_s, PACE.scene.end_s
    with screen_on(kept, PACE) as screen:
        screen.message(MESSAGE)
        screen.written("/status")
        first = saved.moments[0]
        for step in range(1000):
            at_s = begin + (end - begin) * step / 1000
            screen.moment(type(first)(at_s, first.marks, first.guarded, first.unguarded), Zone.WATCH)
    lines = text.getvalue().splitlines()
    assert "    chat | BTC at 36,730 USDT liquidates you" in lines
    assert "    chat | you: /status" in lines
    assert 8 <= sum("BTC 100 USDT" in line for line in lines) <= 10
    assert len(lines) < 30
    assert "\x1b" not in text.getvalue()


def test_a_terminal_shows_bubbles_and_both_accounts(saved: Recording) -> None:
    """The panel names zone, risk ratio, distance and equity; the dead account says that it is dead."""
    kept, text = console(terminal=True)
    with screen_on(kept, PACE) as screen:
        screen.note("now prices move")
        screen.message(MESSAGE)
        screen.written("/status")
        screen.moment(saved.moments[4], Zone.DANGER)
        screen.moment(saved.moments[-1], None)
    shown_text = text.getvalue()
    for words in ("now prices move", "guard bot", "BTC at 36,730 USDT", "/status", "DANGER", "LIQUIDATED"):
        assert words in shown_text
    for words in ("risk ratio 30.0 %", "distance 20.0 %", "380,000 USDT"):
        assert words in shown_text
    assert shown_text.count("\x1b[?25l") == shown_text.count("\x1b[?25h") == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(45.0, "1 s here is 1.9 min there (x 117)"), (300.0, "1 s here is 18 s there (x 18)")],
)
def test_the_scale_is_told(seconds: float, words: str) -> None:
    """Nobody should take the speed for a promise."""
    assert scale_words(Pace(SCENES["flash-crash"], seconds)) == words


def test_the_scale_of_a_day_is_told_in_minutes() -> None:
    """19 hours in 45 s."""
    assert scale_words(Pace(SCENES["slow-bleed"], 45.0)) == "1 s here is 25.3 min there (x 1,520)"


def test_the_end_compares_both_and_says_where_to_look(saved: Recording) -> None:
    """Table, sentence, the scale of time, files, next commands."""
    kept, text = console(terminal=False)
    files = Files(HERE / "var" / "demo")
    print_ending(kept, saved, files, [files.folder / "flash-crash.png"])
    words = text.getvalue()
    for expected in (
        "200,000 USDT",
        "YES, after 11 min",
        "2 filled of 3",
        "123 USDT",
        "Time ran 100 times faster",
        "every 3 to 30 s",
        "var/demo/flash-crash.png",
        "var/demo/summary.json",
        "guard history guarded --config var/demo/demo.toml",
        "guard demo --scenario slow-bleed",
    ):
        assert expected in words


def test_there_is_always_another_scenario() -> None:
    """After the last comes the first; none leads to itself."""
    assert {next_scenario(name) for name in SCENES} == set(SCENES)
    assert all(next_scenario(name) != name for name in SCENES)


def test_paths_are_shown_as_typed() -> None:
    """Relative below the working folder, absolute elsewhere."""
    assert shown(HERE / "a.png") == "a.png"
    assert shown(HERE.parent / "a.png") == str(HERE.parent / "a.png")


def test_an_old_terminal_shows_other_signs_instead_of_failing() -> None:
    """Messages hold signs that ASCII has not."""
    raw = io.BytesIO()
    kept = Console(file=io.TextIOWrapper(raw, encoding="ascii"), force_terminal=False, width=100)
    _never_fail_to_print(kept)
    with screen_on(kept, PACE) as screen:
        screen.message(MESSAGE)
    kept.file.flush()
    assert b"? DANGER ? guarded" in raw.getvalue()
