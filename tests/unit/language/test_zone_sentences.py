"""Why an account is in a zone, and why data is doubted, is recognised in every other language, as the rooms say it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from guard.language.catalogue import ENGLISH_CODE, LANGUAGES
from guard.language.speech import speech_of
from guard.risk.assess import assess
from guard.risk.quality import DataQuality, Quality, qualify
from guard.risk.zones import Zone, ZoneBars, ZonePolicy, ZoneState, entered_zone, step_zone
from tests.harness.cycle_world import book

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OTHERS = [language for language in LANGUAGES if language != ENGLISH_CODE]
RISK = assess(book(36_000.0).book)
FRESH = DataQuality(Quality.FRESH)


def policies() -> list[ZonePolicy]:
    """One for each kind of bar that is reached, and one of which none is."""
    reached = (ZoneBars(risk_ratio=0.01), ZoneBars(distance=0.99), ZoneBars(margin_level=99.0), ZoneBars())
    far = ZoneBars()
    return [ZonePolicy(watch=bars, warning=far, danger=far, liquidation=far) for bars in reached]


def said_of_zones() -> set[str]:
    """Reasons of the zone machine on its ways in, while it stays, and without data."""
    said: set[str] = set()
    blind = qualify(parts={}, missing=(), torn=(), now=NOW, stale_after_s=60, max_spread_s=5)
    for policy in policies():
        said.add(entered_zone(RISK, policy)[1])
        for state in (ZoneState(), ZoneState(Zone.DANGER, Zone.DANGER), ZoneState(Zone.WATCH, Zone.WATCH)):
            for quality in (FRESH, DataQuality(Quality.DISPUTED), blind):
                risk = None if quality is blind else RISK
                said.add(step_zone(state, risk, quality, policy).reason)
                said.add(step_zone(state, risk, quality, policy, certain=True).reason)
    said.add(entered_zone(replace(RISK, risk_ratio=None), policies()[0])[1])
    return said - {""}


def said_of_buffers() -> set[str]:
    """What keeps a zone although its bar is no longer reached."""
    ratio, distance, level = RISK.risk_ratio, RISK.distance, RISK.margin_level
    assert ratio is not None
    assert distance is not None
    assert level is not None
    just = (
        ZoneBars(risk_ratio=ratio * 1.01),
        ZoneBars(distance=distance * 0.99),
        ZoneBars(margin_level=level * 0.99),
    )
    far, held = ZoneBars(), ZoneState(Zone.WATCH, Zone.WATCH)
    made = [ZonePolicy(watch=bars, warning=far, danger=far, liquidation=far) for bars in just]
    return {step_zone(held, RISK, FRESH, policy).reason for policy in made}


def said_of_data() -> set[str]:
    """All verdicts that there are."""
    parts = {"balances": NOW - timedelta(seconds=90), "marks": NOW + timedelta(seconds=30)}
    verdict = qualify(parts=parts, missing=("tiers",), torn=(), now=NOW, stale_after_s=60, max_spread_s=5)
    nothing = qualify(parts={}, missing=(), torn=(), now=NOW, stale_after_s=60, max_spread_s=5)
    return {*verdict.reasons, *nothing.reasons}


@pytest.mark.parametrize("language", OTHERS)
def test_reasons_of_zones_and_of_data_are_recognised(language: str) -> None:
    """Whole, words in holes included: a zone inside a sentence is no English word either."""
    speech = speech_of(language, "UTC")
    said = said_of_zones() | said_of_buffers() | said_of_data()
    assert len(said) > 15
    untouched = [each for each in sorted(said) if speech.sentence(each) == each]
    assert not untouched, "add to sentences.po:\n" + "\n".join(untouched)
    half = [each for each in said for zone in Zone if f"{zone}" in speech.sentence(each).split()]
    assert not half
