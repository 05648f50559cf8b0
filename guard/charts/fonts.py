"""The letters that pictures are drawn in: those of matplotlib, and of a Japanese font where it has none.

The Japanese font is opened when a text needs it and not before: pictures without such letters cost nothing more. Only
the font file of its package is used; its module is never imported, for it would change the font of everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

PACKAGE: Final = "matplotlib_fontja"
FILE: Final = "fonts/ipaexg.ttf"
PLAIN: Final = "DejaVu Sans"
JAPANESE: Final = "IPAexGothic"
BOLD: Final = 700
STROKE: Final = 0.05
"""How much wider than plain ones bold Japanese letters are, as a share of their size."""
_JAPANESE_LETTERS: Final = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")


@contextmanager
def fonts_for(texts: str) -> Iterator[None]:
    """Everything drawn in this context finds letters for these texts: each letter in the first font that has it."""
    if not _has_japanese(texts):
        yield
        return
    from matplotlib import rc_context  # noqa: PLC0415  # see guard.charts.style

    _open_japanese()
    with rc_context({"font.family": [PLAIN, JAPANESE]}):
        yield


def embolden(figure: Any) -> None:
    """Make the bold texts bold that have Japanese letters, whose font has one weight: drawn with a wider pen, whole."""
    from matplotlib.patheffects import Normal, Stroke  # noqa: PLC0415  # see guard.charts.style
    from matplotlib.text import Text  # noqa: PLC0415  # likewise

    # Not what stands at ticks, which is never bold: to ask all axes for it takes an eighth of the time of a picture.
    texts: list[Any] = [each for part in (figure, *figure.axes) for each in part.get_children()]
    for text in (each for each in texts if isinstance(each, Text)):
        if text.get_fontweight() == "bold" and _has_japanese(text.get_text()):
            text.set_fontweight("normal")
            width = STROKE * float(text.get_fontsize())
            text.set_path_effects([Stroke(linewidth=width, foreground=text.get_color()), Normal()])


def _has_japanese(text: str) -> bool:
    return _JAPANESE_LETTERS.search(text) is not None


@cache
def _open_japanese() -> None:
    """Make the font known to matplotlib, once a process.

    Raises:
        ModuleNotFoundError: its package is not installed.
    """
    from matplotlib.font_manager import fontManager  # noqa: PLC0415  # see guard.charts.style

    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{PACKAGE}, which brings the Japanese font, is not installed")
    fontManager.addfont(Path(spec.origin).parent / FILE)
    # It has one weight, which stands for bold as well; else matplotlib says each time that it did not find the other.
    only = next(entry for entry in reversed(fontManager.ttflist) if entry.name == JAPANESE)
    fontManager.ttflist.append(replace(only, weight=BOLD))
