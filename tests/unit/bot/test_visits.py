"""Reading commands and visits from updates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from telegram import Update

from guard.bot.visits import Command, Said, Tapped, read_command, read_visit

SENT = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
ANNA = {"id": 7, "is_bot": False, "first_name": "Anna", "last_name": "Berg"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Anna"}
GROUP = {"id": -5, "type": "group", "title": "Desk"}


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/status", Command("status", "", addressed=False)),
        ("/STATUS  Alice Two ", Command("status", "Alice Two", addressed=False)),
        ("/status@Guard_Bot alice", Command("status", "alice", addressed=True)),
        ("/start\nCODE", Command("start", "CODE", addressed=False)),
        ("/status@other_bot", None),
        ("status", None),
        ("/", None),
        ("/st-atus", None),
        ("", None),
    ],
)
def test_read_command(text: str, command: Command | None) -> None:
    """Names ignore case, arguments keep it; commands for other bots are not ours."""
    assert read_command(text, "guard_bot") == command


def visit_of(**content: Any) -> Said | Tapped | None:
    """The visit in an update with this content."""
    update = Update.de_json({"update_id": 1, **content}, None)
    assert update is not None
    return read_visit(update)


def test_a_private_message() -> None:
    """The person and the room are taken from their own fields."""
    message = {"message_id": 1, "date": 1, "chat": PRIVATE, "from": ANNA, "text": "/status"}
    assert visit_of(message=message) == Said(7, 7, "Anna Berg", private=True, text="/status", at=SENT)


def test_a_group_message_carries_both_ids() -> None:
    """Authority goes by the person's id, the answer by the chat's."""
    message = {"message_id": 1, "date": 1, "chat": GROUP, "from": ANNA, "text": "hi"}
    assert visit_of(message=message) == Said(7, -5, "Desk", private=False, text="hi", at=SENT)


def test_a_picture_in_private_is_a_message_without_text() -> None:
    """It gets the hint that commands are answered; in a group it is nothing."""
    message = {"message_id": 1, "date": 1, "from": ANNA}
    assert visit_of(message=message | {"chat": PRIVATE}) == Said(7, 7, "Anna Berg", private=True, text="", at=SENT)
    assert visit_of(message=message | {"chat": GROUP}) is None


def test_what_nobody_sent_is_no_visit() -> None:
    """A post without a sender, one of a bot (such as our own note of a pin), kinds that were not asked for."""
    bot = {"id": 9, "is_bot": True, "first_name": "Guard"}
    assert visit_of(message={"message_id": 1, "date": 1, "chat": PRIVATE, "from": bot}) is None
    assert visit_of(message={"message_id": 1, "date": 1, "chat": GROUP, "text": "/status"}) is None
    edited = {"message_id": 1, "date": 1, "chat": PRIVATE, "from": ANNA, "text": "/status"}
    assert visit_of(edited_message=edited) is None


def test_a_topic_of_a_group_and_the_language_of_a_client() -> None:
    """A thread that is only a row of replies is no topic; a region is no language."""
    message = {"message_id": 1, "date": 1, "chat": GROUP, "from": ANNA | {"language_code": "ja-JP"}, "text": "hi"}
    found = visit_of(message=message | {"message_thread_id": 9, "is_topic_message": True})
    assert found is not None
    assert (found.topic_id, found.language) == (9, "ja")
    found = visit_of(message=message | {"message_thread_id": 9})
    assert found is not None
    assert found.topic_id is None


def tap(**fields: Any) -> dict[str, Any]:
    """A callback query of Anna's."""
    return {"id": "9", "from": ANNA, "chat_instance": "1", "data": "status:7:*", **fields}


def test_a_tap() -> None:
    """Who tapped, on which message."""
    message = {"message_id": 3, "date": 1, "chat": GROUP, "text": "x"}
    expected = Tapped(7, -5, "Anna Berg", private=False, query_id="9", data="status:7:*", message_id=3, html="x")
    assert visit_of(callback_query=tap(message=message)) == expected


def test_a_tap_on_a_message_that_is_gone() -> None:
    """Too old to be edited: there is nothing to redraw."""
    found = visit_of(callback_query=tap(message={"message_id": 3, "date": 0, "chat": PRIVATE}))
    assert isinstance(found, Tapped)
    assert found.message_id is None
    found = visit_of(callback_query=tap())
    assert isinstance(found, Tapped)
    assert found.message_id is None
    assert found.private
