"""The process that draws: `python -m guard.charts.worker`. Started and ended by `guard.charts.studio`.

A request is one line of JSON on standard input, a picture as a value; the answer on standard output is one line of
JSON, `{"bytes": n}`, followed by the n bytes of a PNG. What cannot be drawn ends the process, its last line being
`{"error": "..."}`. The end of the input ends it too: it never outlives whoever started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from types import TracebackType

from guard.charts.picture import PICTURE

NICENESS = 5
"""A picture waits for a reading of an account, never the other way round."""


def main() -> None:
    """Draw until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the guard, which ends this process in its own time
    os.nice(NICENESS)
    sys.excepthook = _tell
    for line in sys.stdin.buffer:
        from guard.charts.draw import draw  # noqa: PLC0415  # ready to listen before matplotlib is loaded

        png = draw(PICTURE.validate_json(line))
        sys.stdout.buffer.write(json.dumps({"bytes": len(png)}).encode() + b"\n" + png)
        sys.stdout.buffer.flush()


def _tell(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """The last word of a process that could not draw."""
    reason = " ".join(f"{kind.__name__}: {error}".split())[:300]
    sys.stdout.buffer.write(json.dumps({"error": reason}).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
