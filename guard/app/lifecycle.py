"""Starting and ending a long-running command: signals become one event, and the interpreter makes no long pauses."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGTERM, signal.SIGINT)

SWITCH_S = 0.001
"""How long a thread computes before another one has its turn. A record is written in a thread; at the interpreter's own
5 ms each of its statements would wait so long for a busy event loop."""

ALL_READ_S = 30.0
"""After this time every account was read, and what is kept of its venue is there."""


@contextmanager
def stop_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on SIGTERM or SIGINT while the block runs; the block decides how to end in order."""
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


@contextmanager
def prompt_interpreter() -> Iterator[None]:
    """Let the interpreter make no long pauses while the block runs.

    What the start has made (modules, markets) is not looked at by the collector any more: looking through all of it
    stops everything for a fifth of a second, some time or other.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()
    freezing = asyncio.get_running_loop().call_later(ALL_READ_S, gc.freeze)
    try:
        yield
    finally:
        freezing.cancel()
        gc.unfreeze()
        sys.setswitchinterval(before)
