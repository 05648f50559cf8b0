"""Commands that need no account and no database: risk of a book file, its schema."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.output import EXIT_NO, console, print_json

if TYPE_CHECKING:
    from guard.risk.book import Book
    from guard.risk.zones import Zone, ZonePolicy

ZONES = ("watch", "warning", "danger", "liquidation")

BookPath = Annotated[Path, typer.Argument(metavar="BOOK", help="A book file (guard.book/1), or - for standard input.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
FailIn = Annotated[
    str | None, typer.Option("--fail-in", metavar="ZONE", help="Exit 3 when the zone is this one or worse.")
]
ConfigPath = Annotated[Path | None, typer.Option("--config", help="Configuration with the zones' bars.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("risk")(risk)
    app.command("schema")(schema)


@contextmanager
def bad_books_told() -> Iterator[None]:
    """A book that is wrong, or cannot be assessed, is bad input: one line that names the key."""
    from guard.ports.errors import InputError
    from guard.risk.bookerror import BookError

    try:
        yield
    except BookError as error:
        raise InputError(str(error)) from error


def read_book(path: Path) -> Book:
    """The book in a file.

    Raises:
        InputError: the file cannot be read, or is not a book; the message names the key.
    """
    from guard.ports.errors import InputError
    from guard.risk.bookfile import parse_book_text

    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    with bad_books_told():
        return parse_book_text(text)


def zone_policy(book: Book, config: Path | None) -> ZonePolicy:
    """The bars that a book is measured against: the configuration's, and the broker's own levels before them.

    Raises:
        InputError: the configuration or the broker's levels are wrong.
    """
    from guard.app.judge import judge_policy
    from guard.app.settings_file import load_settings
    from guard.risk.levels import policy_for

    settings = load_settings(config)
    zones = settings.zones_of(book.account)
    with bad_books_told():
        return policy_for(book, judge_policy(zones, settings.conformity, settings.schedule.stale_after_s).zones)


def check_zone_name(name: str | None) -> None:
    """Refuse a zone that there is not.

    Raises:
        InputError: `--fail-in` names no zone.
    """
    from guard.ports.errors import InputError

    if name is not None and name not in ZONES:
        raise InputError(f"--fail-in was {name}, must be one of {', '.join(ZONES)}")


def exit_if_reached(zone: Zone, name: str | None) -> None:
    """Leave with exit code 3 when the zone is the named one or worse."""
    from guard.risk.zones import Zone, severity

    if name is not None and severity(zone) >= severity(Zone(name)):
        raise typer.Exit(EXIT_NO)


def risk(
    book: BookPath,
    as_json: AsJson = False,
    fail_in: FailIn = None,
    net: Annotated[
        bool, typer.Option("--net", help="First close long against short of each symbol, as venues do (self-trading).")
    ] = False,
    config: ConfigPath = None,
) -> None:
    """Risk of a book file, offline: margin, liquidation prices, distance and zone."""
    from guard.cli.risk_table import risk_table
    from guard.risk.assess import assess
    from guard.risk.netting import netted
    from guard.risk.quality import Quality
    from guard.risk.reportfile import report_json
    from guard.risk.zones import entered_zone

    check_zone_name(fail_in)
    parsed = read_book(book)
    policy = zone_policy(parsed, config)
    with bad_books_told():
        assessed = assess(netted(parsed) if net else parsed)
    zone, reason = entered_zone(assessed, policy)
    if as_json:
        # A file has no clock beside it: its figures are taken as they are.
        print_json(report_json(assessed, Quality.FRESH, zone, reason))
    else:
        console().print(risk_table(assessed, zone, reason))
    exit_if_reached(zone, fail_in)


def schema(name: Annotated[str, typer.Argument(metavar="NAME", help="What to describe: book.")]) -> None:
    """Print a JSON Schema: `guard schema book`."""
    from guard.ports.errors import InputError
    from guard.risk.bookfile import book_schema

    if name != "book":
        raise InputError(f"no schema is called {name}, must be: book")
    print_json(book_schema())
