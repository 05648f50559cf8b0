"""Pure risk engine: a book in, figures and zones out. No I/O, no clock, no async, no logging; numpy only.

As a library:

    from guard.risk import assess, parse_book

    risk = assess(parse_book(json.load(open("book.json"))))
    risk.risk_ratio                                  # 1.0 = liquidation
    risk.pools[0].positions[0].liquidation_price     # None = unreachable

Adapters build a `Book` directly (`check_book` checks it); `entered_zone` and `step_zone` turn figures into zones.
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
from guard.risk.quality import DataQuality, Quality, qualify
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk
from guard.risk.reportfile import report_json
from guard.risk.rules import MODELS
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
    "Order",
    "PoolRisk",
    "Position",
    "PositionRisk",
    "Quality",
    "Tier",
    "VenueFigures",
    "VenueReported",
    "Zone",
    "ZoneBars",
    "ZonePolicy",
    "ZoneState",
    "assess",
    "book_schema",
    "check_book",
    "conformity",
    "dump_book",
    "entered_zone",
    "parse_book",
    "parse_book_text",
    "qualify",
    "report_json",
    "step_zone",
    "with_marks",
    "worse_of",
]
