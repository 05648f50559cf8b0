"""A guard as a person runs it: real processes, a venue on loopback in its own thread, a database of its own."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import io
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog

from guard.app.clock import RandomIds, SystemClock
from guard.cli.main import run
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.server import SandboxServer
from guard.sandbox.telegram.server import TelegramSandbox
from guard.store.store import Store
from guard.store.vault import Vault
from tests.harness.warm_process import WarmProcess

T = TypeVar("T")
GUARD = [sys.executable, "-c", "from guard.cli.main import main; main()"]
START_S = 60.0
ACT_S = 90.0


class Outside:
    """The world outside the guard: a venue and a Telegram, in a thread, so that processes can be waited for beside."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="outside", daemon=True)
        self.server: SandboxServer
        self.telegram: TelegramSandbox

    def start(self) -> None:
        """Listen on free ports."""
        self._thread.start()
        self._call(self._start)

    def stop(self) -> None:
        """Close everything."""
        self._call(self.server.stop)
        self._call(self.telegram.stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        clock = SystemClock()
        engine = Engine(start_ms=int(clock.now().timestamp() * 1000))
        self.server = SandboxServer(engine, clock)
        await self.server.start()
        self.telegram = TelegramSandbox(clock)
        await self.telegram.start()

    def _call(self, work: Callable[[], Any]) -> Any:
        async def run() -> Any:
            result = work()
            return await result if asyncio.iscoroutine(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(ACT_S)

    def do(self, work: Callable[[SandboxServer], T]) -> T:
        """Ask or change the venue, in its own thread."""
        result: T = self._call(lambda: work(self.server))
        return result

    def talk(self, work: Callable[[TelegramSandbox], Any]) -> Any:
        """Ask or change Telegram, or act as a person on it (a coroutine), in its own thread."""
        return self._call(lambda: work(self.telegram))

    def texts(self, person: int) -> list[str]:
        """What a person sees in the private chat with the bot, their own messages left out."""
        texts: list[str] = self.talk(lambda telegram: [each.text for each in telegram.person(person, "Mia").seen()])
        return texts


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Guard:
    """One installation: a folder with configuration, database and key files."""

    home: Path
    environment: dict[str, str]
    processes: list[WarmProcess | subprocess.Popen[str]] = field(default_factory=list)

    def command(self, *arguments: str) -> Done:
        """Run one command to its end, in this process: the same entry, without the start of an interpreter."""
        out, err = io.StringIO(), io.StringIO()
        before, logging_before = dict(os.environ), list(logging.getLogger().handlers)
        os.environ.clear()
        os.environ.update(self.environment)
        try:
            with contextlib.chdir(self.home), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(list(arguments))
        finally:
            os.environ.clear()
            os.environ.update(before)
            logging.getLogger().handlers = logging_before
            structlog.reset_defaults()
        return Done(code, out.getvalue(), err.getvalue())

    def must(self, *arguments: str) -> str:
        """Run one command that has to succeed; its stdout."""
        done = self.command(*arguments)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def run(self) -> WarmProcess:
        """Start the service, its stderr going to `run.log`."""
        process = WarmProcess(["run"], self.home, self.environment, self.home / "run.log")
        self.processes.append(process)
        return process

    def run_cold(self) -> subprocess.Popen[str]:
        """The same in a new interpreter, as a person starts it."""
        with (self.home / "run.log").open("a", encoding="utf-8") as log:
            process = subprocess.Popen(  # noqa: S603  # our own program
                [*GUARD, "run"], cwd=self.home, env=self.environment, stdout=log, stderr=log, text=True
            )
        self.processes.append(process)
        return process

    def log(self) -> str:
        """What the service wrote so far."""
        return (self.home / "run.log").read_text(encoding="utf-8")

    def health(self) -> tuple[int, dict[str, Any]]:
        """The service's own word."""
        port = int(self.environment["GUARD__WEB__LISTEN"].rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def wait_for(self, what: str, happened: Callable[[], bool], timeout_s: float = START_S) -> None:
        """Poll until something has happened; fail with the log when it does not."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            try:
                if happened():
                    return
            except (OSError, http.client.HTTPException):
                pass
            assert all(process.poll() is None for process in self.processes), self.log()
            time.sleep(0.05)
        pytest.fail(f"{what} did not happen within {timeout_s} s\n{self.log()}")

    def wait_healthy(self) -> None:
        """Wait until the service says that all is well."""
        self.wait_for("a healthy service", lambda: self.health()[0] == 200)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def open_account(outside: Outside, guard: Guard, name: str = "main", **rights: bool) -> None:
    """An account at the venue with a long BTC leg, and its key files beside the guard's configuration."""

    def make(server: SandboxServer) -> tuple[str, str]:
        account = server.add_account(
            name, {"USDT": "30000"}, [Holding(symbol="BTCUSDT", qty=Decimal(2), entry_price=Decimal(43500))]
        )
        if not rights:
            return account.api_key, account.secret
        key = server.add_key(account.account, **rights)  # type: ignore[arg-type]  # only flags are given
        return key.key, key.secret

    key, secret = outside.do(make)
    (guard.home / f"{name}.key").write_text(key, encoding="utf-8")
    (guard.home / f"{name}.secret").write_text(secret, encoding="utf-8")


def add_arguments(outside: Outside, name: str = "main") -> list[str]:
    """`guard account add ...` for an account made by `open_account`."""
    files = ["--api-key-file", f"{name}.key", "--secret-file", f"{name}.secret"]
    return ["account", "add", name, "--venue", "binanceusdm", "--base-url", outside.server.base_url, *files]


def link_person(outside: Outside, guard: Guard, user: str = "mia", person: int = 501) -> None:
    """Give the guard a bot and a user whose chat is linked, as if `/start CODE` had been sent to it long ago."""
    (guard.home / "token").write_text(outside.telegram.token, encoding="utf-8")
    guard.environment["GUARD__TELEGRAM__TOKEN_FILE"] = str(guard.home / "token")
    guard.environment["GUARD__TELEGRAM__BASE_URL"] = outside.telegram.base_url
    outside.talk(lambda telegram: telegram.person(person, "Mia", started=True))
    guard.must("user", "add", user)
    code = guard.must("user", "link", user).strip()
    asyncio.run(_redeem(guard.environment["GUARD__DATABASE__URL"], code, person))


async def _redeem(url: str, code: str, person: int) -> None:
    store = await Store.open(url, Vault.of(url), RandomIds())
    try:
        assert await store.redeem_link_code(code, person, person, "Mia", SystemClock().now()) is not None
    finally:
        await store.close()
