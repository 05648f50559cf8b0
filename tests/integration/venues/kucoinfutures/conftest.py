"""KuCoin futures behind the proxy of the contract suite."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.venues.harness import Harness, benched
from tests.contract.venues.harness_kucoinfutures import KucoinFutures


@pytest.fixture
async def bench() -> AsyncIterator[Harness]:
    """The venue."""
    async with benched(KucoinFutures) as harness:
        yield harness
