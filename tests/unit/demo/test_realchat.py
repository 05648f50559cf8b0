"""Which real chat the environment names."""

from __future__ import annotations

import pytest

from guard.demo.realchat import CHAT_VARIABLE, TOKEN_VARIABLE, real_chat
from guard.ports.errors import InputError


@pytest.mark.parametrize("environ", [{}, {TOKEN_VARIABLE: "", CHAT_VARIABLE: " "}])
def test_none_is_named(environ: dict[str, str]) -> None:
    """Nothing leaves this machine."""
    assert real_chat(environ) is None


@pytest.mark.parametrize("chat", ["4711", "-100123"])
def test_token_and_chat_name_one(chat: str) -> None:
    """A person's chat or a group's; the token does not show."""
    named = real_chat({TOKEN_VARIABLE: "1:abc", CHAT_VARIABLE: chat})
    assert named is not None
    assert named.chat_id == int(chat)
    assert named.base_url == "https://api.telegram.org/bot"
    assert "abc" not in repr(named)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({TOKEN_VARIABLE: "1:abc"}, f"{CHAT_VARIABLE} is not set"),
        ({CHAT_VARIABLE: "4711"}, f"{TOKEN_VARIABLE} is not set"),
        ({TOKEN_VARIABLE: "1:abc", CHAT_VARIABLE: "@me"}, f"{CHAT_VARIABLE} was @me"),
    ],
)
def test_half_of_it_is_an_error(environ: dict[str, str], words: str) -> None:
    """Somebody wanted messages and would wait for them in vain."""
    with pytest.raises(InputError, match=words):
        real_chat(environ)
