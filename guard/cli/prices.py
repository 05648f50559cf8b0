"""Recorded prices from a directory of `<BASE>USDT.csv` files, as returns of several assets on the same bars."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from guard.ports.errors import InputError

FEWEST_RETURNS = 24
"""A volatility from fewer bars than this says nothing."""
MOST_BARS = 2_000_000
MS_AN_HOUR = 3_600_000.0


@dataclass(frozen=True, slots=True)
class Returns:
    """Relative returns by base asset, all of one length, and the bars that they come from.

    `hours_per_bar` is the length of a bar; `first_ms` and `last_ms` are the times of the first and last bar used.
    """

    by_base: Mapping[str, Sequence[float]]
    hours_per_bar: float
    first_ms: int
    last_ms: int


def read_returns(directory: Path, bases: Sequence[str]) -> Returns:
    """Returns of the assets between bars that all of them have.

    A gap in the prices is left out: the move over a gap is not the move of a bar.

    Args:
        directory: holds `<BASE>USDT.csv` with the columns `timestamp_ms` and `close`; further columns are ignored.
        bases: assets wanted.

    Raises:
        InputError: a file is missing or damaged (names file and line), or too few bars are shared.
    """
    closes = {base: _read_closes(directory / f"{base}USDT.csv") for base in sorted(set(bases))}
    shared = sorted(set[int].intersection(*(set(series) for series in closes.values()))) if closes else []
    steps = Counter(later - earlier for earlier, later in pairwise(shared))
    bar = steps.most_common(1)[0][0] if steps else 0
    kept = [(earlier, later) for earlier, later in pairwise(shared) if later - earlier == bar]
    if len(kept) < FEWEST_RETURNS:
        names = ", ".join(closes)
        raise InputError(
            f"{directory}: {names} share {len(kept)} returns, at least {FEWEST_RETURNS} are needed",
            fix="record more bars, at the same times for every asset",
        )
    by_base = {
        base: [series[later] / series[earlier] - 1.0 for earlier, later in kept] for base, series in closes.items()
    }
    return Returns(by_base, bar / MS_AN_HOUR, kept[0][0], kept[-1][1])


def _read_closes(path: Path) -> dict[int, float]:
    """Closing prices by time in milliseconds."""
    found: dict[int, float] = {}
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream)
            for name in ("timestamp_ms", "close"):
                if name not in (rows.fieldnames or ()):
                    raise InputError(f"{path}: has no column {name}, must have timestamp_ms and close")
            for row in rows:
                at, price = _bar(path, rows.line_num, row)
                if found and at <= next(reversed(found)):
                    raise InputError(f"{path}: line {rows.line_num}: timestamp_ms was {at}, must rise from row to row")
                found[at] = price
                if len(found) > MOST_BARS:
                    raise InputError(f"{path}: has more than {MOST_BARS:,} bars")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: is not a CSV file ({error})") from error
    return found


def _bar(path: Path, line: int, row: Mapping[str, str | None]) -> tuple[int, float]:
    try:
        at, price = int(row["timestamp_ms"] or ""), float(row["close"] or "")
    except ValueError as error:
        raise InputError(f"{path}: line {line}: timestamp_ms and close must be numbers") from error
    if not (math.isfinite(price) and price > 0.0):
        raise InputError(f"{path}: line {line}: close was {price:g}, must be > 0")
    return at, price
