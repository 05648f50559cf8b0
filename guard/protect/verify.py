"""After an order: read the book until it shows exactly what was done, or until it is clear that it does not.

A venue's positions may trail its fills by moments, so a difference counts as a surprise only when it is still there
after the last read. A book that is not fresh proves nothing, either way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from guard.ports.errors import VenueError
from guard.ports.venue import FetchedBook
from guard.protect.legs import LegKey, differences, legs_of
from guard.protect.lookup import ask
from guard.protect.outcome import Ending
from guard.protect.ports import Ports
from guard.protect.run import Halt, Run
from guard.risk.assess import assess
from guard.risk.bookerror import BookError
from guard.risk.quality import Quality
from guard.risk.report import AccountRisk


@dataclass(frozen=True, slots=True)
class Settled:
    """The last believable book.

    `surprises` lists what is not as expected (empty: all is). `fetched` and `risk` are None when no believable book
    could be read; `problem` says why.
    """

    fetched: FetchedBook | None
    risk: AccountRisk | None
    surprises: tuple[str, ...] = ()
    problem: str = ""


async def read_settled(
    ports: Ports, expected: Mapping[LegKey, Decimal], position_mode: str, gone: Collection[str] = ()
) -> Settled:
    """Read the book until its legs are `expected` and no order of `gone` rests, at most `verify_attempts` times.

    `gone` are the venue's ids of orders that were cancelled.
    """
    last = Settled(None, None, problem="the book was not read")
    for attempt in range(ports.bounds.verify_attempts):
        if attempt:
            await ports.clock.sleep(ports.bounds.verify_pause_s)
        now = await _read_once(ports, expected, position_mode, gone)
        if now.fetched is not None:
            last = now
            if not now.surprises:
                break
        elif last.fetched is None:
            last = now
    return last


async def confirm_book(ports: Ports, run: Run) -> Halt | None:
    """Read the book until it shows what the run has filled so far; the run then goes on from that book.

    Returns:
        None when the book is as expected; otherwise why the run ends: a surprise, or nothing believable to read.
    """
    settled = await read_settled(ports, run.expected, run.task.fetched.book.position_mode)
    if settled.fetched is None or settled.risk is None:
        return Halt(Ending.PENDING, f"what was done cannot be verified yet: {settled.problem}")
    run.fetched, run.risk = settled.fetched, settled.risk
    if settled.surprises:
        return Halt(Ending.SURPRISE, "the book does not show what was ordered", settled.surprises)
    return None


async def _read_once(
    ports: Ports, expected: Mapping[LegKey, Decimal], position_mode: str, gone: Collection[str]
) -> Settled:
    try:
        fetched = await ask(ports.account.fetch_book(), "reading the book", ports.bounds.call_timeout_s)
        risk = assess(fetched.book)
    except (VenueError, BookError) as error:
        return Settled(None, None, problem=str(error))
    quality = ports.judge(fetched)
    if quality.quality is not Quality.FRESH:
        return Settled(None, None, problem=f"data is {quality.quality}: {'; '.join(quality.reasons)}")
    surprises = list(differences(expected, legs_of(fetched.book)))
    still = [order for order in fetched.book.orders if order.order_id in gone]
    surprises += [f"order {order.order_id} on {order.symbol} is still open" for order in still]
    if fetched.book.position_mode != position_mode:
        surprises.append(f"the position mode is {fetched.book.position_mode}, it was {position_mode}")
    return Settled(fetched, risk, tuple(surprises))
