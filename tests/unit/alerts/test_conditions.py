"""What each rule compares, from where on it holds, and when it is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from guard.alerts.conditions import NOTHING_ELSE, Facts, observe
from guard.alerts.drawdown import EquityPeaks
from guard.alerts.rulebook import RULES, default_thresholds, merged, read_threshold, rule_named
from guard.alerts.rules import Rule
from guard.alerts.shares import breaks_with, may_break
from guard.ports.errors import InputError
from guard.ports.records import Reading
from guard.ports.venue import FetchedBook
from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Position, Side, Tier
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone, ZoneState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
FRESH = DataQuality(Quality.FRESH, (), 1.0)


def leg(symbol: str, side: Side, contracts: float, mark: float) -> Position:
    """A leg at its entry."""
    return Position(symbol, side, contracts, 1.0, "linear", "USDT", mark, mark, 10.0)


def reading(*legs: Position, equity: float = 10_000.0, funding: dict[str, float] | None = None) -> Reading:
    """A safe reading of an account that holds this."""
    book = Book(
        account="main",
        venue="file",
        model="binance-usdm",
        as_of=NOW,
        collateral=(Collateral("USDT", equity),),
        positions=legs,
        tiers={symbol: (Tier(0.0, None, 0.01),) for symbol in (BTC, ETH)},
    )
    fetched = FetchedBook(book, {"balances": NOW}, funding=funding or {})
    state = ZoneState()
    return Reading("a", "main", NOW, FRESH, state, Zone.SAFE, "", assess(book), fetched, None, 1.0)


LONG = reading(leg(BTC, "long", 1.0, 40_000.0))  # risk ratio 4 %, margin level 250 %, liquidated at -24.2 %
PAIR = reading(leg(BTC, "long", 5.0, 40_000.0), leg(ETH, "short", 100.0, 2_000.0))  # 40x gross, no net


def holds(seen: Reading, rule: Rule, bar: float, facts: Facts = NOTHING_ELSE, *, firing: bool = False) -> bool | None:
    """Whether a rule holds at a bar; None: it cannot be judged."""
    observation = observe(seen, {rule: bar}, {rule.value} if firing else set(), facts)
    if rule not in observation.judged:
        return None
    return any(condition.rule is rule for condition in observation.conditions)


@pytest.mark.parametrize(
    ("rule", "beyond", "short_of"),
    [
        (Rule.DISTANCE, 0.25, 0.24),
        (Rule.STRESS, 0.25, 0.24),
        (Rule.RISK_RATIO, 0.039, 0.041),
        (Rule.MARGIN_LEVEL, 2.51, 2.49),
        (Rule.AVAILABLE, 0.61, 0.59),
        (Rule.SHARE, 1.0, 1.01),
    ],
)
def test_each_rule_compares_its_figure(rule: Rule, beyond: float, short_of: float) -> None:
    """One BTC with 10,000 USDT: just beyond the figure it holds, just short of it not."""
    assert holds(LONG, rule, beyond) is True
    assert holds(LONG, rule, short_of) is False


def test_a_bar_is_left_when_it_is_cleared_by_a_tenth() -> None:
    """Whatever side it is on."""
    assert holds(LONG, Rule.DISTANCE, 0.23, firing=True) is True
    assert holds(LONG, Rule.DISTANCE, 0.21, firing=True) is False
    assert holds(LONG, Rule.RISK_RATIO, 0.043, firing=True) is True
    assert holds(LONG, Rule.RISK_RATIO, 0.046, firing=True) is False


def test_facts_that_are_not_known_judge_nothing() -> None:
    """Drawdown and money need more than a reading; without it they are silent, and end nothing."""
    assert holds(LONG, Rule.DRAWDOWN, 0.2) is None
    assert holds(LONG, Rule.DRAWDOWN, 0.2, Facts(equity=7_900.0, peak=10_000.0)) is True
    assert holds(LONG, Rule.DRAWDOWN, 0.2, Facts(equity=8_100.0, peak=10_000.0)) is False
    assert holds(LONG, Rule.AVAILABLE_MONEY, 5_000.0) is None
    assert holds(LONG, Rule.AVAILABLE_MONEY, 5_000.0, Facts(available=4_999.0)) is True


def test_funding_is_compared_only_where_every_rate_is_known() -> None:
    """40,000 USDT at 0.3 % a day are 1.2 % of equity; a short receives it."""
    assert holds(LONG, Rule.FUNDING, 0.01) is None
    assert holds(reading(leg(BTC, "long", 1.0, 40_000.0), funding={BTC: 0.003}), Rule.FUNDING, 0.01) is True
    assert holds(reading(leg(BTC, "short", 1.0, 40_000.0), funding={BTC: 0.003}), Rule.FUNDING, 0.01) is False


def test_stress_sees_a_hedge_that_breaks() -> None:
    """A pair of 40x gross has no distance at all, and is liquidated when its legs part by 5 %."""
    assert PAIR.risk is not None
    assert PAIR.risk.distance is None or PAIR.risk.distance > 0.3
    assert holds(PAIR, Rule.STRESS, 0.05) is True
    assert holds(PAIR, Rule.STRESS, 0.02) is False


@pytest.mark.parametrize("contracts", [0.1, 1.0, 2.0, 3.0, 5.0])
@pytest.mark.parametrize("move", [0.01, 0.025, 0.1, 0.3])
def test_the_cheap_look_never_misses_a_break(contracts: float, move: float) -> None:
    """What it calls impossible is impossible."""
    seen = reading(leg(BTC, "long", contracts, 40_000.0), leg(ETH, "short", contracts * 20, 2_000.0))
    assert seen.risk is not None
    assert seen.fetched is not None
    if breaks_with(seen.fetched.book, move):
        assert may_break(seen.risk, move)


@pytest.mark.parametrize("quality", [each for each in Quality if each is not Quality.FRESH])
def test_data_that_cannot_be_believed_end_nothing(quality: Quality) -> None:
    """They may raise an alert; a bar that they clear is not judged."""
    doubtful = replace(LONG, quality=DataQuality(quality, ("why",), 1.0))
    observation = observe(doubtful, {Rule.DISTANCE: 0.5, Rule.RISK_RATIO: 0.9}, {"risk_ratio"})
    assert any(condition.rule is Rule.DISTANCE for condition in observation.conditions)
    assert Rule.RISK_RATIO not in observation.judged


def test_the_peak_is_that_of_the_last_24_hours() -> None:
    """Older hours count no more; money that moved begins anew."""
    peaks = EquityPeaks([(NOW, 100.0), (NOW + timedelta(hours=2), 90.0)])
    assert peaks.peak(NOW + timedelta(hours=23)) == 100.0
    assert peaks.peak(NOW + timedelta(hours=26)) == 90.0
    peaks.restart()
    assert peaks.peak(NOW + timedelta(hours=26)) is None


@pytest.mark.parametrize(
    ("rule", "text", "value"),
    [
        ("drawdown", "15%", 0.15),
        ("Draw-down".replace("-", ""), " 15 ", 0.15),
        ("available money", "2,500 USD", 2500.0),
        ("distance", "off", None),
        ("risk_ratio", "150 %", 1.5),
        ("position", "off", None),
    ],
)
def test_thresholds_are_read_as_people_write_them(rule: str, text: str, value: float | None) -> None:
    """Percent or not, money, off."""
    assert read_threshold(rule_named(rule), text) == value


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("drawdown", "-5"),
        ("drawdown", "150%"),
        ("drawdown", "much"),
        ("drawdown", "nan"),
        ("zone", "off"),
        ("blind", "5"),
    ],
)
def test_what_is_no_threshold_is_refused_with_a_reason(rule: str, text: str) -> None:
    """The rule is named."""
    with pytest.raises(InputError, match=rule):
        read_threshold(rule_named(rule), text)


def test_rules_that_are_not_known_are_refused() -> None:
    """All names are told."""
    with pytest.raises(InputError, match="drawdown"):
        rule_named("moon")


def test_a_persons_own_thresholds_lie_on_top() -> None:
    """Names that are no rule any more do nothing; switching off what cannot be switched off neither."""
    held = merged(default_thresholds(), [("drawdown", 0.1), ("moon", 1.0), ("position", None), ("zone", None)])
    assert held[Rule.DRAWDOWN] == 0.1
    assert held[Rule.POSITION] is None
    assert Rule.ZONE not in held


def test_the_table_names_every_rule_once() -> None:
    """Made for people: title, help, and a unit where there is a threshold."""
    assert set(RULES) == {rule.value for rule in Rule}
    assert all(spec.title and spec.help and not spec.help.endswith(".") for spec in RULES.values())
    assert all(spec.has_threshold for spec in RULES.values() if spec.default is not None)
