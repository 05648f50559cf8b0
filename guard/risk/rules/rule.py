"""What every margin rule is: a name, the parameters it reads from a book, and its translation into pools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from guard.risk.book import Book
from guard.risk.fields import Field, Number, Reader
from guard.risk.pool import Pool

ORDER_PARAMETERS: tuple[Field, ...] = (
    Field("contract_size", Number(above=0), "base units a contract (linear), quote units (inverse)", None),
    Field("leverage", Number(above=0), "leverage set for the symbol", None),
    Field("mark_price", Number(above=0), "mark price in quote per base", None),
)
"""What a rule must know of a symbol that has open orders and no position."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A margin rule.

    `parameters` are the keys that a book may carry for a symbol under this rule (all optional for the parser; the
    rule itself says which of them it misses).
    """

    model: str
    pools: Callable[[Book], tuple[Pool, ...]]
    parameters: tuple[Field, ...] = ORDER_PARAMETERS
    readers: tuple[Reader, ...] = ()
