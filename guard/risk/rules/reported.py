"""`reported`: the venue's own figures only, for accounts whose rule cannot be computed from public parameters.

Portfolio margin at Bybit, OKX, Deribit and Gate, multi-currency accounts of KuCoin, Bitget's second requirement.

Formula:
    equity, requirement, initial margin = `venue_reported` of the pool (or of the account, for a single pool)
    requirement = risk_ratio * equity where the venue gives the ratio and no requirement
    risk_ratio  = requirement / equity

    Legs are shown with value and PnL; margins of single legs, liquidation prices and shocks are not known and None.
    `maintenance_margin` is to be the requirement at which the venue liquidates.

Pools: one for each currency in `venue_reported.pools`, else one in the first collateral's asset (USD without one).

Source: the venue. Confidence: the venue's. Known limits: nothing is said about any price but the present one, so zones
rest on the ratio and the margin level alone, and stress of such an account is refused.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from guard.risk.book import Book, Collateral, VenueFigures
from guard.risk.bookerror import BookError, keyed
from guard.risk.pool import Pool
from guard.risk.rules.build import AssetTerms, Terms, build_pool
from guard.risk.rules.part import Part, sheet_of
from guard.risk.rules.rule import Rule


def pools(book: Book) -> tuple[Pool, ...]:
    """Translate a book; see the module."""
    reported = book.venue_reported
    if not reported.pools:
        currency = book.collateral[0].asset if book.collateral else "USD"
        return (_pool(book, currency, reported, "venue_reported", only=True),)
    return tuple(
        _pool(book, currency, figures, keyed("venue_reported.pools", currency), only=len(reported.pools) == 1)
        for currency, figures in sorted(reported.pools.items())
    )


def _pool(book: Book, currency: str, figures: VenueFigures, path: str, *, only: bool) -> Pool:
    if figures.equity is None:
        raise BookError(f"{path}.equity", "is missing, must be a number: model reported has nothing else to go by")
    requirement = figures.maintenance_margin
    if requirement is None:
        if figures.risk_ratio is None:
            message = "is missing, must be a number (or risk_ratio): model reported has nothing else to go by"
            raise BookError(f"{path}.maintenance_margin", message)
        requirement = figures.risk_ratio * max(0.0, figures.equity)
    if requirement < 0.0:
        raise BookError(f"{path}.maintenance_margin", f"was {requirement:g}, must be >= 0")
    legs = [position for position in book.positions if only or position.settle == currency]
    sheet = sheet_of(legs)
    signs = np.where(sheet.long != sheet.inverse, 1.0, -1.0)
    v_mark = np.where(sheet.inverse, 1.0 / sheet.mark, sheet.mark)
    v_entry = np.where(sheet.inverse, 1.0 / sheet.entry, sheet.entry)
    upl = float(((v_mark - v_entry) * signs * sheet.size).sum())
    part = Part(currency, "cross", None, sheet, (Collateral(currency, figures.equity - upl),))
    nothing = np.zeros(len(legs))
    return build_pool(
        part,
        Terms(nothing[None, :], nothing[None, :], im_rate=nothing),
        asset_terms=(AssetTerms((1.0,), (0.0,), charge=requirement),),
        im_orders=figures.initial_margin or 0.0,
        solvable=False,
    )


RULE: Final = Rule(model="reported", pools=pools, parameters=())
