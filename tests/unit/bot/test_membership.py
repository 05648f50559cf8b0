"""What Telegram says of the bot's own membership, and that its own notes are nobody's visit."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Update

from guard.bot.membership import Membership, read_membership
from guard.bot.visits import read_visit

BOT = {"id": 99, "is_bot": True, "first_name": "Guard"}
ANNA = {"id": 7, "is_bot": False, "first_name": "Anna"}
CHAT = {"id": 7, "type": "private", "first_name": "Anna"}


def _change(**status: Any) -> Update:
    update = Update.de_json(
        {
            "update_id": 1,
            "my_chat_member": {
                "chat": CHAT,
                "from": ANNA,
                "date": 1,
                "old_chat_member": {"status": "member", "user": BOT},
                "new_chat_member": {"user": BOT, **status},
            },
        },
        None,
    )
    assert update is not None
    return update


@pytest.mark.parametrize(
    ("status", "reachable"),
    [
        ({"status": "kicked", "until_date": 0}, False),
        ({"status": "left"}, False),
        ({"status": "member"}, True),
    ],
)
def test_who_is_shut_out(status: dict[str, Any], reachable: bool) -> None:
    """Blocked, kicked, gone: not reachable. Let in: reachable."""
    assert read_membership(_change(**status)) == Membership(7, reachable)


def test_the_bots_own_notes_are_no_visit() -> None:
    """That it has pinned a message comes to it like anybody's message: it must not be turned away as a stranger."""
    note = {"message_id": 5, "from": BOT, "chat": CHAT, "date": 1}
    message = {"message_id": 4, "from": BOT, "chat": CHAT, "date": 1, "text": "calm"}
    update = Update.de_json({"update_id": 1, "message": {**note, "pinned_message": message}}, None)
    assert update is not None
    assert read_membership(update) is None
    assert read_visit(update) is None
