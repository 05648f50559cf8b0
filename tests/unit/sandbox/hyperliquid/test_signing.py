"""Digests and signatures of the dialect, against published values and ccxt's own."""

from __future__ import annotations

from typing import Any

import ccxt.async_support as ccxt
import pytest

from guard.sandbox.dialects.hyperliquid.keccak import keccak
from guard.sandbox.dialects.hyperliquid.signing import action_digest, address_of, pack, private_key_of, signed_with

KEY = "0123456789012345678901234567890123456789012345678901234567890123"
ACTION: dict[str, Any] = {
    "type": "order",
    "orders": [{"a": 300, "b": True, "p": "100", "s": "0.5", "r": False, "t": {"limit": {"tif": "Ioc"}}}],
    "grouping": "na",
}


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    ],
)
def test_keccak(data: bytes, digest: str) -> None:
    """The published digests."""
    assert keccak(data).hex() == digest


def test_keccak_of_more_than_one_block() -> None:
    """As ccxt's, around the length of a block."""
    for length in (135, 136, 137, 300):
        assert keccak(b"x" * length).hex() == ccxt.Exchange.hash(b"x" * length, "keccak", "hex")


def test_an_address() -> None:
    """The one that belongs to a well-known key."""
    assert address_of(KEY) == "0x14791697260e4c9a71f18484c9f997b308e59325"


def test_packing() -> None:
    """As ccxt packs it."""
    value = {**ACTION, "n": [0, 127, 128, 70_000, 2**40, True, None], "long": "x" * 300, "list": list(range(20))}
    assert pack(value) == ccxt.hyperliquid({}).packb(value)


@pytest.mark.parametrize("vault", [None, "0x" + "ab" * 20])
@pytest.mark.parametrize("expires_ms", [None, 1_700_000_005_000])
def test_a_signature_by_ccxt(vault: str | None, expires_ms: int | None) -> None:
    """It holds for this action, this nonce, and this key."""
    signer = ccxt.hyperliquid({"privateKey": KEY})
    nonce = 1_700_000_000_000
    made = signer.sign_l1_action(ACTION, nonce, vault.removeprefix("0x") if vault else None, expires_ms)
    digest = action_digest(ACTION, nonce, vault, expires_ms)
    assert signed_with(KEY, made, digest)
    assert not signed_with(private_key_of("another"), made, digest)
    assert not signed_with(KEY, made, action_digest(ACTION, nonce + 1, vault, expires_ms))
    assert not signed_with(KEY, {"r": "0x1", "s": "nonsense"}, digest)
