"""`guard user`: people, and the one-time codes that link their chats."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.output import console, print_json, print_line, print_note
from guard.cli.session import AsJson, ConfigFile, with_store

if TYPE_CHECKING:
    from guard.app.opening import Opened
    from guard.ports.records import UserRecord

app = typer.Typer(help="People who own accounts and chats.", no_args_is_help=True)

LINK_CODE_LENGTH = 10
LINK_CODE_VALID = timedelta(minutes=15)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The person's name in this installation.")]


@app.command("add")
def add(name: Name, config: ConfigFile = None) -> None:
    """Add a person."""
    from guard.app.names import check_name

    check_name("user", name)

    async def work(opened: Opened) -> None:
        await opened.store.add_user(name, opened.clock.now())

    with_store(config, work)
    print_line(f"added {name}")
    print_note(f"link a Telegram chat with: guard user link {name}")


@app.command("list")
def list_users(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List people with their accounts and chats."""

    async def work(opened: Opened) -> list[dict[str, object]]:
        return [await _describe(opened, user) for user in await opened.store.users()]

    users = with_store(config, work)
    if as_json:
        print_json({"users": users})
        return
    from rich.table import Table

    table = Table(box=None)
    for heading in ("name", "accounts", "chats"):
        table.add_column(heading)
    for user in users:
        table.add_row(str(user["name"]), _joined(user["accounts"]), _joined(user["chats"]))
    console().print(table if users else "no users yet; add one with: guard user add NAME")


async def _describe(opened: Opened, user: UserRecord) -> dict[str, object]:
    accounts = await opened.store.accounts_of(user.user_id)
    chats = await opened.store.chats_of(user.user_id)
    return {
        "name": user.name,
        "accounts": [account.name for account in accounts],
        "chats": [chat.chat_id for chat in chats if chat.dead_since is None],
    }


def _joined(values: object) -> str:
    return ", ".join(str(value) for value in values) if isinstance(values, list) and values else "none"


@app.command("link")
def link(name: Name, config: ConfigFile = None) -> None:
    """Print a one-time code; the person sends `/start CODE` to the bot within 15 minutes."""

    async def work(opened: Opened) -> str:
        user = await opened.user(name)
        code = opened.ids.code(LINK_CODE_LENGTH)
        await opened.store.create_link_code(user.user_id, code, opened.clock.now() + LINK_CODE_VALID)
        return code

    print_line(with_store(config, work))
    minutes = int(LINK_CODE_VALID.total_seconds() // 60)
    print_note(f"valid for {minutes} minutes, once: in a private chat with the bot, send  /start CODE")


@app.command("remove")
def remove(name: Name, config: ConfigFile = None) -> None:
    """Remove a person and the links to their chats. Their accounts stay, without an owner."""

    async def work(opened: Opened) -> None:
        await opened.user(name)
        await opened.store.remove_user(name)

    with_store(config, work)
    print_line(f"removed {name}")
