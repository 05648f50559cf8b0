"""Messages on a text stream, for a person at the terminal and for the journal of a service."""

from __future__ import annotations

from typing import TextIO

from guard.alerts.markup import plain_text
from guard.ports.sending import Buttons, SendRetry


class ConsoleSink:
    """Writes each message as an indented block.

    Args:
        stream: where to, usually standard error; flushed after every message.
    """

    scheme = "console"

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._written = 0

    async def deliver(self, destination: str, html: str, *, silent: bool = False, buttons: Buttons = ()) -> str:
        """Write the readable form of a message.

        Returns:
            `<destination>-<n>`, n counting the messages of this stream.

        Raises:
            SendRetry: the stream does not take it (closed, full).
        """
        del silent, buttons  # it makes no sound anyway, and nothing can be tapped
        first, *rest = plain_text(html).splitlines() or [""]
        try:
            self._stream.write("\n".join([f"ALERT {first}", *(f"  {line}" for line in rest)]) + "\n")
            self._stream.flush()
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            raise SendRetry(f"the console does not take output: {error}") from error
        self._written += 1
        return f"{destination}-{self._written}"
