"""The dead-man switch of a service that really runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.harness.installation import Guard, Outside, add_arguments, open_account

SECRET = "not-to-be-told"


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """What a watchdog hears; the first entry is its address."""
    paths: list[str] = []

    class Watchdog(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(size).decode()
            paths.append(f"{self.command} {self.path} {text}".strip())
            self.send_response(200)
            self.end_headers()

        do_GET = do_POST = _answer  # noqa: N815  # the names that the library asks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Watchdog)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    paths.append(f"http://127.0.0.1:{server.server_address[1]}/{SECRET}")
    yield paths
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_a_watchdog_hears_of_good_rounds_and_of_bad_ones(outside: Outside, guard: Guard, heard: list[str]) -> None:
    """First that the guard starts, then that all is well, and why not when the venue is gone; never in a log."""
    guard.environment |= {"GUARD__HEARTBEAT__URL": heard[0], "GUARD__HEARTBEAT__INTERVAL_S": "0.3"}
    guard.environment |= {"GUARD__SCHEDULE__TIMEOUT_S": "0.5", "GUARD__LOG__LEVEL": "debug"}
    open_account(outside, guard)
    guard.must(*add_arguments(outside))
    process = guard.run()
    guard.wait_for("a good word", lambda: f"GET /{SECRET}" in heard)
    assert heard[1] == f"GET /{SECRET}/start"
    guard.wait_for("it in the health", lambda: guard.health()[1]["heartbeat"]["state"] == "good")

    outside.talk(lambda _: outside.server.stop())
    guard.wait_for("a bad word", lambda: any(line.startswith(f"POST /{SECRET}/fail main") for line in heard))
    guard.wait_for("that in the health too", lambda: guard.health()[1]["heartbeat"]["state"] == "bad")
    process.terminate()
    assert process.wait(10) == 0
    assert SECRET not in guard.log()
    assert SECRET not in guard.must("config", "check")
