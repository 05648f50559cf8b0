"""The one error of the risk engine: a book that cannot be answered. Knows nothing of files or exit codes."""

from __future__ import annotations

from collections.abc import Iterable


class BookError(ValueError):
    """A book's field is missing, malformed, or not enough for its margin rule.

    `str(error)` is one line fit for a person: `positions[0].mark_price was -1, must be > 0`.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path} {message}")
        self.path = path
        self.message = message


def keyed(path: str, key: str) -> str:
    """Path of an entry of a mapping: `tiers["BTC/USDT:USDT"]`."""
    return f'{path}["{key}"]'


def one_of(values: Iterable[str]) -> str:
    """Allowed words as they stand in an error: `cross, isolated`."""
    return ", ".join(values)
