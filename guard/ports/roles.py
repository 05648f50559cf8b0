"""Roles and their order. Pure.

Viewers see; operators also acknowledge, snooze and act; owners also change modes, thresholds and roles.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from guard.ports.records import Role

ROLES: Final[tuple[Role, ...]] = ("viewer", "operator", "owner")
"""From the least to the highest; each may do what those before it may."""


def reaches(role: Role | None, least: Role) -> bool:
    """Whether a role is enough where `least` is needed; None, no role, never is."""
    return role is not None and ROLES.index(role) >= ROLES.index(least)


def highest(roles: Iterable[Role]) -> Role | None:
    """The highest of several roles; None of none."""
    return max(roles, key=ROLES.index, default=None)
