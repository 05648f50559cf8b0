"""The past of an account, in words and in pictures: what the chat and the commands show of it.

Reads the store, hands plain values to `guard.charts`. Whether somebody may see an account is decided before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import structlog

from guard.app.judge import judge_policy
from guard.app.settings import Settings
from guard.charts.exposure import exposure_picture
from guard.charts.heat import heat_picture
from guard.charts.history import history_picture
from guard.charts.picture import HistoryPicture, Picture
from guard.charts.reach import accounts_picture, pools_picture
from guard.charts.series import extremes_of, series_of
from guard.language.speech import Speech
from guard.ports.clock import Clock
from guard.ports.errors import PictureError
from guard.ports.history import AccountHistory, Extremes, Level
from guard.ports.records import AccountRecord, Snapshot
from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.bookerror import BookError
from guard.risk.quality import Quality
from guard.risk.zones import ZoneBars, ZonePolicy
from guard.store.store import Store

log = structlog.get_logger(__name__)

BookOf = Callable[[str], Book | None]
"""The last good book of an account, by its id."""

BY_MARGIN_LEVEL: Final = "margin-level"
"""The margin rule whose zones are the broker's levels alone; see `guard.risk.levels`."""
_WITHOUT_BARS: Final = ZonePolicy(watch=ZoneBars(), warning=ZoneBars(), danger=ZoneBars(), liquidation=ZoneBars())

GAP_TURNS: Final = 4
GAP_LEAST_S: Final = 60.0


class Past:
    """Looks back. One look into a long past at a time: it may be a quarter of a million readings."""

    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._turn = asyncio.Semaphore(1)
        # Readings further apart than this have nothing known between them: some turns were missed.
        self._gap_s = max(GAP_LEAST_S, GAP_TURNS * settings.schedule.calm_s + settings.schedule.timeout_s)

    def policy(self, account: AccountRecord) -> ZonePolicy:
        """The bars of an account; none where a broker's margin levels stand in the place of risk ratio and distance."""
        if account.modes is not None and account.modes.model == BY_MARGIN_LEVEL:
            return _WITHOUT_BARS
        settings = self._settings
        return judge_policy(settings.zones_of(account.name), settings.conformity, settings.schedule.stale_after_s).zones

    async def history(self, account: AccountRecord, since: datetime) -> AccountHistory:
        """Flips, alerts, actions and extremes of an account since a time."""
        until, store, account_id = self._clock.now(), self._store, account.account_id
        async with self._turn:
            levels = await store.levels(account_id, since)
            extremes = await asyncio.to_thread(_extremes, levels, until, self._gap_s)
        return AccountHistory(
            account=account.name,
            since=since,
            until=until,
            changes=tuple(await store.zone_changes(account_id, since)),
            alerts=tuple(await store.alerts(since, account_id)),
            intents=tuple(await store.intents(since, account_id)),
            extremes=extremes,
        )

    async def history_picture(self, account: AccountRecord, since: datetime, speech: Speech) -> HistoryPicture:
        """The picture of an account since a time, not yet drawn."""
        until, store, account_id = self._clock.now(), self._store, account.account_id
        alerts = await store.alerts(since, account_id)
        intents = await store.intents(since, account_id)
        async with self._turn:
            levels = await store.levels(account_id, since)
            return await asyncio.to_thread(
                history_picture,
                account.name,
                levels,
                since=since,
                until=until,
                gap_s=self._gap_s,
                policy=self.policy(account),
                alerts=alerts,
                intents=intents,
                speech=speech,
            )

    def distances(self, snapshots: Sequence[Snapshot], accounts: Sequence[AccountRecord], speech: Speech) -> Picture:
        """The picture of how far accounts are from liquidation, from the latest snapshot of each."""
        policies = {self.policy(account) for account in accounts}
        return accounts_picture(snapshots, policies.pop() if len(policies) == 1 else None, self._clock.now(), speech)

    def pools(self, snapshot: Snapshot, account: AccountRecord, book: Book | None, speech: Speech) -> Picture:
        """The picture of how far the pools of one account are; of the account where they are not known now."""
        if book is not None and snapshot.equity is not None and snapshot.quality == Quality.FRESH.value:
            try:
                return pools_picture(assess(book), self.policy(account), speech)
            except BookError as error:
                log.warning("pools not drawn", account=account.name, error=str(error))
        return self.distances([snapshot], [account], speech)

    def exposure(self, snapshot: Snapshot, speech: Speech) -> Picture:
        """The picture of an account's legs, as last read."""
        data_at = snapshot.data_at if snapshot.equity is not None else None
        currency = snapshot.currency or ""
        return exposure_picture(snapshot.account, snapshot.positions, currency=currency, data_at=data_at, speech=speech)

    def stress(self, account: AccountRecord, book: Book | None, speech: Speech) -> Picture:
        """The picture of what moves of the market would do.

        Raises:
            PictureError: there is no book yet, or its figures are of the present only.
        """
        if book is None:
            raise PictureError(
                f"{account.name} has not been read since the guard was started", fix="try again in a minute"
            )
        try:
            return heat_picture(book, self.policy(account), speech)
        except BookError as error:
            raise PictureError(f"{account.name} cannot be stressed: {error}") from error


def _extremes(levels: Sequence[Level], until: datetime, gap_s: float) -> Extremes:
    return extremes_of(series_of(levels, until.timestamp(), gap_s))
