"""Random books of every margin rule: orders, hedges, haircuts and isolated legs, for property tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from guard.risk.book import Book, Collateral, Fees, HaircutTier, Order, Position, Tier, VenueReported
from guard.risk.rules import MODELS, RULES

NEW, OLD = datetime(2026, 11, 21, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)
INVERSE_ONLY = {"binance-coinm"}
BOTH_KINDS = {"tiered", "binance-pm", "bybit-uta", "okx", "deribit-sm", "kraken-futures", "bitmex", "bingx"}
ONE_POOL = {"binance-usdm-multi", "binance-pm", "bybit-uta", "kraken-futures"}


def real(low: float, high: float) -> st.SearchStrategy[float]:
    """Finite floats in a range."""
    return st.floats(min_value=low, max_value=high, allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Tables of 1 to 4 tiers with rates that rise, without an end."""
    floors = [0.0, *sorted(draw(st.sets(st.integers(1, 2_000_000), max_size=3)))]
    rates = sorted(draw(st.lists(real(0.002, 0.3), min_size=len(floors), max_size=len(floors))))
    return tuple(Tier(float(f), c, r) for f, c, r in zip(floors, [*floors[1:], None], rates, strict=True))


PARAMETERS: dict[str, float] = {
    "m": 50.0, "k": 490.0, "f": 1.3, "mmr_limit": 0.3, "mmr_lev_constant": 100.0,
    "base": 200.0, "step": 100.0, "base_im": 0.02, "base_mm": 0.01, "slope": 1e-6, "max_leverage": 40.0,
    "contract_size": 1.0, "leverage": 10.0, "mark_price": 5.0,
}  # fmt: skip


def parameters_of(model: str, symbols: set[str], draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Constants that the model knows, for each symbol, and the account's mode."""
    known = {field.name for field in RULES[model].parameters}
    found: dict[str, dict[str, Any]] = {
        symbol: {name: value for name, value in PARAMETERS.items() if name in known} for symbol in symbols
    }
    modes = {"okx": ["single", "multi"], "gate": ["classic", "unified"], "deribit-sm": ["segregated", "cross"]}
    if model in modes:
        found["*"] = {"account_mode": draw(st.sampled_from(modes[model]))}
    return found


@st.composite
def legs_of(draw: st.DrawFn, model: str, hedge: bool) -> list[Position]:
    """Legs of 1 to 3 coins, of the kinds that the model knows."""
    found: list[Position] = []
    for coin in draw(st.lists(st.sampled_from(["BTC", "ETH", "SOL"]), min_size=1, max_size=3, unique=True)):
        inverse = model in INVERSE_ONLY or (model in BOTH_KINDS and draw(st.booleans()))
        symbol, settle = (f"{coin}/USD:{coin}", coin) if inverse else (f"{coin}/USDT:USDT", "USDT")
        mark = draw(real(0.5, 50_000.0))
        sides = (
            draw(st.sampled_from([("long",), ("short",), ("long", "short")]))
            if hedge
            else (draw(st.sampled_from(["long", "short"])),)
        )
        for side in sides:
            notional = draw(real(100.0, 1e6))
            found.append(
                Position(
                    symbol=symbol,
                    side="long" if side == "long" else "short",
                    contracts=notional if inverse else notional / mark,
                    contract_size=1.0,
                    kind="inverse" if inverse else "linear",
                    settle=settle,
                    entry_price=mark * draw(real(0.7, 1.4)),
                    mark_price=mark,
                    leverage=draw(st.sampled_from([2.0, 10.0, 50.0])),
                    opened_at=draw(st.sampled_from([None, OLD])),
                )
            )
    return found


@st.composite
def books(draw: st.DrawFn, models: tuple[str, ...] = MODELS) -> Book:
    """A well-formed book of any model."""
    model = draw(st.sampled_from(models))
    hedge = model not in {"hyperliquid", "kraken-futures"} and draw(st.booleans())
    legs = draw(legs_of(model, hedge))
    if draw(st.booleans()) and model != "reported":
        leg = legs[0]
        value = leg.contracts / leg.mark_price if leg.kind == "inverse" else leg.contracts * leg.mark_price
        if sum(other.symbol == leg.symbol for other in legs) == 1:
            legs[0] = replace(leg, margin_mode="isolated", isolated_margin=value * draw(real(0.02, 2.0)))
    marks = {leg.settle: leg.mark_price for leg in legs if leg.kind == "inverse"}
    gross = sum(leg.contracts * (1.0 if leg.kind == "inverse" else leg.mark_price) for leg in legs)
    settles = {leg.settle for leg in legs}
    one_pool = model in ONE_POOL
    book = Book(
        account="a", venue="v", model=model, as_of=draw(st.sampled_from([NEW, OLD])),
        position_mode="hedge" if hedge else "one_way", fees=Fees(taker=draw(st.sampled_from([0.0, 0.0006]))),
        positions=tuple(legs), tiers={leg.symbol: draw(tables()) for leg in legs},
        parameters=parameters_of(model, {leg.symbol for leg in legs} | {"XRP/USDT:USDT"}, draw),
    )  # fmt: skip
    mode = book.parameters.get("*", {}).get("account_mode")
    one_pool = one_pool or mode in {"multi", "unified", "cross"}
    collateral = []
    for settle in sorted(settles):
        worth = gross * draw(real(0.05, 2.0))
        price = marks.get(settle, 1.0) if one_pool else 1.0
        haircut = draw(st.sampled_from([0.0, 0.1])) if one_pool else 0.0
        tiers = (
            (HaircutTier(0.0, worth, 0.05), HaircutTier(worth, None, 0.5)) if draw(st.booleans()) and haircut else ()
        )
        collateral.append(
            Collateral(settle, worth / marks.get(settle, 1.0), price, haircut, haircut_tiers=tiers, markup=haircut / 20)
        )
    orders = draw(st.lists(orders_of(legs), max_size=2))
    reported = VenueReported(equity=gross, maintenance_margin=gross * draw(real(0.0, 2.0)))
    return replace(
        book, collateral=tuple(collateral), orders=tuple(orders),
        venue_reported=reported if model == "reported" else VenueReported(),
    )  # fmt: skip


def orders_of(legs: list[Position]) -> st.SearchStrategy[Order]:
    """Orders in the symbols that are held."""
    held = st.sampled_from(legs)
    return st.builds(
        lambda leg, side, at, part: Order(leg.symbol, side, leg.mark_price * at, leg.contracts * part),
        held,
        st.sampled_from(["buy", "sell"]),
        real(0.8, 1.2),
        real(0.01, 3.0),
    )
