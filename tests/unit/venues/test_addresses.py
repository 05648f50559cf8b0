"""Replacing scheme and host of addresses."""

import pytest

from guard.ports.errors import InputError
from guard.venues.addresses import replace_host


@pytest.mark.parametrize(
    ("address", "base", "expected"),
    [
        ("https://fapi.example.com/fapi/v1", "http://127.0.0.1:9000", "http://127.0.0.1:9000/fapi/v1"),
        ("https://fapi.example.com/fapi/v1", "http://127.0.0.1:9000/", "http://127.0.0.1:9000/fapi/v1"),
        ("https://fapi.example.com", "https://proxy.test", "https://proxy.test"),
        ("wss://stream.example.com/ws", "http://127.0.0.1:9000", "ws://127.0.0.1:9000/ws"),
        ("ws://stream.example.com:443/ws?a=1", "https://proxy.test", "wss://proxy.test/ws?a=1"),
        ("https://{hostname}/api", "http://[::1]:81", "http://[::1]:81/api"),
        ("https://a.example.com/x", "https://proxy.test/binance/", "https://proxy.test/binance/x"),
        ("not an address", "http://127.0.0.1:9000", "not an address"),
    ],
)
def test_scheme_and_host_are_replaced_and_the_path_stays(address: str, base: str, expected: str) -> None:
    """REST becomes the base's scheme, WebSocket its ws or wss, paths and queries stay."""
    assert replace_host(address, base) == expected


def test_addresses_at_any_depth_are_replaced() -> None:
    """Mappings and lists are walked; other values stay."""
    nested = {"ws": {"spot": "wss://a.test/ws", "n": 3}, "rest": ["https://b.test/v1", None]}
    assert replace_host(nested, "http://h:1") == {
        "ws": {"spot": "ws://h:1/ws", "n": 3},
        "rest": ["http://h:1/v1", None],
    }


@pytest.mark.parametrize(
    "base",
    ["", "127.0.0.1:9000", "ftp://h", "http://", "http://h:port", "http://h:99999", "http://h/?q=1", "http://u:p@h"],
)
def test_a_base_url_that_is_none_is_refused(base: str) -> None:
    """A base URL without scheme or host, or with more than a path, is bad input."""
    with pytest.raises(InputError, match="base URL was"):
        replace_host("https://a.test", base)
