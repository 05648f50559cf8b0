"""Bitget behind the proxy of the contract suite."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.venues.harness import Harness, benched
from tests.contract.venues.harness_bitget import Bitget


@pytest.fixture
async def bench() -> AsyncIterator[Harness]:
    """One venue."""
    async with benched(Bitget) as harness:
        yield harness
