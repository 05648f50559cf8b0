"""Who may be armed: every refusal says why, and what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guard.app.accounts import refuse_arming, refuse_twin
from guard.ports.errors import InputError
from guard.ports.records import AccountRecord, Mode
from guard.ports.venue import AccountCheck, AccountSpec, Credentials, KeyRights
from guard.risk.book import VenueReported
from tests.harness.cycle_world import NOW, book

RECORD = AccountRecord("account-1", AccountSpec("main", "okx"), None, "observe", NOW)
CHECK = AccountCheck(
    fetched=book(40_000.0),
    rights=KeyRights(read=True, trade=True, withdraw=False),
    clock_skew_ms=0.0,
    position_mode="one_way",
    account_mode="single",
)


def test_a_key_that_trades_on_a_clean_account_is_armed() -> None:
    """Nothing stands against it."""
    refuse_arming(RECORD, CHECK, ())


@pytest.mark.parametrize(
    ("trade", "can_trade", "why", "fix"),
    [
        (True, False, "main cannot be armed: the guard sends no orders at okx, accounts there are", "act at the venue"),
        (None, True, "main cannot be armed: okx does not tell whether its key may trade", "act at the venue yourself"),
        (False, True, "main cannot be armed: its key may not trade", "enable futures trading for the key"),
    ],
)
def test_what_cannot_trade_is_refused(trade: bool | None, can_trade: bool, why: str, fix: str) -> None:
    """The venue, what it does not tell, and the key."""
    check = replace(CHECK, rights=replace(CHECK.rights, trade=trade), can_trade=can_trade)
    with pytest.raises(InputError, match=why) as refused:
        refuse_arming(RECORD, check, ())
    assert fix in refused.value.fix


def test_problems_are_refused() -> None:
    """All are named."""
    with pytest.raises(InputError, match="main cannot be armed: data is old; equity disagrees"):
        refuse_arming(RECORD, CHECK, ("data is old", "equity disagrees"))


def test_figures_that_only_the_venue_knows_are_refused() -> None:
    """Zones can rest on them, orders cannot."""
    reported = VenueReported(equity=10_000.0, maintenance_margin=400.0)
    known = replace(CHECK.fetched.book, model="reported", venue_reported=reported)
    check = replace(CHECK, fetched=replace(CHECK.fetched, book=known))
    with pytest.raises(InputError, match="the requirement in USDT is the venue's own figure, not computed here"):
        refuse_arming(RECORD, check, ())


@pytest.mark.parametrize(
    ("venue", "credentials", "mode", "refused"),
    [
        ("okx", Credentials(api_key="k"), "auto", True),
        ("okx", Credentials(api_key="k"), "confirm", True),
        ("okx", Credentials(api_key="k"), "suggest", False),
        ("okx", Credentials(wallet_address="0xAB"), "auto", True),
        ("okx", Credentials(api_key="other"), "auto", False),
        ("okx", Credentials(api_key="k"), "observe", False),
        ("bybit", Credentials(api_key="k"), "auto", False),
        ("okx", Credentials(), "auto", False),
    ],
)
def test_one_account_under_two_names_is_armed_once(
    venue: str, credentials: Credentials, mode: Mode, refused: bool
) -> None:
    """Two executors would each sell what one should; watching it twice does no harm."""
    key = Credentials(api_key="k", wallet_address="0xab") if credentials != Credentials() else credentials
    record = replace(RECORD, spec=replace(RECORD.spec, credentials=key))
    twin = AccountRecord("account-2", AccountSpec("twin", venue, credentials), None, mode, NOW)
    if refused:
        with pytest.raises(InputError, match="main cannot be armed: twin has the same key and is armed"):
            refuse_twin(record, (replace(record, mode="auto"), twin))
    else:
        refuse_twin(record, (replace(record, mode="auto"), twin))
