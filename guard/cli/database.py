"""`guard db`: the schema of the database."""

from __future__ import annotations

import typer

from guard.cli.output import EXIT_NO, print_line
from guard.cli.session import ConfigFile

app = typer.Typer(help="The database's schema.", no_args_is_help=True)


@app.command("upgrade")
def upgrade(config: ConfigFile = None) -> None:
    """Create the database, or bring it to the schema of this version."""
    from guard.app.settings_file import load_settings
    from guard.store.migrate import upgrade as upgrade_schema

    settings = load_settings(config)
    outcome = upgrade_schema(settings.database.url)
    print_line(str(outcome))


@app.command("check")
def check(config: ConfigFile = None) -> None:
    """Say whether the schema is that of this version; exit 3 when it is not."""
    from guard.app.settings_file import load_settings
    from guard.store.migrate import check as check_schema

    state = check_schema(load_settings(config).database.url)
    if state.ok:
        print_line(f"the schema is current (revision {state.current})")
        return
    print_line(
        f"the schema is at {state.current or 'nothing'}, this version needs {state.head}: run `guard db upgrade`"
    )
    raise typer.Exit(EXIT_NO)
