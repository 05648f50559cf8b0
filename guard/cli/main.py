"""The `guard` command: one Typer application, one place where errors become exit codes.

Commands import what they use when they run: `guard --help` must not wait for ccxt, telegram or matplotlib.
"""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable
from io import FileIO, TextIOWrapper
from typing import Annotated, Any

import typer
from typer.main import get_command

from guard import __version__
from guard.cli import (
    account,
    actions,
    database,
    demo,
    history,
    leverage,
    limits,
    offline,
    people,
    plan,
    sandbox,
    service,
    stop,
    stress,
)
from guard.cli.output import EXIT_BAD_INPUT, EXIT_DEFECT, EXIT_DONE, print_error, print_line, print_note

app = typer.Typer(
    name="guard",
    help="A watchdog for cross-margin accounts: recomputes risk, warns over Telegram, reduces when armed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (service, demo, offline, stress, plan, leverage, limits, history, actions, stop):
    module.register(app)
app.add_typer(account.app, name="account")
app.add_typer(people.app, name="user")
app.add_typer(database.app, name="db")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(service.config_app, name="config")


# Typer brings its own copy of click and names only this child of its class of wrong usage.
USAGE_ERROR: Any = typer.BadParameter.__mro__[1]


def _version(wanted: bool) -> None:
    if wanted:
        print_line(f"guard {__version__}")
        raise typer.Exit


@app.callback()
def root(
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options that stand before the command."""


@functools.cache
def _command() -> Callable[..., Any]:
    """The application as one tree of commands; made once, because that takes longer than many a command."""
    return get_command(app)


def main() -> None:
    """Run the command line; every way out is an exit code of the contract.

    0 done, 2 bad usage or bad input (one line on stderr), 3 the answer is "no", 1 a defect of ours.
    """
    # A stream that was closed by whoever started us is None in Python: what is said there goes nowhere.
    sys.stdout = sys.stdout or TextIOWrapper(FileIO(os.devnull, "w"))
    sys.stderr = sys.stderr or TextIOWrapper(FileIO(os.devnull, "w"))
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    from guard.ports.errors import GuardError

    try:
        _refuse_broken_text(arguments)
        result = _command()(arguments, standalone_mode=False, prog_name="guard")
        sys.stdout.flush()
    except USAGE_ERROR as error:
        where = error.ctx.command_path if error.ctx and error.ctx.parent else "guard"
        problem = f"{error.format_message()} (see `{where} --help`)"
        if problem.lstrip().startswith("Usage:"):  # a group without a command: its help is the answer
            print_note(error.format_message())
            return EXIT_BAD_INPUT
    except typer.Abort:
        problem = "interrupted"
    except GuardError as error:
        problem = str(error)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`guard history | head`): not an error worth a word.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DEFECT
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        problem = f"the output cannot be written ({error.strerror})"
    else:
        return result if isinstance(result, int) else EXIT_DONE
    print_error(problem)
    return EXIT_BAD_INPUT


def _refuse_broken_text(arguments: list[str]) -> None:
    """Bytes that are no text arrive as lone surrogates, which neither a database nor a terminal takes."""
    for argument in arguments:
        if any("\ud800" <= letter <= "\udfff" for letter in argument):
            raise typer.BadParameter(f"{argument!a} is not valid UTF-8")
