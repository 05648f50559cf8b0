"""The service and its operation: run, once, doctor, health, test-alert, config check."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.output import EXIT_NO, console, print_error, print_json, print_line, print_note
from guard.cli.session import AsJson, ConfigFile, with_store

if TYPE_CHECKING:
    from guard.app.opening import Opened
    from guard.ports.records import Reading

config_app = typer.Typer(help="The configuration.", no_args_is_help=True)


@config_app.callback()
def config_group() -> None:
    """The configuration."""


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("run")(run)
    app.command("once")(once)
    app.command("doctor")(doctor)
    app.command("health")(health)
    app.command("test-alert")(alert_drill)


@config_app.command("check")
def config_check(config: ConfigFile = None) -> None:
    """Print the configuration in force as JSON, and what of it has no effect; exit 2 with one line when it is wrong."""
    from guard.app.idle_settings import idle_lines
    from guard.app.settings_file import load_settings

    settings = load_settings(config)
    settings.telegram.token()
    settings.apprise.urls()
    print_json(settings.model_dump(mode="json"))
    for line in idle_lines(settings):
        print_note(line)


def run(
    config: ConfigFile = None,
    upgrade_db: Annotated[
        bool, typer.Option("--upgrade-db", help="Bring the database to this version first (for containers).")
    ] = False,
) -> None:
    """Watch all accounts until SIGTERM or SIGINT."""
    from guard.app.lifecycle import prompt_interpreter, stop_on_signals
    from guard.app.logs import configure_logs
    from guard.app.opening import opened
    from guard.app.runlock import run_lock
    from guard.app.service import Service
    from guard.app.settings_file import load_settings
    from guard.store.migrate import upgrade

    settings = load_settings(config)
    configure_logs(settings.log)
    if upgrade_db:
        upgrade(settings.database.url)

    async def session() -> None:
        stop = asyncio.Event()
        with stop_on_signals(stop), prompt_interpreter(), run_lock(settings.database.url):
            async with opened(settings) as everything:
                service = Service(everything, sys.stderr)
                try:
                    await service.start()
                    await stop.wait()
                finally:
                    await service.stop()

    asyncio.run(session())


def once(
    accounts: Annotated[
        list[str] | None, typer.Argument(metavar="[ACCOUNT]...", help="All when none is named.")
    ] = None,
    book: Annotated[Path | None, typer.Option("--book", metavar="FILE", help="Write the one account's book.")] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """One cycle of each account, recorded and delivered like in the service, then printed. Sends no orders."""
    from guard.app.once import cycle_once
    from guard.ports.errors import InputError

    if book is not None and len(accounts or []) != 1:
        raise InputError("--book writes one book: name exactly one account")

    async def work(opened: Opened) -> list[Reading]:
        return await cycle_once(opened, accounts or [], sys.stderr)

    readings = with_store(config, work)
    if book is not None:
        _write_book(readings[0], book)
    if as_json:
        print_json({"accounts": [_reading_json(reading) for reading in readings]})
    else:
        _print_readings(readings)
    if any(reading.risk is None for reading in readings):
        raise typer.Exit(EXIT_NO)


def _write_book(reading: Reading, path: Path) -> None:
    from guard.ports.errors import InputError
    from guard.risk.bookfile import dump_book

    if reading.fetched is None:
        raise InputError(f"no book of {reading.account} to write: {reading.error}")
    try:
        path.write_text(json.dumps(dump_book(reading.fetched.book), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def _reading_json(reading: Reading) -> dict[str, object]:
    from guard.risk.reportfile import report_json

    if reading.risk is None:
        return {
            "account": reading.account,
            "quality": reading.quality.quality.value,
            "zone": reading.zone.value,
            "zone_reason": reading.reason,
            "error": reading.error,
        }
    return report_json(reading.risk, reading.quality.quality, reading.zone, reading.reason)


def _print_readings(readings: list[Reading]) -> None:
    from guard.cli.risk_table import risk_table

    if not readings:
        print_line("no accounts yet; add one with: guard account add NAME --venue binanceusdm ...")
    for reading in readings:
        if reading.risk is None:
            print_error(f"{reading.account}: {reading.error}")
            continue
        console().print(risk_table(reading.risk, reading.zone, reading.reason))
        for doubt in reading.quality.reasons:
            print_line(f"data is {reading.quality.quality.value}: {doubt}")


def doctor(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Look at everything the service needs, and say what is wrong; exit 3 when something is."""
    from dataclasses import asdict

    from guard.app.doctor import examine
    from guard.app.settings_file import load_settings

    findings = asyncio.run(examine(load_settings(config)))
    if as_json:
        print_json({"findings": [asdict(each) for each in findings]})
    else:
        for each in findings:
            sign = "BAD " if not each.ok else "WARN" if each.warning else "ok  "
            print_line(f"{sign} {each.what}: {each.detail}")
    if any(not each.ok for each in findings):
        raise typer.Exit(EXIT_NO)


def health(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Ask the running service how it is; exit 3 when it is unhealthy or does not answer."""
    import http.client

    from guard.app.settings_file import load_settings

    listen = load_settings(config).web.listen
    host, _, port = listen.rpartition(":")
    connection = http.client.HTTPConnection(_reachable(host.strip("[]")), int(port), timeout=4)
    try:
        connection.request("GET", "/healthz")
        body = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        print_error(f"no answer from http://{listen}/healthz ({error}); is `guard run` running?")
        raise typer.Exit(EXIT_NO) from error
    finally:
        connection.close()
    if as_json:
        print_json(body)
    else:
        print_line(body["status"])
        for problem in body["problems"]:
            print_line(f"- {problem}")
    if body["status"] != "ok":
        raise typer.Exit(EXIT_NO)


def _reachable(host: str) -> str:
    """A service that listens on every address is asked on loopback."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # read, not listened on


def alert_drill(config: ConfigFile = None) -> None:
    """Send a drill through every channel; exit 3 when one of them fails."""
    from guard.app.drill import send_drill

    async def work(opened: Opened) -> list[tuple[str, str | None]]:
        return await send_drill(opened, sys.stderr)

    results = with_store(config, work)
    for destination, failure in results:
        print_line(f"{destination}: {failure or 'delivered'}")
    if not any(destination.startswith("telegram") for destination, _ in results):
        print_line("no Telegram chat is linked: guard user add NAME, then guard user link NAME")
    if any(failure for _, failure in results):
        raise typer.Exit(EXIT_NO)
