"""Long messages in parts: nothing lost, no part too long, every part with its markup whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.alerts.markup import SHORTENED, plain_text, safe, visible_length
from guard.alerts.sinks.parts import split
from guard.sandbox.telegram.markup import parse_html


def test_what_fits_is_left_alone() -> None:
    """Tags are free, as they are at the service."""
    html = "<b>" + "x" * 40 + "</b>"
    assert split(html, 40, 3) == [html]


def test_the_cut_is_between_paragraphs() -> None:
    """A paragraph that does not fit any more begins the next part."""
    html = "one one one one\ntwo two two two\n\nthree\nfour"
    assert split(html, 36, 3) == ["one one one one\ntwo two two two", "three\nfour"]


def test_else_between_lines() -> None:
    """A paragraph border that would leave the first part nearly empty is none."""
    assert split("a\n\none one one one\ntwo two two two two", 25, 3) == ["a\n\none one one one", "two two two two two"]


def test_else_where_it_must_be() -> None:
    """One endless line."""
    assert split("x" * 50, 20, 3) == ["x" * 20, "x" * 20, "x" * 10]


def test_open_tags_are_closed_and_opened_again() -> None:
    """Also those with attributes, in their order."""
    html = '<a href="https://example.org/">' + "<b>" + "x" * 15 + "\n" + "y" * 15 + "</b></a>"
    assert split(html, 20, 3) == [
        '<a href="https://example.org/"><b>' + "x" * 15 + "\n</b></a>",
        '<a href="https://example.org/"><b>' + "y" * 15 + "</b></a>",
    ]


def test_an_entity_and_a_pair_are_never_cut_in_two() -> None:
    """What is one character stays one."""
    assert split("&amp;" * 5, 3, 3) == ["&amp;" * 3, "&amp;" * 2]
    assert split("🔴" * 5, 5, 3) == ["🔴🔴", "🔴🔴", "🔴"]


def test_what_does_not_fit_into_the_last_part_is_left_out_visibly() -> None:
    """Three parts are enough for anybody."""
    parts = split("\n".join(f"line {number}" for number in range(100)), 60, 3)
    assert len(parts) == 3
    assert parts[-1].endswith(SHORTENED)
    assert all(visible_length(part) <= 60 for part in parts)


@given(
    st.lists(
        st.one_of(
            st.text(alphabet="ab<>&é🔴\n", max_size=12).map(safe),
            st.sampled_from(["<b>x</b>", "<i>y <b>", "</b></i>", "\n", "\n\n", "<code>1 &lt; 2</code>"]),
        ),
        max_size=30,
    ),
    st.integers(min_value=20, max_value=60),
)
def test_any_message_arrives_whole_while_there_are_parts(pieces: list[str], limit: int) -> None:
    """However it is cut, the parts together read as the message does, white space at the cuts aside."""
    html = "".join(pieces)
    parts = split(html, limit, 100)
    assert all(visible_length(part) <= limit for part in parts)
    assert "".join("".join(map(plain_text, parts)).split()) == "".join(plain_text(html).split())


@pytest.mark.parametrize("limit", range(14, 60, 5))
def test_every_part_is_markup_that_the_service_takes(limit: int) -> None:
    """The parser of the sandbox is as strict as the real one."""
    html = "<b>DANGER</b> alice\n" + "<i>one <b>two &amp; three</b>\nfour</i> 🔴 " * 6 + "\n\n<code>end</code>"
    for part in split(html, limit, 100):
        parse_html(part)
