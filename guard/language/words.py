"""Words of the field in a person's language: zones, qualities of data, sides. Pure."""

from __future__ import annotations

from guard.language.speech import Speech
from guard.risk.quality import Quality
from guard.risk.zones import Zone


def zone_word(speech: Speech, zone: Zone) -> str:
    """A zone in small letters: `danger`, `unknown`."""
    match zone:
        case Zone.SAFE:
            return speech.text("safe")
        case Zone.WATCH:
            return speech.text("watch")
        case Zone.WARNING:
            return speech.text("warning")
        case Zone.DANGER:
            return speech.text("danger")
        case Zone.LIQUIDATION:
            return speech.text("liquidation")
        case Zone.UNKNOWN:
            return speech.text("unknown")


def quality_word(speech: Speech, quality: Quality) -> str:
    """How far data can be believed: `fresh`, `torn`."""
    match quality:
        case Quality.FRESH:
            return speech.text("fresh")
        case Quality.STALE:
            return speech.text("stale")
        case Quality.INCOMPLETE:
            return speech.text("incomplete")
        case Quality.TORN:
            return speech.text("torn")
        case Quality.DISPUTED:
            return speech.text("disputed")
        case Quality.MISSING:
            return speech.text("missing")


def side_word(speech: Speech, side: str) -> str:
    """The side of a leg, `long` or `short`."""
    return speech.text("long") if side == "long" else speech.text("short")
