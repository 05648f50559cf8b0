"""The loopback Bot API over HTTP: tokens, routing, faults on the wire.

Owns the listening socket and the order of checks of a call: (1) token, (2) method, (3) scripted faults, (4) the
method itself. Behaves as api.telegram.org does towards a client library; serves 127.0.0.1 only by default.
"""

from __future__ import annotations

import asyncio
import re

from aiohttp import web

from guard.ports.clock import Clock
from guard.sandbox.closing import close
from guard.sandbox.telegram.answers import ApiError, Json, ok, too_many_requests
from guard.sandbox.telegram.chats import Chat, User
from guard.sandbox.telegram.methods import METHODS, Method
from guard.sandbox.telegram.parameters import Parameters, read_parameters
from guard.sandbox.telegram.person import Person
from guard.sandbox.telegram.trouble import Fault, FaultKind
from guard.sandbox.telegram.world import Call, World

DEFAULT_TOKEN = "1234567:loopback-bot-token-that-opens-nothing"  # noqa: S105  # made up: it opens this sandbox only
REQUEST_MAX_BYTES = 60 * 1024 * 1024
_TOKEN_FORM = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")


class TelegramSandbox:
    """A Telegram on loopback with one bot.

    Usage: `start()`, give `base_url` (and `base_file_url`) to the client library, make people with `person()`.
    State is in `world`: chats, flood limits (`world.flood`), the calls made (`world.calls`), the menu
    (`world.commands`). The in-process side may be used before `start` and between `stop` and `start`: everything but
    the socket survives, as the real service does when a network fails.
    """

    def __init__(
        self, clock: Clock, *, token: str = DEFAULT_TOKEN, username: str = "guard_bot", name: str = "Guard"
    ) -> None:
        self.token = token
        self.world = World(clock, User(int(token.partition(":")[0]), name, username, is_bot=True))
        self._people: dict[int, Person] = {}
        self._runner: web.AppRunner | None = None
        self._address = ""
        self._stopping = asyncio.Event()

    @property
    def base_url(self) -> str:
        """What the token is appended to: `http://127.0.0.1:PORT/bot`."""
        return f"{self._address}/bot"

    @property
    def base_file_url(self) -> str:
        """The same for files: `http://127.0.0.1:PORT/file/bot`."""
        return f"{self._address}/file/bot"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        app = web.Application(client_max_size=REQUEST_MAX_BYTES)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        app.router.add_get("/file/bot{token}/files/{file_id}", self._serve_file)
        app.router.add_route("*", "/{rest:.*}", _not_found)
        self._stopping = asyncio.Event()
        # A caller that goes away takes its long poll with it: handler_cancellation.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        bound = self._runner.addresses[0]
        self._address = f"http://{bound[0]}:{bound[1]}"

    async def stop(self) -> None:
        """Close the socket and every connection; `start` may follow, on the same port if asked."""
        if self._runner is not None:
            self._stopping.set()
            await close(self._runner)
            self._runner = None

    @property
    def port(self) -> int:
        """The port that `start` bound."""
        return int(self._address.rpartition(":")[2])

    # People

    def person(self, user_id: int, name: str, *, username: str | None = None, started: bool = False) -> Person:
        """The person with this id, made on first use; `started` = has talked to the bot before."""
        if user_id not in self._people:
            self._people[user_id] = Person(self.world, User(user_id, name, username))
        person = self._people[user_id]
        person.chat.known = person.chat.known or started
        return person

    def group(self, title: str) -> Chat:
        """A new group with the bot in it; anybody may write there."""
        return self.world.group(title)

    # Trouble

    def fail_next(
        self,
        times: int,
        kind: FaultKind = FaultKind.STATUS,
        *,
        method: str | None = None,
        status: int = 500,
        retry_after_s: int | None = None,
    ) -> None:
        """Script a fault for the next `times` calls of `method` (None = any but getUpdates)."""
        self.world.faults.add(Fault(kind, times, method.lower() if method else None, status, retry_after_s))

    def hold(self, seconds: float, chat: Chat | None = None) -> None:
        """Refuse all sends (or those to one chat) with 429 for the next `seconds`."""
        self.world.flood.hold(self.world.clock.monotonic() + seconds, chat.chat_id if chat else None)

    def replace_token(self, token: str) -> None:
        """The bot's owner got a new token: the old one is refused from now on."""
        self.token = token

    def count(self, method: str, status: int | None = None) -> int:
        """How often a method was called (and answered with `status`)."""
        name = method.lower()
        return sum(call.method == name and status in {None, call.status} for call in self.world.calls)

    # HTTP

    def _check_token(self, token: str) -> None:
        if not _TOKEN_FORM.fullmatch(token):
            raise ApiError(404)
        if token != self.token:
            raise ApiError(401)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"].lower()
        parameters = Parameters({}, {})
        fault: Fault | None = None
        try:
            self._check_token(request.match_info["token"])
            method = _method(name)
            parameters = await read_parameters(request)
            fault = self.world.faults.take(name)
            if fault is not None and fault.kind is not FaultKind.LOST_ANSWER:
                return await self._fail(request, name, parameters, fault)
            answer = ok(await method(self.world, parameters))
        except ApiError as error:
            self._note(name, parameters, error.code)
            return _refusal(error)
        if fault is not None:
            self._note(name, parameters, 0)
            return _cut(request)
        self._note(name, parameters, 200)
        return web.json_response(answer)

    async def _fail(self, request: web.Request, name: str, parameters: Parameters, fault: Fault) -> web.Response:
        """Fail as scripted, without doing what was asked.

        Raises:
            ApiError: for a fault that is an HTTP status.
        """
        match fault.kind:
            case FaultKind.STATUS:
                raise too_many_requests(fault.retry_after_s) if fault.retry_after_s else ApiError(fault.status)
            case FaultKind.GARBAGE:
                self._note(name, parameters, 200)
                return web.Response(text="<html>Log in to the network</html>", content_type="text/html")
            case FaultKind.HANG:
                self._note(name, parameters, 0)
                await self._stopping.wait()
        self._note(name, parameters, 0)
        return _cut(request)

    def _note(self, name: str, parameters: Parameters, status: int) -> None:
        self.world.calls.append(Call(name, dict(parameters.texts), status))
        self.world.change()

    async def _serve_file(self, request: web.Request) -> web.Response:
        try:
            self._check_token(request.match_info["token"])
        except ApiError as error:
            return _refusal(error)
        file = self.world.files.get(request.match_info["file_id"])
        return web.Response(body=file.content) if file else _refusal(ApiError(404))


def _method(name: str) -> Method:
    """The method called `name`, in lower case.

    Raises:
        ApiError: 404, there is none here.
    """
    if name not in METHODS:
        raise ApiError(404, "method not found")
    return METHODS[name]


def _refusal(error: ApiError) -> web.Response:
    wait_s = error.retry_after_s
    headers = {} if wait_s is None else {"Retry-After": str(wait_s)}
    body: Json = error.body()
    return web.json_response(body, status=error.code, headers=headers)


def _cut(request: web.Request) -> web.Response:
    """Cut the connection so that the caller sees no answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _not_found(_: web.Request) -> web.Response:
    return _refusal(ApiError(404))
