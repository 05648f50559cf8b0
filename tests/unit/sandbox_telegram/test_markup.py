"""Telegram's HTML, parsed and refused as the real service does."""

from __future__ import annotations

import pytest

from guard.sandbox.telegram.markup import ENTITIES_MAX, Entity, MarkupError, command_entities, parse_html, trimmed


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain", "plain", ()),
        ("<b>x</b>y", "xy", (Entity("bold", 0, 1),)),
        ("<strong>x</strong><em>y</em>", "xy", (Entity("bold", 0, 1), Entity("italic", 1, 1))),
        ("<B>x</b >", "x", (Entity("bold", 0, 1),)),
        ("<b>x<i>y</i></b>", "xy", (Entity("bold", 0, 2), Entity("italic", 1, 1))),
        ("<b>x</>", "x", (Entity("bold", 0, 1),)),
        ("😀<b>é</b>", "😀é", (Entity("bold", 2, 1),)),
        ("a &lt;b&gt; &amp; &quot;c&quot; &#65; &#x1F600;", 'a <b> & "c" A 😀', ()),
        ("&nbsp; &copy &unknown; & &#0; &#xD800;", "&nbsp; &copy &unknown; & &#0; &#xD800;", ()),
        ("&lt", "<", ()),
        ("<b></b>x", "x", ()),
        ('<a href="http://h/?a&amp;b">x</a>', "x", (Entity("text_link", 0, 1, url="http://h/?a&b"),)),
        ("<a>http://h</a>", "http://h", (Entity("text_link", 0, 8, url="http://h"),)),
        ("<a href='x' rel=no>y</a>", "y", (Entity("text_link", 0, 1, url="x"),)),
        ('<span class="tg-spoiler">x</span>', "x", (Entity("spoiler", 0, 1),)),
        ("<tg-spoiler>x</tg-spoiler>", "x", (Entity("spoiler", 0, 1),)),
        ("<blockquote expandable>x</blockquote>", "x", (Entity("expandable_blockquote", 0, 1),)),
        ("<blockquote>x</blockquote>", "x", (Entity("blockquote", 0, 1),)),
        ("<pre>x</pre><code>y</code>", "xy", (Entity("pre", 0, 1), Entity("code", 1, 1))),
        ('<code class="language-py">x</code>', "x", (Entity("code", 0, 1),)),
        ('<pre><code class="language-py">x</code></pre>', "x", (Entity("pre", 0, 1, language="py"),)),
        ("<u>a</u><ins>b</ins><s>c</s><del>d</del>", "abcd", (
            Entity("underline", 0, 1),
            Entity("underline", 1, 1),
            Entity("strikethrough", 2, 1),
            Entity("strikethrough", 3, 1),
        )),
    ],
)  # fmt: skip
def test_what_is_understood(source: str, text: str, entities: tuple[Entity, ...]) -> None:
    """Text and entities, offsets in UTF-16 code units."""
    assert parse_html(source) == (text, entities)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b><i>x</i>", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("é<b>x</i>", 'Unmatched end tag at byte offset 6, expected "</b>", found "</i>"'),
        ("<br>", 'Unsupported start tag "br" at byte offset 0'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("<b/>", 'Unsupported start tag "b/" at byte offset 0'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<b>x</b c>", "Unclosed end tag at byte offset 4"),
        ("<a href", 'Unclosed start tag "a" at byte offset 0'),
        ("<a href=", 'Unclosed start tag "a" at byte offset 0'),
        ("<a href='x", "Unclosed start tag at byte offset 0"),
        ("<a href=x!>", "Unexpected end of name token at byte offset 8"),
        ("<a ='x'>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_what_is_refused(source: str, problem: str) -> None:
    """In the real service's words."""
    with pytest.raises(MarkupError) as caught:
        parse_html(source)
    assert str(caught.value) == problem


def test_white_space_around_a_text_goes() -> None:
    """Entities follow, and those of white space only vanish."""
    text, entities = parse_html("  <b> x </b><i>  </i> ")
    assert trimmed(text, entities) == ("x", (Entity("bold", 0, 1),))


def test_only_a_hundred_entities_are_kept() -> None:
    """The rest of the text is shown without markup."""
    text, entities = parse_html("<b>x</b>" * (ENTITIES_MAX + 1))
    assert len(trimmed(text, entities)[1]) == ENTITIES_MAX


def test_commands_in_what_a_person_types() -> None:
    """At the start of a word only."""
    assert command_entities("/start x") == (Entity("bot_command", 0, 6),)
    assert command_entities("😀 /a@guard_bot") == (Entity("bot_command", 3, 12),)
    assert command_entities("1/2 and a/b") == ()
