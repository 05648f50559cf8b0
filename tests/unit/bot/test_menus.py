"""What stands in a menu."""

from __future__ import annotations

from guard.bot.menus import DESCRIPTION_MAX, menu_of, strangers_menu
from guard.bot.table import COMMANDS
from guard.language.catalogue import LANGUAGES
from guard.language.speech import ENGLISH, Speech
from guard.ports.roles import ROLES


def test_a_higher_role_sees_all_that_a_lower_one_sees() -> None:
    """Nobody loses a command by being trusted more; who has no account sees what a viewer sees."""
    menus = [{name for name, _ in menu_of(ENGLISH, role)} for role in ROLES]
    assert menus[0] < menus[2]
    assert menus[0] <= menus[1] <= menus[2]
    assert menu_of(ENGLISH, None) == menu_of(ENGLISH, "viewer")
    assert menus[2] == {command.name for command in COMMANDS} - {"start"}


def test_strangers_see_the_way_in() -> None:
    """And nothing of what lies behind it."""
    assert [name for name, _ in strangers_menu(ENGLISH)] == ["start"]


def test_telegram_takes_every_menu() -> None:
    """At most 100 commands; names of small letters; descriptions of 1 to 256 characters, in every language."""
    for language in LANGUAGES:
        entries = [*menu_of(Speech(language), "owner"), *strangers_menu(Speech(language))]
        assert len(entries) <= 100
        for name, summary in entries:
            assert name.isascii()
            assert name.islower()
            assert 1 <= len(summary) <= DESCRIPTION_MAX
