"""Netting: both legs of a symbol shrink by the same size, in turn, and never far apart."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.records import OrderJournalState as State
from guard.protect.outcome import Ending

BTC = "BTC/USDT:USDT"


@pytest.fixture
def pair(new_world: Callable[..., Any], make: Any) -> Any:
    """1.2 BTC long and 0.9 short in hedge mode, far from any target."""
    legs = [make.position(BTC, "long", 1.2, 40_000.0, 36_000.0), make.position(BTC, "short", 0.9, 35_000.0, 36_000.0)]
    return new_world(make.book(legs, 6_200.0, "hedge"))


def netted(world: Any, contracts: str = "0.6") -> list[Any]:
    """Both steps of a netting."""
    return [world.step("net", BTC, leg, contracts) for leg in ("short", "long")]


async def test_the_larger_leg_goes_first_and_the_other_follows(pair: Any) -> None:
    """In turn, child by child; between the legs never more than one child, level at the end."""
    between = []

    def look() -> None:
        legs = pair.venue.legs()
        between.append(round(legs[BTC, "long"] - legs[BTC, "short"], 9))

    pair.venue.after_submit = look
    outcome = await pair.executor().execute(await pair.stepped(*netted(pair), by_hand=True))
    assert outcome.ending is Ending.AS_ASKED, outcome
    assert pair.venue.legs() == pytest.approx({(BTC, "long"): 0.6, (BTC, "short"): 0.3})
    assert [request.leg for request in pair.venue.arrived] == ["long", "short"] * 3
    largest = max(float(request.contracts) for request in pair.venue.arrived)
    assert all(abs(each - 0.3) <= largest + 1e-9 for each in between)
    assert {order.state for order in outcome.orders} == {State.VERIFIED}
    assert outcome.details == ()
    pair.assert_sound()


async def test_the_second_leg_follows_with_what_filled(pair: Any) -> None:
    """Half a fill on one leg is half an order on the other."""
    pair.venue.faults = ["half"]
    outcome = await pair.executor().execute(await pair.stepped(*netted(pair, "0.2"), by_hand=True))
    assert outcome.ending is Ending.AS_ASKED, outcome
    assert [float(request.contracts) for request in pair.venue.arrived] == [0.2, 0.1, 0.1, 0.1]
    assert pair.venue.legs() == pytest.approx({(BTC, "long"): 1.0, (BTC, "short"): 0.7})
    pair.assert_sound()


async def test_a_second_leg_that_does_not_fill_is_told(pair: Any) -> None:
    """A bounded number of tries; what is uneven is said, and nothing more of the first leg is sold."""
    pair.venue.faults = ["ok", *["unfilled"] * 20]
    outcome = await pair.executor().execute(await pair.stepped(*netted(pair, "0.5")))
    assert outcome.ending is Ending.UNFILLED
    assert [request.leg for request in pair.venue.arrived] == ["long"] + ["short"] * (1 + pair.bounds.extra_children)
    assert outcome.details[0].startswith("netting of BTC/USDT:USDT is uneven: the long leg lost 0.250 contracts")
    assert outcome.details[0] in pair.told[0].text


async def test_room_for_both_legs_is_asked_of_the_cap(pair: Any) -> None:
    """The first order is not sent when the second would not fit: the legs would stay apart."""
    outcome = await pair.executor().execute(await pair.stepped(*netted(pair, "0.2"), daily_cap=12_000.0))
    assert outcome.ending is Ending.CAPPED
    assert pair.venue.sent == 0


async def test_it_stops_at_the_target_only_while_level(pair: Any) -> None:
    """Somebody pays in after the first leg's order: the second one still follows."""
    pair.venue.after_submit = lambda: pair.venue.change(BTC, "long", Decimal(0), gain=50_000.0)
    outcome = await pair.executor().execute(await pair.stepped(*netted(pair)))
    assert outcome.ending is Ending.TARGET_HOLDS, outcome
    assert [request.leg for request in pair.venue.arrived] == ["long", "short"]
    assert outcome.details == ()


async def test_dust_between_the_legs_ends_it(pair: Any) -> None:
    """What is too small for the venue is left and named, and is no reason to stop the plan."""
    pair.rules[BTC] = pair.rules[BTC].__class__(
        BTC, Decimal("0.001"), Decimal("0.150"), Decimal("0.1"), Decimal(1), Decimal(5)
    )
    pair.venue.faults = ["ok", "half"]
    outcome = await pair.executor().execute(await pair.stepped(*netted(pair, "0.2"), by_hand=True))
    assert outcome.ending is Ending.AS_ASKED, outcome
    assert "is uneven: the long leg lost 0.2 contracts, the short leg 0.100" in outcome.details[0]


@pytest.mark.parametrize("wrong", [("0.6", "0.5"), ("1.3", "1.3"), ("0.6",)])
async def test_a_plan_that_would_not_be_level_is_refused(pair: Any, wrong: tuple[str, ...]) -> None:
    """Two steps of one size, within both legs; anything else is a defect and never journalled."""
    steps = [pair.step("net", BTC, leg, size) for leg, size in zip(("long", "short"), wrong, strict=False)]
    with pytest.raises(ValueError, match="step"):
        await pair.stepped(*steps)
