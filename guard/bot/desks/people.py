"""Who a person is: role, language, groups."""

from __future__ import annotations

from typing import Protocol


class PeopleDesk(Protocol):
    """Who a person is: role, language, groups.

    Every method may raise a `GuardError` when the answer cannot be had now.
    """
