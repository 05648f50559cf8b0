"""Channels besides Telegram and the console, as they are configured: made in one place for all who send."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pydantic import SecretStr

from guard.alerts.sinks.apprise import AppriseSink, destination_of
from guard.app.settings import Settings
from guard.language.speech import ENGLISH, Speech, speech_of
from guard.ports.errors import InputError
from guard.ports.records import OutboxMessage
from guard.store.store import Store


def second_channels(settings: Settings) -> AppriseSink | None:
    """The services of `apprise.urls_file`; None when there is no file.

    Raises:
        InputError: the file cannot be read, or names nothing.
    """
    return None if settings.apprise.urls_file is None else AppriseSink(settings.apprise.urls())


def destinations_of(second: AppriseSink | None) -> tuple[str, ...]:
    """Where second channels deliver."""
    return () if second is None else second.destinations


def names_of(settings: Settings) -> dict[str, str]:
    """What the second channels are called, by destination: the service and its line, never an address.

    Raises:
        InputError: the file cannot be read, or names nothing.
    """
    return {destination_of(url): f"{_service_of(url)} (line {line})" for line, url in settings.apprise.urls().items()}


def _service_of(url: SecretStr) -> str:
    """What stands before `://`; everything after it may be a secret, and so may a line without it."""
    service, sign, _ = url.get_secret_value().partition("://")
    return service if sign else "?"


async def require_known(second: AppriseSink | None) -> None:
    """Look at every line now, not when the first danger comes.

    Raises:
        InputError: a line names no service.
    """
    unknown = () if second is None else await second.unknown_lines()
    if unknown:
        lines = ", ".join(str(line) for line in unknown)
        raise InputError(
            f"apprise.urls_file: line {lines} is no URL of a service that Apprise knows",
            fix="one URL a line, such as ntfys://ntfy.example/topic; see Apprise's list of services",
        )


def speech_for(store: Store) -> Callable[[OutboxMessage], Awaitable[Speech]]:
    """How whoever gets a message reads, as the outbox asks for it."""

    async def speech(message: OutboxMessage) -> Speech:
        recipients = await store.recipients(message.account_id) if message.account_id else []
        for each in recipients:
            if each.destination == message.destination:
                return speech_of(each.language, each.timezone)
        return ENGLISH

    return speech
