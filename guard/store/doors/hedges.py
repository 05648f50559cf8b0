"""Hedges that the guard opened, as methods of the store."""

from __future__ import annotations

from guard.store.doors.door import Door


class HedgeDoor(Door):
    """Questions and changes over hedges."""
