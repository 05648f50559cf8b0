"""Telegram's HTML: from markup to plain text with entities, or to the error that the real service gives.

Pure. Owns the markup rules; knows nothing of messages. Offsets and lengths of entities count UTF-16 code units, as the
Bot API has it; offsets in error texts count UTF-8 bytes, as the real server has it.
Source: core.telegram.org/bots/api, "HTML style"; tdlib/td `MessageEntity.cpp` `parse_html` for order and wording.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from guard.sandbox.telegram.answers import Json

_ENTITY_OF_TAG = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
_SPACE = " \t\r\n\v"
_NAMED_REFERENCES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x(?P<hex>[0-9a-fA-F]{1,6})|#(?P<dec>[0-9]{1,7})|(?P<name>[A-Za-z]+));?")
_COMMAND = re.compile(r"(?<![^\s])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?")

ENTITIES_MAX = 100


class MarkupError(Exception):
    """Markup that the service refuses; the text is what follows "can't parse entities: "."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A marked stretch of text; offset and length in UTF-16 code units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None

    def body(self) -> Json:
        """The JSON form."""
        answer: Json = {"type": self.type, "offset": self.offset, "length": self.length}
        if self.url is not None:
            answer["url"] = self.url
        if self.language is not None:
            answer["language"] = self.language
        return answer


@dataclass(frozen=True, slots=True)
class _OpenTag:
    name: str
    argument: str
    offset: int
    starts_at: int


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def command_entities(text: str) -> tuple[Entity, ...]:
    """The `bot_command` entities that the service finds in what a person typed."""
    return tuple(
        Entity("bot_command", utf16_length(text[: found.start()]), utf16_length(found.group()))
        for found in _COMMAND.finditer(text)
    )


def parse_html(source: str) -> tuple[str, tuple[Entity, ...]]:
    """Plain text and entities of `source`.

    Raises:
        MarkupError: an unknown, unclosed, unmatched or malformed tag.
    """
    return _HtmlParser(source).parse()


def trimmed(text: str, entities: tuple[Entity, ...]) -> tuple[str, tuple[Entity, ...]]:
    """The text without white space around it, as the service stores it; entities follow, at most 100 are kept."""
    kept = text.rstrip()
    end = utf16_length(kept)
    cut = utf16_length(kept) - utf16_length(kept.lstrip())
    moved = []
    for entity in entities:
        begin = max(entity.offset, cut)
        length = min(entity.offset + entity.length, end) - begin
        if length > 0:
            moved.append(replace(entity, offset=begin - cut, length=length))
    return kept.lstrip(), tuple(moved[:ENTITIES_MAX])


class _HtmlParser:
    """One pass over the source; `_at` is the index of the next character."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._text: list[str] = []
        self._length = 0  # of the text so far, in UTF-16 code units
        self._open: list[_OpenTag] = []
        self._entities: list[Entity] = []

    def parse(self) -> tuple[str, tuple[Entity, ...]]:
        while self._at < len(self._source):
            character = self._source[self._at]
            if character == "<":
                self._tag()
            else:
                self._append(self._character())
        if self._open:
            raise MarkupError(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        # A language means something only inside <pre>.
        kept = [replace(entity, language=None) if entity.type == "code" else entity for entity in self._entities]
        return "".join(self._text), tuple(sorted(kept, key=lambda entity: (entity.offset, -entity.length)))

    def _append(self, character: str) -> None:
        self._text.append(character)
        self._length += utf16_length(character)

    def _character(self) -> str:
        """The next character of text or of a quoted value, with character references resolved."""
        found = _REFERENCE.match(self._source, self._at)
        if found is not None:
            if (name := found["name"]) is not None:
                resolved = _NAMED_REFERENCES.get(name)
            else:
                code = int(found["hex"], 16) if found["hex"] else int(found["dec"])
                resolved = chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF else None
            if resolved is not None:
                self._at = found.end()
                return resolved
        self._at += 1
        return self._source[self._at - 1]

    def _peek(self) -> str:
        """The next character, or an empty string at the end."""
        return self._source[self._at] if self._at < len(self._source) else ""

    def _until(self, stops: str) -> str:
        begin = self._at
        while self._peek() and self._peek() not in stops:
            self._at += 1
        return self._source[begin : self._at]

    def _skip_space(self) -> None:
        while self._peek() and self._peek() in _SPACE:
            self._at += 1

    def _byte_offset(self, index: int) -> int:
        return len(self._source[:index].encode())

    def _tag(self) -> None:
        begin = self._at
        self._at += 1
        if self._peek() == "/":
            self._end_tag(begin)
        else:
            self._start_tag(begin)

    def _start_tag(self, begin: int) -> None:
        where = self._byte_offset(begin)
        name = self._until(_SPACE + ">").lower()
        if not self._peek():
            raise MarkupError(f"Unclosed start tag at byte offset {where}")
        if name not in _ENTITY_OF_TAG:
            raise MarkupError(f'Unsupported start tag "{name}" at byte offset {where}')
        argument = self._attributes(name, where)
        self._at += 1
        if name == "span" and argument != "spoiler":
            raise MarkupError(f'Tag "span" must have class "tg-spoiler" at byte offset {where}')
        self._open.append(_OpenTag(name, argument, self._length, len(self._text)))

    def _attributes(self, tag: str, where: int) -> str:
        """Read up to the closing `>` and return the one argument that the tag's meaning depends on."""
        argument = ""
        while True:
            self._skip_space()
            if self._peek() == ">":
                return argument
            name = self._until(_SPACE + "=>/\"'")
            if not name:
                raise MarkupError(f'Empty attribute name in the tag "{tag}" at byte offset {where}')
            self._skip_space()
            if self._peek() != "=":
                if not self._peek():
                    raise MarkupError(f'Unclosed start tag "{tag}" at byte offset {where}')
                if (tag, name) == ("blockquote", "expandable"):
                    argument = "expandable"
                continue
            self._at += 1
            self._skip_space()
            if not self._peek():
                raise MarkupError(f'Unclosed start tag "{tag}" at byte offset {where}')
            value = self._attribute_value()
            if not self._peek():
                raise MarkupError(f"Unclosed start tag at byte offset {where}")
            argument = _argument(tag, name, value) or argument

    def _attribute_value(self) -> str:
        quote = self._peek()
        if quote not in "\"'":
            begin = self._at
            while self._peek().isalnum() or (self._peek() and self._peek() in ".-"):
                self._at += 1
            if self._peek() and self._peek() not in _SPACE + ">":
                raise MarkupError(f"Unexpected end of name token at byte offset {self._byte_offset(begin)}")
            return self._source[begin : self._at].lower()
        self._at += 1
        value = []
        while self._peek() and self._peek() != quote:
            value.append(self._character())
        self._at += 1
        return "".join(value)

    def _end_tag(self, begin: int) -> None:
        where = self._byte_offset(begin)
        if not self._open:
            raise MarkupError(f"Unexpected end tag at byte offset {where}")
        self._at += 1
        name = self._until(_SPACE + ">").lower()
        self._skip_space()
        if self._peek() != ">":
            raise MarkupError(f"Unclosed end tag at byte offset {where}")
        self._at += 1
        tag = self._open.pop()
        if name and name != tag.name:
            raise MarkupError(f'Unmatched end tag at byte offset {where}, expected "</{tag.name}>", found "</{name}>"')
        self._close(tag)

    def _close(self, tag: _OpenTag) -> None:
        length = self._length - tag.offset
        if length == 0:
            return
        kind = _ENTITY_OF_TAG[tag.name]
        entity = Entity(kind, tag.offset, length)
        if kind == "text_link":
            entity = replace(entity, url=tag.argument or "".join(self._text[tag.starts_at :]))
        elif kind == "blockquote" and tag.argument:
            entity = replace(entity, type="expandable_blockquote")
        elif kind == "code" and tag.argument:
            entity = replace(entity, language=tag.argument)
        elif kind == "pre" and self._entities:
            inner = self._entities[-1]
            if (inner.type, inner.offset, inner.length) == ("code", tag.offset, length) and inner.language:
                self._entities.pop()
                entity = replace(entity, language=inner.language)
        self._entities.append(entity)


def _argument(tag: str, attribute: str, value: str) -> str:
    """What an attribute means to its tag; empty = nothing."""
    match tag, attribute:
        case ("a", "href") | ("tg-emoji", "emoji-id"):
            return value
        case ("code", "class") if value.startswith("language-"):
            return value.removeprefix("language-")
        case ("span", "class") if value.startswith("tg-"):
            return value.removeprefix("tg-")
        case ("blockquote", "expandable"):
            return "expandable"
        case _:
            return ""
