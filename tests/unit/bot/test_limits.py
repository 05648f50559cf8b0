"""Keeping to Telegram's limits."""

from __future__ import annotations

from functools import partial

import pytest

from guard.bot.limits import TEXT_MAX, Lazy, fitted, followed, plain, shortened, size


def more(count: int) -> str:
    """Counts what is left out."""
    return f"... and {count} more items"


def test_a_short_text_stays_as_it_is() -> None:
    """Nothing is added to a text of exactly the limit."""
    assert shortened("a" * TEXT_MAX) == "a" * TEXT_MAX


def test_a_long_text_is_cut_visibly() -> None:
    """The cut is marked and the result fits exactly."""
    text = shortened("a" * (TEXT_MAX + 1))
    assert size(text) == TEXT_MAX
    assert text.endswith("... (shortened)")


def test_no_character_is_torn() -> None:
    """A symbol of two code units is kept or dropped whole."""
    text = shortened("😀" * 20, 30)
    assert size(text) <= 30
    assert text.replace("😀", "") == "... (shortened)"


def test_plain_drops_tags_and_resolves_references() -> None:
    """What is left is what a person would have read."""
    assert plain("<b>a &lt; b</b> &amp; <code>c</code>") == "a < b & c"


def test_what_fits_is_shown_whole() -> None:
    """No line counts anything when all is there."""
    assert fitted("head", ["one", "two"], "tail", more) == "head\n\none\n\ntwo\n\ntail"
    assert fitted("", ["one"], "", more) == "one"
    assert fitted("head", [], "tail", more) == "head\n\ntail"


@pytest.mark.parametrize("count", [2, 40, 41, 42, 43, 100, 1000])
def test_what_does_not_fit_is_counted(count: int) -> None:
    """Shown plus counted is always everything, the tail is always there, the limit always holds."""
    text = fitted("head", [f"item {index:04} " + "x" * 90 for index in range(count)], "tail", more)
    shown = text.count("item ")
    assert size(text) <= TEXT_MAX
    assert text.endswith("\n\ntail")
    if shown < count:
        assert f"... and {count - shown} more items" in text
        assert shown >= 38
    else:
        assert "more items" not in text


def test_the_last_item_needs_no_room_for_a_count() -> None:
    """Two items that fill the limit exactly are both shown."""
    text = fitted("", ["a" * 2047, "b" * 2047], "", more)
    assert size(text) == TEXT_MAX
    assert "more" not in text


def test_only_what_fits_is_written() -> None:
    """A thousand paragraphs of which few fit cost no more than those few."""
    written: list[int] = []

    def write(number: int) -> str:
        written.append(number)
        return "x" * 1000

    text = fitted("", Lazy([partial(write, number) for number in range(1000)]), "", lambda count: f"and {count} more")
    assert text.endswith("and 996 more")
    assert len(written) == 5
    assert list(Lazy([lambda: "a", lambda: "b", lambda: "c"])[1:]) == ["b", "c"]


def test_a_line_after_a_message_is_never_cut() -> None:
    """A message that is full already loses its end, and its markup with it."""
    assert followed("<b>a</b>", "<i>b</i>") == "<b>a</b>\n<i>b</i>"
    assert followed("", "b") == "b"
    full = followed(f"<b>{'&amp;' * TEXT_MAX}</b>", "<i>seen by anna</i>", "\n\n")
    assert size(plain(full)) <= TEXT_MAX
    assert full.startswith("&amp;&amp;")
    assert full.endswith("... (shortened)\n\n<i>seen by anna</i>")
