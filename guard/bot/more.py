"""What a list that did not fit says of the rest. Pure."""

from __future__ import annotations

from guard.language.speech import Speech


def more_accounts(speech: Speech, count: int) -> str:
    """So many accounts are not shown."""
    return speech.plural("... and {count} more account", "... and {count} more accounts", count)


def more_pools(speech: Speech, count: int) -> str:
    """So many pools are not shown."""
    return speech.plural("... and {count} more pool", "... and {count} more pools", count)


def more_positions(speech: Speech, count: int) -> str:
    """So many positions are not shown."""
    return speech.plural("... and {count} more position", "... and {count} more positions", count)
