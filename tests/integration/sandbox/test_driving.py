"""Driving the sandbox: the control routes, and serving a scenario from the command line's function."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from guard.app.clock import SystemClock
from guard.ports.errors import InputError
from guard.sandbox.scenarios import SCENARIOS
from guard.sandbox.serve import open_scenario, serve
from guard.sandbox.server import SandboxServer


async def call(server: SandboxServer, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and JSON of a control request."""
    async with aiohttp.ClientSession() as session, session.request(method, server.base_url + path, json=body) as answer:
        return answer.status, await answer.json()


async def test_another_process_can_drive_everything(server: SandboxServer) -> None:
    """An account with a leg, prices, faults and time, and the truth about them."""
    status, opened = await call(
        server,
        "POST",
        "/sandbox/account",
        {
            "name": "bob",
            "balances": {"USDT": "10000"},
            "positions": [{"symbol": "BTCUSDT", "qty": "3", "entry_price": "43500"}],
        },
    )
    assert (status, len(opened["api_key"]), opened["name"]) == (200, 64, "bob")
    _, state = await call(server, "GET", "/sandbox/state")
    assert state["accounts"]["bob"]["equity"].startswith("10000")
    assert state["accounts"]["bob"]["positions"][0]["qty"] == "3"

    await call(server, "POST", "/sandbox/price", {"prices": {"BTCUSDT": "39000", "ETHUSDT": "3000"}})
    _, state = await call(server, "GET", "/sandbox/state")
    assert state["accounts"]["bob"]["liquidated"]
    assert state["marks"]["ETHUSDT"].startswith("3000")

    _, faults = await call(server, "POST", "/sandbox/fault", {"kind": "outage", "times": 1})
    assert faults == {"faults": ["outage"]}
    async with aiohttp.ClientSession() as session:
        assert (await session.get(server.base_url + "/fapi/v1/time")).status == 503
        assert (await session.get(server.base_url + "/fapi/v1/time")).status == 200
    _, faults = await call(server, "DELETE", "/sandbox/fault")
    assert faults == {"faults": []}

    before = server.engine.now_ms
    _, moved = await call(server, "POST", "/sandbox/advance", {"ms": 3_600_000})
    assert moved["engine_ms"] >= before + 3_600_000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sandbox/price", {}),
        ("/sandbox/price", {"symbol": "NOSUCHUSDT", "price": "1"}),
        ("/sandbox/price", {"symbol": "BTCUSDT", "price": "-1"}),
        ("/sandbox/price", {"symbol": "BTCUSDT", "price": "much"}),
        ("/sandbox/fault", {"kind": "earthquake"}),
        ("/sandbox/account", {"name": "x"}),
        ("/sandbox/advance", {"ms": "soon"}),
    ],
)
async def test_bad_control_requests_are_told(server: SandboxServer, path: str, body: dict[str, str]) -> None:
    """A mistake is a 400 with words, and changes nothing."""
    status, answer = await call(server, "POST", path, body)
    assert status == 400
    assert answer["error"]


async def test_serve_tells_how_to_use_it_and_ends() -> None:
    """The start text names address and keys; the key works; setting stop ends the server."""
    said: asyncio.Queue[str] = asyncio.Queue()
    stop = asyncio.Event()
    task = asyncio.create_task(
        serve(
            listen="127.0.0.1:0",
            dialect="binanceusdm",
            scenario="flash-crash",
            seed=5,
            speed=60.0,
            clock=SystemClock(),
            stop=stop,
            say=said.put_nowait,
        )
    )
    text = await asyncio.wait_for(said.get(), 5)
    base_url = text.split()[3].rstrip(",")
    async with aiohttp.ClientSession() as session:
        state = await (await session.get(base_url + "/sandbox/state")).json()
    assert set(state["accounts"]) == {"demo"}
    assert "api key  " in text
    assert f"--base-url {base_url}" in text
    assert "120 s at speed 60" in text
    stop.set()
    await asyncio.wait_for(task, 5)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"listen": "9000"}, "--listen was 9000"),
        ({"listen": "127.0.0.1:99999"}, "--listen was"),
        ({"dialect": "mtgox"}, "--dialect was mtgox"),
        ({"scenario": "moon"}, "--scenario was moon; use one of: calm, flash-crash"),
        ({"speed": 0.0}, "--speed was 0"),
    ],
)
async def test_bad_options_are_told(wrong: dict[str, Any], message: str) -> None:
    """One line with the option, what it was, and what to give instead."""
    options: dict[str, Any] = {
        "listen": "127.0.0.1:0",
        "dialect": "binanceusdm",
        "scenario": "calm",
        "seed": 1,
        "speed": 1.0,
        "clock": SystemClock(),
        "stop": asyncio.Event(),
    }
    with pytest.raises(InputError, match=message):
        await serve(**{**options, **wrong})


async def test_address_in_use_is_told(server: SandboxServer) -> None:
    """Two venues cannot share a port."""
    with pytest.raises(InputError, match="choose another port"):
        await serve(
            listen=server.base_url.removeprefix("http://"),
            dialect="binanceusdm",
            scenario="calm",
            seed=1,
            speed=1.0,
            clock=SystemClock(),
            stop=asyncio.Event(),
        )


async def test_guarded_and_unguarded_accounts_start_equal() -> None:
    """Two accounts of a scenario have the same legs, and keys that depend on the seed only."""
    first = open_scenario(SCENARIOS["calm"], SystemClock(), speed=1.0, seed=3, names=("guarded", "unguarded"))
    again = open_scenario(SCENARIOS["calm"], SystemClock(), speed=1.0, seed=3, names=("guarded", "unguarded"))
    guarded, unguarded = (first.accounts[name].account for name in ("guarded", "unguarded"))
    assert [(leg.symbol, leg.qty) for leg in guarded.held()] == [(leg.symbol, leg.qty) for leg in unguarded.held()]
    assert first.accounts["guarded"].api_key == again.accounts["guarded"].api_key
    assert first.accounts["guarded"].api_key != first.accounts["unguarded"].api_key
