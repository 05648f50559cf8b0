"""The dialects that the sandbox speaks. Each is a folder with a `dialect.py`, loaded when it is asked for."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Final

from guard.sandbox.dialects.dialect import Dialect

DIALECTS: Final = tuple(sorted(path.parent.name for path in Path(__file__).parent.glob("*/dialect.py")))


def dialect_of(name: str) -> Dialect:
    """The dialect of a name of `DIALECTS`.

    Raises:
        ValueError: no such dialect.
    """
    if name not in DIALECTS:
        raise ValueError(f"no dialect {name!r}")
    dialect: Dialect = importlib.import_module(f"guard.sandbox.dialects.{name}.dialect").DIALECT
    return dialect
