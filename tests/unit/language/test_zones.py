"""Time zones as people type them."""

from __future__ import annotations

import pytest

from guard.language.zones import nearest_zone, zone_named


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Asia/Tokyo", "Asia/Tokyo"),
        (" asia/tokyo ", "Asia/Tokyo"),
        ("tokyo", "Asia/Tokyo"),
        ("new york", "America/New_York"),
        ("America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        ("ushuaia", "America/Argentina/Ushuaia"),
        ("utc", "UTC"),
        ("Louisville", None),  # two zones end so
        ("Tokio", None),
        ("", None),
        ("../../etc/passwd", None),
    ],
)
def test_zone_named(typed: str, zone: str | None) -> None:
    """Exactly one zone is meant, or none."""
    assert zone_named(typed) == zone


def test_nearest_zone() -> None:
    """By its name or its city; nothing where nothing is like it."""
    assert nearest_zone("Tokio") == "Asia/Tokyo"
    assert nearest_zone("Europe/Berlim") == "Europe/Berlin"
    assert nearest_zone("0123456789") is None
