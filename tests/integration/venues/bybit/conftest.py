"""Bybit behind the proxy of the contract suite."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.venues.harness import Harness, benched
from tests.contract.venues.harness_bybit import Bybit


@pytest.fixture
async def bench() -> AsyncIterator[Harness]:
    """The venue."""
    async with benched(Bybit) as harness:
        yield harness
