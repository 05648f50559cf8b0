"""`guard account`: which accounts are watched, and how far each is armed.

Secrets come from files, from the environment (GUARD_API_KEY, GUARD_API_SECRET, GUARD_API_PASSPHRASE) or from a prompt,
never from the command line, where every process of the machine could read them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.output import EXIT_BAD_INPUT, EXIT_NO, console, print_error, print_json, print_line, print_note
from guard.cli.session import AsJson, ConfigFile, with_store

if TYPE_CHECKING:
    from guard.app.opening import Opened
    from guard.ports.records import AccountRecord
    from guard.ports.venue import Credentials

app = typer.Typer(help="Watched accounts.", no_args_is_help=True)


Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]


@app.command("add")
def add(
    name: Name,
    venue: Annotated[
        str, typer.Option("--venue", help="Such as binanceusdm or okx (docs/venues.md), file, generic:<ccxt id>.")
    ],
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="Replaces scheme and host of all addresses.")
    ] = None,
    api_key_file: Annotated[
        Path | None, typer.Option("--api-key-file", metavar="F", help="A file with the API key.")
    ] = None,
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", metavar="F", help="A file with the secret, or a private key.")
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option("--passphrase-file", metavar="F", help="For okx, kucoinfutures, bitget.")
    ] = None,
    wallet_address: Annotated[
        str | None, typer.Option("--wallet-address", metavar="A", help="For hyperliquid.")
    ] = None,
    book_file: Annotated[Path | None, typer.Option("--book-file", metavar="F", help="For venue file.")] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="U", help="The person who owns it.")] = None,
    allow_withdraw_key: Annotated[
        bool, typer.Option("--allow-withdraw-key", help="Accept a key that may withdraw. Think twice.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Check an account at its venue and watch it from now on."""
    from guard.app.accounts import add_account
    from guard.ports.venue import AccountSpec
    from guard.venues.registry import needs

    wanted = needs(venue)
    spec = AccountSpec(
        name=name,
        venue=venue,
        credentials=_credentials(wanted, api_key_file, secret_file, passphrase_file, wallet_address),
        base_url=base_url,
        book_file=str(book_file.resolve()) if book_file else None,
    )

    async def work(opened: Opened) -> None:
        check = await add_account(opened, spec, owner=user, allow_withdraw_key=allow_withdraw_key)
        for warning in check.warnings:
            print_note(f"warning: {warning}")

    with_store(config, work)
    print_line(f"added {name} ({venue}), mode observe: it is watched, no order is ever sent")
    if user is None:
        print_note("nobody is told on Telegram: give it an owner with --user, or read the console")


def _credentials(
    wanted: frozenset[str],
    api_key_file: Path | None,
    secret_file: Path | None,
    passphrase_file: Path | None,
    wallet_address: str | None,
) -> Credentials:
    from guard.ports.venue import Credentials

    return Credentials(
        api_key=_secret("api_key", wanted, api_key_file, "GUARD_API_KEY", "--api-key-file"),
        secret=_secret("secret", wanted, secret_file, "GUARD_API_SECRET", "--secret-file"),
        passphrase=_secret("passphrase", wanted, passphrase_file, "GUARD_API_PASSPHRASE", "--passphrase-file"),
        wallet_address=wallet_address or "",
    )


def _secret(what: str, wanted: frozenset[str], file: Path | None, variable: str, option: str) -> str:
    """One secret: from its file, else the environment, else (when the venue needs it) a prompt on a terminal."""
    from guard.app.secret_file import read_secret
    from guard.ports.errors import InputError

    if file is not None:
        return read_secret(file, f"{option} {file}")
    if os.environ.get(variable):
        return os.environ[variable].strip()
    if what not in wanted:
        return ""
    if sys.stdin.isatty():
        return str(typer.prompt(what.replace("_", " "), hide_input=True)).strip()
    raise InputError(f"the venue needs {what}", fix=f"give {option} FILE, or the environment variable {variable}")


@app.command("import")
def import_accounts(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="TOML with [[account]] tables; secrets stay in files.")],
    config: ConfigFile = None,
) -> None:
    """Check and add many accounts; each is added or refused by itself, exit 2 when one is refused."""
    from guard.app.account_import import read_entries
    from guard.app.accounts import add_account
    from guard.ports.errors import GuardError

    entries = read_entries(file)

    async def work(opened: Opened) -> int:
        refused = 0
        for entry in entries:
            try:
                spec = entry.spec(file.resolve().parent)
                check = await add_account(opened, spec, owner=entry.user, allow_withdraw_key=entry.allow_withdraw_key)
            except GuardError as error:
                refused += 1
                print_error(f"{entry.name}: {error}")
                continue
            print_line(f"added {entry.name} ({entry.venue}), mode observe")
            for warning in check.warnings:
                print_note(f"warning: {entry.name}: {warning}")
        return refused

    if with_store(config, work):
        raise typer.Exit(EXIT_BAD_INPUT)


@app.command("list")
def list_accounts(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List watched accounts."""

    async def work(opened: Opened) -> list[dict[str, object]]:
        return [await _describe(opened, record) for record in await opened.store.accounts()]

    rows = with_store(config, work)
    if as_json:
        print_json({"accounts": rows})
        return
    if not rows:
        print_line("no accounts yet; add one with: guard account add NAME --venue binanceusdm ...")
        return
    from rich.table import Table

    table = Table(box=None)
    headings = ("name", "venue", "owner", "mode", "zone", "read at")
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        table.add_row(*(str(row[heading.replace(" ", "_")] or "none") for heading in headings))
    console().print(table)


async def _describe(opened: Opened, record: AccountRecord) -> dict[str, object]:
    snapshot = await opened.store.latest_snapshot(record.account_id)
    owners = {user.user_id: user.name for user in await opened.store.users()}
    return {
        "name": record.name,
        "venue": record.spec.venue,
        "base_url": record.spec.base_url,
        "book_file": record.spec.book_file,
        "owner": owners.get(record.owner or ""),
        "mode": record.mode,
        "mode_until": record.mode_until.isoformat(timespec="seconds") if record.mode_until else None,
        "frozen": record.frozen,
        "added_at": record.created_at.isoformat(),
        "zone": snapshot.zone.value if snapshot else None,
        "read_at": snapshot.data_at.isoformat(timespec="seconds") if snapshot and snapshot.data_at else None,
    }


@app.command("show")
def show(name: Name, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show one account. Secrets are never shown."""

    async def work(opened: Opened) -> dict[str, object]:
        return await _describe(opened, await opened.account(name))

    row = with_store(config, work)
    if as_json:
        print_json(row)
        return
    for key, value in row.items():
        print_line(f"{key.replace('_', ' '):10} {'none' if value is None else value}")


@app.command("check")
def check(name: Name, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Read an account now: what was read, what the venue says, what we computed, and what the key may do."""
    from guard.app.accounts import check_account, check_json
    from guard.cli.check_table import check_table
    from guard.ports.errors import VenueError

    async def work(opened: Opened) -> int:
        try:
            verdict = await check_account(opened, await opened.account(name, secrets=True))
        except VenueError as error:
            print_error(f"{name}: {error}")
            return EXIT_NO
        if as_json:
            print_json(check_json(verdict))
        else:
            console().print(check_table(verdict))
        return EXIT_NO if verdict.problems else 0

    raise typer.Exit(with_store(config, work))


@app.command("remove")
def remove(name: Name, config: ConfigFile = None) -> None:
    """Stop watching an account and delete its credentials and history."""

    async def work(opened: Opened) -> None:
        await opened.account(name)
        await opened.store.remove_account(name)

    with_store(config, work)
    print_line(f"removed {name}")


@app.command("mode")
def mode(
    name: Name,
    to: Annotated[
        str,
        typer.Argument(
            metavar="MODE",
            help="observe (alerts), suggest (alerts with a plan), confirm (with a button), auto (acts by itself).",
        ),
    ],
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="Observe again from then on: 8h, 2d, 2026-12-01T00:00."),
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Arm or disarm an account."""
    from guard.app.accounts import set_mode
    from guard.app.arming import mode_of, read_until
    from guard.ports.alerting import AuditRecord

    wanted = mode_of(to)

    async def work(opened: Opened) -> str:
        now = opened.clock.now()
        end = read_until(until, now) if until is not None else None
        record = await opened.account(name)
        for warning in await set_mode(opened, name, wanted, end):
            print_note(f"warning: {warning}")
        detail = f"{wanted}{f' until {end.isoformat()}' if end else ''}, by the command line"
        await opened.store.record_audit(AuditRecord(now, None, record.account_id, "mode", detail))
        return f" until {end:%Y-%m-%d %H:%M} UTC" if end else ""

    print_line(f"{name} is in mode {to}{with_store(config, work)}")
