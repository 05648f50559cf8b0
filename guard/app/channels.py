"""Channels besides Telegram and the console, as they are configured: made in one place for all who send."""

from __future__ import annotations

from guard.alerts.sinks.apprise import AppriseSink
from guard.app.settings import Settings
from guard.ports.errors import InputError


def second_channels(settings: Settings) -> AppriseSink | None:
    """The services of `apprise.urls_file`; None when there is no file.

    Raises:
        InputError: the file cannot be read, or names nothing.
    """
    return None if settings.apprise.urls_file is None else AppriseSink(settings.apprise.urls())


def destinations_of(second: AppriseSink | None) -> tuple[str, ...]:
    """Where second channels deliver."""
    return () if second is None else second.destinations


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
