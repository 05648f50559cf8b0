"""A person with a phone: writes, taps, reads, waits, blocks the bot.

Owns the in-process side that tests and demonstrations use. What a person sees is what the bot sent over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable

from guard.sandbox.telegram.chats import Chat, Message, User
from guard.sandbox.telegram.world import Tap, World

WAIT_S = 5.0


class Person:
    """One person; `chat` is the private chat with the bot."""

    def __init__(self, world: World, user: User) -> None:
        self._world = world
        self.user = user
        self.chat = world.private_chat(user)

    @property
    def user_id(self) -> int:
        """The person's id, which is also the id of the private chat."""
        return self.user.user_id

    def seen(self, chat: Chat | None = None) -> list[Message]:
        """What the bot shows in the chat, oldest first, as it stands now."""
        return [message for message in (chat or self.chat).visible() if message.sender == self._world.bot]

    async def send(self, text: str, *, chat: Chat | None = None) -> Message:
        """Write to the bot in private, or into a group."""
        return self._world.say(chat or self.chat, self.user, text)

    async def ask(self, text: str, *, chat: Chat | None = None, timeout_s: float = WAIT_S) -> Message:
        """Write, and wait for the bot's next message in that chat."""
        sent = await self.send(text, chat=chat)
        return await self.wait_for(lambda message: message.message_id > sent.message_id, timeout_s, chat=chat)

    def tap(self, message: Message, label: str, *, data: str | None = None) -> Tap:
        """Tap the button with this text; `data` forges what it sends, as a modified client could.

        Raises:
            LookupError: there is no such button now.
        """
        if data is None:
            data = next((b.data for row in message.buttons for b in row if b.text == label), None)
        if data is None:
            raise LookupError(f"no button {label!r} to tap: the message shows {message.labels}")
        return self._world.tap(message, self.user, data)

    async def answer_to(self, tap: Tap, timeout_s: float = WAIT_S) -> str:
        """Wait until the bot has answered a tap; the notice that it showed (may be empty).

        Raises:
            TimeoutError: it did not.
        """
        await self._world.until(lambda: True if tap.answered else None, timeout_s)
        return tap.text

    async def wait_for(
        self, wanted: Callable[[Message], bool], timeout_s: float = WAIT_S, *, chat: Chat | None = None
    ) -> Message:
        """The first message of the bot for which `wanted` holds, now or after a change.

        Raises:
            TimeoutError: none in time; the text says what was seen instead.
        """
        try:
            return await self._world.until(lambda: next(filter(wanted, self.seen(chat)), None), timeout_s)
        except TimeoutError:
            shown = [message.text for message in self.seen(chat)][-5:]
            raise TimeoutError(f"{self.user.name} waited {timeout_s:g} s in vain; last seen: {shown}") from None

    def block(self) -> None:
        """Block the bot: it is told, and gets 403 from now on."""
        self._world.close(self.chat, "blocked", self.user)

    def unblock(self) -> None:
        """Let the bot write again."""
        self._world.close(self.chat, "", self.user)

    def kick(self, chat: Chat) -> None:
        """Remove the bot from a group: it is told, and gets 403 from now on."""
        self._world.close(chat, "kicked", self.user)

    def invite(self, chat: Chat) -> None:
        """Let the bot into a group again."""
        self._world.close(chat, "", self.user)

    def deactivate(self) -> None:
        """Delete the person's account at the service."""
        self._world.close(self.chat, "deactivated", self.user)
