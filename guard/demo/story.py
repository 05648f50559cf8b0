"""The demonstration: a venue on loopback, two equal accounts, one of them guarded, and something that happens to both.

Everything is real but the venue and the chat service, which run on loopback: the guard's service with its ccxt adapter
over HTTP, its database, its bot through python-telegram-bot; a person links a chat and arms an account as a user would.
Nothing outside this machine is contacted, unless `GUARD_DEMO_TELEGRAM_TOKEN` and `GUARD_DEMO_TELEGRAM_CHAT` are set:
then the same messages also go to that real chat (`guard.demo.realchat`).

Time is scaled: the venue lives `Pace.speed` times faster than its clock, and the guard reads as often as that allows.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
from pathlib import Path

from rich.console import Console

from guard.demo.scenes import pace_of, scene_named
from guard.ports.errors import InputError


async def tell(scenario: str, out: Path, seconds: float, console: Console | None) -> dict[str, object]:
    """Play a scenario and tell it.

    1 SET UP   folder, venue, chat service; then the guard as its user sets it up
    2 PLAY     prices move; look, show, record
    3 COLLECT  what the guard stored of it
    4 CONCLUDE chart, summary, words

    Args:
        scenario: a name of `guard.demo.scenes.SCENES`.
        out: folder of the results; a database of an earlier run there is replaced.
        seconds: how long the scenario takes, on the clock.
        console: where the story is shown; None = nowhere.

    Returns:
        The summary, which also stands in `summary.json`.

    Raises:
        InputError: no such scenario, impossible seconds, a folder that cannot be written or is in use, half of the
            variables for the real chat.
    """
    pace = pace_of(scene_named(scenario), seconds)
    if console is not None:
        _never_fail_to_print(console)
        console.print(f"{scenario}: {pace.scene.plot}", markup=False, highlight=False, soft_wrap=True)
    # Here and not above: the parts of a whole service take seconds to import, and somebody is waiting for a word.
    from guard.demo.ending import print_ending  # noqa: PLC0415
    from guard.demo.files import fresh_folder  # noqa: PLC0415
    from guard.demo.logfile import logs_in  # noqa: PLC0415
    from guard.demo.play import perform  # noqa: PLC0415
    from guard.demo.realchat import real_chat  # noqa: PLC0415
    from guard.demo.storychart import story_chart  # noqa: PLC0415
    from guard.demo.summary import summary_of  # noqa: PLC0415

    real = real_chat(os.environ)
    with fresh_folder(out) as files, logs_in(files.log) as log:
        try:
            recording = await perform(pace, files, log, console, real)
            chart = files.folder / f"{scenario}.png"
            await asyncio.to_thread(story_chart, recording, chart)
        except asyncio.CancelledError:
            if console is not None:
                console.print("interrupted: everything that was started has ended", highlight=False)
            raise
        summary = summary_of(recording, [str(out / chart.name)])
        _write(files.summary, summary)
    if console is not None:
        print_ending(console, recording, files, [chart])
    return summary


def _never_fail_to_print(console: Console) -> None:
    """Messages hold signs that a terminal of an old encoding cannot show: let it show something else."""
    if isinstance(console.file, io.TextIOWrapper):
        console.file.reconfigure(errors="replace")


def _write(path: Path, summary: dict[str, object]) -> None:
    try:
        path.write_text(json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror})", fix="name another folder with --out"
        ) from error
