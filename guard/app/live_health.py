"""What listening is worth, for `/healthz` and `/metrics`. A stream that is down makes nobody blind: polling goes on."""

from __future__ import annotations

from guard.app.live import Live
from guard.venues.streaming.hub import StreamHub
from guard.web.health import ListeningHealth, StreamHealth

OFF = ListeningHealth()


def listening_health(streams: StreamHub | None, live: Live | None) -> ListeningHealth:
    """The present state of all streams."""
    if streams is None or live is None:
        return OFF
    return ListeningHealth(
        streams=tuple(
            StreamHealth(state.name, healthy=state.healthy, why=state.why, falls=state.falls)
            for state in streams.states()
        ),
        ticks_total=streams.ticks,
        events_total=streams.events,
        calls_total=streams.calls,
        assessments_total=live.assessments,
        worsened_total=live.worsened,
    )
