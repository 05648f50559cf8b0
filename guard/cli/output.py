"""What commands print: JSON alone on stdout, or text for people; errors as one line on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

EXIT_DONE = 0
EXIT_DEFECT = 1
EXIT_BAD_INPUT = 2
EXIT_NO = 3
WIDTH = 140


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON object on stdout. NaN and infinity are a defect and raise."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_line(text: str = "") -> None:
    """Print one line on stdout."""
    sys.stdout.write(text + "\n")


def print_note(text: str) -> None:
    """Print progress or a hint on stderr."""
    sys.stderr.write(text + "\n")


def print_error(text: str) -> None:
    """Print an error as one line on stderr."""
    sys.stderr.write("error: " + " ".join(text.split()) + "\n")


def console() -> Console:
    """A rich console on stdout; where it is no terminal, plain text wide enough for every table."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
