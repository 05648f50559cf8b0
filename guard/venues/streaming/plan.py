"""What may be listened to at a venue. Tables and pure readers; `guard.venues.streaming.plans` has one for each.

Messages are read as the venue sent them. ccxt's unified tickers and positions are not used: ccxt only connects,
signs and subscribes, and hears of whatever a plan's readers leave to it (acknowledgements, pings, errors).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guard.venues.client import Endpoint
from guard.venues.hub import VenueSite
from guard.venues.markets import Listing

Watcher = Coroutine[Any, Any, object]
"""A call of a ccxt.pro method: subscribes, and stays until the connection falls."""


Marks = Mapping[str, float | None]
"""Mark prices by the venue's id; None: the same as before."""


@dataclass(frozen=True, slots=True)
class Event:
    """News of an account: what they are about, and what is new; None where every such message is news.

    Some venues repeat themselves every few seconds. Only a `substance` that differs from the last one under the same
    `key` counts, so it must hold amounts and states and no prices or times.
    """

    key: str
    substance: object = None


@dataclass(frozen=True, slots=True)
class MarksCall:
    """One public request for the mark prices of all symbols, for the time when no stream tells them.

    `read` turns the answer into prices by the venue's id; it may raise `BadAnswer`. Several `params`: several
    requests, such as one for each kind of contract.
    """

    endpoint: Endpoint
    read: Callable[[object], Mapping[str, float]]
    params: Sequence[Mapping[str, object]] = ({},)


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """What is listened to at a venue, and how it is understood.

    Attributes:
        read_marks: a decoded message to mark prices by the venue's id (None: the price is what it was); None: it is
            about something else.
        read_events: a decoded message to the news in it; None: it is not about the account; empty: it is, and nothing
            that matters is new. Both may raise a `VenueError`, which ends the connection: another is dialled.
        watch_marks: subscribes to the marks of these contracts; None = the venue has no such stream.
        watch_account: subscribes to the account's news; None = the venue has no such stream.
        marks_calls: how marks are asked for where there is no stream, or it is silent; empty = they are not.
        find: the listing of a symbol among what the site's accounts have read; None: not listed, or not read yet.
        options: ccxt options beside those of the venue's dialect.
    """

    read_marks: Callable[[object], Marks | None]
    read_events: Callable[[object], Sequence[Event] | None]
    watch_marks: Callable[[Any, Sequence[Listing]], Sequence[Watcher]] | None = None
    watch_account: Callable[[Any], Sequence[Watcher]] | None = None
    marks_calls: tuple[MarksCall, ...] = ()
    find: Callable[[VenueSite, str], Listing | None] = VenueSite.listing
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StreamBounds:
    """Times in seconds.

    Attributes:
        silent_after_s: a stream that says nothing for so long is silent, and is dialled anew.
        calm_s: pause between two requests for all marks while every account of the site is calm.
        urgent_s: the same while one is not.
        check_s: pause between two looks at what is silent.
        backoff_first_s: pause before the first new dial; doubles with each that fails.
        backoff_max_s: longest such pause.
        steady_s: a connection that held for so long makes the next pause the first again.
        close_s: longest wait for a venue to say goodbye.
    """

    silent_after_s: float = 10.0
    calm_s: float = 10.0
    urgent_s: float = 3.0
    check_s: float = 1.0
    backoff_first_s: float = 1.0
    backoff_max_s: float = 60.0
    steady_s: float = 60.0
    close_s: float = 2.0
