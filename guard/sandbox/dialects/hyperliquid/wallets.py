"""Whose an address is: wallets of accounts, agents that sign for them. An account's wallet address follows from its id.

A key of the ring that may withdraw is the wallet's own: its address is then another name of the account. Any other key
is an agent; one without the right to trade was never approved, so nobody knows its address.
"""

from __future__ import annotations

import hashlib

from guard.sandbox.dialects.hyperliquid.signing import address_of, private_key_of
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine
from guard.sandbox.keys import ApiKey, KeyRing


def wallet_of(account: Account) -> str:
    """The address of an account."""
    return "0x" + hashlib.sha256(f"wallet:{account.id}:{account.name}".encode()).hexdigest()[:40]


def signer_of(key: ApiKey) -> str:
    """The address that a key of the ring signs for."""
    return address_of(private_key_of(key.secret))


class Wallets:
    """Addresses of one venue."""

    def __init__(self, engine: Engine, keys: KeyRing) -> None:
        self._engine = engine
        self._keys = keys

    def account(self, address: str) -> Account | None:
        """The account of an address; None for an agent's or an unknown one."""
        wanted = address.lower()
        found = next((each for each in self._engine.accounts.values() if wallet_of(each) == wanted), None)
        if found is not None:
            return found
        owner = next((key for key in self._keys.keys.values() if key.withdrawals and signer_of(key) == wanted), None)
        return self._engine.accounts.get(owner.account_id) if owner else None

    def role(self, address: str) -> dict[str, object]:
        """What the venue says of an address."""
        if self.account(address) is not None:
            return {"role": "user"}
        for key in self._approved():
            if signer_of(key) == address.lower():
                return {"role": "agent", "data": {"user": wallet_of(self._engine.accounts[key.account_id])}}
        return {"role": "missing"}

    def agents(self, account: Account) -> list[ApiKey]:
        """The approved agents of an account."""
        return [key for key in self._approved() if key.account_id == account.id]

    def signers(self) -> list[ApiKey]:
        """Every key whose signature counts."""
        return [key for key in self._keys.keys.values() if key.futures]

    def _approved(self) -> list[ApiKey]:
        return [key for key in self.signers() if not key.withdrawals]
