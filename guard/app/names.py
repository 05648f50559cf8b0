"""What people and accounts may be called: names are typed into commands and shown in one line of a message."""

from __future__ import annotations

from guard.ports.errors import InputError

LONGEST = 64


def check_name(what: str, name: str) -> None:
    """Refuse a name that nobody could type again or that would break a line.

    Args:
        what: "user" or "account", for the message.
        name: as it was typed.

    Raises:
        InputError: the name is empty, too long, has unprintable letters or spaces around it, or looks like an option.
    """
    if not name or name != name.strip() or not name.isprintable() or len(name) > LONGEST or name.startswith("-"):
        shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}..."
        raise InputError(
            f"the {what} name was {shown!r}",
            fix=f"take 1 to {LONGEST} printable characters, no space at the ends, no - at the start",
        )
