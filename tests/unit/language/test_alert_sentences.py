"""Headlines of alerts, what is said of thresholds, and why a venue was not read, in every other language."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from guard.alerts.conditions import Facts, observe, sight_of
from guard.alerts.named_shocks import read_shocks
from guard.alerts.rulebook import RULES, Thresholds, read_threshold, rule_named
from guard.alerts.rules import Rule
from guard.language.catalogue import ENGLISH_CODE, LANGUAGES
from guard.language.speech import speech_of
from guard.ports.alerting import BlindCause
from guard.ports.errors import InputError
from guard.ports.records import Reading
from guard.risk.assess import assess
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone, ZoneState
from tests.harness.cycle_world import book

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OTHERS = [language for language in LANGUAGES if language != ENGLISH_CODE]
FETCHED = book(36_000.0)
SHOCKS = read_shocks("BTC -90%, ALL -95%")
READING = Reading(
    account_id="a",
    account="alice",
    at=NOW,
    quality=DataQuality(Quality.FRESH),
    zone_state=ZoneState(),
    zone=Zone.SAFE,
    reason="",
    risk=assess(FETCHED.book),
    fetched=replace(FETCHED, funding={leg.symbol: 0.5 for leg in FETCHED.book.positions}),
    error=None,
    duration_ms=1.0,
)
BLIND = replace(
    READING,
    zone=Zone.UNKNOWN,
    zone_state=ZoneState(Zone.UNKNOWN),
    quality=DataQuality(Quality.MISSING, ("okx did not answer within 20 s",)),
    risk=None,
    fetched=None,
)


def headlines() -> set[str]:
    """Every headline of a rule with a threshold, of blindness by each cause, and of a dispute."""
    always: Thresholds = {
        spec.rule: (1e-9 if not spec.falling else 0.9 if spec.rule is Rule.STRESS else 1e9)
        for spec in RULES.values()
        if spec.has_threshold
    }
    seen = observe(READING, always, (), Facts(equity=1.0, peak=2.0, available=3.0, shocks=SHOCKS))
    assert len(seen.conditions) >= 10
    no_equity = replace(READING, risk=replace(assess(FETCHED.book), risk_ratio=None))
    said = {each.headline for each in (*seen.conditions, *observe(no_equity, always, ()).conditions)}
    for cause in (*BlindCause, None):
        said |= {each.headline for each in sight_of(replace(BLIND, cause=cause))}
    disputed = DataQuality(Quality.DISPUTED, ("equity is 1 USDT by our rule, 2 USDT at the venue",))
    return said | {each.headline for each in sight_of(replace(READING, quality=disputed))}


def refused_thresholds() -> set[str]:
    """Everything that can be wrong with a threshold."""
    said = set()
    for name, typed in (
        ("drawdown", "x"),
        ("drawdown", "-1"),
        ("drawdown", "101"),
        ("zone", "off"),
        ("zone", "5"),
        ("tiers", "5"),
        ("available_money", str(-math.inf)),
    ):
        with pytest.raises(InputError) as error:
            read_threshold(rule_named(name), typed)
        said.add(str(error.value))
    for typed in ("", "BTC", "BTC -100%", "BTC -5% BTC -6%", "BTC +0%", ", ".join(["BTC -1%"] * 11)):
        with pytest.raises(InputError) as error:
            read_shocks(typed)
        said.add(str(error.value))
    return said | {"the account has no XRP; it has BTC, USDT"}


@pytest.mark.parametrize("language", OTHERS)
def test_headlines_and_refused_thresholds_are_recognised(language: str) -> None:
    """Whole: no English sentence is left in a list of alerts."""
    speech = speech_of(language, "UTC")
    said = headlines() | refused_thresholds()
    untouched = [each for each in sorted(said) if any(speech.sentence(part) == part for part in each.split("; "))]
    assert not untouched, "add to sentences.po:\n" + "\n".join(untouched)
