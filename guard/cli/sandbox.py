"""`guard sandbox`: a venue on loopback to try everything against, without a key and without risk."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="A venue on loopback.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """A venue on loopback."""


@app.command("serve")
def serve(
    listen: Annotated[str, typer.Option("--listen", metavar="HOST:PORT")] = "127.0.0.1:9000",
    dialect: Annotated[str, typer.Option("--dialect", metavar="NAME", help="Whose API it speaks.")] = "binanceusdm",
    scenario: Annotated[str, typer.Option("--scenario", metavar="NAME", help="How prices move.")] = "calm",
    seed: Annotated[int, typer.Option("--seed", help="Seed of the small price moves.")] = 1,
    speed: Annotated[float, typer.Option("--speed", help="Scenario seconds per second.")] = 1.0,
) -> None:
    """Serve the sandbox venue until interrupted."""
    import asyncio

    from guard.app.clock import SystemClock
    from guard.app.lifecycle import stop_on_signals
    from guard.sandbox.serve import serve as serve_venue

    async def session() -> None:
        stop = asyncio.Event()
        with stop_on_signals(stop):
            await serve_venue(
                listen=listen,
                dialect=dialect,
                scenario=scenario,
                seed=seed,
                speed=speed,
                clock=SystemClock(),
                stop=stop,
            )

    asyncio.run(session())
