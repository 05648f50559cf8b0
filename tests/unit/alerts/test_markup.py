"""Markup that is read, written and cut without breaking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.alerts.markup import SHORTENED, bold, plain_text, safe, shorten, visible_length


def test_safe_escapes_flattens_and_limits() -> None:
    """Foreign text cannot open a tag, break a line or fill the message."""
    assert safe("<b>x</b> & y\n z") == "&lt;b&gt;x&lt;/b&gt; &amp; y z"
    assert safe("a" * 500) == "a" * 399 + "…"
    assert bold("<i>") == "<b>&lt;i&gt;</b>"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<b>DANGER</b> &lt;3 &amp; more", "DANGER <3 & more"),
        ('<a href="https://example.org/?a=1&amp;b=2">link</a>', "link"),
        ("a &#33; &#x21;", "a ! !"),
        ("one\ntwo", "one\ntwo"),
        ("<b>open <i>never closed", "open never closed"),
        ("1 < 2", "1 < 2"),
        ("", ""),
    ],
)
def test_plain_text(html: str, text: str) -> None:
    """What a reader sees, also of broken markup."""
    assert plain_text(html) == text


def test_a_message_that_fits_is_left_alone() -> None:
    """Only what counts after parsing counts: tags are free."""
    html = "<b>" + "x" * 4096 + "</b>"
    assert visible_length(html) == 4096
    assert shorten(html, 4096) is html


def test_a_long_message_is_cut_visibly_and_closed() -> None:
    """Nested tags that are open at the cut are closed in order, after the note."""
    html = "<b>head</b>\n<i>tail <u>" + "x" * 100 + "</u></i>"
    cut = shorten(html, 40)
    assert cut == "<b>head</b>\n<i>tail <u>" + "x" * 17 + SHORTENED + "</u></i>"
    assert visible_length(cut) == 40


def test_an_entity_is_never_cut_in_two() -> None:
    """Each entity counts as the one character that it shows."""
    cut = shorten("&amp;" * 50, 30)
    assert cut == "&amp;" * 17 + SHORTENED


def test_characters_beyond_the_first_plane_count_twice() -> None:
    """The strictest reading of the limit: UTF-16 units, and no half of a pair is left."""
    cut = shorten("🔴" * 30, 40)
    assert visible_length(cut) <= 40
    assert cut.encode("utf-8").decode("utf-8") == cut


@given(
    st.lists(
        st.one_of(
            st.text(alphabet="ab<>&é🔴\n", max_size=12).map(safe),
            st.sampled_from(["<b>", "</b>", "<i>", "</i>", "<code>", "</code>"]),
        ),
        max_size=30,
    ),
    st.integers(min_value=len(SHORTENED), max_value=60),
)
def test_any_message_fits_after_the_cut_and_stays_a_beginning(parts: list[str], limit: int) -> None:
    """Whatever the markup, the cut text fits and is a beginning of the whole text."""
    html = "".join(parts)
    cut = shorten(html, limit)
    assert visible_length(cut) <= limit
    assert plain_text(html).startswith(plain_text(cut).removesuffix(SHORTENED))


@given(st.text(max_size=60))
def test_escaped_text_reads_back(text: str) -> None:
    """Escaping and reading are inverse, save for white space that is flattened."""
    assert plain_text(safe(text)) == " ".join(text.split())
