"""What a person wants done, read from what they typed after `/plan`, `/reduce`, `/hedge`, `/net`, `/mode`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, cast, get_args

from guard.bot.refusal import Refusal, not_one, not_understood, refusal
from guard.bot.symbols import meant_symbol
from guard.bot.times_typed import read_span
from guard.bot.typed import read_share, read_size
from guard.language.speech import Speech
from guard.ports.records import Mode
from guard.ports.wishes import Wish
from guard.risk.book import Side

PLAN_EXAMPLE: Final = "/plan 30%"
NET_EXAMPLE: Final = "/net BTC"
MODE_EXAMPLE: Final = "/mode auto 8h"
EXAMPLES: Final = {"reduce": "/reduce BTC 25%", "hedge": "/hedge BTC 50%"}
MODES: Final[tuple[Mode, ...]] = get_args(Mode)

_SPAN_MAX_S: Final = 366 * 86_400.0
_SIDES: Final[frozenset[str]] = frozenset(get_args(Side))


@dataclass(frozen=True, slots=True)
class ModeWish:
    """Another mode (None: only asked which it is), and for how many seconds (None: without end)."""

    mode: Mode | None = None
    for_s: float | None = None


def is_plan(words: Sequence[str]) -> bool:
    """Whether words begin like the target of a plan."""
    return bool(words) and (words[0][0].isdigit() or words[0].casefold() == "distance")


def read_plan(speech: Speech, words: Sequence[str]) -> Wish | Refusal:
    """`/plan`, `/plan 30%` (risk ratio after it), `/plan distance 15%`."""
    if not words:
        return Wish("plan")
    near = words[0].casefold() == "distance"
    share = read_share(words[-1])
    if share is None or len(words) != (2 if near else 1):
        return not_understood(speech, words[-1], PLAN_EXAMPLE)
    return Wish("plan", distance=share) if near else Wish("plan", risk_ratio=share)


def is_order(symbols: Sequence[str], words: Sequence[str]) -> bool:
    """Whether words begin with a symbol that the account holds."""
    return bool(words) and meant_symbol(words[0], symbols).symbol is not None


def read_order(
    speech: Speech, kind: Literal["reduce", "hedge"], symbols: Sequence[str], words: Sequence[str]
) -> Wish | Refusal:
    """`BTC 25%`, `BTC short 0.5` (contracts), `BTC all`."""
    example = EXAMPLES[kind]
    if not words:
        return refusal(speech, speech.text("Say which symbol, and how much."), example)
    meant = meant_symbol(words[0], symbols)
    if meant.symbol is None:
        return not_one(speech, words[0], meant, list(symbols), example)
    rest = list(words[1:])
    leg: Side | None = None
    if rest and rest[0].casefold() in _SIDES:
        leg = cast("Side", rest.pop(0).casefold())
    if not rest:
        return refusal(speech, speech.text("Say how much: a share such as 25%, or contracts such as 0.5."), example)
    size = read_size(rest)
    if size is None or size.unit not in {"", "%"} or (size.unit == "%" and size.value > 1):
        return refusal(speech, speech.text("Say how much: a share such as 25%, or contracts such as 0.5."), example)
    if size.unit == "%":
        return Wish(kind, meant.symbol, leg, share=size.value)
    return Wish(kind, meant.symbol, leg, contracts=Decimal(repr(size.value)))


def read_net(speech: Speech, symbols: Sequence[str], words: Sequence[str]) -> Wish | Refusal:
    """`/net`, `/net BTC`."""
    if not words:
        return Wish("net")
    meant = meant_symbol(words[0], symbols)
    if meant.symbol is None or len(words) > 1:
        return not_one(speech, " ".join(words), meant, list(symbols), NET_EXAMPLE)
    return Wish("net", meant.symbol)


def is_mode(words: Sequence[str]) -> bool:
    """Whether words begin with a mode."""
    return bool(words) and words[0].casefold() in MODES


def read_mode(speech: Speech, words: Sequence[str]) -> ModeWish | Refusal:
    """`/mode`, `/mode observe`, `/mode auto 8h`."""
    if not words:
        return ModeWish()
    word = words[0].casefold()
    if word not in MODES or len(words) > 2:
        return not_understood(speech, words[0] if word not in MODES else words[2], MODE_EXAMPLE)
    mode = word
    if len(words) == 1:
        return ModeWish(mode)
    span = read_span(words[1])
    for_s = 0.0 if span is None else span.total_seconds()
    if not 0.0 < for_s <= _SPAN_MAX_S:
        return not_understood(speech, words[1], MODE_EXAMPLE)
    return ModeWish(mode, for_s)
