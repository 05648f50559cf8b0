"""Who hears of an account besides the chats: the console and second channels, and in which language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guard.alerts.announce import CONSOLE
from guard.app.settings import Settings
from guard.ports.recipients import Recipient


@dataclass(frozen=True, slots=True)
class Hearing:
    """The channels of the installation.

    `console`: whether alerts go there although a chat or second channel hears them. `second`: destinations of second
    channels. `language` and `timezone` are those of both.
    """

    console: bool = True
    second: tuple[str, ...] = ()
    language: str = "en"
    timezone: str = "UTC"

    @classmethod
    def of(cls, settings: Settings, second: Sequence[str]) -> Hearing:
        """As configured."""
        alerts = settings.alerts
        return cls(alerts.console, tuple(second), alerts.language, alerts.timezone)

    def with_chats(self, chats: Sequence[Recipient]) -> list[Recipient]:
        """Everybody: the chats, second channels, and the console where nobody else hears, or always."""
        others = [*chats, *self.seconds]
        return [*others, self.terminal] if self.console or not others else others

    @property
    def seconds(self) -> list[Recipient]:
        """Second channels."""
        return [Recipient(place, self.language, self.timezone) for place in self.second]

    @property
    def terminal(self) -> Recipient:
        """The console."""
        return Recipient(CONSOLE, self.language, self.timezone)
