"""`docs/venues.md` against the program: every venue has a row and a section, and the rows tell the truth."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guard.sandbox.dialects.table import DIALECTS
from guard.venues.registry import VENUES, entry_of

TEXT = (Path(__file__).parents[3] / "docs" / "venues.md").read_text(encoding="utf-8")
ROWS = {
    cells[0].strip(" `"): [cell.strip() for cell in cells]
    for cells in (
        line.strip("|").split("|")
        for line in TEXT.splitlines()
        if line.startswith("| `") and not line.startswith("| `--")
    )
}


def test_every_venue_has_a_row_and_a_section() -> None:
    """And nothing else has."""
    assert set(ROWS) == set(VENUES)
    sections = set(re.findall(r"^## (\S+)$", TEXT, re.MULTILINE))
    assert sections == {venue.partition(":")[0] for venue in VENUES}


@pytest.mark.parametrize("venue", sorted(set(ROWS) - {"file", "generic:<ccxt id>"}))
def test_what_a_row_says_of_streams_and_dialects(venue: str) -> None:
    """As the registry and the sandbox have it."""
    entry = entry_of(venue)
    assert entry is not None
    assert (ROWS[venue][4] == "yes") is (entry.streams is not None)
    assert (ROWS[venue][5] == "yes") is (venue in DIALECTS)
