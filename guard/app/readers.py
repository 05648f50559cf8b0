"""Who reads what is sent to a destination, and in which language: asked of the store each time, it may change."""

from __future__ import annotations

from typing import Final

from guard.language.speech import ENGLISH, Speech, speech_of
from guard.ports.records import UserRecord
from guard.store.store import Store

_TELEGRAM: Final = "telegram:"


async def reader_of(store: Store, destination: str) -> UserRecord | None:
    """The person behind a private chat; None for groups, consoles and second channels.

    Raises:
        StoreError: it cannot be told now.
    """
    scheme, _, chat = destination.partition(":")
    # In a private chat the chat's id is the person's; groups have ids below zero.
    if f"{scheme}:" != _TELEGRAM or not chat.isascii() or not chat.isdigit():
        return None
    return await store.person(int(chat))


def speech_for(reader: UserRecord | None) -> Speech:
    """How they read; English where nobody in particular does."""
    return speech_of(reader.language, reader.timezone) if reader is not None else ENGLISH
