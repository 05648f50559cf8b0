"""Reading what one cycle needs: the wallet, and positions and orders of every category and settlement coin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from guard.ports.errors import PermissionMissing, VenueError
from guard.venues.bybit import endpoints as at
from guard.venues.bybit import parse
from guard.venues.bybit.assemble import Answers
from guard.venues.bybit.parse import Category
from guard.venues.client import Endpoint, VenueClient
from guard.venues.fields import Row
from guard.venues.shared import Shared
from guard.venues.together import together

_POSITIONS_LIMIT = 200
_ORDERS_LIMIT = 50
_PAGES_MAX = 40
# Options are no part of the rule; whether any are held is looked up this often, and when the wallet shows their value.
_OPTIONS_KEPT_S = 30.0
_END_KEPT_S = 600.0
_REFUSALS = (VenueError, PermissionMissing)


class Listed(NamedTuple):
    """All rows of a list, when its first page was received, and whether it went on beyond the last page read."""

    rows: list[Row]
    at: datetime
    cut_off: bool


class StateReader:
    """Reads wallet, positions and orders of one account."""

    def __init__(self, client: VenueClient) -> None:
        self._client = client
        self._clock = client.site.clock
        self._ends: dict[str, tuple[int, float]] = {}
        self._options: Shared[tuple[str, ...]] = Shared(self._clock, _OPTIONS_KEPT_S)
        self._has_failed = False

    async def read(self, settles: Iterable[str]) -> Answers:
        """Everything of one moment, as nearly as the venue allows: all requests leave at the same time.

        After a reading that failed the wallet is asked for alone first. While a venue is away a cycle costs that one
        request then; otherwise the budget would be spent when the venue is back, and the account stay unseen.

        Args:
            settles: settlement coins of linear contracts; inverse ones are told all at once.

        Raises:
            VenueError: something could not be read or understood.
        """
        if self._has_failed:
            await self._client.call(at.WALLET, {"accountType": "UNIFIED"})
        self._has_failed = True
        answers = await self._read(settles)
        self._has_failed = False
        return answers

    async def _read(self, settles: Iterable[str]) -> Answers:
        asked: list[tuple[Category, dict[str, object]]] = [
            *_linear(settles),
            ("inverse", {"category": "inverse"}),
        ]
        wallet_at, options, *lists = await together(
            self._client.timed(at.WALLET, {"accountType": "UNIFIED"}),
            self._options.get(self._read_options),
            *(self._listed(at.POSITIONS, params, _POSITIONS_LIMIT) for _, params in asked),
            *(self._listed(at.OPEN_ORDERS, params, _ORDERS_LIMIT) for _, params in asked),
        )
        wallet = parse.read_wallet(wallet_at.value)
        worth = [row for row in wallet.coins if row.option_value]
        if worth:
            options = await self._options.get(self._read_options, within_s=0.0)
        held, ordered = lists[: len(asked)], lists[len(asked) :]
        positions_at, orders_at = min(item.at for item in held), min(item.at for item in ordered)
        return Answers(
            wallet=wallet,
            positions=tuple(
                row
                for (category, _), item in zip(asked, held, strict=True)
                for row in parse.read_positions(item.rows, category)
            ),
            orders=tuple(
                row
                for (category, _), item in zip(asked, ordered, strict=True)
                for row in parse.read_orders(item.rows, category)
            ),
            parts={
                "balances": wallet_at.at,
                "positions": positions_at,
                "marks": positions_at,
                "open_orders": orders_at,
            },
            options=options.value or tuple(f"worth {row.option_value:g} {row.coin}" for row in worth),
            cut_off=(
                *(f"{_named(params)} positions beyond the first {len(item.rows)}"
                  for (_, params), item in zip(asked, held, strict=True) if item.cut_off),
                *(f"{_named(params)} orders beyond the first {len(item.rows)}"
                  for (_, params), item in zip(asked, ordered, strict=True) if item.cut_off),
            ),
        )  # fmt: skip

    async def _read_options(self) -> tuple[str, ...]:
        """Symbols of options that are held; none where the venue refuses to list any: their value would still show."""
        try:
            found = await self._listed(at.POSITIONS, {"category": "option"}, _POSITIONS_LIMIT)
        except VenueError as error:
            if type(error) in _REFUSALS:
                return ()
            raise
        return tuple(sorted(str(row.get("symbol")) for row in found.rows if row.get("size") not in {"", "0", None}))

    async def _listed(self, endpoint: Endpoint, params: dict[str, object], limit: int) -> Listed:
        """Every page of a list.

        The venue sends a cursor with the last page too. A page that is not full is followed all the same; once it has
        proved to be the last one, that is believed for ten minutes of a list of the same length.
        """
        name = f"{endpoint.name} {_named(params)}"
        asked: dict[str, object] = {**params, "limit": limit}
        found: list[Row] = []
        first_at: datetime | None = None
        for _ in range(_PAGES_MAX):
            answer = await self._client.timed(endpoint, asked)
            first_at = first_at or answer.at
            page = parse.read_page(answer.value, endpoint.name)
            found += page.rows
            if not page.rows:
                self._ends[name] = (len(found), self._clock.monotonic())
                return Listed(found, first_at, cut_off=False)
            if page.cursor is None:
                return Listed(found, first_at, cut_off=False)
            if len(page.rows) < limit and self._is_known_end(name, len(found)):
                return Listed(found, first_at, cut_off=False)
            asked = {**asked, "cursor": page.cursor}
        return Listed(found, first_at or self._clock.now(), cut_off=True)

    def _is_known_end(self, name: str, length: int) -> bool:
        known, at_s = self._ends.get(name, (-1, 0.0))
        return known == length and self._clock.monotonic() - at_s <= _END_KEPT_S


def _linear(settles: Iterable[str]) -> Iterator[tuple[Category, dict[str, object]]]:
    for settle in settles:
        yield "linear", {"category": "linear", "settleCoin": settle}


def _named(params: dict[str, object]) -> str:
    return str(params.get("settleCoin") or params["category"])
