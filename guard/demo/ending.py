"""The end of the story on the terminal: both accounts side by side, the sentence, and where to look next."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from guard.app.settings import Schedule
from guard.demo.files import Files
from guard.demo.recording import Recording
from guard.demo.scenes import SCENES
from guard.demo.stage import GUARDED, UNGUARDED
from guard.demo.summary import Fate, fate_of, sentence
from guard.language.speech import ENGLISH


def print_ending(console: Console, recording: Recording, files: Files, charts: Sequence[Path]) -> None:
    """Print the table and the words below it."""
    console.print()
    console.print(Text(recording.scene.plot, style="bold"))
    console.print(accounts_table(recording))
    console.print(Text(sentence(recording)))
    console.print(Text(pace_words(recording), style="dim"))
    console.print()
    for what, path in (*(("chart", chart) for chart in charts), ("summary", files.summary), ("log", files.log)):
        _line(console, f"{what:<8} {shown(path)}")
    config = shown(files.config)
    _line(console, f"look closer:  {_typed()} history {GUARDED} --config {config}   (or: guard alerts, guard actions)")
    _line(console, f"try next:     {_typed()} demo --scenario {next_scenario(recording.scene.name)}")


def accounts_table(recording: Recording) -> Table:
    """Guarded and unguarded side by side."""
    guarded, unguarded = fate_of(recording, "guarded"), fate_of(recording, "unguarded")
    filled = [done for done in recording.done if done.contracts > 0]
    table = Table()
    table.add_column("")
    table.add_column(GUARDED, justify="right", style="green")
    table.add_column(UNGUARDED, justify="right", style="red")
    table.add_row("final equity", money(guarded.final_equity), money(unguarded.final_equity))
    table.add_row("liquidated", end_words(guarded), end_words(unguarded))
    table.add_row("lowest equity", money(guarded.lowest_equity), money(unguarded.lowest_equity))
    table.add_row(
        "highest risk ratio", ENGLISH.percent(guarded.highest_risk_ratio), ENGLISH.percent(unguarded.highest_risk_ratio)
    )
    table.add_row("orders of the guard", f"{len(filled)} filled of {len(recording.done)}", "none")
    table.add_row("cost of protection", money(recording.cost), "none")
    return table


def money(value: float) -> str:
    """An amount in USDT."""
    return f"{value:,.0f} USDT"


def end_words(fate: Fate) -> str:
    """Whether and when an account was liquidated."""
    return "no" if fate.liquidated_s is None else f"YES, after {ENGLISH.duration(fate.liquidated_s)}"


def pace_words(recording: Recording) -> str:
    """What was scaled, so that nobody takes the speed for a promise."""
    readings, usual = len(recording.seen), Schedule()
    between = (recording.scene.end_s - recording.scene.begin_s) / max(1, readings)
    return (
        f"Time ran {recording.speed:,.0f} times faster than in life. The guard read the account {readings} times, "
        f"every {ENGLISH.duration(between)} of the scene; "
        f"by default it reads every {usual.danger_s:g} to {usual.calm_s:g} s."
    )


def shown(path: Path) -> str:
    """The path as a person would type it from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def next_scenario(name: str) -> str:
    """The scenario to try after this one."""
    names = list(SCENES)
    return names[(names.index(name) + 1) % len(names)]


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _typed() -> str:
    """How the program is called from here: `guard` where that is found, else as it was started (`.venv/bin/guard`)."""
    return "guard" if shutil.which("guard") or not sys.argv[0].endswith("/guard") else sys.argv[0]
