"""The table of `guard.book/1`: names, units, defaults and limits of every field, in one place.

The parser reads with it, the writer walks it, and the JSON Schema is printed from it, so that the three agree.
"""

from __future__ import annotations

from typing import Final

from guard.risk.book import SCHEMA
from guard.risk.fields import Choice, Field, Flag, Keyed, Number, Record, Rows, Text, Timestamp
from guard.risk.rules import MODELS, RULES

MOST_LEGS: Final = 5_000
MOST_ORDERS: Final = 50_000
MOST_SYMBOLS: Final = 10_000
MOST_TIERS: Final = 1_000
MOST_ASSETS: Final = 2_000

FEES = Record(
    (
        Field("taker", Number(at_least=0, below=0.1), "taker fee, fraction of notional", 0.0),
        Field("maker", Number(above=-0.1, below=0.1), "maker fee, fraction of notional", 0.0),
    )
)
HAIRCUT = Record(
    (
        Field("floor", Number(at_least=0), "lower end, in units of the asset"),
        Field("cap", Number(above=0, nullable=True), "upper end; null = none", None),
        Field("haircut", Number(at_least=0, at_most=1), "fraction of this part that the venue does not count"),
    )
)
COLLATERAL = Record(
    (
        Field("asset", Text(32), "asset code"),
        Field("balance", Number(), "wallet balance before unrealized PnL, in units of the asset"),
        Field("price", Number(above=0), "price in the pool's currency", 1.0),
        Field("haircut", Number(at_least=0, at_most=1), "fraction that the venue does not count", 0.0),
        Field("frozen", Number(at_least=0), "what the venue withholds, in units of the asset", 0.0),
        Field("markup", Number(at_least=0, at_most=1), "added to the price for debts and requirements, fraction", 0.0),
        Field("borrowed", Number(at_least=0), "owed on top of the balance, in units of the asset", 0.0),
        Field("borrow_mm_rate", Number(at_least=0, at_most=1), "maintenance margin of what is borrowed, fraction", 0.0),
        Field("haircut_tiers", Rows(HAIRCUT, MOST_TIERS), "haircut by amount, in place of haircut", ()),
    )
)
POSITION = Record(
    (
        Field("symbol", Text(64), "ccxt symbol, such as BTC/USDT:USDT"),
        Field("side", Choice(("long", "short")), "side of the leg"),
        Field("contracts", Number(above=0), "size in contracts, positive on both sides"),
        Field("contract_size", Number(above=0), "base units a contract (linear), quote units a contract (inverse)"),
        Field("kind", Choice(("linear", "inverse")), "settled in quote, or in base"),
        Field("settle", Text(32), "settlement asset"),
        Field("entry_price", Number(above=0), "average entry price, quote per base"),
        Field("mark_price", Number(above=0), "mark price, quote per base"),
        Field("leverage", Number(above=0), "leverage set for the symbol"),
        Field("margin_mode", Choice(("cross", "isolated")), "an isolated leg is a pool of its own", "cross"),
        Field("isolated_margin", Number(nullable=True), "wallet of an isolated leg, in the settlement asset", None),
        Field("opened_at", Timestamp(nullable=True), "when it was opened, where a venue keeps older rules", None),
    )
)
ORDER = Record(
    (
        Field("symbol", Text(64), "ccxt symbol"),
        Field("side", Choice(("buy", "sell")), "side of the order"),
        Field("price", Number(above=0, nullable=True), "limit price; null = market or unpriced", None),
        Field("remaining", Number(above=0), "what is left, in contracts"),
        Field("reduce_only", Flag(), "can only reduce a position", default=False),
        Field("position_side", Choice(("long", "short"), nullable=True), "leg in hedge mode", None),
        Field("conditional", Flag(), "waits for a trigger and holds no margin", default=False),
        Field("order_id", Text(nullable=True), "the venue's id", None),
        Field("client_order_id", Text(nullable=True), "the client's id", None),
        Field(
            "margin_mode", Choice(("cross", "isolated")), "an isolated order asks nothing of the cross pool", "cross"
        ),
    )
)
TIER = Record(
    (
        Field("floor", Number(at_least=0), "lower end, in the unit of the rule"),
        Field("cap", Number(above=0, nullable=True), "upper end; null = none", None),
        Field("mm_rate", Number(at_least=0, at_most=1), "maintenance margin rate"),
        Field("mm_deduction", Number(nullable=True), "maintenance amount; null = derived from the rates", None),
        Field("max_leverage", Number(above=0, nullable=True), "highest leverage in the tier", None),
    )
)
FIGURES = (
    Field("equity", Number(nullable=True), "equity in the pool's currency", None),
    Field("maintenance_margin", Number(nullable=True), "requirement in the pool's currency", None),
    Field("initial_margin", Number(nullable=True), "initial margin in the pool's currency", None),
    Field("available_margin", Number(nullable=True), "available margin in the pool's currency", None),
    Field("risk_ratio", Number(nullable=True), "requirement / equity", None),
)
REPORTED = Record((*FIGURES, Field("pools", Keyed(Record(FIGURES), MOST_ASSETS), "figures by pool currency", {})))
PARAMETERS = Record(tuple({field.name: field for rule in RULES.values() for field in rule.parameters}.values()))
BOOK: Final = Record((
    Field("schema", Choice((SCHEMA,)), "version of this format"),
    Field("account", Text(), "name of the account"),
    Field("venue", Text(64), "venue"),
    Field("model", Choice(MODELS), "margin rule"),
    Field("as_of", Timestamp(), "time of the figures"),
    Field("position_mode", Choice(("one_way", "hedge")), "whether a symbol may have two legs", "one_way"),
    Field("fees", FEES, "trading fees", {"taker": 0.0, "maker": 0.0}),
    Field("collateral", Rows(COLLATERAL, MOST_ASSETS), "wallet", ()),
    Field("positions", Rows(POSITION, MOST_LEGS), "legs", ()),
    Field("orders", Rows(ORDER, MOST_ORDERS), "open orders", ()),
    Field("tiers", Keyed(Rows(TIER, MOST_TIERS, least=1), MOST_SYMBOLS), "margin tiers by symbol", {}),
    Field("parameters", Keyed(PARAMETERS, MOST_SYMBOLS), 'constants of a rule, by symbol; "*" = account', {}),
    Field("venue_reported", REPORTED, "the venue's own figures", {}),
))  # fmt: skip
