"""Chat markup (the HTML subset of Telegram): write it, read it back as plain text, shorten it whole. Pure."""

from __future__ import annotations

from html import escape, unescape
from html.parser import HTMLParser
from typing import Final

SHORTENED: Final = "… (shortened)"


def safe(text: str, limit: int = 400) -> str:
    """Foreign text fit for a message: one line, at most `limit` characters, escaped."""
    line = " ".join(text.split())
    return escape(line if len(line) <= limit else line[: limit - 1] + "…", quote=False)


def bold(text: str) -> str:
    """Foreign text, escaped and bold."""
    return f"<b>{safe(text)}</b>"


def plain_text(html: str) -> str:
    """The text of a message as a reader sees it: tags gone, entities decoded. Takes broken markup too."""
    return "".join(unescape(token) for kind, token, _ in tokens_of(html) if kind == "text")


def visible_length(html: str) -> int:
    """The length that counts against a chat service's limit: UTF-16 units after the markup is read.

    Telegram says "characters after entities parsing"; UTF-16 units are never fewer than characters.
    """
    return units(plain_text(html))


def shorten(html: str, limit: int) -> str:
    """The message cut to `limit` visible units, ending in a note that it was; open tags are closed.

    Args:
        html: a message in the chat markup.
        limit: most visible UTF-16 units of the answer, at least the length of the note.

    Returns:
        `html` itself when it fits.
    """
    if visible_length(html) <= limit:
        return html
    left = limit - units(SHORTENED)
    out: list[str] = []
    open_tags: list[str] = []
    for kind, token, name in tokens_of(html):
        if kind == "text":
            shown = unescape(token)
            if units(shown) > left:
                out.append(escape(head(shown, left), quote=False))
                break
            left -= units(shown)
        elif kind == "open":
            open_tags.append(name)
        elif name in open_tags:
            open_tags.remove(name)
        out.append(token)
    return "".join([*out, SHORTENED, *(f"</{name}>" for name in reversed(open_tags))])


def tokens_of(html: str) -> list[tuple[str, str, str]]:
    """The markup in pieces: (kind, source text, tag name); kind is `text`, `open` or `close`."""
    reader = _Tokens()
    reader.read(html)
    return reader.tokens


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def head(text: str, limit: int) -> str:
    """The longest beginning of at most `limit` UTF-16 units; never half a surrogate pair."""
    return text.encode("utf-16-le")[: limit * 2].decode("utf-16-le", errors="ignore")


class _Tokens(HTMLParser):
    """Splits markup into (kind, source text, tag name); kind is `text`, `open` or `close`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.tokens: list[tuple[str, str, str]] = []

    def read(self, html: str) -> None:
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # the parser's
        self.tokens.append(("open", self.get_starttag_text() or f"<{tag}>", tag))

    def handle_endtag(self, tag: str) -> None:
        self.tokens.append(("close", f"</{tag}>", tag))

    def handle_data(self, data: str) -> None:
        self.tokens.append(("text", data, ""))

    def handle_entityref(self, name: str) -> None:
        self.tokens.append(("text", f"&{name};", ""))

    def handle_charref(self, name: str) -> None:
        self.tokens.append(("text", f"&#{name};", ""))
