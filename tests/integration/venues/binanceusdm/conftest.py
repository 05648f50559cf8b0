"""Binance USD-M behind the proxy of the contract suite."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.venues.harness import Harness, benched
from tests.contract.venues.harness_binanceusdm import BinanceUsdm


@pytest.fixture
async def bench() -> AsyncIterator[Harness]:
    """The venue."""
    async with benched(BinanceUsdm) as harness:
        yield harness
