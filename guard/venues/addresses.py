"""Sending a library's requests elsewhere: another scheme and host, the same paths. Pure."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from guard.ports.errors import InputError

_WEB_SOCKET = {"http": "ws", "https": "wss"}


def replace_host(addresses: object, base_url: str) -> object:
    """`addresses` with scheme and host of every address replaced by those of `base_url`.

    Args:
        addresses: an address, or lists and mappings of them at any depth, such as ccxt's `urls["api"]`.
            Whatever is not an address stays as it is.
        base_url: `http(s)://host[:port][/prefix]`; a prefix is put before every path. WebSocket addresses become
            `ws` under `http` and `wss` under `https`.

    Raises:
        InputError: `base_url` is not such an address.
    """
    return _replaced(addresses, parse_base_url(base_url))


def parse_base_url(base_url: str) -> SplitResult:
    """The parts of a base address.

    Raises:
        InputError: not `http(s)://host[:port][/prefix]`.
    """
    try:
        parts = urlsplit(base_url.strip())
        port_is_readable = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_readable = SplitResult("", "", "", "", ""), False
    wanted = parts.scheme in _WEB_SOCKET and parts.hostname and port_is_readable
    if not wanted or parts.query or parts.fragment or parts.username is not None:
        raise InputError(f"base URL was {base_url!r}, must be http(s)://host[:port]")
    return parts


def _replaced(value: object, base: SplitResult) -> object:
    if isinstance(value, dict):
        return {key: _replaced(item, base) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, base) for item in value]
    return _address(value, base) if isinstance(value, str) else value


def _address(address: str, base: SplitResult) -> str:
    scheme, separator, rest = address.partition("://")
    if not separator:
        return address
    _, slash, path = rest.partition("/")
    scheme = _WEB_SOCKET[base.scheme] if scheme in {"ws", "wss"} else base.scheme
    return f"{scheme}://{base.netloc}{base.path.rstrip('/')}{slash}{path}"
