"""What a person wants to look at, read from what they typed after `/chart` and `/history`. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from guard.bot.desk import PictureKind
from guard.language.speech import marked

CHART_USAGE: Final = marked("/chart [account] [24h|7d|exposure|distance|stress]")
SPANS: Final = {"24h": timedelta(hours=24), "7d": timedelta(days=7)}
USUAL: Final = "24h"
KINDS: Final[dict[str, PictureKind]] = {"exposure": "exposure", "distance": "distance", "stress": "stress"}
_SPAN = re.compile(r"[0-9]+ ?[a-z]{1,5}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LookRequest:
    """`account` as typed, empty = none named; how far back, and as which of `SPANS`."""

    account: str
    kind: PictureKind
    span: timedelta
    span_key: str


def read_look(typed: str, accounts: Collection[str], *, kinds: bool = True) -> LookRequest | str:
    """The request in a text such as `main 7d`.

    Args:
        typed: the words after the command, in any order of account and time.
        accounts: the person's; one that is called `7d` is meant by that.
        kinds: whether the words for other pictures are known here.

    Returns:
        The request; or what was typed as a time and is none of those that there are.
    """
    kind: PictureKind = "history"
    span_key = USUAL
    left: list[str] = []
    parts = typed.split()
    for part in [] if typed.strip() in accounts else parts:
        word = part.casefold()
        if part in accounts and not left:
            left.append(part)
        elif word in SPANS:
            span_key = word
        elif kinds and word in KINDS:
            kind = KINDS[word]
        elif _SPAN.fullmatch(word) and len(parts) <= 2:
            return part
        else:
            left.append(part)
    account = typed.strip() if typed.strip() in accounts else " ".join(left)
    return LookRequest(account, kind, SPANS[span_key], span_key)
