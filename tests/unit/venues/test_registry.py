"""Opening accounts: the known venues, and bad input before anything is asked."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import InputError
from guard.ports.venue import AccountSpec, Credentials
from guard.venues.hub import VenueHub
from guard.venues.registry import VENUES, needs, open_account

KEY = Credentials(api_key="k", secret="s")


def test_the_known_venues() -> None:
    """And what each needs."""
    assert set(VENUES) >= {"binanceusdm", "file"}
    assert needs("binanceusdm") == {"api_key", "secret"}
    assert needs("file") == frozenset()


@pytest.mark.parametrize("venue", ["binance", "BINANCEUSDM", "", "ftx"])
async def test_an_unknown_venue_is_refused_with_the_known_ones(venue: str, clock: Any) -> None:
    """One line that helps."""
    with pytest.raises(InputError, match=f"venue was '{venue}', must be one of: .*binanceusdm, .*file"):
        await open_account(AccountSpec("alice", venue, KEY), clock)
    with pytest.raises(InputError):
        needs(venue)


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        (Credentials(), "no API key and no secret"),
        (Credentials(api_key=" ", secret="s"), "no API key for"),
        (Credentials(api_key="k"), "no secret for"),
    ],
)
async def test_an_account_without_a_key_is_refused(credentials: Credentials, words: str, clock: Any) -> None:
    """Nothing is asked of the venue."""
    with pytest.raises(InputError, match=words):
        await open_account(AccountSpec("alice", "binanceusdm", credentials), clock)


async def test_a_base_url_that_is_none_is_refused(clock: Any) -> None:
    """Before a request goes to a wrong place."""
    with pytest.raises(InputError, match="base URL was"):
        await open_account(AccountSpec("alice", "binanceusdm", KEY, base_url="localhost"), clock)


async def test_opening_asks_nothing_of_the_venue(clock: Any) -> None:
    """So the service starts while a venue is down; closing twice does no harm."""
    account = await open_account(AccountSpec("alice", "binanceusdm", KEY, base_url="http://127.0.0.1:9"), clock)
    await account.close()
    await account.close()


async def test_every_address_is_replaced_and_keeps_its_path(clock: Any) -> None:
    """REST of every kind, at any depth; without a base URL the venue's own stand."""
    hub = VenueHub(clock)
    account: Any = await open_account(AccountSpec("a", "binanceusdm", KEY, base_url="http://127.0.0.1:9"), clock, hub)
    own: Any = await open_account(AccountSpec("b", "binanceusdm", KEY), clock, hub)
    addresses = account._client.exchange.urls["api"]
    assert addresses["fapiPrivateV3"] == "http://127.0.0.1:9/fapi/v3"
    assert addresses["sapi"] == "http://127.0.0.1:9/sapi/v1"
    assert all(address.startswith("http://127.0.0.1:9/") for address in addresses.values())
    assert own._client.exchange.urls["api"]["fapiPrivateV3"].endswith(".com/fapi/v3")
    for opened in (account, own, hub):
        await opened.close()


async def test_a_code_means_the_same_at_any_host(clock: Any) -> None:
    """Ccxt finds the futures codes by host name only; they are joined to the rest."""
    account: Any = await open_account(AccountSpec("a", "binanceusdm", KEY, base_url="http://127.0.0.1:9"), clock)
    exact = account._client.exchange.exceptions["exact"]
    assert exact["-2019"].__name__ == "InsufficientFunds"
    assert exact["-4164"].__name__ == "InvalidOrder"
    await account.close()


async def test_accounts_of_one_site_share_connections_budget_and_listings(clock: Any) -> None:
    """Limits are by address, not by account; another base URL is another site."""
    hub = VenueHub(clock)
    base = "http://127.0.0.1:9"
    one: Any = await open_account(AccountSpec("a", "binanceusdm", KEY, base_url=base), clock, hub)
    two: Any = await open_account(AccountSpec("b", "binanceusdm", KEY, base_url=base), clock, hub)
    other: Any = await open_account(AccountSpec("c", "binanceusdm", KEY, base_url=base + "0"), clock, hub)
    assert one._client.site is two._client.site
    assert one._client.exchange.session is two._client.exchange.session
    assert one._client.exchange.guard_budget is two._client.exchange.guard_budget
    assert one._client.site is not other._client.site
    for opened in (one, two, other, hub):
        await opened.close()


async def test_credentials_are_never_shown(clock: Any) -> None:
    """Not by the account, its client, or the spec."""
    key = Credentials(api_key="visible-key", secret="visible-secret")
    account: Any = await open_account(AccountSpec("a", "binanceusdm", key, base_url="http://127.0.0.1:9"), clock)
    for thing in (account, account.spec, account._client, account._client.exchange):
        assert "visible" not in repr(thing)
    await account.close()


async def test_a_slash_at_the_end_makes_no_other_site(clock: Any) -> None:
    """One budget and one pause for what is one address to the venue."""
    hub = VenueHub(clock)
    sites = {hub.site("binanceusdm", url, 100) for url in ("http://127.0.0.1:1", "http://127.0.0.1:1/", None)}
    assert len(sites) == 2
    await hub.close()
