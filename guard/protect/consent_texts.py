"""Sentences about arming and consent, in English; recognised as such for readers of another language. Pure."""

from __future__ import annotations

from datetime import datetime

from guard.ports.records import Mode


def arming_ended_text(account: str, mode: Mode, until: datetime) -> str:
    """The message when an arming has ended by itself."""
    return "\n".join(
        [
            f"{account}: mode {mode} has ended",
            f"it was set until {until:%Y-%m-%d %H:%M} UTC; from now on the account is in mode observe, alerts only",
        ]
    )
