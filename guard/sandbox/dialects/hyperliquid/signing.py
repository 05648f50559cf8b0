"""Who signed an action: wallets and agents of the sandbox, and the check of their signatures.

An action is packed (MessagePack), hashed together with its nonce, and signed as EIP-712 typed data. The sandbox knows
every key that may sign, so it checks a signature against each key's public half instead of recovering it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from guard.sandbox.dialects.hyperliquid.keccak import keccak

_CHAIN_ID = 1337
_MAINNET = "a"
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def private_key_of(secret: str) -> str:
    """The private key (64 hex digits) that stands for a secret of the sandbox's key ring."""
    number = int.from_bytes(hashlib.sha256(f"hyperliquid:{secret}".encode()).digest())
    return f"{number % (_ORDER - 1) + 1:064x}"


@lru_cache(maxsize=1024)
def _public_key(private_key: str) -> ec.EllipticCurvePublicKey:
    return ec.derive_private_key(int(private_key, 16), ec.SECP256K1()).public_key()


@lru_cache(maxsize=1024)
def address_of(private_key: str) -> str:
    """The address that a private key signs for."""
    numbers = _public_key(private_key).public_numbers()
    return "0x" + keccak(numbers.x.to_bytes(32) + numbers.y.to_bytes(32))[-20:].hex()


def signed_with(private_key: str, signature: Mapping[str, Any], digest: bytes) -> bool:
    """Whether a signature (`r`, `s`, `v`) of `digest` was made with this key."""
    try:
        made = encode_dss_signature(int(str(signature["r"]), 16), int(str(signature["s"]), 16))
        _public_key(private_key).verify(made, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except (KeyError, ValueError, InvalidSignature):
        return False
    return True


def action_digest(action: Any, nonce: int, vault: str | None, expires_ms: int | None) -> bytes:
    """The 32 bytes that are signed for an action on the main network."""
    packed = pack(action) + nonce.to_bytes(8)
    packed += b"\x00" if vault is None else b"\x01" + bytes.fromhex(vault.removeprefix("0x"))
    if expires_ms is not None:
        packed += b"\x00" + expires_ms.to_bytes(8)
    agent = keccak(b"Agent(string source,bytes32 connectionId)") + keccak(_MAINNET.encode()) + keccak(packed)
    return keccak(b"\x19\x01" + _domain() + keccak(agent))


@lru_cache(maxsize=1)
def _domain() -> bytes:
    kind = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    return keccak(keccak(kind) + keccak(b"Exchange") + keccak(b"1") + _CHAIN_ID.to_bytes(32) + bytes(32))


def pack(value: Any) -> bytes:
    """MessagePack of what actions are made of: objects, lists, texts, whole numbers >= 0, truth values.

    Raises:
        ValueError: something else, or too large.
    """
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return _packed_number(value)
    if isinstance(value, str):
        return _packed_text(value.encode())
    if isinstance(value, list):
        return _head(len(value), 0x90, 0xDC) + b"".join(pack(item) for item in value)
    if isinstance(value, dict):
        return _head(len(value), 0x80, 0xDE) + b"".join(pack(key) + pack(item) for key, item in value.items())
    raise ValueError(f"an action holds a {type(value).__name__}")


def _head(length: int, short: int, long: int) -> bytes:
    return bytes([short | length]) if length < 16 else bytes([long]) + length.to_bytes(2)


def _packed_text(text: bytes) -> bytes:
    if len(text) < 32:
        return bytes([0xA0 | len(text)]) + text
    return (b"\xd9" + len(text).to_bytes(1) if len(text) < 256 else b"\xda" + len(text).to_bytes(2)) + text


def _packed_number(value: int) -> bytes:
    if value < 0:
        raise ValueError("an action holds a number below 0")
    if value < 0x80:
        return bytes([value])
    for marker, size in ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)):
        if value < 1 << (8 * size):
            return bytes([marker]) + value.to_bytes(size)
    raise ValueError("an action holds a number above 64 bits")
