"""Pure risk engine: a book in, figures and zones out. No I/O, no clock, no async, no logging; numpy only.

As a library:

    from guard.risk import assess, parse_book

    risk = assess(parse_book(json.load(open("book.json"))))
    risk.risk_ratio                                  # 1.0 = liquidation
    risk.pools[0].positions[0].liquidation_price     # None = unreachable

Adapters build a `Book` directly (`check_book` checks it) and keep a `TierTables` while the venue's tiers stand;
`entered_zone` and `step_zone` turn figures into zones. `reach` has bankruptcy and moves along betas, `netted` what
self-trading would leave, `advise` the leverage that fits.

Inside: a rule (`guard.risk.rules`) translates a book into pools in normal form (`guard.risk.pool`), one valuation
(`guard.risk.valuation`) serves the report and every scenario, one solver (`guard.risk.liquidation`) finds the prices.
"""

from guard.risk.assess import assess
from guard.risk.book import (
    Book,
    Collateral,
    Fees,
    HaircutTier,
    Order,
    Position,
    Tier,
    VenueFigures,
    VenueReported,
)
from guard.risk.bookcheck import check_book
from guard.risk.bookerror import BookError
from guard.risk.bookfile import book_schema, dump_book, parse_book, parse_book_text, with_marks
from guard.risk.conformity import conformity, worse_of
from guard.risk.levels import policy_for
from guard.risk.leverage import LeverageAdvice, advise, optimal_leverage
from guard.risk.netting import netted
from guard.risk.quality import DataQuality, Quality, qualify
from guard.risk.reach import PoolReach, SymbolReach, reach
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk
from guard.risk.reportfile import report_json
from guard.risk.rules import MODELS
from guard.risk.tiers import TierTables
from guard.risk.zones import Zone, ZoneBars, ZonePolicy, ZoneState, entered_zone, step_zone

__all__ = [
    "MODELS",
    "AccountRisk",
    "Book",
    "BookError",
    "Collateral",
    "DataQuality",
    "Fees",
    "HaircutTier",
    "LeverageAdvice",
    "Order",
    "PoolReach",
    "PoolRisk",
    "Position",
    "PositionRisk",
    "Quality",
    "SymbolReach",
    "Tier",
    "TierTables",
    "VenueFigures",
    "VenueReported",
    "Zone",
    "ZoneBars",
    "ZonePolicy",
    "ZoneState",
    "advise",
    "assess",
    "book_schema",
    "check_book",
    "conformity",
    "dump_book",
    "entered_zone",
    "netted",
    "optimal_leverage",
    "parse_book",
    "parse_book_text",
    "policy_for",
    "qualify",
    "reach",
    "report_json",
    "step_zone",
    "with_marks",
    "worse_of",
]
