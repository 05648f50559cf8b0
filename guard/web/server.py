"""Serving an aiohttp application on one address, started and stopped with the service."""

from __future__ import annotations

import asyncio

from aiohttp import web

from guard.ports.errors import InputError


class WebServer:
    """One listening socket. `address` is known after `start` (port 0 picks a free one)."""

    def __init__(self, app: web.Application, listen: str) -> None:
        self._listen = listen
        # Without an access log: a scrape every few seconds is no news.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        self.address = ""

    async def start(self) -> None:
        """Listen.

        Raises:
            InputError: the address cannot be used.
        """
        host, _, port = self._listen.rpartition(":")
        await self._runner.setup()
        site = web.TCPSite(self._runner, host.strip("[]"), int(port))
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise InputError(
                f"web.listen {self._listen} cannot be used ({error.strerror})",
                fix="choose another address, or stop the program that holds it",
            ) from error
        bound = self._runner.addresses[0]
        self.address = f"http://{bound[0]}:{bound[1]}"

    async def stop(self) -> None:
        """Stop listening and drop open connections."""
        # Letting somebody in takes some turns: a server closed in between drops the connection without closing it.
        for _ in range(3):
            await asyncio.sleep(0)
        await self._runner.cleanup()
