"""A thousand linked chats and a market that falls for all at once: real outbox, real Telegram library, virtual time.

The sandbox holds Telegram's documented limits; a refusal would be one of ours.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import structlog

from tests.benchmarks.result import Result, at_least, at_most
from tests.harness.market_crash import crash

CHATS = 1000
STORM_S = 20.0


def run() -> Iterator[Result]:
    """When the riskiest and the last message leave, and what Telegram refuses."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        fall, storm = crash(CHATS), crash(CHATS, storm_s=STORM_S)
    finally:
        structlog.reset_defaults()
    name = f"market-wide crash, {CHATS} linked chats"
    yield at_most(f"{name}, riskiest user's message after its assessment", fall.riskiest_s, "s", 2)
    yield at_most(f"{name}, last of {CHATS // 20} in danger", fall.grave_s, "s", 5)
    yield at_most(f"{name}, last of all", fall.all_s, "s", 60)
    yield at_most(f"{name}, most messages in any second", fall.busiest_second, "messages", 30)
    yield at_most(f"{name}, refused by Telegram's limits", fall.refused, "messages", 0)
    yield at_least(f"{name}, arrived although all is refused for {STORM_S:g} s", storm.arrived, "messages", CHATS)
