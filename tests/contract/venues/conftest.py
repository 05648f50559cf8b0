"""Every venue that has a harness."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.venues.harness import Harness, benched

HARNESSES: list[type[Harness]] = [
    importlib.import_module(f"tests.contract.venues.{path.stem}").HARNESS
    for path in sorted(Path(__file__).parent.glob("harness_*.py"))
]


@pytest.fixture(params=HARNESSES, ids=lambda harness: harness.venue)
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    """One venue."""
    async with benched(request.param) as harness:
        yield harness
