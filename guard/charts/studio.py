"""Has pictures drawn without holding anybody up: in one process of its own, one after the other.

A process and not a thread, because matplotlib computes in Python: in a thread it takes turns with the event loop, a
drawing that hangs could not be ended, and 60 MB would stay for ever. The process starts with the first picture, ends
after a while without any, and is killed when a picture takes too long. Limits: one drawing, `WAITING_MAX` waiting, then
refused at once; a picture that fails is an error of that picture only.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import Final

import structlog

from guard.charts.picture import PICTURE, Picture
from guard.ports.errors import PictureError

log = structlog.get_logger(__name__)

WAITING_MAX: Final = 8
TIMEOUT_S: Final = 20.0
"""For one picture, the start of the process and the loading of matplotlib on a slow machine included."""
IDLE_S: Final = 300.0
BYTES_MAX: Final = 5_000_000
STOP_S: Final = 1.0
_COMMAND: Final = (sys.executable, "-m", "guard.charts.worker")
# No secret of the guard's environment is of use to a drawing.
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "MPLCONFIGDIR")


class Studio:
    """Draws pictures. Belongs to one event loop; `close` when done.

    Args:
        timeout_s: longest time for one picture.
        idle_s: how long the process is kept without work.
        command: the program that draws; see `guard.charts.worker` for what it must answer.
    """

    def __init__(
        self, *, timeout_s: float = TIMEOUT_S, idle_s: float = IDLE_S, command: tuple[str, ...] = _COMMAND
    ) -> None:
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._command = command
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._process: Process | None = None
        self._retire: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False
        self.drawn = 0

    async def draw(self, picture: Picture) -> bytes:
        """The picture as PNG.

        Raises:
            PictureError: too many are wanted, it takes too long, or it cannot be drawn.
        """
        if self._closed:
            raise PictureError("no picture is drawn any more", fix="the guard is stopping")
        if self._waiting > WAITING_MAX:
            raise PictureError("too many pictures are being drawn", fix="try again in a minute")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._drawn(picture)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """End the process; what is being drawn fails."""
        self._closed = True
        self._cancel_retirement()
        process, self._process = self._process, None
        if process is not None:
            await _ended(process, 0.0)
        if self._ending:
            await asyncio.wait(self._ending)

    async def _drawn(self, picture: Picture) -> bytes:
        """(1) a process, (2) the request, (3) the answer; whatever goes wrong, the next picture gets a new process."""
        self._cancel_retirement()
        finished = False
        try:
            async with asyncio.timeout(self._timeout_s):
                process = self._process
                if process is None or process.returncode is not None:
                    process = self._process = await self._started()
                png = await _asked(process, PICTURE.dump_json(picture) + b"\n")
            finished = True
        except TimeoutError as error:
            raise PictureError(
                f"the picture was not drawn in {self._timeout_s:g} s", fix="the machine is busy; try again later"
            ) from error
        except (OSError, EOFError, ValueError) as error:  # not started, ended without a word, or talking nonsense
            log.warning("picture not drawn", error=f"{type(error).__name__} {error}")
            raise PictureError("the picture could not be drawn", fix="the reason is in the guard's log") from error
        finally:
            if finished:
                self.drawn += 1
                self._retire = asyncio.get_running_loop().call_later(self._idle_s, self._drop, STOP_S)
            else:
                self._drop(0.0)
        return png

    async def _started(self) -> Process:
        if self._closed:
            raise EOFError("the guard is stopping")
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        # One thread is what a drawing needs; a pool of them would count against the limits of a container.
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        return await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment
        )

    def _drop(self, grace_s: float) -> None:
        """Let go of the process, in the background: it is nobody's turn to wait for its end."""
        process, self._process = self._process, None
        if process is None:
            return
        task = asyncio.get_running_loop().create_task(_ended(process, grace_s), name="studio-end")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _cancel_retirement(self) -> None:
        if self._retire is not None:
            self._retire.cancel()
            self._retire = None


async def _asked(process: Process, request: bytes) -> bytes:
    """One request and its answer.

    Raises:
        EOFError: the process has ended.
        ValueError: it answers something else.
    """
    if process.stdin is None or process.stdout is None:
        raise EOFError("the drawing process has no pipes")
    process.stdin.write(request)
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line:
        raise EOFError("the drawing process has ended")
    size = _size_said(json.loads(line))
    if not 0 < size <= BYTES_MAX:
        raise ValueError(f"the picture has {size} bytes, must have 1 to {BYTES_MAX}")
    return await process.stdout.readexactly(size)


def _size_said(answer: object) -> int:
    """How many bytes follow, as the process says; its error instead.

    Raises:
        ValueError: the error, or what cannot be understood.
    """
    match answer:
        case {"bytes": int(size)}:
            return size
        case {"error": str(reason)}:
            raise ValueError(reason)
        case _:
            raise ValueError(f"the drawing process answered {str(answer)[:100]}")


async def _ended(process: Process, grace_s: float) -> None:
    """Close the process's input, which ends it; kill it when that does not help in time."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(grace_s):
            await process.wait()
    except TimeoutError:
        if process.returncode is None:
            process.kill()
        await process.wait()
