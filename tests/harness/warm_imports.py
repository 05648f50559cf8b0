"""What a process loads by the time it is a healthy `guard run`; importing this file does the same and nothing more."""

from __future__ import annotations

import importlib
from typing import Final

from guard.language.speech import prepare
from guard.venues.library import exchange_class

_MODULES: Final = (
    "guard.cli.main",
    "guard.app.lifecycle",
    "guard.app.logs",
    "guard.app.runlock",
    "guard.app.service",
    "guard.app.settings_file",
    "guard.store.migrate",
    "guard.venues.binanceusdm.venue",
    "guard.venues.binance.reader",
    "guard.venues.streaming.plans.binance",
    "anyio._backends._asyncio",
    "httpcore",
)

for _name in _MODULES:
    importlib.import_module(_name)
exchange_class("binanceusdm", "async")
exchange_class("binanceusdm", "pro")
prepare()
