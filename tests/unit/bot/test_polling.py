"""What a failure while fetching means."""

from __future__ import annotations

import pytest
from telegram import error as tg

from guard.bot.connection import Pace
from guard.bot.polling import BotState, setback_of

PACE = Pace()
TOKEN = "123:secret"


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (tg.InvalidToken(f"The token `{TOKEN}` was rejected by the server."), BotState.BAD_TOKEN, "token_file"),
        (tg.Conflict("Conflict: terminated by other getUpdates request"), BotState.UNREACHABLE, "another program"),
        (tg.RetryAfter(12), BotState.UNREACHABLE, "slow down"),
        (tg.TimedOut(), BotState.UNREACHABLE, "cannot be reached (Timed out)"),
        (tg.NetworkError("Bad Gateway"), BotState.UNREACHABLE, "Bad Gateway"),
        (tg.BadRequest("strange"), BotState.UNREACHABLE, "strange"),
        (KeyError("update_id"), BotState.UNREACHABLE, "could not be understood"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_state_and_reason(error: Exception, state: BotState, words: str) -> None:
    """Each has a state and a line that says what is wrong, without the token."""
    setback = setback_of(error, TOKEN, PACE)
    assert setback.state is state
    assert words in setback.reason
    assert TOKEN not in setback.reason
    assert "\n" not in setback.reason


def test_waits() -> None:
    """A wait that Telegram asks for is kept, and a refused token is not hammered."""
    assert setback_of(tg.RetryAfter(12), TOKEN, PACE).wait_s == 12.0
    assert setback_of(tg.InvalidToken(), TOKEN, PACE).wait_s == PACE.bad_token_retry_s
    assert setback_of(tg.TimedOut(), TOKEN, PACE).wait_s == 0.0


def test_only_unreadable_updates_are_dropped() -> None:
    """A network failure must not cost the messages that wait."""
    assert setback_of(KeyError("x"), TOKEN, PACE).drop
    assert not setback_of(tg.NetworkError("x"), TOKEN, PACE).drop
