"""What every door stands on: one transaction for reading, one for writing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ParamSpec, TypeVar

from guard.store.engine import Work

T = TypeVar("T")
P = ParamSpec("P")


class Door(ABC):
    """Methods over the store's two lanes; every method of a door may raise what `Store` says."""

    @abstractmethod
    async def _read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in a transaction that only reads."""

    @abstractmethod
    async def _write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in a transaction that writes."""
