"""A message that is longer than a channel takes, in several that follow each other. Pure.

Cut between paragraphs where that leaves no part too empty, else between lines, else where it must be; tags that are
open at a cut are closed there and opened again.
"""

from __future__ import annotations

from html import escape, unescape
from typing import Final

from guard.alerts.markup import head, shorten, tokens_of, units, visible_length

_Piece = tuple[str, str, str]

_LEAST_FULL: Final = {"paragraph": 0.5, "line": 0.25}


def split(html: str, limit: int, parts_max: int) -> list[str]:
    """The message in at most `parts_max` parts of at most `limit` visible UTF-16 units; the last one is shortened.

    Returns:
        `html` itself, alone, when it fits.
    """
    parts: list[str] = []
    while visible_length(html) > limit and len(parts) < parts_max - 1:
        part, html = _cut(html, limit)
        parts.append(part)
    return [*parts, shorten(html, limit)]


def _cut(html: str, limit: int) -> tuple[str, str]:
    """The longest good first part, and what follows it."""
    pieces = _by_line(html)
    left, full = limit, len(pieces)
    borders = {"line": 0, "paragraph": 0}
    for index, (kind, piece, _) in enumerate(pieces):
        if kind != "text":
            continue
        size = units(unescape(piece))
        if size > left:
            full = index
            break
        left -= size
        if piece.endswith("\n"):
            filled = (limit - left) / limit
            grade = "paragraph" if piece == "\n" else "line"
            if filled >= _LEAST_FULL[grade]:
                borders[grade] = index + 1
    at = borders["paragraph"] or borders["line"]
    if not at:
        pieces, at = _cut_piece(pieces, full, left), full + 1
    open_tags = _open_after(pieces[:at])
    first = "".join(piece for _, piece, _ in pieces[:at]) + "".join(f"</{name}>" for _, _, name in reversed(open_tags))
    return first.rstrip("\n"), "".join(piece for _, piece, _ in [*open_tags, *pieces[at:]])


def _by_line(html: str) -> list[_Piece]:
    """The pieces of the markup, texts cut after each line break."""
    found: list[_Piece] = []
    for kind, piece, name in tokens_of(html):
        if kind != "text":
            found.append((kind, piece, name))
            continue
        *lines, rest = piece.split("\n")
        found += [("text", f"{line}\n", "") for line in lines]
        if rest:
            found.append(("text", rest, ""))
    return found


def _cut_piece(pieces: list[_Piece], index: int, left: int) -> list[_Piece]:
    """The pieces with the text at `index` cut in two, the first half of `left` units; never within a character."""
    shown = unescape(pieces[index][1])
    first = head(shown, left)
    halves = [("text", escape(half, quote=False), "") for half in (first, shown[len(first) :])]
    return [*pieces[:index], *halves, *pieces[index + 1 :]]


def _open_after(pieces: list[_Piece]) -> list[_Piece]:
    open_tags: list[_Piece] = []
    for kind, piece, name in pieces:
        if kind == "open":
            open_tags.append((kind, piece, name))
        elif kind == "close":
            found = next((tag for tag in reversed(open_tags) if tag[2] == name), None)
            if found is not None:
                open_tags.remove(found)
    return open_tags
