"""`guard user`: people, and the one-time codes that link their chats."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from guard.cli.output import console, print_json, print_line, print_note
from guard.cli.session import AsJson, ConfigFile, with_store

if TYPE_CHECKING:
    from guard.app.opening import Opened
    from guard.ports.records import UserRecord

app = typer.Typer(help="People who own accounts and chats.", no_args_is_help=True)

LINK_CODE_LENGTH = 10
LINK_CODE_VALID = timedelta(minutes=15)

GivenRole = Literal["owner", "operator", "viewer", "none"]
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
    """List people with their roles on accounts, their language and time zone, and their chats."""

    async def work(opened: Opened) -> list[dict[str, object]]:
        return [await _describe(opened, user) for user in await opened.store.users()]

    users = with_store(config, work)
    if as_json:
        print_json({"users": users})
        return
    from rich.table import Table

    table = Table(box=None)
    for heading in ("name", "accounts", "language", "time zone", "chats", "groups"):
        table.add_column(heading)
    for user in users:
        roles = user["roles"]
        held = [f"{account} ({role})" for account, role in roles.items()] if isinstance(roles, dict) else []
        spoken = (str(user["language"]), str(user["timezone"]))
        table.add_row(str(user["name"]), _joined(held), *spoken, _joined(user["chats"]), _joined(user["groups"]))
    console().print(table if users else "no users yet; add one with: guard user add NAME")


async def _describe(opened: Opened, user: UserRecord) -> dict[str, object]:
    from guard.app.desks.rights import roles_of

    roles = {account.name: role for account, role in await roles_of(opened.store, user.user_id)}
    chats = await opened.store.chats_of(user.user_id)
    groups = await opened.store.groups_of(user.user_id)
    return {
        "name": user.name,
        "accounts": list(roles),
        "roles": roles,
        "language": user.language,
        "timezone": user.timezone,
        "chats": [chat.chat_id for chat in chats if chat.dead_since is None],
        "groups": [group.title for group in groups if group.dead_since is None],
    }


def _joined(values: object) -> str:
    return ", ".join(str(value) for value in values) if isinstance(values, list) and values else "none"


@app.command("role")
def role(
    name: Name,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's name.")],
    role: Annotated[GivenRole, typer.Argument(metavar="owner|operator|viewer|none", help="What they may do with it.")],
    config: ConfigFile = None,
) -> None:
    """Say what a person may do with an account: viewers look, operators also act, the owner also changes modes.

    An account has one owner; whoever owned it before has no role on it any more.
    """

    async def work(opened: Opened) -> str:
        from guard.app.roles import give_role

        user, record = await opened.user(name), await opened.account(account)
        return await give_role(opened.store, user, record, None if role == "none" else role, opened.clock.now())

    print_line(with_store(config, work))


@app.command("language")
def language(
    name: Name,
    language: Annotated[str | None, typer.Argument(metavar="LANGUAGE", help="en or ja.")] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="An IANA time zone such as Asia/Tokyo.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Say in which language and time zone a person reads; without either, print them."""

    async def work(opened: Opened) -> str:
        user = await opened.user(name)
        code = user.language if language is None else _language(language)
        zone = user.timezone if timezone is None else _zone(timezone)
        await opened.store.set_speech(user.user_id, language=code, timezone=zone)
        return f"{name} reads {code}, times in {zone}"

    print_line(with_store(config, work))


def _language(typed: str) -> str:
    from guard.language.catalogue import LANGUAGES
    from guard.ports.errors import InputError

    if typed.lower() not in LANGUAGES:
        raise InputError(f"the language was {typed!r}", fix=f"known languages: {', '.join(LANGUAGES)}")
    return typed.lower()


def _zone(typed: str) -> str:
    from guard.language.zones import nearest_zone, zone_named
    from guard.ports.errors import InputError

    zone = zone_named(typed)
    if zone is None:
        raise InputError(
            f"no time zone is called {typed!r}", fix=f"did you mean {nearest_zone(typed) or 'Asia/Tokyo'}?"
        )
    return zone


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
    """Remove a person, their roles and the links to their chats. Refused while they own an account."""

    async def work(opened: Opened) -> None:
        from guard.app.roles import remove_person

        await remove_person(opened.store, await opened.user(name), opened.clock.now())

    with_store(config, work)
    print_line(f"removed {name}")
