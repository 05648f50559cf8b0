"""`hyperliquid` under test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guard.sandbox.dialects.hyperliquid.signing import private_key_of
from guard.sandbox.dialects.hyperliquid.wallets import signer_of, wallet_of
from guard.sandbox.server import SandboxAccount, SandboxServer
from guard.venues.hub import VenueHub
from tests.contract.venues.harness import Harness, JumpingClock, Proxy


class Hyperliquid(Harness):
    """What its requests and fields are called: every question goes to `/info` and says in its body what it is."""

    venue = "hyperliquid"
    wallet_asset = "USDC"
    balances = "/info/clearinghouseState"
    positions = "/info/clearinghouseState"
    open_orders = "/info/frontendOpenOrders"
    listings = "/info/metaAndAssetCtxs"
    time = "/info/exchangeStatus"
    orders = "/exchange"
    rights = "/info/userRole"
    second_settle = None
    has_hedge_mode = False
    signs_with_a_key = False
    empty_fields = ("liquidationPx", "returnOnEquity", "maxLeverage", "cumFunding")
    required_fields = ("szi", "entryPx", "positionValue", "leverage", "marginUsed")

    def __init__(self, server: SandboxServer, proxy: Proxy, clock: JumpingClock, hub: VenueHub) -> None:
        super().__init__(server, proxy, clock, hub)
        proxy.path_of = _path_of

    def symbol(self, name: str) -> str:
        """Everything is in USDC, whatever the engine calls it."""
        return f"{name[:-4]}/USDC:USDC"

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """Inside of a row each."""
        return _Positions(answer["assetPositions"])

    def renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """One field."""
        return {"coin": "NEWCOIN" + row["coin"]}

    def key(self, account: SandboxAccount, **rights: Any) -> dict[str, Any]:
        """One that may withdraw is the wallet's own; any other is an agent of the account's wallet."""
        made = self.server.add_key(account.account, **rights)
        wallet = signer_of(made) if made.withdrawals else wallet_of(account.account)
        return {"wallet_address": wallet, "secret": private_key_of(made.secret)}

    def credentials(self, account: SandboxAccount) -> dict[str, Any]:
        """The wallet to watch, and the agent's key to act."""
        return {"wallet_address": wallet_of(account.account), "secret": private_key_of(account.secret)}


class _Positions(list[dict[str, Any]]):
    """The positions inside their rows; what is appended gets a row of its own."""

    def __init__(self, outer: list[dict[str, Any]]) -> None:
        super().__init__(entry["position"] for entry in outer)
        self._outer = outer

    def append(self, position: dict[str, Any]) -> None:
        """One more row."""
        super().append(position)
        self._outer.append({"type": "oneWay", "position": position})


def _path_of(path: str, sent: Mapping[str, Any]) -> str:
    """Questions about a builder's dex have its name behind them."""
    if path != "/info" or "type" not in sent:
        return path
    return f"{path}/{sent['type']}" + (f":{sent['dex']}" if sent.get("dex") else "")


HARNESS = Hyperliquid
