"""Many chats, one fall: the riskiest is told first, nothing is refused, nothing is lost. A thousand: `make bench`."""

from __future__ import annotations

from tests.harness.market_crash import crash


def test_the_riskiest_is_told_first_and_within_the_limits() -> None:
    """Pictures are under way and the others were assessed before: it leaves within 2 s, and Telegram refuses none."""
    fall = crash(120)
    assert fall.riskiest_s <= 2
    assert (fall.arrived, fall.refused) == (120, 0)
    assert fall.busiest_second <= 30


def test_a_storm_of_429_is_survived() -> None:
    """Refused for 10 s in the middle: a handful of requests finds out, then all wait, and all arrive."""
    fall = crash(120, storm_s=10)
    assert fall.riskiest_s <= 2
    assert fall.arrived == 120
    assert 0 < fall.refused <= 30
