"""Second channels of a guard that really runs: danger rings there, and stands there when the chat is dead."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.harness.installation import Guard, Outside, add_arguments, link_person, open_account

SECRET = "not-to-be-told"
GONE = "accepts nothing any more"


@pytest.fixture
def heard(guard: Guard) -> Iterator[list[str]]:
    """What a second channel hears; the guard is told of it by its file."""
    texts: list[str] = []

    class Phone(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            texts.append(f"{sent['title']}\n{sent['message']}")
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Phone)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    file = guard.home / "apprise.urls"
    file.write_text(f"# phones\n\njson://mia:{SECRET}@127.0.0.1:{server.server_address[1]}\n", encoding="utf-8")
    guard.environment["GUARD__APPRISE__URLS_FILE"] = str(file)
    yield texts
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_danger_rings_and_a_dead_chat_is_told_once(outside: Outside, guard: Guard, heard: list[str]) -> None:
    """A drill, then danger while the person has blocked the bot: the phone has both the alarm and why it came alone."""
    guard.environment["GUARD__LOG__LEVEL"] = "debug"
    open_account(outside, guard)
    link_person(outside, guard)
    guard.must(*add_arguments(outside), "--user", "mia")
    assert "delivered" in guard.must("test-alert")
    assert "DRILL" in heard[0]
    assert "1 in apprise.urls_file" in guard.command("doctor").stdout

    process = guard.run()
    guard.wait_healthy()
    outside.talk(lambda telegram: telegram.person(501, "Mia").block())
    outside.do(lambda server: server.set_price("BTCUSDT", "31000"))
    guard.wait_for("the alarm on the phone", lambda: any("main" in text for text in heard[1:]))
    guard.wait_for("why it came alone", lambda: any(GONE in text for text in heard))
    process.terminate()
    assert process.wait(10) == 0
    assert SECRET not in guard.log()
    assert sum(GONE in text for text in heard) == 1


def test_a_file_that_names_no_service_stops_the_start(guard: Guard) -> None:
    """One line that says which line, and not what stands there."""
    (guard.home / "apprise.urls").write_text(f"nonsense://{SECRET}\n", encoding="utf-8")
    guard.environment["GUARD__APPRISE__URLS_FILE"] = str(guard.home / "apprise.urls")
    done = guard.command("run")
    assert done.returncode == 2
    assert "line 1 is no URL of a service that Apprise knows" in done.stderr
    assert SECRET not in done.stderr + done.stdout
    (guard.home / "apprise.urls").write_text("# none\n", encoding="utf-8")
    assert "names no service" in guard.command("config", "check").stderr
