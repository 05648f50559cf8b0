"""What every margin rule is: a name, the parameters it reads from a book, and its translation into pools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from guard.risk.book import Book
from guard.risk.fields import Choice, Field, Number
from guard.risk.pool import Pool
from guard.risk.rules.marks import never

POSITIVE = Number(above=0, nullable=True)
RATE = Number(above=0, at_most=1, nullable=True)

ORDER_PARAMETERS: tuple[Field, ...] = (
    Field("contract_size", POSITIVE, "base units a contract (linear), quote units (inverse)", None),
    Field("leverage", POSITIVE, "leverage set for the symbol", None),
    Field("mark_price", POSITIVE, "mark price in quote per base", None),
)
"""What a rule must know of a symbol that has open orders and no position."""


ACCOUNT_MODE = Field(
    "account_mode",
    Choice(("single", "multi", "classic", "unified", "segregated", "cross"), nullable=True),
    "mode of the account, under *: single or multi (okx), classic or unified (gate), segregated or cross (deribit-sm)",
    None,
)
"""Which of a venue's account modes the book is of."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A margin rule.

    `parameters` are the keys that a book may carry for a symbol under this rule (all optional for the parser; the
    rule itself says which of them it misses). `wallet_holds_isolated`: the venue's wallet already contains the margins
    of isolated legs, so closing one gives nothing back to it. `follows_marks` says of a book whether another mark would
    change nothing in its pools but the marks of their legs; by default that is never so.
    """

    model: str
    pools: Callable[[Book], tuple[Pool, ...]]
    parameters: tuple[Field, ...] = ORDER_PARAMETERS
    wallet_holds_isolated: bool = False
    follows_marks: Callable[[Book], bool] = never
